"""Functions that take any number of tensors, or give copies of what are views elsewhere."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rushlight import _C
from rushlight._out import deliver, deliver_all

if TYPE_CHECKING:
    from rushlight import Tensor

_ops = _C.ops


def _all_tensors(given: Sequence[Any]) -> list[Tensor]:
    """The arguments as a list, where a wrong one is named by its place."""
    for i, item in enumerate(given):
        if not isinstance(item, _C.Tensor) and not hasattr(
            type(item), "__torch_function__"
        ):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got "
                f"{type(item).__name__}"
            )
    return list(given)


def _atleast(name: str, tensors: tuple[Any, ...]) -> Any:
    operator = getattr(_ops, name)
    if len(tensors) == 1:
        (only,) = tensors
        if isinstance(only, (list, tuple)):
            return operator(_all_tensors(only))
        return operator(only)
    return operator(_all_tensors(tensors))


def atleast_1d(*tensors: Any) -> Any:
    """Each tensor, numbers with one dimension."""
    return _atleast("atleast_1d", tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least two dimensions; new ones come first."""
    return _atleast("atleast_2d", tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least three dimensions; a matrix gets its third at the end."""
    return _atleast("atleast_3d", tensors)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape, as views."""
    return _ops.broadcast_tensors(_all_tensors(tensors))


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with these blocks (numbers, rows or matrices) on its diagonal."""
    return _ops.block_diag(_all_tensors(tensors))


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Rows of all combinations of one element of each vector."""
    return _ops.cartesian_prod(_all_tensors(tensors))


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinates of a grid: output i varies along dimension i as vector i does.

    Args:
        tensors: vectors or numbers of one dtype, or one list of them.
        indexing: ``"ij"``, or ``"xy"`` with the first two dimensions exchanged. Leaving it out
            means ``"ij"``, with a warning.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    vectors = _all_tensors(tensors)
    if indexing is None:
        if vectors:
            warnings.warn(
                "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
                "argument.",
                UserWarning,
                stacklevel=2,
            )
        return _ops.meshgrid(vectors)
    return _ops.meshgrid(vectors, indexing=indexing)


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of matrices, in the cheapest order. ``linalg.multi_dot`` replaces it."""
    if matrices:
        warnings.warn(
            "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use "
            "torch.linalg.multi_dot instead, which accepts a list of two or more tensors rather "
            "than multiple parameters.",
            UserWarning,
            stacklevel=2,
        )
    value = _ops.chain_matmul(_all_tensors(matrices))
    if value is matrices[0]:
        return value if out is None else deliver("chain_matmul", value, out)
    return deliver("chain_matmul", value, out)


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """For each index into the flattened ``shape`` the coordinates, one tensor a dimension."""
    if not isinstance(indices, _C.Tensor):
        raise AttributeError(
            f"'{type(indices).__name__}' object has no attribute 'is_complex'"
        )
    if indices.is_complex() or indices.is_floating_point() or indices.dtype is _C.bool:
        raise TypeError(
            f"expected 'indices' to be integer dtype, but got {indices.dtype}"
        )
    if isinstance(shape, int):
        shape = (shape,)
    elif not isinstance(shape, (tuple, list)):
        raise TypeError(
            "expected 'shape' to be int or sequence of ints, but got "
            f"{_class_text(shape)}"
        )
    for size in shape:
        if not isinstance(size, int):
            raise TypeError(
                "expected 'shape' sequence to only contain ints, but got "
                f"{_class_text(size)}"
            )
        if size < 0:
            raise ValueError(
                f"'shape' cannot have negative values, but got {tuple(shape)}"
            )
    indices = indices.to(_C.int64)
    return tuple(
        indices.div(math.prod(shape[i + 1 :]) or 1, rounding_mode="floor") % (size or 1)
        for i, size in enumerate(shape)
    )


def _class_text(value: object) -> str:
    return (
        "<class 'torch.Tensor'>" if isinstance(value, _C.Tensor) else str(type(value))
    )


def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """``split()``; kept for its name."""
    return _ops.split(tensor, split_size, dim)


def unsafe_split_with_sizes(
    input: Tensor, split_sizes: Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """``split_with_sizes()``; kept for its name."""
    return _ops.split_with_sizes(input, split_sizes, dim)


def _copying(name: str, several: bool = False) -> Callable[..., Any]:
    view = getattr(_ops, name)

    def copies(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if several:
            parts = tuple(
                part.clone(memory_format=_C.contiguous_format)
                for part in view(*args, **kwargs)
            )
            return deliver_all(f"{name}_copy", parts, out)
        value = view(*args, **kwargs).clone(memory_format=_C.contiguous_format)
        return deliver(f"{name}_copy", value, out)

    copies.__name__ = copies.__qualname__ = f"{name}_copy"
    copies.__doc__ = f"``{name}()`` with a result in memory of its own."
    return copies


alias_copy = _copying("alias")
as_strided_copy = _copying("as_strided")
detach_copy = _copying("detach")
diagonal_copy = _copying("diagonal")
expand_copy = _copying("expand")
permute_copy = _copying("permute")
select_copy = _copying("select")
slice_copy = _copying("slice")
squeeze_copy = _copying("squeeze")
t_copy = _copying("t")
transpose_copy = _copying("transpose")
unfold_copy = _copying("unfold")
unsqueeze_copy = _copying("unsqueeze")
view_copy = _copying("view")
view_as_complex_copy = _copying("view_as_complex")
view_as_real_copy = _copying("view_as_real")
split_copy = _copying("split", several=True)
split_with_sizes_copy = _copying("split_with_sizes", several=True)
unbind_copy = _copying("unbind", several=True)
