"""safetensors files: all that they hold is in their header."""

from __future__ import annotations

from typing import BinaryIO

from ..safetensors_header import (
    DTYPES,
    LENGTH,
    MISSING,
    SafetensorError,
    header_size,
    parse,
)
from .report import Report, StorageLine, TensorLine, ValueLine, plain
from .values import count_values


def inspect(file: BinaryIO, report: Report, values: bool) -> None:
    """Describes a safetensors file."""
    report.format = "safetensors"
    try:
        length = header_size(file.read(LENGTH.size), report.size)
        header = parse(file.read(length), report.size)
    except SafetensorError as error:
        report.warn(str(error).removeprefix("load: "))
        return
    report.facts["header"] = f"{length:,} bytes"
    report.facts["checksums"] = "none in this format"
    for key, text in (header.metadata or {}).items():
        report.values.append(
            ValueLine(("__metadata__", plain(key)), plain(repr(text), 120))
        )
    for name, entry in header.tensors.items():
        if entry.code in MISSING:
            dtype = MISSING[entry.code]
            report.note(f"{plain(name)} is of dtype {dtype}, which load does not have")
        else:
            dtype = str(DTYPES[entry.code]).removeprefix("torch.")
        path = tuple(plain(part, 120) for part in name.split("."))
        strides, step = [], 1
        for side in reversed(entry.shape):
            strides.append(step)
            step *= max(side, 1)
        line = TensorLine(path, dtype, entry.shape, name, 0, tuple(reversed(strides)))
        report.tensors.append(line)
        nbytes = entry.end - entry.begin
        report.storages[name] = StorageLine(dtype, nbytes, names=[line.name])

    def read(name: str) -> bytes:
        entry = header.tensors[name]
        file.seek(header.start + entry.begin)
        return file.read(entry.end - entry.begin)

    if values:
        count_values(report, read)
