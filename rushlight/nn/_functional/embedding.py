"""Lookups in a table of vectors."""

from __future__ import annotations

import warnings

import rushlight
from rushlight import Tensor

from .._op import op

_embedding = op("embedding")
_embedding_bag = op("embedding_bag")
_embedding_renorm_ = op("embedding_renorm_")
one_hot = op("one_hot")


def _refuse_sparse(sparse: bool, name: str) -> None:
    if sparse:
        raise NotImplementedError(
            f"{name}: sparse=True is not available, since rushlight has no sparse "
            "tensors; use sparse=False, which gives the same values densely"
        )


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` (V, D) at the indices `input` (*): shape (*, D).

    Args:
        input: integer indices.
        weight: the table.
        padding_idx: row that gets no gradient.
        max_norm: rows looked up are first scaled down, in place, to this norm.
        norm_type: p of that norm.
        scale_grad_by_freq: divide a row's gradient by its count in the batch.
        sparse: must be False.

    Raises:
        AssertionError: when padding_idx lies outside the table.
        IndexError: for an index outside the table.
        NotImplementedError: for sparse=True.
    """
    _refuse_sparse(sparse, "embedding")
    if padding_idx is None:
        padding_idx = -1
    else:
        rows = weight.size(0)
        if not -rows <= padding_idx < max(rows, 1):
            raise AssertionError("Padding_idx must be within num_embeddings")
        if padding_idx < 0:
            padding_idx += rows
    if max_norm is not None:
        input = input.contiguous()
        with rushlight.no_grad():
            _embedding_renorm_(weight, input, max_norm, norm_type)
    return _embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sum, mean or maximum of the rows of each bag of indices: shape (bags, D).

    Args:
        input: (bags, n) indices, or (n) with `offsets`.
        weight: the table (V, D).
        offsets: where each bag starts in a 1-d input.
        max_norm: as in `embedding`.
        norm_type: as in `embedding`.
        scale_grad_by_freq: as in `embedding`; not for 'max'.
        mode: 'sum', 'mean' or 'max'.
        sparse: must be False.
        per_sample_weights: factors of the rows, for 'sum' only.
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: index that does not count.

    Raises:
        ValueError: for shapes or a mode that do not fit.
        NotImplementedError: for sparse=True, or weights with another mode than 'sum'.
    """
    _refuse_sparse(sparse, "embedding_bag")
    if weight.dtype == rushlight.int64 and input.is_floating_point():
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage "
            "`embedding_bag(weight, input, ...)` is deprecated, and should now be "
            "`embedding_bag(input, weight, ...)`.",
            stacklevel=2,
        )
        weight, input = input, weight
    if per_sample_weights is not None and input.size() != per_sample_weights.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not "
            f"None, then it must have the same shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(
            f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}"
        )
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a "
                "mini-batch of fixed length sequences. However, found offsets of type "
                f"{type(offsets)}"
            )
        offsets = rushlight.arange(
            0, input.numel(), input.size(1), dtype=input.dtype, device=input.device
        )
        include_last_offset = False
        input = input.reshape(-1)
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights.reshape(-1)
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(
            "input has to be 1D or 2D Tensor, but got Tensor of dimension "
            f"{input.dim()}"
        )
    modes = ["sum", "mean", "max"]
    if mode not in modes:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError(
            "max mode does not support scaling the gradient by the frequency"
        )
    if max_norm is not None:
        with rushlight.no_grad():
            _embedding_renorm_(weight, input, max_norm, norm_type)
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is "
            f"only supported for mode='sum' (got mode='{mode}')."
        )
    result = _embedding_bag(
        weight,
        input,
        offsets,
        scale_grad_by_freq,
        modes.index(mode),
        sparse,
        per_sample_weights,
        include_last_offset,
        -1 if padding_idx is None else padding_idx,
    )
    return result[0]
