"""Which names of a file `load` refuses with `weights_only=True`."""

from __future__ import annotations

from typing import Any

from .archive import ArchiveReader, is_zip
from .errors import UnsafeFileError


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The dotted names in a file that are not allowed with `weights_only=True`.

    The pickle is only read, nothing is built; names given to `add_safe_globals` count
    as allowed.

    Args:
        f: a path or a seekable binary file object.

    Raises:
        ValueError: if the file is no zip archive written by `save`.
        UnsafeFileError: if the archive or its pickle is damaged.
    """
    from .api import readable
    from .inspection.dangers import full_name, is_data
    from .inspection.symbols import DamagedPickle, Reader

    expected = "Expected input to be a checkpoint returned by torch.save"
    with readable(f) as file:
        if not is_zip(file):
            raise ValueError(expected)
        archive = ArchiveReader(file)
        if "constants.pkl" in archive.records:
            raise ValueError(f"{expected} but got a torchscript checkpoint")
        reader = Reader(archive.read("data.pkl"))
    try:
        reader.read()
    except DamagedPickle as error:
        raise UnsafeFileError(f"load: the pickle is damaged: {error}") from None
    named = {node.name: full_name(*node.name) for node in reader.globals}
    return sorted({path for name, path in named.items() if not is_data(*name)})
