"""What an inspection finds: lines about tensors, facts about the file, findings."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

ITEM_BITS = {
    "bool": 8,
    "uint8": 8,
    "int8": 8,
    "qint8": 8,
    "quint8": 8,
    "int16": 16,
    "uint16": 16,
    "float16": 16,
    "bfloat16": 16,
    "int32": 32,
    "uint32": 32,
    "qint32": 32,
    "float32": 32,
    "int64": 64,
    "uint64": 64,
    "float64": 64,
    "complex32": 32,
    "complex64": 64,
    "complex128": 128,
}
"""Bits of one element of each dtype by its name; others are in no sum."""


_MAX_BITS = 200


@dataclass
class TensorLine:
    """One tensor of a file, as the file describes it."""

    path: tuple[str, ...]
    dtype: str
    shape: tuple[int, ...]
    storage: str | None = None
    offset: int = 0
    stride: tuple[int, ...] | None = None
    kind: str = "tensor"
    nan: int | None = None
    inf: int | None = None

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.count * ITEM_BITS.get(self.dtype, 0) // 8

    @property
    def is_contiguous(self) -> bool:
        step = 1
        for side, stride in reversed(list(zip(self.shape, self.stride or ()))):
            if side != 1 and stride != step:
                return self.count == 0 or self.stride is None
            step *= side
        return True


@dataclass
class ValueLine:
    """Something in the file that is no tensor."""

    path: tuple[str, ...]
    text: str


@dataclass
class StorageLine:
    """The bytes under one or several tensors."""

    dtype: str
    nbytes: int
    location: str = "cpu"
    names: list[str] = field(default_factory=list)


@dataclass
class Finding:
    """A remark; `suspicious` ones make the exit code 1."""

    text: str
    suspicious: bool = True


@dataclass
class Report:
    """All that an inspection says about one file."""

    path: str
    size: int
    format: str = "unknown"
    facts: dict[str, str] = field(default_factory=dict)
    tensors: list[TensorLine] = field(default_factory=list)
    values: list[ValueLine] = field(default_factory=list)
    storages: dict[str, StorageLine] = field(default_factory=dict)
    globals: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def suspicious(self) -> bool:
        return any(finding.suspicious for finding in self.findings)

    def warn(self, text: str) -> None:
        """Adds a suspicious finding, once."""
        self._add(Finding(text))

    def note(self, text: str) -> None:
        """Adds a remark that is not suspicious, once."""
        self._add(Finding(text, suspicious=False))

    def _add(self, finding: Finding) -> None:
        if finding not in self.findings:
            self.findings.append(finding)

    def as_dict(self) -> dict[str, Any]:
        """The report as numbers, strings, lists and dicts, for JSON."""
        found = asdict(self)
        for line, entry in zip(self.tensors, found["tensors"]):
            entry |= {"name": line.name, "nbytes": line.nbytes}
        return {**found, "suspicious": self.suspicious}


def plain(text: object, limit: int = 60) -> str:
    """Text from a file made printable: control characters escaped, the middle of long
    ones left out. A terminal would obey what a hostile name contains."""
    if isinstance(text, int) and text.bit_length() > _MAX_BITS:
        return f"an integer of {text.bit_length():,} bits"
    raw = str(text)
    if len(raw) > 4 * limit:
        raw = raw[: 2 * limit] + raw[-2 * limit :]
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in raw)
    if len(shown) <= limit:
        return shown
    return f"{shown[: limit - limit // 3 - 1]}…{shown[-(limit // 3) :]}"


def size_text(nbytes: int) -> str:
    """A number of bytes with three digits and a unit of 1,024; "?" if impossible."""
    if not 0 <= nbytes < 1 << 80:
        return "?"
    value, unit = float(nbytes), "B"
    for unit in ("B", "KB", "MB", "GB", "TB", "PB", "EB"):
        if value < 1000 or unit == "EB":
            break
        value /= 1024
    digits = 0 if unit == "B" or value >= 100 else 1
    return f"{value:.{digits}f} {unit}" if value < 1e6 else f"{value:.0e} {unit}"
