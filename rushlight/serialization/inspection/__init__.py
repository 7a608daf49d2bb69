"""What a model file holds and what about it is suspicious, without opening it for use.

Nothing of the file is executed, imported or built. `python -m rushlight inspect FILE`
prints what `inspect_file` finds.
"""

from __future__ import annotations

import os

from .report import (
    Finding as Finding,
    Report as Report,
    StorageLine as StorageLine,
    TensorLine as TensorLine,
    ValueLine as ValueLine,
)
from .text import render as render

__all__ = [
    "Finding",
    "Report",
    "StorageLine",
    "TensorLine",
    "ValueLine",
    "inspect_file",
    "render",
]


def inspect_file(path: str | os.PathLike[str], values: bool = False) -> Report:
    """Describes a .pt, .pth, .bin, .safetensors, .npz or .npy file, told by content.

    Args:
        path: the file.
        values: also count the NaN and infinite values, which reads all data.

    Raises:
        OSError: if the file cannot be read. What it contains is never an error.
    """
    from ..archive import is_zip
    from ..safetensors_header import is_safetensors
    from . import archives, arrays, safetensors_file, streams

    with open(path, "rb") as file:
        report = Report(os.fspath(path), file.seek(0, os.SEEK_END))
        file.seek(0)
        first = file.read(512)
        file.seek(0)
        if is_safetensors(file) or os.fspath(path).endswith(".safetensors"):
            safetensors_file.inspect(file, report, values)
        elif is_zip(file) or first[:4] == b"PK\5\6":
            archives.inspect(file, report, values)
        elif first.startswith(b"\x93NUMPY"):
            arrays.inspect_npy(file, report, values)
        else:
            streams.inspect(file, report, values)
    return report
