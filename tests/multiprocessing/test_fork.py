"""The engine in a forked child: loops, memory, random numbers and training go on there."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest
from process_work import await_names, shared_names

import rushlight
import rushlight.multiprocessing
from rushlight import nn


def in_child(work: Callable[[], bool], seconds: int = 60) -> None:
    """Runs `work` in a forked child; fails if it hangs, dies or returns False."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(seconds)
            code = 0 if work() else 1
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.fixture(autouse=True)
def two_threads() -> object:
    before = rushlight.get_num_threads()
    rushlight.set_num_threads(2)
    yield
    rushlight.set_num_threads(before)


def losses(steps: int) -> list[float]:
    rushlight.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64))
    optimizer = rushlight.optim.SGD(net.parameters(), lr=0.1)
    x = rushlight.randn(256, 64)
    out = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (net(x) - x).square().mean()
        loss.backward()
        optimizer.step()
        out.append(loss.item())
    return out


def test_train_then_fork_then_train() -> None:
    here = losses(5)
    in_child(lambda: losses(5) == here)
    assert losses(5) == here


def test_fork_from_a_thread_and_in_a_child() -> None:
    here = losses(3)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            in_child(lambda: losses(3) == here)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failures

    def child() -> bool:
        in_child(lambda: losses(3) == here)
        return losses(3) == here

    in_child(child)


def test_forks_while_threads_hold_every_lock() -> None:
    """Allocation, drawing, accumulation and sharing go on in threads during the forks."""
    stop = threading.Event()
    weight = rushlight.zeros(200_000, requires_grad=True)

    def draw() -> None:
        while not stop.is_set():
            rushlight.rand(300_000)

    def accumulate() -> None:
        while not stop.is_set():
            (weight * 2).sum().backward()

    def share() -> None:
        while not stop.is_set():
            rushlight.ones(3000).share_memory_()
            rushlight.ones(30_000).share_memory_()

    threads = [threading.Thread(target=f) for f in (draw, accumulate, share)]
    for thread in threads:
        thread.start()

    def child() -> bool:
        rushlight.rand(1000)
        (weight * 2).sum().backward()
        x = rushlight.ones(3000).share_memory_()
        net = nn.Linear(300, 300)
        net(rushlight.randn(300, 300)).sum().backward()
        return x.sum().item() == 3000

    try:
        for _ in range(40):
            in_child(child)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_parent_and_child_do_not_write_into_the_same_block() -> None:
    first = rushlight.zeros(4).share_memory_()
    reader, writer = os.pipe()

    def child() -> bool:
        mine = rushlight.ones(4).share_memory_()
        os.read(reader, 1)
        first.fill_(3)
        return mine.tolist() == [1, 1, 1, 1]

    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)
            code = 0 if child() else 1
        finally:
            os._exit(code)
    ours = rushlight.full((4,), 2.0).share_memory_()
    os.write(writer, b"x")
    assert os.waitpid(pid, 0)[1] == 0
    assert ours.tolist() == [2, 2, 2, 2] and first.tolist() == [3, 3, 3, 3]
    os.close(reader)
    os.close(writer)


def test_memory_is_not_doubled() -> None:
    """What the child only reads stays one copy; what it lets go is let go in the parent."""
    x = rushlight.ones(4_000_000)
    shared = rushlight.ones(4_000_000).share_memory_()

    def private_kb() -> int:
        with open("/proc/self/smaps_rollup") as file:
            return sum(int(s.split()[1]) for s in file if s.startswith("Private_Dirty"))

    def child() -> bool:
        before = private_kb()
        total = x.sum().item() + shared.sum().item()
        shared.add_(1)
        return total == 8_000_000 and private_kb() - before < 4_000

    in_child(child)
    assert shared.sum().item() == 8_000_000


def test_exception_in_a_child_leaves_nothing() -> None:
    names = shared_names()
    context = rushlight.multiprocessing.get_context("fork")

    def work() -> None:
        rushlight.ones(100_000).share_memory_()
        os.close(2)
        raise ValueError("in the child")

    process = context.Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode == 1
    await_names(names, shared_names)


def test_random_stream_continues_from_the_same_place() -> None:
    rushlight.manual_seed(11)
    rushlight.rand(3)
    state = rushlight.get_rng_state()
    expected = rushlight.rand(5)
    rushlight.set_rng_state(state)
    in_child(lambda: rushlight.equal(rushlight.rand(5), expected))
    assert rushlight.equal(rushlight.rand(5), expected)
