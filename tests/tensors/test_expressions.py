"""Expressions come to what they came to under PyTorch (recorded.json; record.py writes it)."""

from __future__ import annotations

import pytest

import rushlight

from .outcome import expressions, outcome, recorded

CASES = [(group, text) for group, texts in expressions().items() for text in texts]
EXPECTED = recorded()


@pytest.mark.parametrize(("group", "text"), CASES)
def test_expression(group: str, text: str) -> None:
    assert outcome(group, text, rushlight) == EXPECTED[group][text]


def test_all_are_recorded() -> None:
    assert sum(map(len, EXPECTED.values())) == len(CASES)
