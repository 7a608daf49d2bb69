"""Measures one thing in this process under one library and prints it as JSON.

    python benchmarks/worker.py torch time kernels.add 0.5
    python benchmarks/worker.py rushlight import

Runs under any Python that has the library, and imports nothing else.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import timeit
from pathlib import Path
from typing import Any

THREADS = 2
WARM_UP = 0.25  # seconds


def resident_megabytes() -> float:
    """Memory of this process that is in RAM, in MB (10**6 bytes)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")


def measure_import(library: str) -> dict[str, float]:
    """Seconds that importing the library takes, and the memory in use after it."""
    start = time.perf_counter()
    importlib.import_module(library)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "megabytes": resident_megabytes()}


def best_time(timer: timeit.Timer, budget: float) -> float:
    """The least seconds per run over as many blocks of runs as the budget allows."""
    end = time.perf_counter() + WARM_UP
    timer.timeit(1)
    while time.perf_counter() < end:
        timer.timeit(1)
    number = 1
    while (seconds := timer.timeit(number)) < 2e-3:
        number *= 2
    best = seconds / number
    end = time.perf_counter() + budget
    while time.perf_counter() < end:
        best = min(best, timer.timeit(number) / number)
    return best


def measure_case(library: str, name: str, budget: float) -> dict[str, float]:
    """Seconds that one run of a case takes."""
    from benchmarks.case import load_all

    torch: Any = importlib.import_module(library)
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    entry = load_all()[name]
    statement, variables = entry.setup(torch)
    timer = timeit.Timer(statement, globals=variables)
    return {"seconds": timer.timeit(1) if entry.once else best_time(timer, budget)}


def main() -> None:
    library, what, *rest = sys.argv[1:]
    if what == "import":
        print(json.dumps(measure_import(library)))
    else:
        print(json.dumps(measure_case(library, rest[0], float(rest[1]))))


if __name__ == "__main__":
    # The folder above stands for the one of this file, whose modules have common names.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    main()
