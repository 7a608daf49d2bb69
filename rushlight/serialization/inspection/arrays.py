"""NumPy's files: one array (.npy), or a zip archive of them (.npz)."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any, BinaryIO

from ..numpy_files import MAX_HEADER, READ_ERRORS, array_header
from .report import Report, TensorLine, plain
from .symbols import DamagedPickle, Reader

_MAX_VALUES = 1 << 32


def _describe(
    file: Any, size: int, path: tuple[str, ...], report: Report, values: bool
) -> None:
    name = plain(".".join(path) or "the array")
    head = io.BytesIO(file.read(min(size, 2 * MAX_HEADER)))
    try:
        shape, columns_first, dtype = array_header(head)
    except ValueError as error:
        report.warn(f"{name} has no valid NumPy header: {plain(error, 100)}")
        return
    start, count = head.tell(), math.prod(shape)
    if len(shape) > 64 or any(not 0 <= side <= 2**63 - 1 for side in shape):
        report.warn(f"{name} has impossible sizes: {plain(list(shape))}")
        return
    line = TensorLine(path, str(dtype), tuple(shape), kind="array")
    if columns_first and len(shape) > 1:
        line.kind = "array in Fortran order"
    report.tensors.append(line)
    if dtype.hasobject:
        report.warn(
            f"{name} is an array of Python objects, a pickle that NumPy would run with "
            "allow_pickle=True"
        )
        _describe_objects(head, file, size, report)
        return
    if count * dtype.itemsize != size - start:
        report.warn(
            f"{name} of shape {list(shape)} needs {count * dtype.itemsize:,} bytes; "
            f"there are {size - start:,}"
        )
    elif values and dtype.kind in "fc" and size <= _MAX_VALUES:
        import numpy

        data = head.read() + file.read(size)
        found = numpy.frombuffer(data, dtype=dtype, count=count)
        line.nan = int(numpy.isnan(found).sum())
        line.inf = int(numpy.isinf(found).sum())
        if line.nan or line.inf:
            report.note(f"{name} has {line.nan} NaN and {line.inf} infinite values")


def _describe_objects(head: io.BytesIO, file: Any, size: int, report: Report) -> None:
    from .pickles import describe_names

    reader = Reader(head.read() + file.read(min(size, 64 << 20)))
    try:
        reader.read()
    except DamagedPickle as error:
        report.warn(f"the pickle cannot be followed to its end: {error}")
    describe_names(reader, report)


def inspect_npy(file: BinaryIO, report: Report, values: bool) -> None:
    """Describes a file of one array."""
    report.format = "npy, a NumPy array"
    _describe(file, report.size, (), report, values)


def inspect_member(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, report: Report, values: bool
) -> None:
    """Describes one array of an archive."""
    path = (plain(entry.filename.removesuffix(".npy"), 120),)
    inside = entry.compress_size <= report.size
    counted = values and inside and entry.file_size <= 1000 * entry.compress_size
    try:
        with archive.open(entry) as member:
            _describe(member, entry.file_size, path, report, counted)
    except READ_ERRORS as error:
        report.warn(
            f"record {plain(entry.filename)} cannot be read: {plain(error, 100)}"
        )
