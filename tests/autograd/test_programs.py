"""Small programs do what they did under PyTorch (recorded.json; record.py writes it)."""

from __future__ import annotations

import pytest

import rushlight

from .outcome import assert_same, run
from .programs import programs
from .record import recorded

PROGRAMS = programs()
EXPECTED = recorded()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    assert_same(run(PROGRAMS[name], rushlight), EXPECTED[name])


def test_all_are_recorded() -> None:
    assert set(EXPECTED) == set(PROGRAMS)
