"""Files of pickles in a row: the format before zip archives, and bare pickles, which are
no model files at all."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from ..legacy import MAGIC
from ..tar import is_tar
from . import tar_file
from .archives import describe_pickle
from .pickles import Walker, describe_names
from .report import ITEM_BITS, Report, plain, size_text
from .symbols import DamagedPickle, Node, Reader
from .values import count_values

_MAX_BYTES = 4 << 30
_COUNT = struct.Struct("<q")


def inspect(file: BinaryIO, report: Report, values: bool) -> None:
    """Describes a file that is neither a zip archive nor safetensors."""
    if report.size == 0:
        report.format = "empty file"
        report.warn("is empty")
        return
    if report.size > _MAX_BYTES:
        report.warn(f"is over {size_text(_MAX_BYTES)} and of no format of arrays")
        return
    if is_tar(file):
        tar_file.inspect(file, report)
        return
    data = file.read()
    reader = Reader(data)
    try:
        first = reader.read()
    except DamagedPickle as error:
        report.warn("is no model file: neither a zip archive, nor safetensors, nor a")
        report.findings[-1].text += f" pickle ({error})"
        describe_names(reader, report)
        return
    if first == MAGIC:
        _inspect_legacy(data, reader, report, values)
    else:
        report.format = "bare pickle"
        report.warn("is a bare pickle, which neither torch.save nor rushlight wrote")
        describe_pickle(data, report)


def _inspect_legacy(data: bytes, reader: Reader, report: Report, values: bool) -> None:
    report.format = "torch.save before 1.6 (pickles in a row)"
    report.facts["checksums"] = "none in this format"
    try:
        version, facts, found, keys = (reader.read() for _ in range(4))
    except DamagedPickle as error:
        report.warn(f"a pickle cannot be followed to its end: {error}")
        describe_names(reader, report)
        return
    report.facts["version"] = plain(version, 20)
    report.facts["pickle protocol"] = str(reader.protocol)
    little = dict(_pairs(facts)).get("little_endian")
    report.facts["byte order"] = "big" if little is False else "little"
    describe_names(reader, report)
    Walker(report).walk(found)
    listed = keys.items if isinstance(keys, Node) else []
    at = reader.at
    places: dict[str, tuple[int, int]] = {}
    for key in listed:
        storage = report.storages.get(key) if isinstance(key, str) else None
        head = data[at : at + _COUNT.size]
        if storage is None or len(head) < _COUNT.size:
            report.warn(f"storage {plain(key, 20)} is used by nothing or cut off")
            return
        nbytes = _COUNT.unpack(head)[0] * ITEM_BITS.get(storage.dtype, 8) // 8
        at += _COUNT.size
        if nbytes != storage.nbytes or at + nbytes > len(data):
            report.warn(
                f"storage {plain(key, 20)} claims {storage.nbytes:,} and {nbytes:,} "
                f"bytes; {len(data) - at:,} are left"
            )
            return
        places[key] = (at, at + nbytes)
        at += nbytes
    for key in report.storages:
        if key not in places:
            report.warn(f"storage {plain(key, 20)} is not in the file's list")
    if at < len(data):
        report.warn(f"{len(data) - at:,} bytes stand after the last storage")
    if values and little is not False:
        count_values(report, lambda key: data[slice(*places.get(key, (0, 0)))])


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    found = node.pairs if isinstance(node, Node) else []
    return [(key, value) for key, value in found if isinstance(key, str)]
