"""Files that are no model files, and how `load` says so; what the environment asks."""

from __future__ import annotations

import os
from collections.abc import Container
from typing import BinaryIO

from .errors import UnsafeFileError, UnsupportedFileError


def only_plain_data(weights_only: bool | None, default: bool) -> bool:
    """Whether only plain data are wanted, PyTorch's environment variables included."""
    force, release = (
        os.environ.get(f"TORCH_FORCE_{name}WEIGHTS_ONLY_LOAD", "0").lower() in _YES
        for name in ("", "NO_")
    )
    if force and release:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or "
            "`TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` should be set, but both were set."
        )
    if force:
        return True
    if weights_only is None:
        return default and not release
    return weights_only


_YES = ("1", "y", "yes", "true")
_OTHER_FORMATS = {
    b"\x1f\x8b": "is compressed with gzip; decompress it first",
    b"\xfd7zXZ\0": "is compressed with xz; decompress it first",
    b"BZh": "is compressed with bzip2; decompress it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; decompress it first",
    b"\x89HDF": "is an HDF5 file",
    b"GGUF": "is a GGUF file",
    b"\x93NUMPY": "is a NumPy file; rushlight.serialization.load_npy reads it",
    b"<!DOCTYPE": "is a web page",
    b"<html": "is a web page",
    b"version https://git-lfs": "is a pointer of Git LFS; fetch the file itself",
}


def check_known(file: BinaryIO) -> None:
    """Names well-known formats that are no model files."""
    start = file.tell()
    head = file.read(32)
    file.seek(start)
    for magic, what in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise UnsafeFileError(f"load: this is no model file: it {what}")


def check_archive(records: Container[str], weights_only: bool) -> None:
    """Names the other files that PyTorch writes as zip archives."""
    for record, what in _OTHER_ARCHIVES.items():
        if record in records:
            text = f"load: this is {what}"
            if weights_only and "jit" in what:
                text += (
                    "; Cannot use ``weights_only=True`` with TorchScript archives "
                    "passed to ``torch.load``"
                )
            raise UnsupportedFileError(text)


_OTHER_ARCHIVES = {
    "constants.pkl": "a TorchScript file (rushlight.jit.load)",
    "model.json": "a TorchScript file of PyTorch 1.0 (rushlight.jit.load)",
    "archive_format": "an exported program (rushlight.export.load)",
    ".data/extern_modules": "a package (rushlight.package.PackageImporter)",
}
