"""A short campaign of the fuzzer; the long one is `python -m tests.fuzz.model_files`."""

from __future__ import annotations

import signal

import pytest
from fuzz import corpus, model_files


@pytest.fixture(scope="module")
def files():
    found = corpus.corpus()
    model_files.warm_up(found)
    return found


@pytest.fixture
def alarm():
    before = signal.signal(signal.SIGPROF, model_files._alarm)
    yield
    signal.signal(signal.SIGPROF, before)


def test_mutated_files_load_or_are_refused(files, alarm):
    campaign = model_files.Campaign(11, files)
    findings = []
    campaign.run(0, 3000, lambda number, data, text: findings.append((number, text)))
    assert findings == []
    assert campaign.outcomes["refused"] > 1000
    assert campaign.outcomes["loaded"] > 200


def test_mutations_are_repeatable(files):
    one, other = (model_files.Campaign(5, files) for _ in range(2))
    assert [one.file(n) for n in range(50)] == [other.file(n) for n in range(50)]


def test_the_watch_sees_what_runs():
    watch = model_files.Watch()
    watch.active = True
    eval("1")
    watch.active = False
    assert watch.seen
