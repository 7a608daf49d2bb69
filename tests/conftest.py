"""Shared set-up of the test suite: import path, markers, the library under test."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DEADLINE = 240

sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "smoke: the tier that runs within a minute")


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """A test that waits for something that never comes fails, and the next one runs.

    What hangs in native code is left to pytest's faulthandler_timeout, which is longer.
    """

    def expire(number: int, frame: Any) -> None:
        raise TimeoutError(f"the test waited for {DEADLINE} seconds")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(DEADLINE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def xp() -> Any:
    """rushlight, or the library RUSHLIGHT_TEST_XP names."""
    from samples import bridge

    return bridge.library()
