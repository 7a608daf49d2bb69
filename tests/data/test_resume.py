"""A loader continued from `state_dict` yields the batches of one that was not stopped."""

from __future__ import annotations

import io
import random

import pytest
from data.datasets import (
    Augmented,
    Continued,
    Counting,
    Parts,
    Shuffled,
    ThreadAugmented,
)

import rushlight
from rushlight.utils.data import (
    DataLoader,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def generator():
    return rushlight.Generator().manual_seed(5)


def plain(batch):
    return [getattr(part, "tolist", lambda p=part: p)() for part in batch]


class Program:
    """Two epochs that also draw random numbers; stopped and continued anywhere."""

    def __init__(self, make):
        self.loader = make()
        self.epoch = 0
        self.seen = []

    def save(self):
        file = io.BytesIO()
        rushlight.save(self.loader.state_dict(), file)
        streams = rushlight.get_rng_state(), random.getstate()
        return file.getvalue(), streams, self.epoch, len(self.seen)

    def load(self, saved):
        data, streams, self.epoch, _ = saved
        state = rushlight.load(io.BytesIO(data), weights_only=True)
        self.loader.load_state_dict(state)
        rushlight.set_rng_state(streams[0])
        random.setstate(streams[1])

    def run(self, after_batch=lambda: None):
        while self.epoch < 2:
            for batch in self.loader:
                self.seen.append(plain(batch))
                rushlight.rand(1)
                after_batch()
            self.seen.append("end of epoch")
            self.epoch += 1
            after_batch()


def check(make, only=None):
    """Compares the rest from every place, or from the places `only` names."""
    random.seed(1)
    rushlight.manual_seed(3)
    whole = Program(make)
    saved = [whole.save()]
    whole.run(lambda: saved.append(whole.save()))
    for place in range(len(saved)) if only is None else only:
        random.seed(99)
        rushlight.manual_seed(98)
        rest = Program(make)
        rest.load(saved[place])
        rest.run()
        assert rest.seen == whole.seen[saved[place][3] :], place


IN_PROCESS = {
    "shuffle": lambda: DataLoader(Augmented(), 3, shuffle=True),
    "generator": lambda: DataLoader(
        Augmented(), 3, shuffle=True, generator=generator()
    ),
    "replacement": lambda: DataLoader(
        Augmented(), 3, sampler=RandomSampler(range(11), True, 50, generator())
    ),
    "weighted": lambda: DataLoader(
        Augmented(), 3, sampler=WeightedRandomSampler([1.0] * 11, 12)
    ),
    "subset": lambda: DataLoader(
        Augmented(), None, sampler=SubsetRandomSampler([2, 4, 6])
    ),
    "python": lambda: DataLoader(Augmented(), 3, sampler=Shuffled(11)),
    "stateful sampler": lambda: DataLoader(Augmented(), 3, sampler=Counting(11)),
    "stateful dataset": lambda: DataLoader(Continued(9), 2),
}
WORKERS = {
    "shuffle": lambda: DataLoader(Augmented(), 3, shuffle=True, num_workers=2),
    "ahead": lambda: DataLoader(
        Augmented(numpy=True),
        2,
        shuffle=True,
        num_workers=2,
        generator=generator(),
        prefetch_factor=3,
    ),
    "persistent": lambda: DataLoader(
        Augmented(), 2, shuffle=True, num_workers=2, persistent_workers=True
    ),
    # The sampler draws once more at its end, which prefetching reaches early.
    "whole batches": lambda: DataLoader(
        Augmented(),
        2,
        sampler=RandomSampler(range(10), False, None, generator()),
        num_workers=2,
    ),
    "python": lambda: DataLoader(Augmented(), None, sampler=Shuffled(5), num_workers=2),
    "stateful sampler": lambda: DataLoader(
        Augmented(), 2, sampler=Counting(11), num_workers=2
    ),
    "iterable": lambda: DataLoader(Parts([1, 7, 4]), 2, num_workers=3),
    "iterable, persistent": lambda: DataLoader(
        Parts([6, 2]), 2, num_workers=2, persistent_workers=True
    ),
    # Workers draw for samples that are dropped, after their last batch.
    "iterable, dropped": lambda: DataLoader(
        Parts([5, 3]), 2, drop_last=True, num_workers=2, persistent_workers=True
    ),
    "stateful dataset": lambda: DataLoader(Continued(7), 2, num_workers=2),
    "threads": lambda: DataLoader(
        ThreadAugmented(numpy=True), 3, True, num_workers=2, worker_type="thread"
    ),
}


@pytest.mark.parametrize("name", IN_PROCESS)
def test_in_process(name):
    check(IN_PROCESS[name])


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("name", WORKERS)
def test_with_workers(name):
    check(WORKERS[name], only=[1, 4, 6, 7])


def test_iterable_dataset_that_shares_a_stream():
    """Reading it again cannot give the same numbers, which is said."""
    loader = DataLoader(Parts([9]), 2)
    passing = iter(loader)
    next(passing)
    state = loader.state_dict()
    rushlight.rand(1)
    next(passing)
    shared = loader.state_dict()
    again = DataLoader(Parts([9]), 2)
    again.load_state_dict(state)
    assert next(iter(again))[0].tolist() == [2, 3]
    again.load_state_dict(shared)
    with pytest.raises(RuntimeError, match="rushlight random stream"):
        iter(again)


def test_stateful_dataset_does_not_read_again():
    loader = DataLoader(Continued(9), 2)
    next(iter(loader))
    again = DataLoader(Continued(9), 2)
    again.load_state_dict(loader.state_dict())
    next(iter(again))
    assert again.dataset.made == 2


def test_other_loaders_are_refused():
    loader = DataLoader(Augmented(), 3, shuffle=True)
    next(iter(loader))
    state = loader.state_dict()
    for other, text in [
        (DataLoader(Augmented(12), 3, shuffle=True), "dataset_length was 11 and is 12"),
        (DataLoader(Augmented(), 2, shuffle=True), "batch_size was 3 and is 2"),
        (DataLoader(Augmented(), 3), "samplers"),
        (DataLoader(Augmented(), 3, True, num_workers=1), "num_workers was 0 and is 1"),
    ]:
        with pytest.raises(ValueError, match=text):
            other.load_state_dict(state)
    with pytest.raises(ValueError, match="no state of a DataLoader"):
        loader.load_state_dict({})


def test_a_sampler_that_changed_is_noticed():
    loader = DataLoader(range(9), 2, sampler=[1, 2, 3, 4])
    passing = iter(loader)
    next(passing)
    state = loader.state_dict()
    other = DataLoader(range(9), 2, sampler=[2, 1, 3, 4])
    other.load_state_dict(state)
    with pytest.raises(RuntimeError, match="did not yield the same keys"):
        iter(other)


def test_state_before_the_pass_begins_is_the_loaded_one():
    loader = DataLoader(range(9), 2, shuffle=True)
    next(iter(loader))
    state = loader.state_dict()
    other = DataLoader(range(9), 2, shuffle=True)
    other.load_state_dict(state)
    third = DataLoader(range(9), 2, shuffle=True)
    third.load_state_dict(other.state_dict())
    assert [b.tolist() for b in third] == [b.tolist() for b in other]


def test_out_of_order_yields_every_batch_once():
    def make():
        return DataLoader(Augmented(20), 2, shuffle=True, num_workers=2, in_order=False)

    rushlight.manual_seed(0)
    loader = make()
    passing = iter(loader)
    seen = [tuple(next(passing)[0].tolist()) for _ in range(4)]
    state = loader.state_dict()
    again = make()
    again.load_state_dict(state)
    seen += [tuple(batch[0].tolist()) for batch in again]
    assert sorted(i for batch in seen for i in batch) == list(range(20))


@pytest.mark.parametrize("ahead", [1, 5])
def test_another_prefetch_factor_and_start_method(ahead):
    def make(ahead, method):
        return DataLoader(
            Augmented(),
            2,
            shuffle=True,
            num_workers=2,
            prefetch_factor=ahead,
            multiprocessing_context=method,
        )

    loader = make(2, "fork")
    passing = iter(loader)
    next(passing)
    again = make(ahead, "forkserver")
    again.load_state_dict(loader.state_dict())
    assert [plain(batch) for batch in again] == [plain(batch) for batch in passing]


def test_going_on_twice():
    """A resumed pass can be stopped and resumed itself."""

    def make():
        return DataLoader(Augmented(), 2, shuffle=True, num_workers=2)

    whole = make()
    passing = iter(whole)
    next(passing)
    state = whole.state_dict()
    expected = [plain(batch) for batch in passing]
    for want in expected:
        loader = make()
        loader.load_state_dict(state)
        assert plain(next(iter(loader))) == want
        state = loader.state_dict()
    loader = make()
    loader.load_state_dict(state)
    assert list(loader) == []
