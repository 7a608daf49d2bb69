"""Small programs do what they did under PyTorch (programs.json; record.py writes it)."""

from __future__ import annotations

import pytest
from autograd.outcome import assert_same, run

import rushlight

from .programs import programs
from .record import recorded_programs

PROGRAMS = programs()
EXPECTED = recorded_programs()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    assert_same(run(PROGRAMS[name], rushlight), EXPECTED[name])


def test_all_are_recorded() -> None:
    assert set(EXPECTED) == set(PROGRAMS)
