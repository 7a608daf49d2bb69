"""How the samples of a batch become one object."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import rushlight
from rushlight import Tensor


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
    their type, tuples become lists.

    Raises:
        RuntimeError: if sequences, or shapes of tensors, differ in size.
        TypeError: if a sample is nothing of this.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return rushlight.stack(list(batch), 0)
    if _is_numpy(first):
        return _collate_numpy(first, batch)
    if isinstance(first, float):
        return rushlight.tensor(batch, dtype=rushlight.float64)
    if isinstance(first, int):
        return rushlight.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _rebuild_mapping(
            first, lambda key: default_collate([sample[key] for sample in batch])
        )
    if isinstance(first, Sequence):
        return _collate_sequences(first, batch)
    raise _unknown(type(first))


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


def _collate_numpy(first: Any, batch: Any) -> Tensor:
    if _holds_text(first):
        raise _unknown(first.dtype)
    if type(first).__name__ in ("ndarray", "memmap"):
        return rushlight.stack([rushlight.as_tensor(array) for array in batch], 0)
    return rushlight.as_tensor(batch)


def _collate_sequences(first: Any, batch: Any) -> Any:
    if any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    columns = [default_collate(column) for column in zip(*batch, strict=True)]
    if isinstance(first, tuple) and not hasattr(first, "_fields"):
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
