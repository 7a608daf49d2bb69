"""A report as plain text, readable in a terminal of 80 columns."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from typing import Any

from .report import Report, TensorLine, ValueLine, plain, size_text

_SHAPE_WIDTH = 20
_ROWS = 400


def render(report: Report, width: int = 80, everything: bool = False) -> str:
    """The report as lines of text.

    Args:
        report: what `inspect_file` found.
        width: columns of the terminal, at least 60.
        everything: all rows of a long tree, not only the first 400.
    """
    width = max(width, 60)
    lines = [plain(os.path.basename(report.path), width - 1)]
    facts = {"format": report.format, "size": size_text(report.size), **report.facts}
    lines += _wrapped(
        "; ".join(f"{key}: {text}" for key, text in facts.items()), width, "  "
    )
    rows = list(_tree(report, width))
    if rows:
        lines.append("")
    cut = len(rows) if everything else _ROWS
    lines += rows[:cut]
    if len(rows) > cut:
        lines.append(f"  … {len(rows) - cut:,} more rows; --all shows them")
    lines += ["", *_totals(report, width)]
    for title, wanted, mark in (("notes", False, "- "), ("suspicious", True, "! ")):
        found = [f.text for f in report.findings if f.suspicious is wanted]
        if found:
            lines += ["", f"{title}:"]
        for text in found[:100]:
            lines += _wrapped(text, width, "  ", mark)
        if len(found) > 100:
            lines.append(f"  … {len(found) - 100} more")
    if not report.suspicious:
        lines += ["", "nothing suspicious found"]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, width: int, indent: str, mark: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent + mark,
        subsequent_indent=indent + " " * len(mark),
    )


def _totals(report: Report, width: int) -> Iterator[str]:
    if report.tensors:
        count = sum(line.count for line in report.tensors)
        nbytes = sum(storage.nbytes for storage in report.storages.values())
        if not report.storages:
            nbytes = sum(line.nbytes for line in report.tensors)
        shared = sum(len(s.names) > 1 for s in report.storages.values())
        storages = f" in {len(report.storages)} storages" if report.storages else ""
        yield from _wrapped(
            f"{len(report.tensors)} tensors, {plain(f'{count:,}')} values, "
            f"{size_text(nbytes)}{storages}, {shared} of them shared",
            width,
            "",
        )
    else:
        yield "no tensors"
    names = sorted(name for name, kind in report.globals.items() if kind == "data")
    if names:
        listed = ", ".join(plain(name) for name in names[:40])
        more = f" and {len(names) - 40} more" if len(names) > 40 else ""
        yield from _wrapped(f"plain names: {listed}{more}", width, "")


class _Branch:
    """A name of the tree with what stands there and below."""

    def __init__(self) -> None:
        self.lines: list[TensorLine | ValueLine] = []
        self.below: dict[str, _Branch] = {}


def _tree(report: Report, width: int) -> Iterator[str]:
    root = _Branch()
    lines: list[TensorLine | ValueLine] = [*report.tensors, *report.values]
    for line in lines:
        branch = root
        for key in line.path:
            # A state dict is one dictionary whose dotted names are a tree.
            parts = key.split(".") if isinstance(line, TensorLine) else [key]
            for part in parts:
                branch = branch.below.setdefault(part, _Branch())
        branch.lines.append(line)
    shared = {
        key: storage.names
        for key, storage in report.storages.items()
        if len(storage.names) > 1
    }
    name_width = max(width - _SHAPE_WIDTH - 24, 20)
    for line in root.lines:
        yield from _rows("  (all)", line, name_width, width, shared)
    # An explicit stack: names can be nested far deeper than Python's own.
    waiting: list[tuple[str, str, _Branch]] = [
        ("  ", name, branch) for name, branch in reversed(root.below.items())
    ]
    while waiting:
        indent, name, branch = waiting.pop()
        label = indent + plain(name, max(name_width - len(indent), 12))
        for line in branch.lines:
            yield from _rows(label, line, name_width, width, shared)
        if not branch.lines:
            yield label
        deeper = indent + "  " if len(indent) < 24 else indent
        waiting += [
            (deeper, below, branch.below[below]) for below in reversed(branch.below)
        ]


def _rows(
    label: str,
    line: TensorLine | ValueLine,
    name_width: int,
    width: int,
    shared: dict[str, Any],
) -> Iterator[str]:
    if isinstance(line, ValueLine):
        room = max(width - max(len(label) + 2, name_width + 1), 20)
        yield f"{label:<{name_width}} {plain(line.text, room)}"
        return
    shape = plain(str(list(line.shape)), width - 24)
    size = size_text(line.nbytes)
    row = f"{label:<{name_width}} {plain(line.dtype, 10):<11}{shape:<{_SHAPE_WIDTH}}"
    if len(row) + len(size) + 1 <= width:
        yield f"{row}{size:>{max(width - len(row), 0)}}"
    else:
        yield label
        yield f"{'':<10}{plain(line.dtype, 20)} {shape}  {size}"
    remarks = list(_remarks(line, shared))
    if remarks:
        yield from _wrapped("; ".join(remarks), width, "        ")


def _remarks(line: TensorLine, shared: dict[str, Any]) -> Iterator[str]:
    others = [name for name in shared.get(line.storage or "", ()) if name != line.name]
    if others:
        more = f" and {len(others) - 2} more" if len(others) > 2 else ""
        listed = ", ".join(plain(name, 30) for name in others[:2])
        yield f"shares its storage with {listed}{more}"
    if not line.is_contiguous:
        yield f"strides {plain(list(line.stride or ()), 30)}"
    if line.offset:
        yield f"from element {plain(line.offset, 30)}"
    if line.kind not in ("tensor", "parameter", "array"):
        yield line.kind
    if line.nan:
        yield f"{line.nan:,} NaN"
    if line.inf:
        yield f"{line.inf:,} infinite"
