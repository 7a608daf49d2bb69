"""The tar archives of PyTorch 0.1; their layout is told in `serialization/tar.py`."""

from __future__ import annotations

import struct
import tarfile
from dataclasses import replace
from typing import Any, BinaryIO

from .pickles import STORAGES, Walker, describe_names
from .report import ITEM_BITS, Report, StorageLine, TensorLine, plain
from .symbols import DamagedPickle, Node, Reader

_MEMBERS = ("sys_info", "storages", "tensors", "pickle")
_MAX_MEMBERS = 1000
_DAMAGE = (DamagedPickle, struct.error, AttributeError, ValueError, TypeError)


def inspect(file: BinaryIO, report: Report) -> None:
    """Describes a tar archive."""
    report.format = "torch.save 0.1 (tar archive)"
    report.facts["checksums"] = "none in this format"
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for count, member in enumerate(archive):
                if count > _MAX_MEMBERS:
                    report.warn(f"has more than {_MAX_MEMBERS} members")
                    break
                _read_member(archive, member, found, report)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        report.warn(f"is a damaged tar archive: {plain(error, 100)}")
    for name in _MEMBERS[1:]:
        if name not in found:
            report.warn(f"has no member {name}")
    tensors: dict[str, TensorLine] = {}
    _read_storages(found.get("storages", b""), report)
    _read_tensors(found.get("tensors", b""), report, tensors)
    _read_pickles(found.get("sys_info", b""), report, None)
    _read_pickles(found.get("pickle", b""), report, tensors)


def _read_member(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    found: dict[str, bytes],
    report: Report,
) -> None:
    name = plain(member.name)
    parts = member.name.replace("\\", "/").split("/")
    if ".." in parts or member.name.startswith("/"):
        report.warn(f"member {name} would be unpacked outside of its folder")
    if member.isdir():
        return
    if not member.isfile():
        report.warn(f"member {name} is no plain file: a link or a device")
        return
    short = member.name.removeprefix("./")
    if short not in _MEMBERS:
        report.warn(f"has the member {name}, which PyTorch did not write")
        return
    if short in found:
        report.warn(f"has the member {name} twice")
    content = archive.extractfile(member)
    data = b"" if content is None or member.size > report.size else content.read()
    if len(data) < member.size:
        report.warn(f"member {name} is cut off")
    found[short] = data


def _read_storages(data: bytes, report: Report) -> None:
    reader = Reader(data)
    try:
        for _ in range(_count(reader.read(), data)):
            key, location, kind = reader.read().items
            dtype = STORAGES.get(kind.name[1], "unknown")
            nbytes = struct.unpack("<q", reader.stream.read(8))[0]
            nbytes *= ITEM_BITS.get(dtype, 8) // 8
            if dtype == "unknown" or not 0 <= nbytes <= len(data) - reader.at:
                raise ValueError(f"storage {plain(key, 20)} claims {nbytes:,} bytes")
            report.storages[str(key)] = StorageLine(dtype, nbytes, plain(location))
            reader.stream.seek(nbytes, 1)
        reader.read()
    except _DAMAGE as error:
        report.warn(f"the member storages is damaged: {plain(error, 100)}")
    describe_names(reader, report)


def _read_tensors(data: bytes, report: Report, tensors: dict[str, TensorLine]) -> None:
    reader = Reader(data)
    try:
        for _ in range(_count(reader.read(), data)):
            key, storage, _ = reader.read().items
            dims = struct.unpack("<i4x", reader.stream.read(8))[0]
            layout = struct.Struct(f"<{2 * dims + 1}q")
            numbers = layout.unpack(reader.stream.read(layout.size))
            known = report.storages.get(str(storage))
            dtype = known.dtype if known else "unknown"
            shape, stride = numbers[:dims] or (0,), numbers[dims:-1] or (1,)
            tensors[str(key)] = TensorLine(
                (), dtype, shape, str(storage), numbers[-1], stride
            )
    except _DAMAGE as error:
        report.warn(f"the member tensors is damaged: {plain(error, 100)}")
    describe_names(reader, report)


def _count(number: Any, data: bytes) -> int:
    if type(number) is not int or not 0 <= number <= len(data):
        raise ValueError("its count is no number")
    return number


def _read_pickles(
    data: bytes, report: Report, tensors: dict[str, TensorLine] | None
) -> None:
    """One pickle; with `tensors` it is the file's object, which refers to them."""
    if not data:
        return
    reader = Reader(data)
    found: Any = None
    try:
        found = reader.read()
    except DamagedPickle as error:
        report.warn(f"the pickle cannot be followed to its end: {error}")
    describe_names(reader, report)
    if tensors is None:
        return
    report.facts["pickle protocol"] = str(reader.protocol)
    walker = _OldWalker(report)
    walker.tensors = tensors
    walker.walk(found)


class _OldWalker(Walker):
    """References are keys of tensors, or of storages."""

    tensors: dict[str, TensorLine]

    def refer(self, reference: Node, path: tuple[str, ...]) -> None:
        key = plain(reference.args, 20)
        line = self.tensors.get(str(reference.args))
        if line is not None:
            self.add_tensor(replace(line, path=path))
        elif str(reference.args) in self.report.storages:
            self.leaf(path, f"storage {key}")
        else:
            self.report.warn(f"refers to {key}, which is not in the file")
