"""Which tensors of a state dict overlap in memory, and which one stands for the others."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rushlight import Tensor


def _range(tensor: Tensor) -> tuple[int, int]:
    """First address of the elements, and the one after the last."""
    begin = tensor.data_ptr()
    span = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride()))
    return begin, begin + (span + 1) * tensor.element_size()


def shared_names(tensors: Mapping[str, Tensor]) -> list[set[str]]:
    """Groups of names whose tensors overlap, directly or through others.

    Tensors without elements overlap nothing; each is a group of its own.
    """
    groups: list[set[str]] = []
    ranges = []
    for name, tensor in tensors.items():
        if tensor.numel() == 0:
            groups.append({name})
        else:
            ranges.append((*_range(tensor), name))
    reach = -1
    for begin, end, name in sorted(ranges):
        if begin < reach:
            groups[-1].add(name)
        else:
            groups.append({name})
        reach = max(reach, end)
    return groups


def _is_complete(tensor: Tensor) -> bool:
    """Whether the tensor covers all bytes of its storage."""
    storage = tensor.untyped_storage()
    nbytes = tensor.numel() * tensor.element_size()
    return tensor.data_ptr() == storage.data_ptr() and nbytes == storage.nbytes()


def drop_duplicates(
    tensors: Mapping[str, Tensor], preferred: Container[str] = ()
) -> dict[str, list[str]]:
    """For every group of overlapping tensors the name to keep and the names to drop.

    Args:
        tensors: tensors by name.
        preferred: names to keep before others.

    Raises:
        RuntimeError: if no tensor of a group covers the group's whole memory.
    """
    dropped: dict[str, list[str]] = {}
    for group in shared_names(tensors):
        if len(group) < 2:
            continue
        complete = sorted(name for name in group if _is_complete(tensors[name]))
        if not complete:
            raise RuntimeError(
                f"Error while trying to find names to remove to save state dict: "
                f"{sorted(group)} share memory, and none covers the whole of it. "
                "Clone them before saving."
            )
        kept = next((name for name in complete if name in preferred), complete[0])
        dropped[kept] = sorted(group - {kept})
    return dropped
