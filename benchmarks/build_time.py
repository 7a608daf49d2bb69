"""Reports what compiling costs: each source file, each header, the whole build.

Builds in build-time/ from nothing and without ccache, then parses every header by itself.

    python -m benchmarks.build_time [--jobs 2]
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-time"
WHOLE_LIMIT = 240.0  # seconds for everything on two cores
UNIT_LIMIT = 15.0  # seconds for one source file
HEADER_LIMIT = 0.5  # seconds to parse one header
SHOWN = 15


def build(jobs: int) -> float:
    """Builds everything from nothing; the seconds it took."""
    shutil.rmtree(BUILD, ignore_errors=True)
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    output = BUILD / "package" / "rushlight"
    start = time.perf_counter()
    for command in (
        ["cmake", "-G", "Ninja", "-S", str(ROOT), "-B", str(BUILD)]
        + [f"-DPython_EXECUTABLE={sys.executable}", f"-DRUSHLIGHT_OUTPUT={output}"]
        + ["-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"],
        ["ninja", "-C", str(BUILD), "-j", str(jobs)],
    ):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def unit_seconds() -> dict[str, float]:
    """Seconds that ninja spent on each object file (while its neighbours compiled)."""
    found = {}
    for line in (BUILD / ".ninja_log").read_text().splitlines()[1:]:
        start, end, _, target, _ = line.split("\t")
        if target.endswith(".o"):
            name = target.replace("CMakeFiles/", "").replace(".dir/", ": ")
            found[name] = (int(end) - int(start)) / 1000
    return found


def header_seconds() -> dict[str, float]:
    """Seconds to parse each header of core/ by itself, with nothing in it compiled."""
    python = subprocess.check_output(
        [sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
        text=True,
    ).strip()
    flags = shlex.split(f"-std=gnu++20 -fsyntax-only -x c++ -I{ROOT} -I{BUILD}/gen")
    flags += [f"-I{python}", "-DRL_ISA=baseline", "-DRL_ISA_NAMESPACE=loops_baseline"]
    found = {}
    for header in sorted((ROOT / "core").rglob("*.h")):
        start = time.perf_counter()
        done = subprocess.run(
            ["g++", *flags, str(header)], capture_output=True, text=True
        )
        seconds = time.perf_counter() - start
        name = header.relative_to(ROOT).as_posix()
        found[name if done.returncode == 0 else f"{name} (not alone)"] = seconds
    return found


def report(title: str, seconds: dict[str, float], limit: float) -> None:
    """Prints the slowest entries, those over the limit marked."""
    print(f"\n{title}: {len(seconds)}, {sum(seconds.values()):.1f} s in all")
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:SHOWN]
    for name, value in slowest:
        mark = f"  over {limit:g} s" if value > limit else ""
        print(f"{value:8.2f} s  {name}{mark}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    whole = build(parser.parse_args().jobs)
    verdict = "met" if whole <= WHOLE_LIMIT else "missed"
    print(f"full build: {whole:.0f} s, at most {WHOLE_LIMIT:.0f} s: {verdict}")
    report("source files", unit_seconds(), UNIT_LIMIT)
    report("headers", header_seconds(), HEADER_LIMIT)


if __name__ == "__main__":
    main()
