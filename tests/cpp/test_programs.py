"""Runs the C++ checks that `ninja cpp_tests` builds, once an instruction set."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ.get("RUSHLIGHT_BUILD", ROOT / "build")) / "cpp_tests"
SOURCES = sorted(Path(__file__).parent.glob("*.cpp"))


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_program(source: Path, isa: str) -> None:
    program = BUILT / source.stem
    if not program.exists():
        pytest.skip(f"not built: {program.name} (ninja -C build cpp_tests)")
    if isa != "baseline" and source.stem.startswith("math"):
        pytest.skip("scalar functions are compiled once")
    environment = {**os.environ, "RUSHLIGHT_ISA": isa}
    done = subprocess.run([program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
