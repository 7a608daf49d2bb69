"""Files of pickles in a row: the format before zip archives, the tar before that, and
bare pickles, which are no model files at all."""

from __future__ import annotations

import struct
import tarfile
from typing import Any, BinaryIO

from ..legacy import MAGIC
from .archives import describe_pickle
from .pickles import Walker, describe_names
from .report import ITEM_BITS, Report, TensorLine, plain, size_text
from .symbols import DamagedPickle, Node, Reader
from .values import count_values

_MAX_BYTES = 4 << 30
_COUNT = struct.Struct("<q")
_TAR_MEMBERS = ("sys_info", "pickle", "tensors", "storages")


def inspect(file: BinaryIO, report: Report, values: bool) -> None:
    """Describes a file that is neither a zip archive nor safetensors."""
    if report.size == 0:
        report.format = "empty file"
        report.warn("is empty")
        return
    if report.size > _MAX_BYTES:
        report.warn(f"is over {size_text(_MAX_BYTES)} and of no format of arrays")
        return
    data = file.read()
    if data[257:262] == b"ustar":
        _inspect_tar(file, report)
        return
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


def _inspect_tar(file: BinaryIO, report: Report) -> None:
    report.format = "torch.save 0.1 (tar archive)"
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                _inspect_tar_member(archive, member, report)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        report.warn(f"is a damaged tar archive: {plain(error, 100)}")


def _inspect_tar_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, report: Report
) -> None:
    name = plain(member.name)
    parts = member.name.replace("\\", "/").split("/")
    if ".." in parts or member.name.startswith("/"):
        report.warn(f"member {name} would be unpacked outside of its folder")
    if not (member.isfile() or member.isdir()):
        report.warn(f"member {name} is no plain file: a link or a device")
        return
    short = member.name.removeprefix("./")
    if member.isfile() and short not in _TAR_MEMBERS:
        report.warn(f"has the member {name}, which PyTorch did not write")
        return
    content = archive.extractfile(member)
    if content is None:
        return
    data = content.read()
    if len(data) < member.size:
        report.warn(f"member {name} is cut off")
    if short == "pickle":
        _read_tar_pickle(data, report)
    elif short == "tensors":
        _read_tar_tensors(data, report)
    elif short == "storages":
        _scan(data, report, pickles=2)


def _read_tar_pickle(data: bytes, report: Report) -> None:
    reader = Reader(data)
    try:
        reader.read()
    except DamagedPickle as error:
        report.warn(f"the pickle cannot be followed to its end: {error}")
    report.facts["pickle protocol"] = str(reader.protocol)
    describe_names(reader, report)


def _scan(data: bytes, report: Report, pickles: int) -> None:
    reader = Reader(data)
    try:
        for _ in range(pickles):
            reader.read()
    except DamagedPickle as error:
        report.warn(f"a pickle of storages is damaged: {error}")
    describe_names(reader, report)


def _read_tar_tensors(data: bytes, report: Report) -> None:
    """A count, then per tensor a pickle (key, storage, class), the number of sizes in
    four bytes and four unused, sizes, strides and the offset as 64-bit numbers."""
    reader = Reader(data)
    try:
        count = reader.read()
        for _ in range(count if isinstance(count, int) else 0):
            facts = reader.read()
            key, storage, kind = facts.items[:3]
            dims = struct.unpack("<i4x", reader.stream.read(8))[0]
            numbers = struct.unpack(
                f"<{2 * dims + 1}q", reader.stream.read(8 * (2 * dims + 1))
            )
            dtype = kind.name[1].removesuffix("Tensor").lower()
            line = TensorLine(
                (f"tensor {plain(key, 20)}",),
                {"float": "float32", "double": "float64", "long": "int64"}.get(
                    dtype, dtype
                ),
                numbers[:dims],
                plain(storage, 20),
                numbers[-1],
                numbers[dims:-1],
            )
            report.tensors.append(line)
    except (DamagedPickle, struct.error, AttributeError, ValueError) as error:
        report.warn(f"the list of tensors is damaged: {plain(error, 100)}")
    describe_names(reader, report)
