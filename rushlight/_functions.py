"""Functions of the top level that are Python: construction, seeds, dtype rules, small helpers."""

from __future__ import annotations

import math
import warnings
from _thread import get_ident
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rushlight import _C
from rushlight._dtype_info import can_cast, finfo, iinfo, promote_types, result_type
from rushlight._storage import TypedStorage

if TYPE_CHECKING:
    from rushlight import Generator, Tensor, device, dtype

__all__ = [
    "as_tensor",
    "asarray",
    "broadcast_shapes",
    "can_cast",
    "cdist",
    "e",
    "finfo",
    "frobenius_norm",
    "from_dlpack",
    "from_file",
    "from_numpy",
    "frombuffer",
    "get_default_dtype",
    "get_device",
    "get_num_threads",
    "get_rng_state",
    "has_lapack",
    "has_mkl",
    "has_openmp",
    "iinfo",
    "inf",
    "initial_seed",
    "is_complex",
    "is_conj",
    "is_distributed",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "is_storage",
    "is_tensor",
    "legacy_contiguous_format",
    "manual_seed",
    "nan",
    "newaxis",
    "nonzero",
    "norm",
    "norm_except_dim",
    "numel",
    "pi",
    "promote_types",
    "result_type",
    "seed",
    "set_default_dtype",
    "set_num_threads",
    "set_rng_state",
    "tensor",
    "tensordot",
    "to_dlpack",
    "typename",
    "unique",
    "unique_consecutive",
]

# Which libraries stand behind the operators; PyTorch says so at the top level too.
has_lapack = has_mkl = False
has_openmp = True
legacy_contiguous_format = _C.contiguous_format

e, inf, nan, newaxis, pi = math.e, math.inf, math.nan, None, math.pi

from_numpy = _C.from_numpy
frombuffer = _C.frombuffer
get_default_dtype = _C.get_default_dtype
set_default_dtype = _C.set_default_dtype
get_num_threads = _C.get_num_threads
set_num_threads = _C.set_num_threads
default_generator = _C.default_generator

_MISSING: Any = object()


def tensor(
    data: Any = _MISSING,
    *excess: Any,
    dtype: dtype | None = None,
    device: device | str | int | None = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf tensor with a copy of ``data``.

    Args:
        data: number, nested sequence, ndarray or tensor.
        dtype: default: inferred; Python floats give the default dtype.
        device: where it goes; default the CPU.
        requires_grad: whether to record operations on it.
        pin_memory: page-locked host memory; needs a CUDA build.

    Raises:
        ValueError: rows of different lengths.
        TypeError: no data, or data that are no numbers.
    """
    if data is _MISSING:
        raise TypeError('tensor() missing 1 required positional arguments: "data"')
    if excess:
        raise TypeError(
            f"tensor() takes 1 positional argument but {1 + len(excess)} were given"
        )
    if isinstance(data, _C.Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than "
            "torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    if not isinstance(requires_grad, bool):
        raise TypeError(
            "tensor(): argument 'requires_grad' must be bool, not "
            f"{type(requires_grad).__name__}"
        )
    if pin_memory:
        raise RuntimeError("Cannot access accelerator device when none is available.")
    out = _placed(_C.tensor_from_data(data, dtype), device)
    return _requiring(out) if requires_grad else out


def _placed(out: Tensor, device: Any) -> Tensor:
    """``out`` where it is wanted, None: on the default device."""
    if device is None:
        device = _default_device()
        if device == _CPU:  # what is made from data or memory lies there
            return out
    return out.to(device)


_default_device = _C._get_default_device
_CPU = _C.device("cpu")


# The default devices outside of the `with device:` blocks that each thread is in.
_outer_devices: dict[int, list[device]] = {}


def _enter_device(self: device) -> device:
    """``with torch.device("meta"):`` makes new tensors there, in this thread."""
    from rushlight._settings import set_default_device

    before = _C._get_default_device()
    set_default_device(self)
    _outer_devices.setdefault(get_ident(), []).append(before)
    return self


def _leave_device(self: device, *exc_info: object) -> None:
    outer = _outer_devices[get_ident()]
    _C._set_default_device(outer.pop())
    if not outer:
        del _outer_devices[get_ident()]


for _name, _method in (("__enter__", _enter_device), ("__exit__", _leave_device)):
    setattr(_C.device, _name, _method)


def _requiring(out: Tensor) -> Tensor:
    if not (out.is_floating_point() or out.is_complex()):
        raise RuntimeError(
            "Only Tensors of floating point and complex dtype can require gradients"
        )
    return out.requires_grad_()


def as_tensor(
    data: Any, dtype: dtype | None = None, device: device | str | None = None
) -> Tensor:
    """``data`` as a tensor, sharing memory and history where nothing must change."""
    if not isinstance(data, _C.Tensor):
        if hasattr(type(data), "__array_interface__"):
            data = (
                from_numpy(data)
                if hasattr(type(data), "__array_finalize__")
                else _C.tensor_from_data(data, None)
            )
        else:
            return tensor(data, dtype=dtype, device=device)
    if dtype is not None and data.dtype is not dtype:
        data = data.to(dtype)
    return _placed(data, device)


def asarray(
    obj: Any,
    *,
    dtype: dtype | None = None,
    device: device | str | None = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """``obj`` as a tensor: shares memory unless ``copy=True`` or a conversion is needed.

    Raises:
        ValueError: ``copy=False`` and a copy is needed.
    """
    shared: Tensor | None = None
    if isinstance(obj, _C.Tensor):
        shared = obj
    elif hasattr(type(obj), "__array_interface__"):
        shared = from_numpy(obj)
    elif hasattr(type(obj), "__dlpack__"):
        shared = from_dlpack(obj)
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        shared = frombuffer(obj, dtype=dtype or get_default_dtype())
    if shared is None:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        out = _C.tensor_from_data(obj, dtype)
    else:
        changes = dtype is not None and shared.dtype is not dtype
        if dtype is not None and changes and copy is False:
            raise ValueError(
                f"can't alias tensor with dtype '{shared.dtype._legacy_name}' into dtype "
                f"'{dtype._legacy_name}'."
            )
        out = shared.to(dtype) if changes else shared.clone() if copy else shared
    out = _placed(out, device)
    if requires_grad and not out.requires_grad:
        out = out.detach().requires_grad_()
    return out


def from_dlpack(
    ext_tensor: Any, *, device: Any = None, copy: bool | None = None
) -> Tensor:
    """A tensor over the memory of another library's array, or of a DLPack capsule.

    Args:
        device: where the result shall be; ``"cpu"`` is where it is.
        copy: True makes a copy of the memory, False and None share it.

    Raises:
        AssertionError: ``device`` or ``copy`` beside a capsule, which cannot be asked.
    """
    if device is not None:
        device = _C.device(device)
    if not hasattr(ext_tensor, "__dlpack__"):
        if device is not None or copy is not None:
            raise AssertionError(
                "device and copy kwargs not supported when ext_tensor is already a DLPack "
                "capsule."
            )
        return _C.from_dlpack_capsule(ext_tensor)
    if device is not None and device.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if device is not None and device.type != "cpu":
        raise BufferError(f"Cannot pack tensors on {device}")
    try:
        capsule = ext_tensor.__dlpack__(max_version=(1, 0))
    except TypeError:  # a producer from before versions
        capsule = ext_tensor.__dlpack__()
    shared = _C.from_dlpack_capsule(capsule)
    return shared.clone() if copy else shared


to_dlpack = _C.to_dlpack

# --- random state


def manual_seed(seed: int) -> Generator:
    """Starts the default random stream of ``seed``; returns its generator."""
    return _C.current_generator().manual_seed(int(seed))


def seed() -> int:
    """Seeds the default generator from the operating system; returns the seed."""
    return _C.current_generator().seed()


def initial_seed() -> int:
    """The seed the default random stream started from."""
    return _C.current_generator().initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state, a uint8 tensor of 5056 bytes."""
    return _C.current_generator().get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Continues the default random stream from a saved state."""
    _C.current_generator().set_state(new_state)


# --- questions


def is_tensor(obj: object) -> bool:
    """Whether ``obj`` is a tensor."""
    return isinstance(obj, _C.Tensor)


def is_storage(obj: object) -> bool:
    """Whether ``obj`` is a storage."""
    return isinstance(obj, (_C.UntypedStorage, TypedStorage))


def from_file(
    filename: Any,
    shared: bool | None = None,
    size: int = 0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of `size` elements over the first bytes of a file.

    Args:
        shared: writes go to the file, which is created and extended as needed; else
            they stay in memory.

    Raises:
        RuntimeError: the file is shorter and not shared.
    """
    if layout not in (None, _C.strided):
        raise RuntimeError(f"from_file: tensors of files are strided, not {layout}")
    made = TypedStorage.from_file(filename, bool(shared), size, dtype=dtype)._flat()
    out = made if device is None else made.to(device)
    return out.pin_memory() if pin_memory else out


def _question(name: str, doc: str) -> Callable[..., Any]:
    """The method ``name`` as a function."""

    def function(input: Tensor, *args: Any) -> Any:
        if not isinstance(input, _C.Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not "
                f"{type(input).__name__}"
            )
        return getattr(input, name)(*args)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


is_floating_point = _question(
    "is_floating_point", "Whether the dtype is real floating."
)
is_complex = _question("is_complex", "Whether the dtype is complex.")
is_signed = _question("is_signed", "Whether the dtype has negative values.")
is_conj = _question("is_conj", "False: conjugates are computed at once.")
is_neg = _question("is_neg", "False: negatives are computed at once.")
is_inference = _question("is_inference", "Whether made in inference mode.")
is_distributed = _question("is_distributed", "False.")


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have equal sizes."""
    return input.is_same_size(other)


is_nonzero = _question("is_nonzero", "The truth value of a one-element tensor.")
get_device = _question("get_device", "Number of the device, -1 on the CPU.")
numel = _question("numel", "Number of elements.")


def typename(obj: Any) -> str:
    """``module.Class`` of an object, ``torch.FloatTensor`` of a tensor."""
    if isinstance(obj, _C.Tensor):
        return str(obj.type())
    cls = obj if isinstance(obj, type) else type(obj)
    if cls.__module__ in ("builtins", "__builtin__"):
        return cls.__qualname__
    return f"{cls.__module__}.{cls.__qualname__}"


def broadcast_shapes(*shapes: Sequence[int] | int) -> Any:
    """The shape that all shapes broadcast to."""
    lists = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    rank = max((len(s) for s in lists), default=0)
    out = [1] * rank
    for shape in lists:
        for i in range(-1, -1 - len(shape), -1):
            if shape[i] < 0:
                raise RuntimeError(
                    f"Trying to create tensor with negative dimension ({shape[i]}): ({shape[i]})"
                )
            if shape[i] == 1 or shape[i] == out[i]:
                continue
            if out[i] != 1:
                raise RuntimeError(
                    "Shape mismatch: objects cannot be broadcast to a single shape"
                )
            out[i] = shape[i]
    return _C.Size(out)


# --- functions with several forms


def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """Indices of non-zero elements: (count, ndim) int64, or one vector a dimension."""
    if as_tuple:
        return (
            _C.ops.nonzero(input.unsqueeze(0)).unbind(1)
            if input.dim() == 0
            else (_C.ops.nonzero(input).unbind(1))
        )
    return _C.ops.nonzero(input) if out is None else _C.ops.nonzero(input, out=out)


def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: dtype | None = None,
) -> Tensor:
    """The p-norm over all elements, or over dimensions; ``"fro"`` is the 2-norm.

    Raises:
        NotImplementedError: ``p="nuc"`` (it needs singular values).
    """
    if isinstance(p, str) and p != "fro":
        from rushlight.linalg import matrix_norm

        places = tuple(range(input.dim())) if dim is None else dim
        return matrix_norm(input, p, places, keepdim, dtype=dtype, out=out)  # type: ignore[arg-type]
    order = 2.0 if p is None or isinstance(p, str) else p
    if isinstance(dim, int):
        dim = [dim]
    if not (input.is_floating_point() or input.is_complex()):
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{input.dtype._legacy_name}"
        )
    return _C.ops.linalg_vector_norm(input, order, dim, keepdim, dtype=dtype, out=out)


def frobenius_norm(
    input: Tensor, dim: Any, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """Deprecated: the 2-norm over dimensions."""
    warnings.warn(
        "at::frobenius_norm is deprecated and it is just left for JIT compatibility. It will be "
        "removed in a future PyTorch release. Please use `linalg.vector_norm(A, 2., dim, "
        "keepdim)` instead",
        UserWarning,
        stacklevel=2,
    )
    dims = [dim] if isinstance(dim, int) else dim
    return _C.ops.linalg_vector_norm(input, 2, dims, keepdim, out=out)


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dimensions but one, which stays; -1: over all."""
    if dim == -1:
        return norm(v, pow)
    dims = [d for d in range(v.dim()) if d != dim % v.dim()]
    if not dims:  # of a vector: the norms of its elements
        return _C.ops.linalg_vector_norm(v.unsqueeze(-1), pow, [-1])
    return _C.ops.linalg_vector_norm(v, pow, dims, True)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements (or slices of ``dim``), in ascending order."""
    if dim is None:
        results = _C.ops._unique2(input, sorted, return_inverse, return_counts)
    else:
        results = _C.ops.unique_dim(input, dim, sorted, return_inverse, return_counts)
    return _pick(results, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The elements (or slices) without those equal to the one before."""
    results = _C.ops.unique_consecutive(input, return_inverse, return_counts, dim)
    return _pick(results, return_inverse, return_counts)


def _pick(results: tuple[Tensor, Tensor, Tensor], inverse: bool, counts: bool) -> Any:
    picked = [results[0]]
    if inverse:
        picked.append(results[1])
    if counts:
        picked.append(results[2])
    return picked[0] if len(picked) == 1 else tuple(picked)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Contracts the last ``dims`` dimensions of ``a`` with the first of ``b``, or listed ones."""
    if isinstance(dims, _C.Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(
                "tensordot expects dims < ndim_a or ndim_b, but got "
                f"dims={dims}, ndim_a={a.dim()}, ndim_b={b.dim()}"
            )
        left, right = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(left) != len(right):
        raise RuntimeError("both dimension lists should have same length")
    left = [d % a.dim() for d in left]
    right = [d % b.dim() for d in right]
    for i, j in zip(left, right, strict=True):
        if a.size(i) != b.size(j) and 1 not in (a.size(i), b.size(j)):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.size(i)} in dim "
                f"{i} and second has size {b.size(j)} in dim {j}"
            )
        if a.size(i) == 1 != b.size(j):
            b = b.sum(j, keepdim=True)
        elif b.size(j) == 1 != a.size(i):
            a = a.sum(i, keepdim=True)
    free_a = [d for d in range(a.dim()) if d not in left]
    free_b = [d for d in range(b.dim()) if d not in right]
    inner = math.prod(a.size(d) for d in left)
    rows = [a.size(d) for d in free_a]
    cols = [b.size(d) for d in free_b]
    product = (
        a.permute(free_a + left).reshape(math.prod(rows), inner)
        @ b.permute(right + free_b).reshape(inner, math.prod(cols))
    ).reshape(rows + cols)
    from rushlight._out import deliver

    return deliver("tensordot", product, out)


_CDIST_MODES = {
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": 1,
    "donot_use_mm_for_euclid_dist": 2,
}


def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """p-norm distances between the rows of (..., P, M) and (..., R, M): (..., P, R).

    Raises:
        ValueError: an unknown ``compute_mode``.
    """
    if compute_mode not in _CDIST_MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    distances: Tensor = _C.ops.cdist(x1, x2, p, _CDIST_MODES[compute_mode])
    return distances
