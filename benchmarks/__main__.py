"""Runs every measurement in turn under torch and rushlight and prints one table.

``--oracle`` names the Python that has torch (default: $RUSHLIGHT_ORACLE_PYTHON, then
.venv-oracle). Figures are minima over rounds; each round starts fresh processes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.case import load_all

ROOT = Path(__file__).resolve().parent.parent
WORKER = str(ROOT / "benchmarks" / "worker.py")
THREADS = "2"
# Limits that are not ratios.
IMPORT_SECONDS, IMPORT_MEGABYTES, WHEEL_MEGABYTES = 0.10, 60.0, 25.0


@dataclass
class Row:
    """One line of the table; `measured` is what the target bounds."""

    label: str
    torch: str
    ours: str
    measured: float | None
    target: float
    unit: str = ""

    def cells(self) -> list[str]:
        if self.measured is None:
            return [self.label, self.torch, self.ours, "-", self.limit(), "no figure"]
        met = "met" if self.measured <= self.target else "missed"
        ratio = "" if self.unit else f"{self.measured:.2f}"
        return [self.label, self.torch, self.ours, ratio, self.limit(), met]

    def limit(self) -> str:
        return f"{self.target:g} {self.unit}" if self.unit else f"{self.target:.2f}"


def run(python: str, library: str, *words: str) -> dict[str, float] | str:
    """What the worker measured, or the last line of its complaint."""
    environment = {**os.environ, "OMP_NUM_THREADS": THREADS}
    done = subprocess.run(
        [python, WORKER, library, *words],
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"exit status {done.returncode}"
    result: dict[str, float] = json.loads(done.stdout)
    return result


def least(
    pythons: dict[str, str], rounds: int, *words: str
) -> dict[str, dict[str, float] | str]:
    """Each library's smallest figures over the rounds, the libraries in turn."""
    best: dict[str, dict[str, float] | str] = {}
    for _ in range(rounds):
        for library, python in pythons.items():
            found = run(python, library, *words)
            before = best.get(library)
            if isinstance(found, str):
                best[library] = found
            elif isinstance(before, dict):
                best[library] = {k: min(v, before[k]) for k, v in found.items()}
            elif before is None:
                best[library] = found
    return best


def time_text(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def case_row(label: str, target: float, best: dict[str, dict[str, float] | str]) -> Row:
    """The row of a timed program."""
    torch, ours = best["torch"], best["rushlight"]
    if isinstance(torch, str) or isinstance(ours, str):
        texts = [
            b if isinstance(b, str) else time_text(b["seconds"]) for b in (torch, ours)
        ]
        return Row(label, texts[0], texts[1], None, target)
    a, b = torch["seconds"], ours["seconds"]
    return Row(label, time_text(a), time_text(b), b / a, target)


def footprint_rows(pythons: dict[str, str], rounds: int) -> list[Row]:
    """Import time, memory after it, and the size of the wheel in dist/."""
    best = least(pythons, rounds, "import")
    torch, ours = best["torch"], best["rushlight"]
    rows = []
    for label, key, limit, unit in (
        ("import: time", "seconds", IMPORT_SECONDS, "s"),
        ("import: memory", "megabytes", IMPORT_MEGABYTES, "MB"),
    ):
        texts = [
            b if isinstance(b, str) else f"{b[key]:.3g} {unit}" for b in (torch, ours)
        ]
        measured = None if isinstance(ours, str) else ours[key]
        rows.append(Row(label, texts[0], texts[1], measured, limit, unit))
    wheels = sorted((ROOT / "dist").glob("rushlight-*.whl"))
    size = wheels[-1].stat().st_size / 1e6 if wheels else None
    text = "no wheel in dist/" if size is None else f"{size:.3g} MB"
    rows.append(Row("wheel", "-", text, size, WHEEL_MEGABYTES, "MB"))
    return rows


def print_table(rows: list[Row]) -> None:
    """The table in Markdown, columns aligned."""
    head = ["what", "torch", "rushlight", "ratio", "at most", "verdict"]
    table = [head, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    table.insert(1, ["-" * width for width in widths])
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {' | '.join(cells)} |")


def main() -> int:
    """0 once measured, whatever the verdicts."""
    default = os.environ.get("RUSHLIGHT_ORACLE_PYTHON", ".venv-oracle/bin/python")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", default=default, help="the Python that has torch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=0.5, help="seconds a process")
    parser.add_argument("--only", default="", help="cases whose names contain this")
    options = parser.parse_args()
    pythons = {"torch": options.oracle, "rushlight": sys.executable}

    rows = []
    for name, entry in load_all().items():
        if options.only in name:
            print(f"  {name}", file=sys.stderr, flush=True)
            best = least(pythons, options.rounds, "time", name, str(options.budget))
            rows.append(case_row(entry.label, entry.target, best))
    if options.only in "footprint":
        rows += footprint_rows(pythons, options.rounds)
    print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
