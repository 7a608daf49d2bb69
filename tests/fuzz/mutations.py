"""Mutations of model files: of bytes, of zip and tar fields, of pickle opcodes.

Whatever is changed inside of a container is signed again (checksums, sizes), so that
the change reaches the reader behind the container.
"""

from __future__ import annotations

import pickletools
import random
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

from rushlight.serialization.content_hash import RECORD, digest_record

from .corpus import Entry, Legacy, Tar, Zip, tar_bytes, zip_bytes

NAMES = """os system|posix system|builtins eval|builtins exec|builtins getattr|
subprocess Popen|runpy _run_code|operator attrgetter|functools partial|torch Tensor|
torch FloatStorage|torch.nn.modules.linear Linear|torch.nn.modules.container Sequential|
torch._utils _rebuild_tensor_v2|torch._utils _rebuild_tensor_v3|torch Size|torch device|
torch._utils _rebuild_parameter|torch._tensor _rebuild_from_type_v2|torch float8_e5m2|
torch._utils _rebuild_sparse_tensor|torch._utils _rebuild_qtensor|torch QInt8Storage|
torch.serialization _get_layout|torch float32|torch bool|torch UntypedStorage|
torch.storage UntypedStorage|torch FloatTensor|torch.nn.parameter Parameter|
torch.nn.functional relu|torch.optim.adam Adam|collections OrderedDict|
collections defaultdict|collections Counter|collections deque|builtins set|
builtins frozenset|builtins bytearray|builtins complex|builtins slice|builtins range|
builtins object|builtins list|builtins int|copyreg _reconstructor|copyreg __newobj__|
_codecs encode|numpy dtype|numpy ndarray|numpy.core.multiarray scalar|
numpy.core.multiarray _reconstruct|numpy._core.numeric _frombuffer|datetime datetime|
datetime timezone|datetime timedelta|pathlib PosixPath|decimal Decimal|uuid UUID|
fractions Fraction|types SimpleNamespace|
no.such Thing""".replace("\n", "").split("|")
NAMES += [f"{Zip.__module__} {name}" for name in ("Net", "Colour")]

NUMBERS = [0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 127, 128, 255, 256, 2**15, 2**16, 2**31 - 1]
NUMBERS += [2**31, 2**32 - 1, 2**32, 2**53, 2**61 - 1, 2**62, 2**63 - 1, 2**63, 2**64]
NUMBERS += [-number for number in NUMBERS]
_SIMPLE = b"()01]}NQRbdelostu2.\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98"


def mutate(files: list[Zip | Legacy | Tar], rng: random.Random) -> bytes:
    """The bytes of a mutated file."""
    file = rng.choice(files)
    roll = rng.random()
    if roll < 0.55:
        return _with_other_pickle(file, files, rng).build()
    if roll < 0.75:
        return _container(file, rng)
    return _bytes(file.build(), rng.choice(files).build(), rng)


# Pickles


def _with_other_pickle(
    file: Zip | Legacy | Tar, files: list[Zip | Legacy | Tar], rng: random.Random
) -> Zip | Legacy | Tar:
    pickles = file.pickles()
    index = len(pickles) - 1
    if isinstance(file, Legacy):
        index = rng.choice([3, 3, 3, 3, 4, 2, 0])
    elif isinstance(file, Tar):
        index = rng.randrange(len(pickles))
    other = rng.choice(rng.choice(files).pickles())
    return file.with_pickle(index, mutate_pickle(pickles[index], other, rng))


@lru_cache(maxsize=512)
def opcodes(data: bytes) -> tuple[bytes, ...]:
    """A pickle cut into its opcodes with their arguments; the rest is one piece."""
    starts = []
    try:
        for _, _, at in pickletools.genops(data):
            starts.append(at)
    except Exception:  # the parts of a tar archive are no pickles
        return (data,)
    ends = [*starts[1:], len(data)]
    return tuple(data[a:b] for a, b in zip(starts, ends, strict=True))


def mutate_pickle(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A pickle with a few opcodes changed, moved, copied or brought in."""
    ops = list(opcodes(data))
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        rng.choice(_PICKLE_MUTATIONS)(ops, other, rng)
    return b"".join(ops)


def _at(ops: list[bytes], rng: random.Random) -> int:
    return rng.randrange(len(ops)) if ops else 0


def _drop(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    at = _at(ops, rng)
    del ops[at : at + rng.choice([1, 1, 1, 2, 5])]


def _repeat(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    at = _at(ops, rng)
    piece = ops[at : at + rng.choice([1, 2, 4, 8])]
    ops[at:at] = piece * rng.choice([1, 1, 2, 30])


def _swap(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    if ops:
        a, b = _at(ops, rng), _at(ops, rng)
        ops[a], ops[b] = ops[b], ops[a]


def _bring(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    source = opcodes(other)
    start = rng.randrange(len(source))
    at = _at(ops, rng)
    ops[at:at] = source[start : start + rng.choice([1, 3, 10, 40])]


def _simple(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    code = bytes([rng.choice(_SIMPLE)])
    at = _at(ops, rng)
    ops[at : at + rng.choice([0, 1])] = [code]


def _number(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    places = [n for n, op in enumerate(ops) if op[:1] in (b"K", b"M", b"J", b"\x8a")]
    at = rng.choice(places) if places else _at(ops, rng)
    ops[at : at + 1] = [number_opcode(rng.choice(NUMBERS))]


def number_opcode(value: int) -> bytes:
    """An int as a pickle of protocol 2 has it."""
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def _name(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    places = [n for n, op in enumerate(ops) if op[:1] == b"c"]
    at = rng.choice(places) if places else _at(ops, rng)
    name = b"c" + rng.choice(NAMES).replace(" ", "\n").encode() + b"\n"
    ops[at : at + (1 if places else 0)] = [name]


def _call(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    name = b"c" + rng.choice(NAMES).replace(" ", "\n").encode() + b"\n"
    at = _at(ops, rng)
    ops[at : at + 1] = [name, *ops[at : at + 1], b"\x85", rng.choice([b"R", b"\x81"])]


def _memo(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    at = _at(ops, rng)
    index = rng.randrange(40)
    ops[at:at] = [rng.choice([b"h", b"q"]) + bytes([index])]


def _deep(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    at = _at(ops, rng)
    depth = rng.choice([3, 50, 400, 3000])
    opening, closing = rng.choice([(b"]", b"a"), (b"(", b"t"), (b"}K\x01", b"s")])
    ops[at:at] = [opening] * depth + [b"N"] + [closing] * depth
    if rng.random() < 0.3:
        ops[at:at] = [b"\x85"] * depth


def _laughs(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    at = _at(ops, rng)
    ops[at:at] = [b")q\xc8", *[b"h\xc8h\xc8\x86q\xc8"] * rng.choice([3, 20, 200])]


def _pickle_bytes(ops: list[bytes], other: bytes, rng: random.Random) -> None:
    if ops:
        at = _at(ops, rng)
        ops[at] = _bytes(ops[at], other, rng)


_PICKLE_MUTATIONS: list[Callable[[list[bytes], bytes, random.Random], None]] = [
    *(_drop, _repeat, _swap, _bring, _simple, _simple, _number, _number, _name),
    *(_name, _call, _memo, _memo, _deep, _laughs, _pickle_bytes, _pickle_bytes),
]


# Containers


def _container(file: Zip | Legacy | Tar, rng: random.Random) -> bytes:
    if isinstance(file, Legacy):
        parts = [*file.parts, file.storages]
        _drop_or_swap(parts, rng)
        return b"".join(parts)
    if isinstance(file, Tar):
        members = [(name, b"".join(parts)) for name, parts in file.members]
        at = rng.randrange(len(members))
        name, data = members[at]
        members[at] = (
            rng.choice([name, "../" + name, "pickle"]),
            _bytes(data, b"", rng),
        )
        _drop_or_swap(members, rng)
        return tar_bytes(members)
    entries = [Entry(name.encode(), data) for name, data in file.records]
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(entries))
        entries[at] = _mutate_entry(entries[at], entries, rng)
    if rng.random() < 0.3:
        _drop_or_swap(entries, rng)
    if rng.random() < 0.3:
        entries.append(_content_hash(entries, rng))
    count = rng.choice(NUMBERS) if rng.random() < 0.1 else None
    return zip_bytes(entries, count)


def _content_hash(entries: list[Entry], rng: random.Random) -> Entry:
    """The hash over all records, mostly as it should be."""
    listed = [(e.name, len(e.data), zlib.crc32(e.data)) for e in entries]
    record = digest_record(listed)
    if rng.random() < 0.2:
        record = _bytes(record, b"", rng)
    folder = entries[0].name.partition(b"/")[0]
    return Entry(folder + b"/" + RECORD.encode(), record)


def _drop_or_swap(parts: list, rng: random.Random) -> None:  # type: ignore[type-arg]
    at, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    roll = rng.random()
    if roll < 0.3:
        parts[at], parts[other] = parts[other], parts[at]
    elif roll < 0.6:
        parts.insert(at, parts[other])
    elif roll < 0.8 and len(parts) > 1:
        del parts[at]


def _mutate_entry(entry: Entry, entries: list[Entry], rng: random.Random) -> Entry:
    number = rng.choice(NUMBERS)
    near = len(entry.data) + rng.choice([-1, 1, -8, 8])
    other = rng.choice(entries)
    folder = entry.name.partition(b"/")[0]
    names = [b"../" + entry.name, b"/etc/passwd", other.name, b"x/y", folder, b""]
    names += [folder + b"/data/" + b"9", entry.name + b"\0x", entry.name.upper()]
    names += [folder + b"/byteorder", folder + b"/constants.pkl", b"\xff\xfe/data.pkl"]
    changes = rng.choice(
        [
            {"crc": number},
            {"size": rng.choice([number, near])},
            {"packed": rng.choice([number, near])},
            {"flags": rng.choice([0, 1, 8, 0x41, 0x2000, rng.randrange(65536)])},
            {"method": rng.choice([8, 12, 14, 93, rng.randrange(65536)])},
            {"offset": rng.choice([number, rng.randrange(3000)])},
            {"name": rng.choice(names)},
            {"local_name": rng.choice(names)},
            {"extra": rng.randbytes(rng.choice([0, 4, 20, 40]))},
            {"extra": struct.pack("<HHQQ", 1, 16, number % 2**64, near % 2**64)},
            {
                "size": 2**32 - 1,
                "central_extra": struct.pack(
                    "<HHQQQ", 1, 24, len(entry.data), near % 2**64, number % 2**64
                ),
            },
            {"data": _bytes(entry.data, other.data, rng)},
            {"data": entry.data[: rng.randrange(len(entry.data) + 1)]},
            {"data": other.data},
            {
                "data": rng.choice(
                    [b"", b"big", b"little", b"Big", b"3\n", b"\x02" * 24]
                )
            },
        ]
    )
    return entry._replace(**changes)


# Bytes


def _bytes(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Flips, cuts, copies and splices."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 8])):
        at = rng.randrange(len(out) + 1)
        roll = rng.random()
        if roll < 0.3 and at < len(out):
            out[at] = rng.randrange(256)
        elif roll < 0.45 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif roll < 0.55:
            del out[at : at + rng.choice([1, 2, 4, 16])]
        elif roll < 0.65:
            out[at:at] = rng.randbytes(rng.choice([1, 2, 4, 16]))
        elif roll < 0.75:
            out[at : at + 4] = struct.pack("<I", rng.choice(NUMBERS) % 2**32)
        elif roll < 0.8:
            out[at : at + 8] = struct.pack("<Q", rng.choice(NUMBERS) % 2**64)
        elif roll < 0.86:
            del out[at:]
        elif roll < 0.93:
            start = rng.randrange(len(out) + 1)
            out[at:at] = out[start : start + 64]
        else:
            start = rng.randrange(len(other) + 1)
            out[at:] = other[start:]
    return bytes(out)
