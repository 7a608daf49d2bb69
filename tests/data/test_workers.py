"""Worker processes and threads: batches, sharing, deaths, and that nothing is left."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from data import datasets
from data.datasets import Augmented, Failing, Images, Pair, Parts
from process_work import await_names

import rushlight
from rushlight.utils.data import (
    DataLoader,
    Dataset,
    TensorDataset,
    default_collate,
    get_worker_info,
)
from rushlight.utils.data._utils import collate as collation

ROOT = Path(__file__).parents[2]  # not resolved: of the package under test
METHODS = ["fork", "spawn", "forkserver"]
KINDS = [*METHODS, "thread"]
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


def kind_of(kind):
    if kind == "thread":
        return {"worker_type": "thread"}
    return {"multiprocessing_context": kind}


def children():
    """Processes that this one has started, the servers of multiprocessing aside."""
    task = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    found = []
    for pid in Path(task).read_text().split():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            continue
        if "resource_tracker" not in command and "forkserver" not in command:
            found.append(pid)
    return found


def named():
    """Shared memory with a name; semaphores, which loaders have not, are others'."""
    return {n for n in os.listdir("/dev/shm") if not n.startswith("sem.mp-")}


@pytest.fixture
def nothing_left():
    """No process, no file descriptor and no name in /dev/shm stays behind."""
    before = named(), len(os.listdir("/proc/self/fd"))
    yield
    gc.collect()
    assert children() == []
    await_names(before[0], named)
    # The servers of multiprocessing keep a few.
    assert len(os.listdir("/proc/self/fd")) <= before[1] + 4


def texts(samples):
    """A large batch without tensors."""
    return [str(sample) for sample in samples]


def listed(samples):
    """Keeps arrays what they are."""
    return [(s["array"], s["name"]) for s in samples]


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_those_without_workers(kind):
    data = Pair() if kind in ("fork", "thread") else Images()
    loader = DataLoader(data, 2, num_workers=2, **kind_of(kind))
    for ours, theirs in zip(loader, DataLoader(data, 2), strict=True):
        for part, other in zip(ours.values(), theirs.values(), strict=True):
            assert part == other if type(part) is list else part.equal(other)


@pytest.mark.usefixtures("nothing_left")
def test_memory_is_reused_but_never_while_in_use():
    data = TensorDataset(rushlight.arange(600_000.0).view(120, 5000))
    loader = DataLoader(data, 2, num_workers=2)
    places, kept = set(), []
    for i, (batch,) in enumerate(loader):
        places.add(batch.data_ptr())
        if i % 5 == 0:
            kept.append((i, batch))
        batch += 0  # it is the consumer's, to be written to
        del batch
    assert len(places) <= len(kept) + 2 * (loader.prefetch_factor + 2)
    for i, batch in kept:
        assert batch.equal(data.tensors[0][2 * i : 2 * i + 2])


@pytest.mark.usefixtures("nothing_left")
def test_many_batches_held_need_no_descriptors():
    data = TensorDataset(rushlight.zeros(600, 5000))
    before = len(os.listdir("/proc/self/fd"))
    loader = DataLoader(data, 1, num_workers=1)
    batches = []
    for batch in loader:
        batches.append(batch)
        if len(batches) == 599:
            assert len(os.listdir("/proc/self/fd")) < before + 20
    assert len({batch[0].data_ptr() for batch in batches}) == 600


@pytest.mark.usefixtures("nothing_left")
def test_memory_of_batches_that_were_held_is_given_up():
    data = TensorDataset(rushlight.zeros(200, 5000))
    passing = iter(DataLoader(data, 2, num_workers=1))
    held = [next(passing) for _ in range(60)]
    segments = passing._pool._workers[0].segments
    assert len(segments._mapped) >= 60
    held.clear()
    for _ in range(5):
        next(passing)
    assert len(segments._mapped) < 12


@pytest.mark.usefixtures("nothing_left")
def test_messages_larger_than_the_sockets_room():
    """Neither side waits for the other to read."""
    keys = list(range(50_000)) * 2
    loader = DataLoader(
        range(50_000), batch_sampler=[keys] * 4, num_workers=1, collate_fn=texts
    )
    assert [len(batch) for batch in loader] == [100_000] * 4


def test_loader_in_a_thread():
    found = []

    def run():
        for method in METHODS[:2]:
            loader = DataLoader(Images(), 3, num_workers=1, **kind_of(method))
            found.extend(len(batch["name"]) for batch in loader)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [3] * 4


def test_copies_and_pickles_of_a_loader():
    loader = DataLoader(Images(), 3, num_workers=1)
    next(iter(loader))
    for other in (copy.deepcopy(loader), pickle.loads(pickle.dumps(loader))):
        assert [batch["i"].tolist() for batch in other] == [[0, 1, 2], [3, 4, 5]]
    persistent = DataLoader(Images(), 3, num_workers=1, persistent_workers=True)
    next(iter(persistent))
    with pytest.raises(NotImplementedError):
        pickle.dumps(persistent)


class BadState(Images):
    """Its state cannot be told."""

    def state_dict(self):
        raise ValueError("no state")

    def load_state_dict(self, state):
        pass


def test_error_of_a_state_in_a_worker():
    with pytest.raises(ValueError, match="(?s)worker process 0.*no state"):
        list(DataLoader(BadState(), num_workers=1))


LAYOUTS = {
    "column of one": rushlight.tensor([[1.0, 2.0]])[:, 0],
    "transposed": rushlight.arange(6).view(2, 3).t(),
    "large transposed": rushlight.arange(60_000).view(2, 30_000).t(),
    "channels last": rushlight.rand(2, 3, 40, 50).contiguous(
        memory_format=rushlight.channels_last
    ),
    "expanded": rushlight.arange(3.0).view(1, 3, 1).expand(2, 3, 4),
    "large expanded": rushlight.arange(9000).expand(50, 9000),
    "scalar expanded": rushlight.tensor(1.0).expand(5),
    "half": rushlight.ones(2, 3, dtype=rushlight.bfloat16).t(),
    "every second": rushlight.arange(10)[::2],
    "overlapping": rushlight.arange(9.0).as_strided((3, 3), (2, 1)),
    "empty": rushlight.empty(0, 3).t(),
    "complex": rushlight.ones(2, 3, dtype=rushlight.complex64).t(),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_of_tensors(name):
    sent = LAYOUTS[name]
    loader = DataLoader([sent], 1, num_workers=1, collate_fn=datasets.first)
    (got,) = loader
    assert got.equal(sent) and got.dtype is sent.dtype and got.shape == sent.shape
    dense = name not in ("column of one", "every second", "overlapping", "empty")
    assert not dense or got.stride() == sent.stride()
    if "expanded" in name:
        assert got.untyped_storage().nbytes() < sent.numel() * sent.itemsize


@pytest.mark.usefixtures("nothing_left")
def test_arrays_are_shared_too():
    loader = DataLoader(Pair(), 3, num_workers=1, collate_fn=listed)
    batches = list(loader)
    assert [int(a[0]) for b in batches for a, _ in b] == list(range(6))
    batches[0][0][0][:] = 7  # writable
    assert batches[1][2][0][0] == 5


class Cached(Dataset):
    """Hands out, and keeps, the same batch."""

    def __init__(self):
        self.kept = None

    def __len__(self):
        return 8

    def __getitem__(self, i):
        return rushlight.full((6000,), float(i))


class Keeping:
    """A collate function that hands out its first batch again and again."""

    def __init__(self):
        self.kept = None

    def __call__(self, samples):
        batch = default_collate(samples)
        if self.kept is None:
            self.kept = batch
        return self.kept, batch


def test_a_batch_that_the_worker_keeps_is_not_overwritten():
    loader = DataLoader(Cached(), 1, num_workers=1, collate_fn=Keeping())
    for i, (kept, batch) in enumerate(loader):
        assert kept.eq(0).all() and batch.eq(i).all()


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("kind", KINDS)
def test_exceptions_keep_type_and_traceback(kind):
    where = "thread" if kind == "thread" else "process"

    def error_of(how, kind_of_error):
        loader = DataLoader(Failing(how), 2, num_workers=2, **kind_of(kind))
        seen = []
        with pytest.raises(kind_of_error) as caught:
            for batch in loader:
                seen.append(batch[0, 0].item())
        assert seen == [0.0, 2.0]
        return caught.value

    error = error_of("value_error", ValueError)
    text = str(error)
    assert text.startswith(
        f"Caught ValueError in DataLoader worker {where} 0.\n"
        "Original Traceback (most recent call last):\n"
    )
    assert "sample 5 is bad" in text and "in value_error" in text
    if sys.version_info >= (3, 11):
        assert "sample index 5, in batch 2: [4, 5]" in error.__notes__[0]
    if kind in ("spawn", "forkserver"):
        return
    assert "\n  File" in str(error_of("key_error", KeyError))
    assert "Caught Odd in" in str(error_of("odd_error", RuntimeError))
    assert "Caught Local in" in str(error_of("local_error", RuntimeError))
    if kind == "fork":
        loader = DataLoader([1, 2], num_workers=1, collate_fn=datasets.as_lambda)
        with pytest.raises((AttributeError, TypeError, pickle.PicklingError)) as caught:
            list(loader)
        assert "as_lambda" in str(caught.value)


def test_the_pass_goes_on_after_an_exception():
    passing = iter(DataLoader(Failing("value_error"), 2, num_workers=2))
    assert [next(passing)[0, 0].item() for _ in range(2)] == [0, 2]
    with pytest.raises(ValueError):
        next(passing)
    assert next(passing)[0, 0].item() == 6
    with pytest.raises(StopIteration):
        next(passing)


DEATHS = {
    "kill": r"\(pid \d+\) is killed by signal: Killed. \(SIGKILL\).*out of memory",
    "bus": r"killed by signal: Bus error. \(SIGBUS\).*out of shared memory",
    "segfault": r"killed by signal: Segmentation fault. \(SIGSEGV\).*native code",
    "leave": r"\(pid\(s\) \d+\) exited unexpectedly with exit code 3",
    "system_exit": r"exited unexpectedly with exit code 4",
}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("how", "method"),
    [
        *((how, "fork") for how in DEATHS),
        *((how, method) for how in ("kill", "leave") for method in METHODS[1:]),
    ],
)
def test_death_of_a_worker_is_reported_at_once(how, method, tmp_path):
    data = Failing(how)
    data.moment = tmp_path / "moment"
    loader = DataLoader(data, 2, num_workers=2, multiprocessing_context=method)
    passing = iter(loader)
    with pytest.raises(RuntimeError, match="(?is)" + DEATHS[how]) as caught:
        list(passing)
    assert time.monotonic() - float(data.moment.read_text()) < 5
    assert "Worker 0 was loading sample index 5, in batch 2: [4, 5]." in str(
        caught.value
    )
    with pytest.raises(RuntimeError, match="DataLoader worker"):
        next(passing)


@pytest.mark.usefixtures("nothing_left")
def test_death_of_an_idle_worker():
    # More batches than are loaded in advance, so that the worker is missed.
    loader = DataLoader(Augmented(60), 2, num_workers=2, persistent_workers=True)
    passing = iter(loader)
    next(passing)
    os.kill(int(children()[0]), signal.SIGKILL)
    with pytest.raises(RuntimeError, match="SIGKILL"):
        list(passing)
    assert len(list(loader)) == 30  # with new workers


def test_thread_that_exits():
    loader = DataLoader(Failing("system_exit"), 2, num_workers=2, worker_type="thread")
    with pytest.raises(RuntimeError, match="worker thread 0 ended by SystemExit"):
        list(loader)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("kind", KINDS)
def test_timeout(kind):
    data = Failing("sleep", at=0)
    release = threading.Event()
    if kind == "thread":
        data.sleep = lambda i: release.wait(60)
    loader = DataLoader(data, 2, num_workers=1, timeout=0.3, **kind_of(kind))
    passing = iter(loader)
    with pytest.raises(RuntimeError, match="DataLoader timed out after 0.3 seconds"):
        next(passing)
    release.set()
    if kind != "thread":
        for pid in passing._pool.pids:
            os.kill(pid, signal.SIGKILL)  # else it is waited for


def test_timeout_while_a_pass_that_was_given_up_ends():
    data = Failing("sleep", at=1)
    release = threading.Event()
    data.sleep = lambda i: release.wait(60)
    loader = DataLoader(
        data, 1, num_workers=1, timeout=2, persistent_workers=True, worker_type="thread"
    )
    next(iter(loader))
    with pytest.raises(RuntimeError, match="DataLoader timed out after 2 seconds"):
        iter(loader)
    release.set()
    del loader


def test_init_function_and_worker_info():
    loader = DataLoader(
        Augmented(), 4, num_workers=2, worker_init_fn=datasets.fail_in_first_worker
    )
    with pytest.raises(ValueError, match="(?s)worker process 0.*no init"):
        list(loader)

    def part(worker):
        info = get_worker_info()
        assert info.id == worker and info.num_workers == 2
        info.dataset.counts = [2, 3][worker : worker + 1] * 2

    loader = DataLoader(Parts([0, 0]), None, num_workers=2, worker_init_fn=part)
    assert [sample[0] for sample in loader] == [0, 100, 1, 101, 102]
    assert get_worker_info() is None


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("kind", KINDS)
def test_abandoned_passes(kind):
    loader = DataLoader(Images(), 1, num_workers=2, **kind_of(kind))
    for _ in range(2):
        batch = next(iter(loader))
    kept = batch["image"].clone()
    gc.collect()
    assert batch["image"].equal(kept)


@pytest.mark.parametrize("kind", ["process", "thread"])
def test_kept_workers_end_with_the_loader(kind):
    def workers():
        names = [thread.name for thread in threading.enumerate()]
        return children() + [name for name in names if "DataLoader worker" in name]

    loader = DataLoader(
        Images(), 2, num_workers=2, persistent_workers=True, worker_type=kind
    )
    assert len(list(loader)) == len(list(loader)) == 3
    assert len(workers()) == 2
    gc.disable()
    try:
        del loader
        assert workers() == []
    finally:
        gc.enable()


@pytest.mark.usefixtures("nothing_left")
def test_nothing_grows_over_epochs():
    data = TensorDataset(rushlight.zeros(8, 5000))
    loader = DataLoader(data, 2, num_workers=2, persistent_workers=True)
    sizes = []
    for _ in range(200):
        batches = [batch.data_ptr() for (batch,) in loader]
        sizes.append(len(os.listdir("/proc/self/fd")))
    assert max(sizes) == sizes[0]
    assert len(batches) == 4
    for _ in range(5):
        list(DataLoader(data, 2, num_workers=2))


def test_out_of_order():
    later_one = multiprocessing.get_context("fork").Event()

    class Slow(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            if i == 0:
                assert later_one.wait(60)
            return i

    options = {"num_workers": 2, "multiprocessing_context": "fork"}
    loader = DataLoader(Slow(), 1, in_order=False, **options)
    batches = []
    for batch in loader:
        batches.append(batch.item())
        later_one.set()
    assert sorted(batches) == [0, 1, 2, 3] and batches[0] == 1


def program(text):
    """Starts a program that uses a loader; it prints the ids of its workers."""
    code = textwrap.dedent(
        """
        import signal, sys, time
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job may ignore it
        sys.path[:0] = [{tests!r}, {root!r}]
        from data.datasets import *
        from rushlight.utils.data import DataLoader
        loader = DataLoader(Failing("sleep", at=7, n=8), 1, num_workers=2)
        passing = iter(loader)
        next(passing), next(passing)  # both workers are at work
        print(*passing._pool.pids, flush=True)
        """
    ).format(tests=str(ROOT / "tests"), root=str(ROOT))
    return subprocess.Popen(
        [sys.executable, "-c", code + textwrap.dedent(text)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def await_end(pids):
    deadline = time.monotonic() + 60
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "workers outlive the loader"
        time.sleep(0.01)


@pytest.mark.parametrize("ending", ["kill", "interrupt", "exit"])
def test_workers_end_with_the_program(ending):
    """Also in the middle of a sample."""
    started = program("sys.exit(0)" if ending == "exit" else "time.sleep(60)")
    with started:
        pids = [int(pid) for pid in started.stdout.readline().split()]
        assert len(pids) == 2
        if ending == "kill":
            started.kill()
        elif ending == "interrupt":
            for pid in [started.pid, *pids]:  # as the terminal does
                os.kill(pid, signal.SIGINT)
        started.wait(60)
        errors = started.stderr.read()
    await_end(pids)
    if ending == "interrupt":
        assert errors.count("KeyboardInterrupt") == 1
    elif ending == "exit":
        assert errors == ""


def test_thread_workers_have_their_own_streams():
    """The numbers do not depend on how the threads take turns, nor on the program."""

    def numbers():
        rushlight.manual_seed(4)
        loader = DataLoader(
            datasets.ThreadAugmented(8), 2, num_workers=2, worker_type="thread"
        )
        seen = []
        for batch in loader:
            rushlight.rand(7)
            seen.append([part.tolist() for part in batch])
        return seen, rushlight.rand(1).item()

    first = numbers()
    assert first == numbers()
    rushlight.manual_seed(4)
    processes = DataLoader(Augmented(8), 2, num_workers=2)
    # The default stream is that of a worker process, whose samples draw more of it.
    same = [batch[3][0].item() for batch in processes][:2]
    assert same == [first[0][0][3][0], first[0][1][3][0]]


def test_warning_of_too_many_workers():
    most = len(os.sched_getaffinity(0))
    with pytest.warns(UserWarning, match=f"will create {most + 1} worker processes"):
        DataLoader(range(3), num_workers=most + 1)


def test_own_types_in_the_collate_map():
    class Point:
        def __init__(self, x):
            self.x = x

    def collate_points(batch, *, collate_fn_map=None):
        return collation.collate([p.x for p in batch], collate_fn_map=collate_fn_map)

    points = [(Point(1.0), 2), (Point(3.0), 4)]
    functions = collation.default_collate_fn_map
    functions[Point] = collate_points
    try:
        xs, numbers = default_collate(points)
        assert xs.tolist() == [1.0, 3.0] and numbers.tolist() == [2, 4]
    finally:
        del functions[Point]
    with pytest.raises(TypeError, match="found <class .*Point"):
        default_collate(points)


def test_numpy_is_seeded_when_a_worker_first_imports_it():
    """With PyTorch's numbers, and without importing it in the loader."""
    code = """
        import sys
        import rushlight
        from rushlight.utils.data import DataLoader

        class Late:
            def __len__(self):
                return 2

            def __getitem__(self, i):
                import numpy as np
                return np.random.rand()

        rushlight.manual_seed(3)
        loader = DataLoader(Late(), num_workers=2, multiprocessing_context="fork")
        print([round(batch.item(), 6) for batch in loader], "numpy" in sys.modules)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == "[0.879486, 0.135547] False\n", done.stderr
