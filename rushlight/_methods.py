"""More methods of Tensor: old constructors, element functions, questions, distinct elements."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rushlight import _C, _functions
from rushlight._storage import TypedStorage

if TYPE_CHECKING:
    from rushlight import Tensor, device, dtype
else:
    Tensor = _C.Tensor

_MISSING: Any = object()


def _new_tensor(
    self: Tensor,
    data: Any = _MISSING,
    *,
    dtype: dtype | None = None,
    device: device | str | None = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf with a copy of ``data``, by default of this tensor's dtype and device."""
    if data is _MISSING:
        raise TypeError('new_tensor() missing 1 required positional arguments: "data"')
    if pin_memory:
        raise RuntimeError("Cannot access accelerator device when none is available.")
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than "
            "tensor.new_tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    out = _C.tensor_from_data(data, self.dtype if dtype is None else dtype)
    target = self.device if device is None else device
    if out.device != target:
        out = out.to(target)
    return _functions._requiring(out) if requires_grad else out


def _new(self: Tensor, *args: Any, device: Any = None) -> Tensor:
    """The legacy constructor for this tensor's dtype: sizes, or data."""
    from rushlight._legacy import _construct

    if len(args) == 1 and isinstance(args[0], Tensor):
        return args[0].detach()
    return _construct(self.dtype, args, device)


# --- element by element, in Python


def _no_graph(self: Tensor, name: str) -> None:
    if self.requires_grad:
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )


def _number(self: Tensor, value: Any) -> Any:
    if isinstance(value, (bool, int, float, complex)):
        return value
    kind = "real number" if self.is_floating_point() else "an integer"
    raise TypeError(f"must be {kind}, not {type(value).__name__}")


def _map(
    name: str, self: Tensor, others: tuple[Tensor, ...], function: Callable[..., Any]
) -> Tensor:
    _no_graph(self, name)
    columns = [self.reshape(-1).tolist()]
    columns += [other.expand(self.shape).reshape(-1).tolist() for other in others]
    values = [_number(self, function(*row)) for row in zip(*columns, strict=True)]
    if values:
        self.copy_(_C.tensor_from_data(values, self.dtype).view(self.shape))
    return self


def _apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replaces each element by ``callable(element)``; slow."""
    return _map("apply_", self, (), callable)


def _map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replaces each element ``a`` by ``callable(a, b)`` with ``tensor``'s ``b``; slow."""
    return _map("map_", self, (tensor,), callable)


def _map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[..., Any]) -> Tensor:
    """``map_`` with two more tensors."""
    return _map("map2_", self, (x, y), callable)


def _fill_diagonal_(
    self: Tensor, fill_value: complex | Tensor, wrap: bool = False
) -> Tensor:
    """Fills the main diagonal; ``wrap``: in a tall matrix again after each square block.

    Raises:
        RuntimeError: fewer than two dimensions, or more with unequal sizes.
    """
    if self.dim() < 2:
        raise RuntimeError("dimensions must larger than 1")
    if self.dim() > 2 and len(set(self.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    height, width = self.size(0), self.size(1)
    step = sum(self.stride())
    with_grad = self.requires_grad and self.is_leaf and _C.is_grad_enabled()
    if with_grad:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )
    offset = self.storage_offset()
    self.as_strided((min(self.shape),), (step,), offset).fill_(fill_value)
    if wrap and self.dim() == 2 and height > width + 1:
        # Block k starts width + 1 rows after block k - 1.
        for start in range(width + 1, height, width + 1):
            length = min(width, height - start)
            self.as_strided((length,), (step,), offset + start * self.stride(0)).fill_(
                fill_value
            )
    return self


# --- distinct elements, norms


def _unique(
    self: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """``rushlight.unique`` of this tensor."""
    return _functions.unique(self, sorted, return_inverse, return_counts, dim)


def _unique_consecutive(
    self: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """``rushlight.unique_consecutive`` of this tensor."""
    return _functions.unique_consecutive(self, return_inverse, return_counts, dim)


def _nonzero(self: Tensor, *, as_tuple: bool = False) -> Any:
    """``rushlight.nonzero`` of this tensor."""
    return _functions.nonzero(self, as_tuple=as_tuple)


def _norm(
    self: Tensor,
    p: float | str | None = "fro",
    dim: Any = None,
    keepdim: bool = False,
    dtype: dtype | None = None,
) -> Tensor:
    """``rushlight.norm`` of this tensor."""
    return _functions.norm(self, p, dim, keepdim, dtype=dtype)


def _histogram(
    self: Tensor,
    bins: Any = 100,
    *,
    range: Any = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """``rushlight.histogram`` of this tensor."""
    from rushlight._statistics import histogram

    return histogram(self, bins, range=range, weight=weight, density=density)


# --- shape


def _reshaped(name: str, self: Tensor, sizes: Any) -> Tensor:
    warnings.warn(f"non-inplace {name} is deprecated", UserWarning, stacklevel=3)
    count = 1
    for size in sizes:
        count *= size
    if count != self.numel():
        wanted, have = (
            "x".join(str(s) for s in shape) for shape in (sizes, self.shape)
        )
        raise RuntimeError(
            f"requested resize to {wanted} ({count} elements in total), but the given tensor has "
            f"a size of {have} ({self.numel()} elements). autograd's resize can only change the "
            "shape of a given tensor, while preserving the number of elements. "
        )
    return self.reshape(sizes)


def _resize(self: Tensor, *sizes: Any) -> Tensor:
    """Deprecated: ``reshape`` that wants the number of elements unchanged."""
    given = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    return _reshaped("resize", self, tuple(given))


def _resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """Deprecated: ``reshape_as`` that wants the number of elements unchanged."""
    return _reshaped("resize_as", self, tuple(tensor.shape))


def _dim_order(self: Tensor, *, ambiguity_check: Any = False) -> tuple[int, ...]:
    """Dimensions from the outermost in memory to the innermost."""
    if ambiguity_check is not False:
        raise NotImplementedError(
            "rushlight.Tensor.dim_order(ambiguity_check=...) is not implemented"
        )
    strides = self.stride()
    return tuple(sorted(range(self.dim()), key=lambda d: -strides[d]))


def _is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both look at the same elements of the same storage."""
    return (
        self.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()
        and self.storage_offset() == tensor.storage_offset()
        and self.shape == tensor.shape
        and self.stride() == tensor.stride()
    )


# --- conversions and questions


def _is_nonzero(self: Tensor) -> bool:
    """The truth value of a one-element tensor."""
    return bool(self)


def _complex(self: Tensor) -> complex:
    if self.numel() != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    return complex(self.item())


def _get_device(self: Tensor) -> int:
    """Number of the device, -1 on the CPU."""
    return -1 if self.device.index is None else self.device.index


def _all_true(self: Tensor) -> Tensor:
    """``all()`` of a bool tensor."""
    return self.all()


def _any_true(self: Tensor) -> Tensor:
    """``any()`` of a bool tensor."""
    return self.any()


def _typed_storage(self: Tensor) -> Any:
    """The storage with this tensor's dtype."""
    return TypedStorage(wrap_storage=self.untyped_storage(), dtype=self.dtype)


def _module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What a module's loading puts in this tensor's place: ``self`` with a copy, or ``other``."""
    return other.detach() if assign else self.copy_(other).detach()


def _volatile(self: Tensor) -> bool:
    warnings.warn(
        "volatile was removed (Variable.volatile is always False)",
        UserWarning,
        stacklevel=2,
    )
    return False


def _storage_type(self: Tensor) -> type:
    """The legacy class of this tensor's storage."""
    from rushlight import storage
    from rushlight._tensor import warn_of_typed_storage

    warn_of_typed_storage()
    return storage.class_of(self.dtype)


def _pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """Page-locked host memory; there is none without an accelerator."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


def _dense_only(name: str) -> Callable[[Tensor], Any]:
    def refuse(self: Tensor) -> Any:
        raise RuntimeError(
            f"{name} expected sparse coordinate tensor layout but got Strided"
        )

    return _documented(refuse, "Raises: the layout is not sparse.")


def _to_sparse(
    self: Tensor, sparse_dim: int | None = None, *, layout: Any = None
) -> Any:
    """A sparse COO tensor of the elements that are not zero.

    Args:
        sparse_dim: the number of leading dimensions that are sparse; all by default.
        layout: only `rushlight.sparse_coo`.

    Raises:
        RuntimeError: if there are not so many dimensions.
        NotImplementedError: for other layouts.
    """
    from rushlight._sparse import dense_to_sparse, sparse_coo

    if layout not in (None, sparse_coo):
        raise NotImplementedError(f"rushlight.Tensor.to_sparse(layout={layout})")
    return dense_to_sparse(self, sparse_dim)


def _documented(function: Callable[..., Any], doc: str) -> Callable[..., Any]:
    function.__doc__ = doc
    return function


def _to_dense(
    self: Tensor, dtype: dtype | None = None, *, masked_grad: bool | None = None
) -> Tensor:
    """The tensor itself, which is dense; with ``dtype`` converted."""
    return self if dtype is None else self.to(dtype)


def _unsafe_split(self: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """``split()``; kept for its name."""
    return self.split(split_size, dim)


def _unsafe_split_with_sizes(
    self: Tensor, split_sizes: Any, dim: int = 0
) -> tuple[Tensor, ...]:
    """``split_with_sizes()``; kept for its name."""
    return self.split_with_sizes(split_sizes, dim)


def _reinforce(self: Tensor, reward: Any) -> None:
    """Raises: PyTorch removed it in favour of ``torch.distributions``."""
    raise RuntimeError(
        "reinforce() was removed.\nUse torch.distributions instead.\n"
        "See https://pytorch.org/docs/main/distributions.html"
    )


def _no_cuda_array(self: Tensor) -> Any:
    raise AttributeError(
        "Can't get __cuda_array_interface__ on non-CUDA tensor type: "
        f"{self.type()} If CUDA data is required use tensor.cuda() to copy tensor to device "
        "memory."
    )


def _constantly(value: Any, doc: str) -> Callable[..., Any]:
    return _documented(lambda self: value, doc)


_METHODS: dict[str, Any] = {
    "new_tensor": _new_tensor,
    "new": _new,
    "apply_": _apply_,
    "map_": _map_,
    "map2_": _map2_,
    "fill_diagonal_": _fill_diagonal_,
    "unique": _unique,
    "unique_consecutive": _unique_consecutive,
    "nonzero": _nonzero,
    "norm": _norm,
    "histogram": _histogram,
    "resize": _resize,
    "resize_as": _resize_as,
    "dim_order": _dim_order,
    "is_set_to": _is_set_to,
    "is_nonzero": _is_nonzero,
    "__complex__": _complex,
    "__long__": lambda self: int(self),
    "__nonzero__": lambda self: bool(self),
    "__div__": lambda self, other: self / other,
    "__rdiv__": lambda self, other: self.reciprocal() * other,
    "__idiv__": lambda self, other: self.div_(other),
    "get_device": _get_device,
    "_is_all_true": _all_true,
    "_is_any_true": _any_true,
    "_typed_storage": _typed_storage,
    "module_load": _module_load,
    "volatile": property(_volatile, doc="False; a remainder of old versions."),
    "name": property(_constantly(None, ""), doc="None: tensors have no names."),
    "grad_dtype": property(lambda self: self.dtype, doc="The dtype of the gradient."),
    "storage_type": _storage_type,
    "pin_memory": _pin_memory,
    "reinforce": _reinforce,
    "is_distributed": _constantly(False, "False."),
    "is_conj": _constantly(False, "False: conjugates are computed at once."),
    "is_neg": _constantly(False, "False: negatives are computed at once."),
    "const_data_ptr": Tensor.data_ptr,
    "to_dense": _to_dense,
    "to_sparse": _to_sparse,
    "dense_dim": Tensor.dim,
    "sparse_dim": _constantly(0, "0: no dimension is sparse."),
    "is_coalesced": _dense_only("is_coalesced"),
    "coalesce": _dense_only("coalesce"),
    "unsafe_split": _unsafe_split,
    "unsafe_split_with_sizes": _unsafe_split_with_sizes,
    "__cuda_array_interface__": property(_no_cuda_array),
    **{
        f"is_{kind}": property(
            _constantly(False, ""), doc="False: tensors are dense and on the CPU."
        )
        for kind in ("sparse_csr", "xla", "ipu", "vulkan", "maia", "mtia")
    },
}
for _name, _value in _METHODS.items():
    setattr(Tensor, _name, _value)
