"""Makes a virtual environment of the checkout and installs dependency groups in it.

Called by the Makefile: ``python3 tools/environment.py .venv build run``. Says in plain
words what a machine lacks, instead of failing halfway through a build.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 10)


def missing() -> list[str]:
    """What this machine needs before anything can be built, one line each."""
    lines = []
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        lines.append(
            f"Python >= 3.10 (this is {found}); name another with `make PYTHON=...`"
        )
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        lines.append("Python's headers: apt-get install python3-dev")
    try:
        import ensurepip  # noqa: F401 (Debian keeps it in a package of its own)
    except ImportError:
        lines.append("Python's venv module: apt-get install python3-venv")
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        lines.append("a C++20 compiler: apt-get install g++")
    return lines


def link_checkout(python: Path) -> None:
    """Lets the environment import the package from the checkout, built in place."""
    command = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.check_output([python, "-c", command], text=True).strip()
    Path(site, "rushlight-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def install(python: Path, groups: list[str]) -> None:
    """Installs the named groups of pyproject.toml."""
    pip = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
    ]
    subprocess.check_call([*pip, "pip>=25.1"])  # the first that knows groups
    arguments = [word for group in groups for word in ("--group", group)]
    subprocess.check_call([*pip, *arguments], cwd=ROOT)


def main() -> int:
    """Returns the exit status: 1 if the machine lacks something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("groups", nargs="+")
    options = parser.parse_args()
    lacks = missing()
    if lacks:
        print("This machine lacks:", *lacks, sep="\n  ", file=sys.stderr)
        return 1
    python = options.folder / "bin" / "python"
    if not python.exists():
        subprocess.check_call([sys.executable, "-m", "venv", options.folder])
    install(python, options.groups)
    link_checkout(python)
    return 0


if __name__ == "__main__":
    sys.exit(main())
