"""Small model files of every format, taken apart so that their parts can be mutated."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import pathlib
import pickle
import struct
import uuid
import zlib
from typing import Any, NamedTuple

import numpy as np

import rushlight
from rushlight.serialization.content_hash import RECORD

MAGIC = 0x1950A86A20F9469CFC6C


class Zip(NamedTuple):
    """The records of a zip file, in order; `data.pkl` is the pickle."""

    records: tuple[tuple[str, bytes], ...]

    def pickles(self) -> list[bytes]:
        return [data for name, data in self.records if name.endswith("data.pkl")]

    def with_pickle(self, index: int, data: bytes) -> Zip:
        return Zip(
            tuple(
                (name, data if name.endswith("data.pkl") else old)
                for name, old in self.records
            )
        )

    def build(self) -> bytes:
        return zip_bytes([Entry(name.encode(), data) for name, data in self.records])


class Legacy(NamedTuple):
    """Five pickles in a row, and the storages after them."""

    parts: tuple[bytes, ...]
    storages: bytes

    def pickles(self) -> list[bytes]:
        return list(self.parts)

    def with_pickle(self, index: int, data: bytes) -> Legacy:
        parts = list(self.parts)
        parts[index] = data
        return Legacy(tuple(parts), self.storages)

    def build(self) -> bytes:
        return b"".join(self.parts) + self.storages


class Tar(NamedTuple):
    """Members of a tar archive; each a list of pickles and of the bytes after them."""

    members: tuple[tuple[str, tuple[bytes, ...]], ...]

    def pickles(self) -> list[bytes]:
        return [part for _, parts in self.members for part in parts]

    def with_pickle(self, index: int, data: bytes) -> Tar:
        members = []
        for name, parts in self.members:
            changed = list(parts)
            if 0 <= index < len(changed):
                changed[index] = data
            index -= len(changed)
            members.append((name, tuple(changed)))
        return Tar(tuple(members))

    def build(self) -> bytes:
        return tar_bytes([(name, b"".join(parts)) for name, parts in self.members])


class Entry(NamedTuple):
    """One record of a zip file; fields left None are what they should be."""

    name: bytes
    data: bytes
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    flags: int = 0x800
    method: int = 0
    offset: int | None = None
    local_name: bytes | None = None
    extra: bytes = b""
    central_extra: bytes = b""


_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


def zip_bytes(entries: list[Entry], count: int | None = None) -> bytes:
    """A zip file, honest where the entries are."""
    out = bytearray()
    directory = bytearray()
    for entry in entries:
        offset = len(out) if entry.offset is None else entry.offset
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        size = len(entry.data) if entry.size is None else entry.size
        packed = size if entry.packed is None else entry.packed
        name = entry.name if entry.local_name is None else entry.local_name
        sizes = (crc & 0xFFFFFFFF, packed & 0xFFFFFFFF, size & 0xFFFFFFFF)
        common = (entry.flags & 0xFFFF, entry.method & 0xFFFF, 0, 0, *sizes)
        out += _LOCAL.pack(b"PK\3\4", 20, *common, len(name), len(entry.extra))
        out += name + entry.extra + entry.data
        lengths = (len(entry.name), len(entry.central_extra), 0, 0, 0, 0)
        place = offset & 0xFFFFFFFF
        directory += _CENTRAL.pack(b"PK\1\2", 20, 20, *common, *lengths, place)
        directory += entry.name + entry.central_extra
    number = len(entries) if count is None else count & 0xFFFF
    end = (0, 0, number, number, len(directory), len(out), 0)
    return bytes(out + directory + _END.pack(b"PK\5\6", *end))


def tar_bytes(members: list[tuple[str, bytes]]) -> bytes:
    """A tar archive of files."""
    out = bytearray()
    for name, data in members:
        head = bytearray(512)
        head[: len(name)] = name.encode()
        head[124:136] = b"%011o\0" % len(data)
        head[156:157] = b"0"
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        out += head + data + bytes(-len(data) % 512)
    return bytes(out + bytes(1024))


class Colour(enum.Enum):
    """An enumeration that files may name."""

    RED = 1


class Rights(enum.Flag):
    """Flags that files may combine."""

    READ = 1
    WRITE = 2


@dataclasses.dataclass(slots=True)
class Point:
    """A dataclass without a dictionary."""

    x: int
    y: object = None


@dataclasses.dataclass
class Options:
    """A dataclass as programs have it."""

    rate: float
    names: list[str] = dataclasses.field(default_factory=list)


class Tagged(rushlight.Tensor):
    """A class of tensors of the user's own."""


class Net(rushlight.nn.Module):
    """A model of the user's own class."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = rushlight.nn.Linear(2, 1)
        self.activation = rushlight.nn.functional.relu
        self.other = rushlight.tanh
        self.make = functools.partial(rushlight.nn.LayerNorm, eps=1e-6)


def _objects() -> list[Any]:
    base = rushlight.arange(6.0).reshape(2, 3)
    marked = rushlight.ones(2)
    marked.note = [1]  # type: ignore[attr-defined]
    state = collections.OrderedDict(a=base, b=base.t(), c=base[1:])
    state._metadata = {"": {"version": 1}}  # type: ignore[attr-defined]
    model = Net()
    optimizer = rushlight.optim.Adam(model.parameters())
    loop: list[Any] = []
    loop.append(loop)
    sparse = rushlight.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 2))
    tagged = rushlight.ones(2).as_subclass(Tagged)
    tagged.note = "a"
    return [
        state,
        [rushlight.empty(2, 3, device="meta").t(), tagged, ...],
        [Rights.READ | Rights.WRITE, Point(1, [2]), Options(0.5, ["a"]), base.max(0)],
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3},
        model,
        [rushlight.nn.Parameter(rushlight.ones(2)), marked, rushlight.Size([1, 2])],
        [
            rushlight.ones(2, dtype=rushlight.bool),
            rushlight.ones(1).to(rushlight.bfloat16),
        ],
        [sparse, rushlight.sparse_csr_tensor([0, 1, 1], [0], [1.0], (2, 2))],
        [np.arange(4), np.float32(1), np.arange(2.0).astype(">f8")],
        [datetime.datetime(2020, 1, 2), datetime.timedelta(1), decimal.Decimal("1.5")],
        [fractions.Fraction(1, 3), pathlib.PurePosixPath("a/b"), uuid.UUID(int=5)],
        [Colour.RED, collections.deque([1, 2], 5), slice(1, 2), range(3), {1, (2, 3)}],
        {
            "a": [1, -2, 2.5, 10**20, None, True],
            "b": ("x", b"y", 1j),
            3: {},
            (1, 2): "é",
        },
        [collections.defaultdict(list, a=[1]), collections.Counter("aab"), loop],
    ]


def _legacy_parts(data: bytes) -> Legacy:
    stream = io.BytesIO(data)
    parts = []
    for _ in range(5):
        start = stream.tell()
        _skip_pickle(stream)
        parts.append(data[start : stream.tell()])
    return Legacy(tuple(parts), data[stream.tell() :])


def _skip_pickle(stream: io.BytesIO) -> None:
    import pickletools

    for _ in pickletools.genops(stream):
        pass


def _old_tar() -> Tar:
    """What PyTorch 0.1 wrote: two tensors, one over a view of the other's storage."""
    floats = struct.pack("<q6f", 6, *range(6))
    storage = b"(K\x01X\x03\x00\x00\x00cpuctorch\nFloatStorage\nt."
    view = b"](K\x02K\x01K\x02K\x04ta."
    tensor = b"(K\x03K\x01ctorch\nFloatTensor\nt."
    geometry = struct.pack("<ii2q2qq", 2, 0, 2, 3, 3, 1, 0)
    second = b"(K\x04K\x02ctorch\nFloatTensor\nt."
    line = struct.pack("<iiqqq", 1, 0, 4, 1, 0)
    found = b"}(X\x01\x00\x00\x00aK\x03QX\x01\x00\x00\x00bP4\nu."
    return Tar(
        (
            ("sys_info", (pickle.dumps({"little_endian": True}, 2),)),
            ("storages", (b"K\x01.", storage, floats, view)),
            ("tensors", (b"K\x02.", tensor, geometry, second, line)),
            ("pickle", (found,)),
        )
    )


def _old_stream() -> Legacy:
    """A stream of PyTorch 0.2: tensors with states, views of storages, a module."""
    place = b"U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x06"
    whole = b"ctorch\nFloatTensor\n)Rq\x01((" + place + b"NtQK\x01K\x02\x85K\x01\x85tb"
    view = b"(" + place + b"(U\x01vK\x02K\x03ttQ"
    part = b"ctorch._utils\n_rebuild_tensor\n(" + view + b"K\x00K\x03\x85K\x01\x85tR"
    module = (
        b"(U\x06modulectorch.nn.modules.linear\nIdentity\nNNtQ)\x81}U\x08training\x88sb"
    )
    body = b"\x80\x02(" + whole + part + module + b"h\x01l."
    head = [pickle.dumps(value, 2) for value in (MAGIC, 1001, {"little_endian": True})]
    storages = struct.pack("<q6f", 6, *range(6))
    return Legacy((*head, body, pickle.dumps(["0"], 2)), storages)


def corpus() -> list[Zip | Legacy | Tar]:
    """All files, in an order that does not change."""
    found: list[Zip | Legacy | Tar] = [_old_tar(), _old_stream()]
    for obj in _objects():
        for protocol in (2, 4):
            stream = io.BytesIO()
            options = {"_use_new_zipfile_serialization": False}
            rushlight.save(obj, stream, pickle_protocol=protocol, **options)
            found.append(_legacy_parts(stream.getvalue()))
            found.append(_zip_of(obj, protocol))
    for protocol in range(6):
        plain = pickle.dumps({"a": [1, 2.5, "x", True, 10**12, b"y", ("z",)]}, protocol)
        found.append(Zip((("m/data.pkl", plain), ("m/version", b"3\n"))))
    return found


def _zip_of(obj: Any, protocol: int) -> Zip:
    import zipfile

    stream = io.BytesIO()
    rushlight.save(obj, stream, pickle_protocol=protocol)
    with zipfile.ZipFile(stream) as archive:
        return Zip(
            tuple(
                (name, archive.read(name))
                for name in archive.namelist()
                if not name.endswith(RECORD)
            )
        )
