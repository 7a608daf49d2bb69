"""NumPy as the bridge between the libraries, and the choice of library under test."""

import functools
import importlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


@functools.cache
def library() -> Any:
    """The library under test: rushlight, or what RUSHLIGHT_TEST_XP names."""
    return importlib.import_module(os.environ.get("RUSHLIGHT_TEST_XP", "rushlight"))


def is_tensor(value: Any) -> bool:
    return hasattr(value, "stride") and hasattr(value, "requires_grad")


def dtype_of(tensor: Any) -> str:
    """`float32` for a tensor, whichever library it comes from."""
    return str(tensor.dtype).rsplit(".", 1)[-1]


def dtype_in(xp: Any, name: str) -> Any:
    return getattr(xp, name)


def from_numpy(xp: Any, array: np.ndarray, dtype: str) -> Any:
    """Tensor of `dtype` with a copy of the array's values."""
    if array.size == 0:  # whose strides NumPy leaves open
        return xp.empty(array.shape, dtype=dtype_in(xp, dtype))
    if dtype == "bfloat16":
        return xp.from_numpy(np.array(array, np.float32)).to(xp.bfloat16)
    with np.errstate(invalid="ignore"):
        return xp.from_numpy(np.array(array, np.dtype(dtype)))


def to_numpy(tensor: Any) -> np.ndarray:
    """Values as an array; bfloat16 arrives as float32."""
    if tensor.requires_grad:
        tensor = tensor.detach()
    if hasattr(tensor, "is_conj") and tensor.is_conj():
        tensor = tensor.resolve_conj()
    if hasattr(tensor, "_is_zerotensor") and tensor._is_zerotensor():
        tensor = tensor.clone()
    if hasattr(tensor, "is_neg") and tensor.is_neg():
        tensor = tensor.resolve_neg()
    if dtype_of(tensor) == "bfloat16":
        tensor = tensor.float()
    return tensor.numpy()  # type: ignore[no-any-return]


def widened(array: np.ndarray) -> np.ndarray:
    """The array in the widest type of its kind, for an exact reference."""
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    return array


def map_tree(function: Callable[[Any], Any], tree: Any) -> Any:
    """`function` on every leaf of nested tuples, lists, dicts and slices."""
    if isinstance(tree, tuple) and not hasattr(tree, "numel"):
        return tuple(map_tree(function, item) for item in tree)
    if isinstance(tree, list):
        return [map_tree(function, item) for item in tree]
    if isinstance(tree, dict):
        return {key: map_tree(function, item) for key, item in tree.items()}
    return function(tree)


def tensors(tree: Any) -> Iterator[Any]:
    """Every tensor of a tree, in order."""
    if isinstance(tree, (tuple, list)):
        for item in tree:
            yield from tensors(item)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from tensors(item)
    elif is_tensor(tree):
        yield tree


def map_tensors(function: Callable[[Any], Any], tree: Any) -> Any:
    return map_tree(lambda leaf: function(leaf) if is_tensor(leaf) else leaf, tree)


def as_reference(xp: Any, tree: Any, floats: bool = False, shared: bool = False) -> Any:
    """Arguments for a NumPy reference: wide arrays, NumPy dtypes.

    With `floats` integers and bool become floating, as the operator itself does. With
    `shared` arrays stay on the tensor's memory, strides included.
    """

    def convert(leaf: Any) -> Any:
        if is_tensor(leaf):
            array = to_numpy(leaf)
            if shared:
                return array
            if floats and array.dtype.kind in "iub":
                array = array.astype(np.float32)
            return np.copy(widened(array))
        if isinstance(leaf, type(xp.float32)):
            name = str(leaf).rsplit(".", 1)[-1]
            return np.dtype("float32" if name == "bfloat16" else name)
        return leaf

    return map_tree(convert, tree)
