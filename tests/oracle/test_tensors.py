"""Tensors beside PyTorch: the expressions of tests/tensors under both libraries."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from tensors.outcome import expressions, outcome, recorded  # noqa: E402

import rushlight  # noqa: E402

CASES = [(group, text) for group, texts in expressions().items() for text in texts]
RECORDED = recorded()


@pytest.mark.parametrize(("group", "text"), CASES)
def test_same_outcome(group, text):
    expected = outcome(group, text, torch)
    assert RECORDED[group][text] == expected
    assert outcome(group, text, rushlight) == expected
