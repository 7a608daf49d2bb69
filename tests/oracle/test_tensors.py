"""Tensors beside PyTorch: the expressions and programs of tests/tensors under both libraries."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from autograd.outcome import assert_same, run  # noqa: E402
from tensors.outcome import expressions, outcome, recorded  # noqa: E402
from tensors.programs import programs  # noqa: E402
from tensors.record import recorded_programs  # noqa: E402

import rushlight  # noqa: E402

CASES = [(group, text) for group, texts in expressions().items() for text in texts]
RECORDED = recorded()
PROGRAMS = programs()


@pytest.mark.parametrize(("group", "text"), CASES)
def test_same_outcome(group, text):
    expected = outcome(group, text, torch)
    assert RECORDED[group][text] == expected
    assert outcome(group, text, rushlight) == expected


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_behaviour(name):
    expected = run(PROGRAMS[name], torch)
    assert_same(recorded_programs()[name], expected)
    assert_same(run(PROGRAMS[name], rushlight), expected)
