"""Counts of NaN and infinite values, for `--values`."""

from __future__ import annotations

from collections.abc import Callable

import rushlight
from rushlight import _C
from rushlight.serialization.errors import UnsafeFileError
from rushlight.serialization.rebuild import make_view

from .report import Report, TensorLine, plain

_COUNTED = "float16 bfloat16 float32 float64 complex64 complex128".split()
_MAX_OVERLAP = 4


def count_values(
    report: Report, read: Callable[[str], bytes | bytearray | memoryview | None]
) -> None:
    """Fills in `nan` and `inf` of the floating tensors, one storage at a time.

    Args:
        report: with its tensors and storages.
        read: the bytes of a storage by its key; None if it has none.
    """
    by_storage: dict[str, list[TensorLine]] = {}
    for line in report.tensors:
        if line.dtype in _COUNTED and line.storage is not None:
            by_storage.setdefault(line.storage, []).append(line)
    for key, lines in by_storage.items():
        data = read(key)
        if data is None:
            continue
        storage = _C.storage_from_buffer(bytes(data))
        for line in lines:
            _count(report, line, storage)


def _count(report: Report, line: TensorLine, storage: object) -> None:
    if line.count == 0:
        line.nan = line.inf = 0
        return
    dtype = getattr(rushlight, line.dtype)
    try:
        view = make_view(
            storage, dtype, line.offset, line.shape, line.stride or (), False
        )
    except UnsafeFileError:
        return  # reported when the line was checked
    # A broadcast view can be far larger than its bytes; its distinct values are not.
    view = view[tuple(0 if step == 0 else slice(None) for step in line.stride or ())]
    if view.numel() * dtype.itemsize > _MAX_OVERLAP * view.untyped_storage().nbytes():
        report.warn(f"{plain(line.name)} claims far more values than its storage has")
        return
    line.nan = int(view.isnan().sum().item())
    line.inf = int(view.isinf().sum().item())
    if line.nan or line.inf:
        report.note(
            f"{plain(line.name)} has {line.nan} NaN and {line.inf} infinite values"
        )
