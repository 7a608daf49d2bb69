"""Datasets and samplers that the tests of workers load; importable by a spawned worker."""

from __future__ import annotations

import os
import random
import signal
import time

import rushlight
from rushlight.utils.data import Dataset, IterableDataset, get_worker_info


class Augmented(Dataset):
    """Samples with random numbers of every global stream."""

    def __init__(self, n=11, numpy=False):
        self.n = n
        self.numpy = numpy

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        extra = 0.0
        if self.numpy:
            import numpy as np

            extra = np.random.rand()
        return i, random.random(), extra, rushlight.rand(1).item(), rushlight.randn(3)


class ThreadAugmented(Augmented):
    """The same with the streams of a worker thread."""

    def __getitem__(self, i):
        rng = get_worker_info().rng
        extra = rng.numpy_generator.random() if self.numpy else 0.0
        return i, rng.random_generator.random(), extra, rushlight.rand(1).item()


class Images(Dataset):
    """Tensors large enough for shared memory, and texts."""

    def __len__(self):
        return 6

    def __getitem__(self, i):
        image = rushlight.full((3, 60, 60), float(i))
        return {"image": image, "name": f"n{i}", "i": i}


class Pair(Images):
    """Arrays too."""

    def __getitem__(self, i):
        import numpy as np

        return {**super().__getitem__(i), "array": np.full(9000, i)}


class Parts(IterableDataset):
    """Another count of samples in every worker."""

    def __init__(self, counts):
        self.counts = counts

    def __iter__(self):
        info = get_worker_info()
        number = info.id if info else 0
        for i in range(self.counts[number]):
            yield 100 * number + i, random.random(), rushlight.rand(1).item()


class Continued(IterableDataset):
    """Knows where it is; counts the samples it has made."""

    def __init__(self, n):
        self.n = n
        self.at = self.start = self.made = 0

    def __iter__(self):
        self.at, self.start = self.start, 0
        while self.at < self.n:
            self.at += 1
            self.made += 1
            yield self.at, rushlight.rand(1).item()

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.start = state["at"]


class Shuffled:
    """A sampler that draws from Python's stream when it is asked for an iterator."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __iter__(self):
        order = list(range(self.n))
        random.shuffle(order)
        return iter(order)


class Counting:
    """A sampler that knows where it is."""

    def __init__(self, n):
        self.n = n
        self.at = 0

    def __len__(self):
        return self.n

    def __iter__(self):
        start, self.at = self.at, 0
        for i in range(start, self.n):
            self.at = i + 1
            yield i * 7 % self.n
        self.at = 0

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]


class Odd(Exception):
    """Cannot be made of one message."""

    def __init__(self, code, text):
        super().__init__(code, text)


class Failing(Dataset):
    """Fails at one sample, in the named way."""

    def __init__(self, how, at=5, n=8):
        self.how = how
        self.at = at
        self.n = n
        self.moment = None

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if i == self.at:
            if self.moment:  # a file that notes when it happened
                self.moment.write_text(str(time.monotonic()))
            return getattr(self, self.how)(i)
        return rushlight.full((3,), float(i))

    def value_error(self, i):
        raise ValueError(f"sample {i} is bad")

    def key_error(self, i):
        return {}[f"name {i}"]

    def odd_error(self, i):
        raise Odd(3, "odd")

    def local_error(self, i):
        class Local(Exception):
            pass

        raise Local("here")

    def unpicklable(self, i):
        return lambda: i

    def kill(self, i):
        os.kill(os.getpid(), signal.SIGKILL)

    def bus(self, i):
        signal.signal(signal.SIGBUS, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGBUS)

    def segfault(self, i):
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)

    def leave(self, i):
        os._exit(3)

    def system_exit(self, i):
        raise SystemExit(4)

    def sleep(self, i):
        time.sleep(60)


def first(batch):
    """Collates to something that no collation makes."""
    return batch[0]


def as_lambda(batch):
    """A batch that cannot be pickled."""
    return lambda: batch


def fail_in_first_worker(worker):
    """An init function."""
    if worker == 0:
        raise ValueError("no init")
