"""The operator registry as the tools read it: records, schemas taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import rushlight

ROOT = Path(__file__).resolve().parent.parent

_SCHEMA = re.compile(r"^(\w+)(?:\.(\w+))?\((.*)\) -> (.+)$")
_COMMA = re.compile(r",\s*(?![^\[(]*[\])])")

NUMBER = "_number"
# Schema type without `?` -> Python annotation.
ANNOTATIONS = {
    "Tensor": "Tensor",
    "Tensor|Scalar": f"Tensor | {NUMBER}",
    "Scalar": NUMBER,
    "int": "_int",
    "float": "_float",
    "bool": "_bool",
    "str": "str",
    "ScalarType": "_dtype",
    "Device": "_device | str | _int",
    "Layout": "_layout",
    "MemoryFormat": "_memory_format",
    "Generator": "Generator",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter: schema type, name, default text, and whether it needs a name."""

    type: str
    name: str
    default: str | None
    keyword_only: bool

    def annotation(self) -> str:
        """The type as a Python annotation."""
        match = re.fullmatch(r"([\w|]+)(\?)?(?:\[(\d*)\])?(\?)?", self.type)
        if not match:
            raise ValueError(f"unknown schema type {self.type!r}")
        base, optional_item, size, optional = match.groups()
        text = ANNOTATIONS[base]
        if size is None:
            return f"{text} | None" if optional_item or optional else text
        item = f"{text} | None" if optional_item else text
        text = f"Sequence[{item}]" + (f" | {item}" if size else "")
        return f"{text} | None" if optional else text

    def default_text(self) -> str:
        """The default as Python shows it; `...` for what has no short form."""
        simple = r"-?\d+(\.\d+)?(e-?\d+)?|None|True|False|\[\]"
        if self.default is None or not re.fullmatch(simple, self.default):
            return "..."
        return "()" if self.default == "[]" else self.default


@dataclass(frozen=True)
class Record:
    """One operator record of the registry."""

    name: str
    overload: str
    schema: str
    doc: str
    family: str
    kind: str
    differentiable: bool
    variants: frozenset[str]
    parameters: tuple[Parameter, ...]
    results: tuple[tuple[str, str], ...]  # (schema type, name or "")

    @property
    def is_factory(self) -> bool:
        """Whether it makes a tensor out of sizes or numbers."""
        return any(p.type.startswith("Layout") for p in self.parameters)

    @property
    def has_named_results(self) -> bool:
        """Whether it returns a named tuple."""
        return len(self.results) > 1 and bool(self.results[0][1])


def _parameters(text: str) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    keyword_only = False
    for piece in _COMMA.split(text) if text.strip() else []:
        if piece == "*":
            keyword_only = True
            continue
        type_text, _, rest = piece.strip().partition(" ")
        name, has_default, default = rest.partition("=")
        found.append(
            Parameter(type_text, name, default if has_default else None, keyword_only)
        )
    return tuple(found)


def _results(text: str) -> tuple[tuple[str, str], ...]:
    if text == "()":
        return ()
    if not text.startswith("("):
        return ((text, ""),)
    pieces = [piece.split() for piece in text[1:-1].split(",")]
    return tuple((p[0], p[1] if len(p) > 1 else "") for p in pieces)


def parse(schema: str) -> tuple[tuple[Parameter, ...], tuple[tuple[str, str], ...]]:
    """Parameters and results of a schema.

    Raises:
        ValueError: if the text is no schema.
    """
    match = _SCHEMA.match(schema)
    if not match:
        raise ValueError(f"bad schema: {schema}")
    return _parameters(match[3]), _results(match[4])


def load() -> list[Record]:
    """All records of the built module, in table order."""
    records = []
    for row in rushlight._C.op_records():
        parameters, results = parse(row["schema"])
        records.append(
            Record(
                name=row["name"],
                overload=row["overload"],
                schema=row["schema"],
                doc=row["doc"].strip(),
                family=row["family"],
                kind=row["kind"],
                differentiable=row["differentiable"],
                variants=frozenset(row["variants"].split()),
                parameters=parameters,
                results=results,
            )
        )
    return records


def write(path: Path, text: str, verify: bool) -> bool:
    """Writes a generated file, or only compares it; whether it was up to date."""
    same = path.exists() and path.read_text("utf-8") == text
    if not same and not verify:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if not same:
        word = "stale" if verify else "wrote"
        print(f"{word}: {path.relative_to(ROOT).as_posix()}")
    return same
