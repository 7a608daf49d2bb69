"""Shared set-up of the test suite: import path, markers, the library under test."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "smoke: the tier that runs within a minute")


@pytest.fixture(scope="session")
def xp() -> Any:
    """rushlight, or the library RUSHLIGHT_TEST_XP names."""
    from samples import bridge

    return bridge.library()
