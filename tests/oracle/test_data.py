"""Orders of samplers and loaders beside PyTorch, and what they take from generators."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402


def both(run):
    """What `run(library, data)` gives and the global random state that it leaves."""
    results = []
    for library in (torch, rushlight):
        library.manual_seed(7)
        result = run(library, library.utils.data)
        results.append((result, library.rand(2).tolist()))
    assert results[0] == results[1]


def generator_of(library, seed):
    return library.Generator().manual_seed(seed)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("size", [1, 5, 33, 64])
@pytest.mark.parametrize("count", [None, 1, 32, 70])
def test_random_sampler(own, replacement, size, count):
    def run(library, data):
        generator = generator_of(library, 3) if own else None
        sampler = data.RandomSampler(range(size), replacement, count, generator)
        orders = [list(sampler), list(sampler)]
        return orders, generator.get_state().tolist() if generator else None

    both(run)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("size", [1, 10, 33])
def test_other_samplers_and_split(own, size):
    def run(library, data):
        def fresh():
            return generator_of(library, 3) if own else None

        weights = list(range(1, size + 1))
        return [
            list(data.SubsetRandomSampler(range(size), fresh())),
            list(data.WeightedRandomSampler(weights, 7, True, fresh())),
            list(data.WeightedRandomSampler(weights, size, False, fresh())),
            list(data.DistributedSampler(range(size), 3, 1, seed=5)),
            [p.indices for p in data.random_split(range(size), [0.3, 0.3, 0.4])],
        ]

    with pytest.warns(UserWarning) if size == 1 else _nothing():
        both(run)


def _nothing():
    import contextlib

    return contextlib.nullcontext()


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 5, None])
def test_loader(own, batch_size):
    def run(library, data):
        generator = generator_of(library, 3) if own else None
        samples = data.TensorDataset(library.arange(10), library.arange(10) * 2.0)
        loader = data.DataLoader(samples, batch_size, True, generator=generator)
        orders = [
            [[part.tolist() for part in batch] for batch in loader] for _ in range(2)
        ]
        part = iter(loader)
        next(part)
        return len(loader), orders, library.rand(1).tolist()

    both(run)
