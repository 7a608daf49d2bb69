"""The header of a safetensors file: names, dtypes, shapes and places, read strictly.

A file is eight bytes of length, a JSON object of that length, and the tensors' bytes.
The object has only two levels, so it is scanned here by its grammar rather than by a
general JSON reader: there is nothing that could nest, repeat or grow.
Source: https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import BinaryIO, NamedTuple

import rushlight

from .errors import UnsafeFileError

MAX_HEADER = 100_000_000
"""Bytes of the longest header that the format allows."""

LENGTH = struct.Struct("<Q")
_MAX_BYTES = 2**63 - 1
_MAX_DIMS = 64
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = r"(?:0|[1-9][0-9]{0,18})"
_USUAL_ENTRY = re.compile(
    rf'\{{"dtype":"([A-Z0-9_]+)","shape":\[((?:{_NUMBER}(?:,{_NUMBER})*)?)\],'
    rf'"data_offsets":\[({_NUMBER}),({_NUMBER})\]\}}',
    re.ASCII,
)
_NUMBERS = re.compile(rf"\[\s*(?:{_NUMBER}\s*(?:,\s*{_NUMBER}\s*)*)?\]", re.ASCII)

DTYPES = {
    "BOOL": rushlight.bool,
    "U8": rushlight.uint8,
    "I8": rushlight.int8,
    "I16": rushlight.int16,
    "F16": rushlight.float16,
    "BF16": rushlight.bfloat16,
    "I32": rushlight.int32,
    "F32": rushlight.float32,
    "C64": rushlight.complex64,
    "F64": rushlight.float64,
    "I64": rushlight.int64,
}
"""The format's dtypes that rushlight has."""

MISSING = {
    "F4": "float4_e2m1fn_x2",
    "F6_E2M3": "float6_e2m3fn",
    "F6_E3M2": "float6_e3m2fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
}
"""Those that it does not have, with the names that they would have."""

CODES = {dtype: code for code, dtype in DTYPES.items()}

# The order in which tensors are written: wide ones first, which keeps all aligned.
ORDER = "U64 I64 F64 C64 F32 U32 I32 BF16 F16 U16 I16 I8 U8 BOOL".split()


class SafetensorError(UnsafeFileError):
    """The file is no valid safetensors file, or does not hold what was asked for."""


class Entry(NamedTuple):
    """One tensor of a file: the code of its dtype, its shape, and its bytes' place
    counted from the end of the header."""

    code: str
    shape: tuple[int, ...]
    begin: int
    end: int


class Header(NamedTuple):
    """What the header says: tensors in the order of their bytes, free texts, and where
    the bytes begin in the file."""

    tensors: dict[str, Entry]
    metadata: dict[str, str] | None
    start: int


def bits_of(code: str) -> int:
    """Bits of one element of the dtype with that code."""
    if code == "BOOL":
        return 8
    digits = re.match(r"[A-Z]+([0-9]+)", code)
    assert digits is not None
    return int(digits[1])


def header_size(first: bytes, size: int) -> int:
    """The length of the header from the file's first eight bytes.

    Args:
        first: the beginning of the file.
        size: bytes of the whole file.

    Raises:
        SafetensorError: if the file is too short for it, or it is over 100 MB.
    """
    if len(first) < LENGTH.size:
        raise SafetensorError(
            f"load: a safetensors file has at least 8 bytes, this has {len(first)}"
        )
    length: int = LENGTH.unpack(first[: LENGTH.size])[0]
    if length > MAX_HEADER:
        raise SafetensorError(
            f"load: the header claims {length} bytes; at most {MAX_HEADER} are allowed"
        )
    if length > size - LENGTH.size:
        raise SafetensorError(
            f"load: the header claims {length} bytes and the file has "
            f"{size - LENGTH.size} after the length; it was truncated or damaged"
        )
    return length


def is_safetensors(file: BinaryIO) -> bool:
    """Whether the file starts with a sane length and a brace; its position stays."""
    start = file.tell()
    first = file.read(LENGTH.size + 1)
    file.seek(start)
    if len(first) <= LENGTH.size or first[LENGTH.size :] != b"{":
        return False
    length: int = LENGTH.unpack(first[: LENGTH.size])[0]
    return length <= MAX_HEADER


def parse(raw: bytes, size: int) -> Header:
    """Reads a header and compares every number in it with the size of the file.

    Args:
        raw: the JSON text.
        size: bytes of the whole file.

    Raises:
        SafetensorError: if it is not exactly what the format describes.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SafetensorError(f"load: the header is not UTF-8: {error}") from None
    tensors, metadata = _Scanner(text).header()
    start = LENGTH.size + len(raw)
    ordered = dict(sorted(tensors.items(), key=lambda item: item[1][2:]))
    _check_places(ordered, size - start)
    return Header(ordered, metadata, start)


def _check_places(tensors: dict[str, Entry], available: int) -> None:
    """The tensors must fill the bytes after the header without gap or overlap."""
    at = 0
    for name, entry in tensors.items():
        shown = shorten(name)
        if entry.begin > entry.end:
            raise SafetensorError(
                f"load: tensor {shown} ends at byte {entry.end}, before it begins "
                f"({entry.begin})"
            )
        if entry.begin != at:
            fault = "overlaps the one before" if entry.begin < at else "leaves a hole"
            raise SafetensorError(
                f"load: tensor {shown} {fault}: it begins at byte {entry.begin}, "
                f"expected {at}"
            )
        nonzero = math.prod(side for side in entry.shape if side)
        bits = math.prod(entry.shape) * bits_of(entry.code)
        if nonzero > _MAX_BYTES or bits != 8 * (entry.end - entry.begin):
            raise SafetensorError(
                f"load: tensor {shown} of dtype {entry.code} and shape "
                f"{list(entry.shape)} does not fill its {entry.end - entry.begin} bytes"
            )
        at = entry.end
    if at != available:
        raise SafetensorError(
            f"load: the tensors need {at} bytes after the header; the file has "
            f"{available}"
        )


def shorten(name: str) -> str:
    """A name for a message, escaped and at most some 60 characters long."""
    return repr(name if len(name) <= 60 else f"{name[:40]}...{name[-15:]}")


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def wrong(self, what: str) -> SafetensorError:
        found = self.text[self.at : self.at + 20]
        return SafetensorError(
            f"load: the header is no valid JSON of tensors at character {self.at}: "
            f"expected {what}, got {found!r}"
        )

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def sees(self, mark: str) -> bool:
        """Steps over spaces and then `mark`, if it stands there."""
        if not self.text.startswith(mark, self.at):
            self.skip()
            if not self.text.startswith(mark, self.at):
                return False
        self.at += len(mark)
        return True

    def expect(self, mark: str) -> None:
        if not self.sees(mark):
            raise self.wrong(repr(mark))

    def string(self) -> str:
        self.expect('"')
        try:
            found, self.at = scanstring(self.text, self.at, True)
            found.encode("utf-8")
        except (json.JSONDecodeError, UnicodeEncodeError):
            raise self.wrong("a string") from None
        return found

    def members(self) -> Iterator[str]:
        """The keys of an object; the caller reads each value."""
        seen: set[str] = set()
        self.expect("{")
        if self.sees("}"):
            return
        while True:
            key = self.string()
            if key in seen:
                raise SafetensorError(
                    f"load: the header has the key {shorten(key)} twice"
                )
            seen.add(key)
            self.expect(":")
            yield key
            if self.sees("}"):
                return
            self.expect(",")

    def header(self) -> tuple[dict[str, Entry], dict[str, str] | None]:
        if not self.text.startswith("{"):
            raise self.wrong("'{'")
        tensors: dict[str, Entry] = {}
        metadata = None
        for name in self.members():
            if name == "__metadata__":
                metadata = self.metadata()
            else:
                tensors[name] = self.entry(name)
        if self.text[self.at :].strip(" \t\r\n"):
            raise self.wrong("the end")
        return tensors, metadata

    def metadata(self) -> dict[str, str] | None:
        if self.sees("null"):
            return None
        self.skip()
        if self.text[self.at : self.at + 1] != "{":
            raise self.wrong("a '__metadata__' of strings by strings")
        return {key: self.metadata_text() for key in self.members()}

    def metadata_text(self) -> str:
        self.skip()
        if self.text[self.at : self.at + 1] != '"':
            raise self.wrong("a string, as '__metadata__' holds only strings")
        return self.string()

    def entry(self, name: str) -> Entry:
        usual = _USUAL_ENTRY.match(self.text, self.at)
        if usual is not None and (usual[1] in DTYPES or usual[1] in MISSING):
            self.at = usual.end()
            shape = tuple(map(int, usual[2].split(","))) if usual[2] else ()
            return self.checked(name, usual[1], shape, (int(usual[3]), int(usual[4])))
        return self.unusual_entry(name)

    def unusual_entry(self, name: str) -> Entry:
        """An entry with its fields in another order, or with spaces."""
        code, shape, places = None, None, None
        for field in self.members():
            if field == "dtype":
                code = self.string()
            elif field == "shape":
                shape = self.numbers()
            elif field == "data_offsets":
                places = self.numbers()
            else:
                raise SafetensorError(
                    f"load: tensor {shorten(name)} has an unknown field "
                    f"{shorten(field)}"
                )
        if code is None or shape is None or places is None:
            raise SafetensorError(
                f"load: tensor {shorten(name)} lacks its dtype, shape or data_offsets"
            )
        if code not in DTYPES and code not in MISSING:
            raise SafetensorError(
                f"load: tensor {shorten(name)} has the unknown dtype {shorten(code)}"
            )
        return self.checked(name, code, shape, places)

    def checked(
        self, name: str, code: str, shape: tuple[int, ...], places: tuple[int, ...]
    ) -> Entry:
        if len(places) != 2 or len(shape) > _MAX_DIMS:
            raise SafetensorError(
                f"load: tensor {shorten(name)} has {len(shape)} sizes and "
                f"{len(places)} data_offsets"
            )
        return Entry(code, shape, *places)

    def numbers(self) -> tuple[int, ...]:
        self.skip()
        match = _NUMBERS.match(self.text, self.at)
        if match is None:
            raise self.wrong("a list of integers from 0 to 10**19")
        self.at = match.end()
        inner = match[0][1:-1]
        return tuple(int(part) for part in inner.split(",")) if inner.strip() else ()


def compose(tensors: dict[str, Entry], metadata: dict[str, str] | None) -> bytes:
    """The bytes before the tensors: length and header, padded to a multiple of 8."""
    table: dict[str, object] = {} if metadata is None else {"__metadata__": metadata}
    for name, entry in tensors.items():
        table[name] = {
            "dtype": entry.code,
            "shape": list(entry.shape),
            "data_offsets": [entry.begin, entry.end],
        }
    raw = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    raw += b" " * (-len(raw) % 8)
    if len(raw) > MAX_HEADER:
        raise ValueError(
            f"save: the header would have {len(raw)} bytes; at most {MAX_HEADER} are "
            "allowed"
        )
    return LENGTH.pack(len(raw)) + raw
