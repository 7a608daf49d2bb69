"""What a timed program is, and the list that all of them stand in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# A case gets the library as its argument and returns a statement and its variables.
Setup = Callable[[Any], tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """One row of the table: label, most it may take of torch's time, the program."""

    name: str
    label: str
    target: float
    setup: Setup
    once: bool = False
    """Time the first run of a process instead of the best of many."""


CASES: dict[str, Case] = {}


def case(label: str, target: float, once: bool = False) -> Callable[[Setup], Setup]:
    """Declares a case; its name is ``file.function``."""

    def add(setup: Setup) -> Setup:
        name = f"{setup.__module__.rpartition('.')[2]}.{setup.__name__}"
        CASES[name] = Case(name, label, target, setup, once)
        return setup

    return add


def load_all() -> dict[str, Case]:
    """Every case, in the order of the table."""
    from benchmarks.cases import files, kernels, loading, overhead, training

    assert files and kernels and loading and overhead and training
    order = ("overhead", "kernels", "training", "files", "loading")
    rows = sorted(CASES.values(), key=lambda c: order.index(c.name.split(".")[0]))
    return {row.name: row for row in rows}
