"""Methods of Tensor that are Python: printing, NumPy, copying, autograd's entry points.

The class itself and every operator method come from the compiled core; importing this module adds
the rest to it.
"""

from __future__ import annotations

import copyreg
import importlib
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rushlight import _C
from rushlight._storage import TypedStorage

if TYPE_CHECKING:
    import numpy as np

    from rushlight import Tensor, dtype
else:
    Tensor = _C.Tensor


def _repr(self: Tensor, *, tensor_contents: str | None = None) -> str:
    from rushlight._tensor_str import _str

    if type(self) is not Tensor:
        from rushlight import overrides

        if overrides.has_torch_function_unary(self):
            return overrides.handle_torch_function(
                Tensor.__repr__, (self,), self, tensor_contents=tensor_contents
            )
    return _str(self, tensor_contents=tensor_contents)


def _format(self: Tensor, spec: str) -> str:
    if self.dim() == 0 and not self.is_meta and type(self) is Tensor:
        return format(self.item(), spec)
    return object.__format__(self, spec)


def _iter(self: Tensor) -> Iterator[Tensor]:
    if self.dim() == 0:
        raise TypeError("iteration over a 0-d tensor")
    return iter(self.unbind(0))


def _contains(self: Tensor, element: object) -> bool:
    if isinstance(element, (Tensor, bool, int, float, complex)):
        return bool((self == element).any().item())
    raise RuntimeError(
        f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
    )


def _reversed(self: Tensor) -> Tensor:
    return self if self.dim() == 0 else self.flip(0)


# --- NumPy


def _numpy(self: Tensor, *, force: bool = False) -> np.ndarray:
    """An ndarray over the same memory. ``force=True`` detaches and copies where that is needed."""
    if force:
        return self.detach().cpu().numpy()
    if self.requires_grad and _C.is_grad_enabled():
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    if self.is_meta:
        raise TypeError(
            "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the "
            "tensor to host memory first."
        )
    import numpy as np

    if self.dtype is _C.bfloat16:
        raise TypeError("Got unsupported ScalarType BFloat16")
    return np.asarray(memoryview(self))


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    array = self.numpy()
    if dtype is not None and array.dtype != dtype:
        return array.astype(dtype)
    return array.copy() if copy else array


def _array_wrap(
    self: Tensor, array: Any, context: Any = None, return_scalar: bool = False
) -> Any:
    if array.dtype == bool:
        array = array.astype("uint8")
    return _C.from_numpy(array)


# --- autograd


def _backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Adds the gradient of this tensor to ``.grad`` of the leaves it depends on.

    Args:
        gradient: gradient of this tensor, of its shape; may be left out for one element.
        retain_graph: keep what backward needs, for another pass. Default: ``create_graph``.
        create_graph: record the backward pass too, for higher derivatives.
        inputs: only these leaves receive gradients.
    """
    from rushlight.autograd import backward

    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def _register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> Any:
    """Calls ``hook(grad)`` when this tensor's gradient is computed; it may return another."""
    if not self.requires_grad:
        raise RuntimeError(
            "cannot register a hook on a tensor that doesn't require gradient"
        )
    from rushlight.autograd._hooks import register_tensor_hook

    return register_tensor_hook(self, hook)


def _register_post_accumulate_grad_hook(
    self: Tensor, hook: Callable[[Tensor], None]
) -> Any:
    """Calls ``hook(tensor)`` after ``.grad`` of this leaf was accumulated."""
    if not self.requires_grad:
        raise RuntimeError(
            "cannot register a hook on a tensor that doesn't require gradient"
        )
    if self.grad_fn is not None:
        raise RuntimeError(
            "post accumulate grad hooks cannot be registered on non-leaf tensors"
        )
    from rushlight.autograd._hooks import register_post_accumulate_hook

    return register_post_accumulate_hook(self, hook)


# --- copying and pickling


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
            "because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(self) in memo:
        return memo[id(self)]
    import copy

    # Views of one storage stay views of one storage.
    storage = self.untyped_storage()
    copied = memo.get(id(storage))
    if copied is None:
        copied = memo[id(storage)] = storage.clone()
        memo.setdefault("rushlight storages", []).append(storage)  # type: ignore[call-overload]
    out = _C.tensor_from_storage(
        copied, self.dtype, self.storage_offset(), self.size(), self.stride()
    )
    out.requires_grad = self.requires_grad
    if type(self) is not Tensor:
        out = Tensor._make_subclass(type(self), out, self.requires_grad)
    memo[id(self)] = out
    if self._grad is not None:
        out.grad = copy.deepcopy(self._grad, memo)
    for name, value in self.__dict__.items():
        setattr(out, name, copy.deepcopy(value, memo))
    return out


def _rebuild_tensor(
    storage: Any,
    dtype: dtype,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    state: dict[str, Any],
) -> Tensor:
    """Unpickles one tensor."""
    out = _C.tensor_from_storage(storage, dtype, offset, size, stride, requires_grad)
    for name, value in state.items():
        setattr(out, name, value)
    return out


def _rebuild_storage(data: bytes | bytearray) -> Any:
    """Unpickles the bytes behind tensors."""
    return _C.storage_from_buffer(bytearray(data) if type(data) is bytes else data)


def _rebuild_meta_storage(nbytes: int) -> Any:
    """Unpickles a storage of the meta device."""
    return _C.UntypedStorage(nbytes, device="meta")


def _reduce_storage(self: Any, protocol: int) -> Any:
    if self.device.type == "meta":
        return _rebuild_meta_storage, (self.nbytes(),)
    if protocol < 5:
        return _rebuild_storage, (bytes(memoryview(self)),)
    from pickle import PickleBuffer

    return _rebuild_storage, (PickleBuffer(self),)


_C.UntypedStorage.__reduce_ex__ = _reduce_storage  # type: ignore[method-assign,assignment]


def _operator(name: str) -> Any:
    """Unpickles a function of the core."""
    return getattr(_C.ops, name)


def _method(name: str) -> Any:
    """Unpickles a method of tensors."""
    return getattr(Tensor, name)


def _reduce_operator(function: Any) -> Any:
    return _operator, (function.__name__,)


def _reduce_method(method: Any) -> Any:
    return _method, (method.__name__,)


copyreg.pickle(_C.OpFunction, _reduce_operator)
copyreg.pickle(_C.OpMethod, _reduce_method)


def _rebuild_subclass(cls: type, tensor: Tensor, state: dict[str, Any]) -> Tensor:
    """Unpickles a tensor of a subclass."""
    out = Tensor._make_subclass(cls, tensor, tensor.requires_grad)
    for name, value in state.items():
        setattr(out, name, value)
    return out


def _copy(self: Tensor) -> Tensor:
    """``copy.copy``: another tensor over the same memory, without history."""
    out = self.detach()
    if type(self) is not Tensor:
        out = Tensor._make_subclass(type(self), out)
    if self.requires_grad:
        out.requires_grad_()
    for name, value in self.__dict__.items():
        setattr(out, name, value)
    return out


def _reduce_ex(self: Tensor, protocol: int) -> Any:
    state = dict(self.__dict__)
    plain = (
        self.untyped_storage(),
        self.dtype,
        self.storage_offset(),
        tuple(self.size()),
        self.stride(),
        self.requires_grad,
    )
    if type(self) is Tensor:
        return _rebuild_tensor, (*plain, state)
    return _rebuild_subclass, (type(self), _rebuild_tensor(*plain, {}), state)


# --- types


_warned_of_storage = False


def _type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> str | Tensor:
    """The legacy type name (``'torch.FloatTensor'``); with an argument, a conversion."""
    if dtype is None:
        return f"torch.{self.dtype._legacy_name}Tensor"
    from rushlight._legacy import dtype_of_type

    return self.to(dtype_of_type(dtype), non_blocking=non_blocking)


def _storage(self: Tensor) -> Any:
    """The storage with this tensor's dtype; ``untyped_storage()`` is the current way."""
    warn_of_typed_storage()
    return TypedStorage(wrap_storage=self.untyped_storage(), dtype=self.dtype)


def warn_of_typed_storage() -> None:
    """Says once that typed storages are PyTorch's older way."""
    global _warned_of_storage
    if _warned_of_storage:
        return
    _warned_of_storage = True
    warnings.warn(
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will "
        "be the only storage class. This should only matter to you if you are using storages "
        "directly.  To access UntypedStorage directly, use tensor.untyped_storage() instead of "
        "tensor.storage()",
        UserWarning,
        stacklevel=3,
    )


def _warn_of_number(name: str, advice: str) -> None:
    warnings.warn(
        f"Tensor.{name} is deprecated on 0-D tensors. {advice}",
        UserWarning,
        stacklevel=3,
    )


def _transposed(self: Tensor) -> Tensor:
    """All dimensions in reverse order; deprecated beyond matrices."""
    if self.dim() not in (0, 2):
        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.",
            UserWarning,
            stacklevel=2,
        )
    if self.dim() == 0:
        _warn_of_number("T", "This function is the identity in these cases.")
    return _C.ops.numpy_T(self)


def _matrix_transposed(self: Tensor) -> Tensor:
    """Batches of matrices, transposed."""
    if self.dim() == 0:
        _warn_of_number("mT", "This function is the identity in these cases.")
        return self
    if self.dim() == 1:
        raise RuntimeError(
            "tensor.mT is only supported on matrices or batches of matrices. Got "
            f"{self.dim()}-D tensor."
        )
    return _C.ops.mT(self)


def _hermitian(self: Tensor) -> Tensor:
    """The conjugate transpose of a matrix."""
    if self.dim() not in (0, 2):
        raise RuntimeError(
            "tensor.H is only supported on matrices (2-D tensors). Got "
            f"{self.dim()}-D tensor. For batches of matrices, consider using tensor.mH"
        )
    if self.dim() == 0:
        _warn_of_number("H", "Consider using x.conj().")
    return self.t().conj()


def _set_real(self: Tensor, value: Any) -> None:
    self.real.copy_(value)


def _set_imag(self: Tensor, value: Any) -> None:
    self.imag.copy_(value)


def _share_memory(self: Tensor) -> Tensor:
    """Moves the memory to where other processes can map it; all views of it move along.

    Returns:
        This tensor. Its storage cannot grow any more.

    Raises:
        RuntimeError: the tensor is on the meta device.
    """
    # Also teaches multiprocessing's pickler to hand over memory instead of values.
    importlib.import_module("rushlight.multiprocessing")
    self.untyped_storage().share_memory_()
    return self


def _is_shared(self: Tensor) -> bool:
    """Whether other processes can map the memory."""
    return self.untyped_storage().is_shared()


def _is_pinned(self: Tensor, device: Any = None) -> bool:
    """Whether the memory is page-locked: no, on the CPU."""
    if device is not None:
        warnings.warn(
            "The argument 'device' of Tensor.is_pinned() is deprecated. Please do not pass this "
            "argument.",
            DeprecationWarning,
            stacklevel=2,
        )
    return False


def _dlpack(
    self: Tensor,
    *,
    stream: Any = -1,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[Any, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """A DLPack capsule over this tensor's memory.

    Args:
        stream: None, as a CPU has none.
        max_version: the newest version the caller reads; from (1, 0) on it gets a
            versioned capsule.
        dl_device: (1, 0), the CPU, or None.
        copy: True hands out a copy.
    """
    if stream is not None and type(stream) is not int:
        raise TypeError("stream must be ``int`` or ``none``")
    if copy is not None and not isinstance(copy, bool):
        raise TypeError(
            f"__dlpack__(): argument 'copy' must be bool, not {type(copy).__name__}"
        )
    if stream is not None and stream != -1:
        raise AssertionError("stream should be None on cpu.")
    if max_version is not None and (len(max_version) != 2 or max_version[0] < 0):
        raise BufferError(f"__dlpack__: no version fits max_version={max_version}")
    if dl_device is not None and tuple(dl_device) != _dlpack_device(self):
        raise NotImplementedError(
            f"rushlight.Tensor.__dlpack__(dl_device={tuple(dl_device)}) is not implemented"
        )
    if self.requires_grad:
        raise BufferError(
            "Can't export tensors that require gradient, use tensor.detach()"
        )
    given = self.clone() if copy else self
    if max_version is not None and max_version[0] >= 1:
        return _C.to_dlpack_versioned(given, bool(copy))
    return _C.to_dlpack(given)


def _dlpack_device(self: Tensor) -> tuple[int, int]:
    from rushlight.utils.dlpack import DLDeviceType

    return (DLDeviceType.kDLCPU, 0)


_dlpack.__qualname__ = "Tensor.__dlpack__"
_dlpack.__name__ = "__dlpack__"


def _set_(
    self: Tensor,
    source: Any = None,
    storage_offset: int | None = None,
    size: Any = None,
    stride: Any = None,
) -> Tensor:
    """Looks at the memory of ``source``, a tensor or a storage, from now on.

    Args:
        source: None: nothing, with no elements.
        storage_offset: where to start in it, in elements; needs ``size``.
        size: default: that of ``source``, a storage being one dimension.
        stride: default: row-major.
    """
    storage = source.untyped() if isinstance(source, TypedStorage) else source
    given = [source, storage_offset, size, stride]
    while len(given) > 0 and given[-1] is None:
        given.pop()
    if not isinstance(storage, _C.UntypedStorage) or len(given) == 2:
        return _C.ops.set_(self, *given)
    if size is None:
        size = (storage.nbytes() // self.itemsize,)
    if stride is None:
        stride = _C.ops.empty(size, device="meta").stride()
    return _C._set_storage(self, storage, storage_offset or 0, size, stride)


def _split(self: Tensor, split_size: Any, dim: int = 0) -> Any:
    """Pieces of ``split_size`` (an int), or of the sizes in a list."""
    return _C.ops.split(self, split_size, dim)


def _torch_function(
    cls: type,
    func: Callable[..., Any],
    types: Any,
    args: Any = (),
    kwargs: Any = None,
) -> Any:
    """What operators do to a subclass: run as on plain tensors, with results of the subclass."""
    from rushlight.overrides import default_torch_function

    return default_torch_function(cls, func, types, args, kwargs)


_METHODS: dict[str, Any] = {
    "__torch_function__": classmethod(_torch_function),
    "__repr__": _repr,
    "__str__": _repr,
    "__format__": _format,
    "__iter__": _iter,
    "__contains__": _contains,
    "__reversed__": _reversed,
    "__array__": _array,
    "__array_wrap__": _array_wrap,
    "__array_priority__": 1000,
    "__copy__": _copy,
    "__deepcopy__": _deepcopy,
    "__reduce_ex__": _reduce_ex,
    "__dlpack__": _dlpack,
    "__dlpack_device__": _dlpack_device,
    "__module__": "torch",
    "numpy": _numpy,
    "backward": _backward,
    "register_hook": _register_hook,
    "register_post_accumulate_grad_hook": _register_post_accumulate_grad_hook,
    "type": _type,
    "storage": _storage,
    "set_": _set_,
    "share_memory_": _share_memory,
    "is_shared": _is_shared,
    "is_pinned": _is_pinned,
    "split": _split,
    "T": property(_transposed),
    "mT": property(_matrix_transposed),
    "H": property(_hermitian),
    "mH": property(
        lambda self: self.adjoint(), doc="Batches of matrices, conjugate transposed."
    ),
    "real": property(
        lambda self: _C.ops.real(self), _set_real, doc="The real part, a view."
    ),
    "imag": property(
        lambda self: _C.ops.imag(self), _set_imag, doc="The imaginary part, a view."
    ),
    "names": property(
        lambda self: (None,) * self.dim(), doc="A None for each dimension."
    ),
}
for _name, _value in _METHODS.items():
    setattr(Tensor, _name, _value)
