"""Autograd beside PyTorch: the programs of tests/autograd under both libraries."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from autograd.outcome import assert_same, run  # noqa: E402
from autograd.programs import programs  # noqa: E402
from autograd.record import recorded  # noqa: E402

import rushlight  # noqa: E402

PROGRAMS = programs()
RECORDED = recorded()


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_behaviour(name):
    expected = run(PROGRAMS[name], torch)
    assert_same(RECORDED[name], expected)
    assert_same(run(PROGRAMS[name], rushlight), expected)
