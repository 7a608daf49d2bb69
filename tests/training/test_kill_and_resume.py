"""Training runs that are killed at random moments end with the bits of one that is not.

A few kills; `python tests/training/kills.py --count 100` does more.
"""

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).with_name("kills.py")


@pytest.mark.parametrize(
    ("setup", "count"), [("alone", 2), ("fork", 3), ("spawn", 1), ("thread", 1)]
)
def test_kill_and_resume(setup: str, count: int) -> None:
    command = [sys.executable, str(KILLS), "--count", str(count), "--only", setup]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"the same bits ({count} of {count})" in done.stdout
