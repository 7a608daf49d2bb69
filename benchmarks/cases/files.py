"""Model files: 500 MB in 100 tensors, and 20,000 tensors of one number.

A load is timed once in a process that has loaded nothing but a number before, as a
program does it; the file, which another process wrote, is in the system's cache.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.case import case

_LARGE = "{str(i): torch.full((1250, 1000), float(i)) for i in range(100)}"
_SMALL = "{str(i): torch.full((1,), float(i)) for i in range(20_000)}"


def _written(torch: Any, state: str) -> dict[str, Any]:
    """The path of a file that the library wrote in another process."""
    folder = TemporaryDirectory()
    path = str(Path(folder.name) / "model.pt")
    program = f"import sys, {torch.__name__} as torch; torch.save({state}, sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, path], check=True)
    number = str(Path(folder.name) / "number.pt")
    torch.save(1, number)
    torch.load(number)  # imports what it needs
    return {"load": torch.load, "path": path, "folder": folder}


def _to_write(torch: Any, state: str) -> dict[str, Any]:
    folder = TemporaryDirectory()
    path = str(Path(folder.name) / "model.pt")
    made = eval(state, {"torch": torch})
    return {"save": torch.save, "path": path, "state": made, "folder": folder}


@case("load 500 MB", 0.50, once=True)
def load(torch: Any) -> tuple[str, dict[str, Any]]:
    return "load(path)", _written(torch, _LARGE)


@case("load 500 MB mapped; torch: load", 0.10, once=True)
def load_mapped(torch: Any) -> tuple[str, dict[str, Any]]:
    mapped = torch.__name__ != "torch"
    return f"load(path, mmap={mapped})", _written(torch, _LARGE)


@case("load 500 MB mapped", 1.00, once=True)
def load_both_mapped(torch: Any) -> tuple[str, dict[str, Any]]:
    return "load(path, mmap=True)", _written(torch, _LARGE)


@case("save 500 MB; ours flushed to the disk", 1.00)
def save(torch: Any) -> tuple[str, dict[str, Any]]:
    return "save(state, path)", _to_write(torch, _LARGE)


@case("load 20,000 small tensors", 1.00, once=True)
def load_small(torch: Any) -> tuple[str, dict[str, Any]]:
    return "load(path)", _written(torch, _SMALL)


@case("save 20,000 small tensors", 1.00)
def save_small(torch: Any) -> tuple[str, dict[str, Any]]:
    return "save(state, path)", _to_write(torch, _SMALL)
