"""How the samples of a batch become one object, and how a program extends that."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import rushlight
from rushlight import Tensor

from . import context

Collate = Callable[..., Any]
CollateMap = dict[Any, Collate]


def default_convert(data: Any) -> Any:
    """Makes tensors of NumPy arrays, also inside of mappings and sequences; leaves
    everything else as it is. The loader uses it when `batch_size` is None."""
    if isinstance(data, Tensor):
        return data
    if _is_numpy(data):
        return data if _holds_text(data) else rushlight.as_tensor(data)
    if isinstance(data, Mapping):
        return _rebuild_mapping(data, lambda key: default_convert(data[key]))
    if isinstance(data, tuple) and not hasattr(data, "_fields"):
        return [default_convert(item) for item in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _rebuild_sequence(data, [default_convert(item) for item in data])
    return data


def default_collate(batch: Any) -> Any:
    """Makes one object of a list of samples, the batch's dimension in front.

    Tensors and arrays are stacked, ints become an int64 tensor, floats a float64 one,
    strings stay a list; mappings and sequences are collated item by item and keep
    their type, tuples become lists. `_utils.collate.default_collate_fn_map` says how
    each type is treated; a program may add its own types to it.

    Raises:
        RuntimeError: if sequences, or shapes of tensors, differ in size.
        TypeError: if a sample is nothing of this.
    """
    if not _numpy_known and "numpy" in sys.modules:
        _learn_numpy()
    return collate(batch, collate_fn_map=_default_map)


def collate(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Makes one object of a list of samples by the functions of a map.

    Args:
        batch: the samples; the first one decides what they are.
        collate_fn_map: a function for each type, or tuple of types, called as
            ``function(batch, collate_fn_map=...)``. The exact type is looked for
            first, then the first entry whose instance the sample is. What has no
            entry must be a mapping or a sequence.

    Raises:
        RuntimeError: if sequences differ in size.
        TypeError: if a sample is nothing of this.
    """
    first = batch[0]
    if collate_fn_map is not None:
        function = _function_for(first, collate_fn_map)
        if function is not None:
            return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        return _rebuild_mapping(
            first,
            lambda key: collate(
                [sample[key] for sample in batch], collate_fn_map=collate_fn_map
            ),
        )
    if isinstance(first, Sequence):
        return _collate_sequences(first, batch, collate_fn_map)
    if getattr(first, "is_sparse", False):
        raise RuntimeError(
            "Batches of sparse tensors are not currently supported by the default "
            "collate_fn; please provide a custom collate_fn to handle them "
            "appropriately."
        )
    raise _unknown(type(first))


def _function_for(sample: Any, functions: CollateMap) -> Collate | None:
    exact = functions.get(type(sample))
    if exact is not None:
        return exact
    for kind, function in functions.items():
        if isinstance(sample, kind):
            return function
    return None


def collate_tensor_fn(
    batch: Any, *, collate_fn_map: CollateMap | None = None
) -> Tensor:
    """Stacks tensors; in a worker process straight into memory the loader shares."""
    first = batch[0]
    samples = list(batch)
    allocate = context.allocate
    if allocate is not None and _stacks_plainly(samples):
        out = allocate((len(samples), *first.shape), first.dtype)
        if out is not None:
            return rushlight.stack(samples, 0, out=out)
    return rushlight.stack(samples, 0)


def _stacks_plainly(samples: list[Tensor]) -> bool:
    """Whether the stack has the first sample's dtype and shape, and no history."""
    shape, dtype = samples[0].shape, samples[0].dtype
    return all(
        type(t) is Tensor
        and t.dtype is dtype
        and t.shape == shape
        and not t.requires_grad
        for t in samples
    )


def collate_numpy_array_fn(
    batch: Any, *, collate_fn_map: CollateMap | None = None
) -> Any:
    """Collates arrays as tensors.

    Raises:
        TypeError: if they hold text or objects.
    """
    if _holds_text(batch[0]):
        raise _unknown(batch[0].dtype)
    tensors = [rushlight.as_tensor(array) for array in batch]
    return collate(tensors, collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(
    batch: Any, *, collate_fn_map: CollateMap | None = None
) -> Tensor:
    """A tensor of NumPy numbers."""
    return rushlight.as_tensor(batch)


def collate_float_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """A float64 tensor of numbers."""
    return rushlight.tensor(batch, dtype=rushlight.float64)


def collate_int_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """A tensor of ints, or of bools."""
    return rushlight.tensor(batch)


def collate_str_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Texts stay what they are."""
    return batch


_default_map: CollateMap = {
    Tensor: collate_tensor_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
_numpy_known = False


def _learn_numpy() -> None:
    """Enters NumPy's types. They stand in front of float, of which float64 is one."""
    global _numpy_known
    import numpy as np

    _numpy_known = True
    given = dict(_default_map)
    _default_map.clear()
    numbers = (np.bool_, np.number, np.object_)
    for kind, function in given.items():
        if kind is float:
            _default_map.setdefault(np.ndarray, collate_numpy_array_fn)
            _default_map.setdefault(numbers, collate_numpy_scalar_fn)
        _default_map[kind] = function


def uses_default_stacking() -> bool:
    """Whether tensors are still collated as they come."""
    return _default_map.get(Tensor) is collate_tensor_fn


def __getattr__(name: str) -> Any:
    # Who extends the map sees it whole, with NumPy's types where NumPy is installed.
    if name != "default_collate_fn_map":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not _numpy_known:
        try:
            _learn_numpy()
        except ImportError:
            pass
    return _default_map


def _unknown(found: Any) -> TypeError:
    return TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or "
        f"lists; found {found}"
    )


def _is_numpy(data: Any) -> bool:
    """Whether the data are a NumPy array or scalar; NumPy is not imported to tell."""
    kind = type(data)
    return kind.__module__ == "numpy" and hasattr(data, "dtype")


def _holds_text(data: Any) -> bool:
    return data.dtype.kind in "SUOV"


def _collate_sequences(first: Any, batch: Any, functions: CollateMap | None) -> Any:
    named = isinstance(first, tuple) and hasattr(first, "_fields")
    if not named and any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    columns = [
        collate(column, collate_fn_map=functions)
        for column in zip(*batch, strict=False)
    ]
    if isinstance(first, tuple) and not named:
        return columns
    return _rebuild_sequence(first, columns)


def _rebuild_mapping(like: Any, value: Callable[[Any], Any]) -> Any:
    """A mapping of the same class with other values; a dict if that cannot be."""
    items = {key: value(key) for key in like}
    try:
        if isinstance(like, MutableMapping):
            clone = copy.copy(like)
            clone.update(items)
            return clone
        return type(like)(items)
    except TypeError:
        return items


def _rebuild_sequence(like: Any, items: list[Any]) -> Any:
    """A sequence of the same class with other items; a list if that cannot be."""
    if isinstance(like, tuple):
        return type(like)(*items)
    try:
        if isinstance(like, MutableSequence):
            clone = copy.copy(like)
            for at, item in enumerate(items):
                clone[at] = item
            return clone
        return type(like)(items)
    except TypeError:
        return items
