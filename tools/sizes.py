"""Reports how long the source files are: median, longest, and what is over the limit.

``python -m tools.sizes`` prints the table and fails if a file is longer than it may be.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("core", "ops", "rushlight", "tests", "tools", "benchmarks", "examples")
SUFFIXES = {".py", ".h", ".cpp"}
LONGEST = 600  # lines; longer files are split
SAMPLES_LONGEST = 800  # tables of samples are lists, read by looking up


def lengths(folder: Path) -> dict[str, int]:
    """Lines of every hand-written source file below a folder."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes().count(b"\n")
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES
    }


def limit(name: str) -> int:
    """The most lines that a file may have."""
    return SAMPLES_LONGEST if name.startswith("tests/samples/") else LONGEST


def main() -> int:
    """Prints the report; 1 if a file is too long."""
    too_long = []
    print(f"{'folder':<12}{'files':>7}{'lines':>9}{'median':>8}{'longest':>9}")
    for folder in FOLDERS:
        found = lengths(ROOT / folder)
        if not found:
            continue
        counts = list(found.values())
        middle = statistics.median(counts)
        print(
            f"{folder:<12}{len(counts):>7}{sum(counts):>9}"
            f"{middle:>8.0f}{max(counts):>9}"
        )
        too_long += [(n, name) for name, n in found.items() if n > limit(name)]
    for count, name in sorted(too_long, reverse=True):
        print(f"{name}: {count} lines, {limit(name)} at most")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
