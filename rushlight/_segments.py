"""Names of the top level that are put together from operators: segments, addmv_."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor

# reduce -> (the name scatter_reduce has for it, its value over nothing)
_REDUCTIONS = {
    "sum": ("sum", 0.0),
    "mean": ("sum", 0.0),
    "prod": ("prod", 1.0),
    "max": ("amax", -float("inf")),
    "amax": ("amax", -float("inf")),
    "min": ("amin", float("inf")),
    "amin": ("amin", float("inf")),
}


def addmv_(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """``input = beta * input + alpha * mat @ vec``, in place: (n,), (n, m), (m,)."""
    return input.addmv_(mat, vec, beta=beta, alpha=alpha)


def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:
    """Reduces consecutive pieces of ``data`` along ``axis``, one result a piece.

    Args:
        data: floating point, (..., N, ...) with N at ``axis``.
        reduce: ``"sum"``, ``"mean"``, ``"max"``, ``"min"`` or ``"prod"``.
        lengths: (..., K) int32/int64, how long each piece is; its leading sizes are
            those of ``data`` before ``axis``.
        indices: not available.
        offsets: (..., K + 1), where pieces start and the last ends, if no ``lengths``.
        unsafe: do not check that lengths are at least 0 and sum to N.
        initial: what each piece starts from; without it an empty piece gives 0, nan,
            -inf, inf and 1.

    Raises:
        RuntimeError: lengths or offsets that do not fit ``data``.
        NotImplementedError: integer data, or lengths that are no integers.
    """
    if reduce not in _REDUCTIONS:
        raise RuntimeError(
            "reduce argument must be either sum, prod, mean, amax or amin, got "
            f"{reduce}"
        )
    if indices is not None:
        raise RuntimeError(
            "segment_reduce(): indices based reduction is not supported yet."
        )
    limits = lengths if lengths is not None else offsets
    if limits is None:
        raise RuntimeError(
            "segment_reduce(): Either lengths or offsets must be defined."
        )
    rank = max(data.dim(), 1)
    if not -rank <= axis < rank:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], "
            f"but got {axis})"
        )
    axis %= rank
    if limits.dim() - 1 != axis:
        raise RuntimeError(
            "segment_reduce(): Expected axis to be the last dimension of lengths but got "
            f"{axis}."
        )
    if limits.dim() > data.dim() or limits.shape[:-1] != data.shape[:axis]:
        raise RuntimeError("segment_reduce(): lengths must have data's leading sizes")
    if not data.is_floating_point():
        raise NotImplementedError(
            f"rushlight.segment_reduce is not implemented for {data.dtype} data"
        )
    if limits.dtype not in (_C.int32, _C.int64):
        raise NotImplementedError(
            f"rushlight.segment_reduce is not implemented for {limits.dtype} lengths"
        )
    count = data.shape[axis]
    if lengths is not None:
        if not unsafe:
            if (lengths < 0).any():
                raise RuntimeError("lengths contains negative value!")
            if (lengths.sum(-1) != count).any():
                raise RuntimeError(
                    "segment_reduce(): Expected all rows of lengths along axis to sum to "
                    "data.size(lengths.dim()-1) when !unsafe."
                )
        ends = lengths.cumsum(-1)
        starts = ends - lengths
    else:
        starts, ends = limits[..., :-1], limits[..., 1:]
    if (ends < starts).any() or (starts < 0).any() or (ends > count).any():
        raise RuntimeError("segment_reduce(): the pieces do not lie within data")
    return _reduce(data, reduce, starts.long(), ends.long(), axis, initial)


def _reduce(
    data: Tensor,
    reduce: str,
    starts: Tensor,
    ends: Tensor,
    axis: int,
    initial: float | None,
) -> Tensor:
    pieces, count = ends.shape[-1], data.shape[axis]
    trailing = (1,) * (data.dim() - axis - 1)
    places = _C.ops.arange(count).expand(*data.shape[:axis], count).contiguous()
    # What lies in no piece goes to one more, which is cut off.
    piece = _C.ops.searchsorted(ends.contiguous(), places, right=True)
    if pieces:
        piece = piece.masked_fill(places < starts[..., :1], pieces)
    piece = piece.reshape(*piece.shape, *trailing).expand(data.shape)
    name, nothing = _REDUCTIONS[reduce]
    shape = list(data.shape)
    shape[axis] = pieces + 1
    start = data.new_full(shape, nothing if initial is None else initial)
    out = start.scatter_reduce(axis, piece, data, name).narrow(axis, 0, pieces)
    if reduce != "mean":
        return out
    lengths = (ends - starts).reshape(*ends.shape, *trailing)
    return out / (lengths if initial is None else lengths.clamp(min=1)).to(data.dtype)
