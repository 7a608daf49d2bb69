"""Functions that whole models keep as attributes: their names in files, and back.

Only functions that compute with tensors are found; that an object holds one calls
nothing.
"""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import rushlight
from rushlight import _C

from .errors import UnsafeFileError
from .records import Record

_FUNCTIONS, _METHODS = "_VariableFunctionsClass", "TensorBase"
OWNERS = {
    "torch._C._VariableFunctionsClass": _FUNCTIONS,
    "torch._C._VariableFunctions": _FUNCTIONS,
    "torch._C.TensorBase": _METHODS,
    "torch._C._TensorBase": _METHODS,
}
"""PyTorch's classes whose attributes the operators are."""
_COMPOSED = frozenset(
    """atleast_1d atleast_2d atleast_3d block_diag broadcast_shapes broadcast_tensors
    cartesian_prod cdist chain_matmul einsum istft lu meshgrid norm split stft tensordot
    unique unique_consecutive unravel_index""".split()
)
"""Functions that PyTorch keeps in `torch.functional`."""


def is_operator(obj: Any) -> bool:
    """Whether it is a function, or a method of tensors, of the core."""
    return isinstance(obj, (_C.OpFunction, _C.OpMethod))


def owner_of(obj: Any) -> str | None:
    """The class of `torch._C` that PyTorch says an operator is an attribute of; None
    if it is a function of `torch._C._nn`."""
    if isinstance(obj, _C.OpMethod):
        return _METHODS
    return _FUNCTIONS if getattr(rushlight, obj.__name__, None) is obj else None


def is_composed(obj: Any) -> bool:
    """Whether PyTorch has a function of this one's name in `torch.functional`."""
    name = getattr(obj, "__name__", "")
    return name in _COMPOSED and getattr(rushlight, name, None) is obj


def find_function(module: str, name: str) -> Any:
    """The function of ours for one of PyTorch's, or None."""
    found: Any = None
    if name.startswith("_"):
        return None
    if module == "torch.functional" and name in _COMPOSED:
        found = getattr(rushlight, name, None)
    elif module == "torch._C._nn":
        found = getattr(_C.ops, name, None)
    elif module == "torch.nn.init":
        found = getattr(rushlight.nn.init, name, None)
        local = getattr(found, "__module__", "") == "rushlight.nn.init"
        return found if type(found) is FunctionType and local else None
    return found if is_operator(found) or type(found) is FunctionType else None


def find_called(target: Record, args: tuple[Any, ...]) -> Any:
    """What a call in a file stands for, if that is a function: an attribute of one of
    PyTorch's classes of operators, or a partial call of a layer or a function.

    Returns:
        None if it is something else.
    """
    if target.args is not None:
        return None
    if target.name == "functools.partial" and len(args) == 1 and _may_wait(args[0]):
        return functools.partial(args[0])
    if target.name != "builtins.getattr" or len(args) != 2:
        return None
    holder, name = args
    if type(holder) is not Record or type(name) is not str or name.startswith("_"):
        return None
    owner = OWNERS.get(holder.name) if holder.args is None else None
    if owner == _METHODS:
        found = getattr(rushlight.Tensor, name, None)
        return found if isinstance(found, _C.OpMethod) else None
    if owner == _FUNCTIONS:
        found = getattr(rushlight, name, None)
        return found if is_operator(found) or name in _COMPOSED else None
    return None


def _may_wait(function: Any) -> bool:
    layer = isinstance(function, type) and issubclass(function, rushlight.nn.Module)
    return layer or is_operator(function) or type(function) is FunctionType


def set_partial(target: functools.partial[Any], state: Any) -> functools.partial[Any]:
    """Gives a partial call its arguments.

    Raises:
        UnsafeFileError: if they are none, or belong to another function.
    """
    fits = type(state) is tuple and len(state) == 4 and state[0] is target.func
    if not fits or type(state[1]) is not tuple or type(state[2]) is not dict:
        raise UnsafeFileError("load: a partial call is damaged")
    if state[3] or not all(type(name) is str for name in state[2]):
        raise UnsafeFileError("load: a partial call has attributes")
    method: Any = target
    method.__setstate__((*state[:3], None))
    return target
