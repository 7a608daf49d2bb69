"""Tensors between processes, by every start method, and processes that die."""

from __future__ import annotations

import os
import pickle
import random
import re
import signal
import threading
import time
from itertools import product
from pathlib import Path
from typing import Any

import process_work as work
import pytest

import rushlight
import rushlight.multiprocessing as mp
from rushlight import nn

METHODS = ["fork", "spawn", "forkserver"]
KINDS = ["Queue", "SimpleQueue", "JoinableQueue"]


def ended(process: Any, seconds: float = 60) -> bool:
    process.join(seconds)
    alive = process.is_alive()
    if alive:
        process.kill()
    return not alive


@pytest.mark.parametrize(
    ("method", "kind"),
    [*product(["fork"], KINDS), ("spawn", "Queue"), ("forkserver", "SimpleQueue")],
)
def test_queue_both_ways(method: str, kind: str) -> None:
    context = mp.get_context(method)
    there, back = getattr(context, kind)(), getattr(context, kind)()
    base = rushlight.arange(10_000.0)
    values = [
        base,
        {"view": base[100:200], "rest": [rushlight.tensor(3), nn.Parameter(base[:4])]},
        rushlight.ones(2, dtype=rushlight.bool),
        "text",
    ]
    process = context.Process(target=work.echo, args=(there, back, len(values)))
    process.start()
    for value in values:
        there.put(value)
    got = [back.get() for _ in values]
    assert ended(process) and process.exitcode == 0
    assert got[3] == "text" and got[2].dtype is rushlight.bool
    got[1]["view"].fill_(7)  # seen by all: the process that sent it on is gone
    assert base[100:200].sum().item() == 700 == got[0][100:200].sum().item()
    assert isinstance(got[1]["rest"][1], nn.Parameter)


@pytest.mark.parametrize("method", METHODS)
def test_writes_are_seen_on_both_sides(method: str) -> None:
    context = mp.get_context(method)
    queue, done = context.Queue(), context.Event()
    net = nn.Linear(3, 2)
    net.share_memory()
    big = rushlight.zeros(100_000)
    before = net.weight.clone()
    process = context.Process(target=work.add_one, args=(queue, done, 2))
    process.start()
    for value in ([big, {"deep": [net.weight]}], (rushlight.zeros(()), big)):
        done.clear()
        queue.put(value)
        assert done.wait(60)
    assert ended(process)
    assert big.sum().item() == 200_000
    assert rushlight.equal(net.weight, before + 1)


@pytest.mark.parametrize("method", METHODS)
def test_sender_ends_before_its_message_is_read(method: str) -> None:
    context = mp.get_context(method)
    queue = context.Queue()
    process = context.Process(target=work.put_and_end, args=(queue,))
    process.start()
    assert ended(process)
    assert queue.get(timeout=60).sum().item() == 4_999_950_000


@pytest.mark.parametrize("method", METHODS)
def test_pipe_and_pool(method: str) -> None:
    context = mp.get_context(method)
    ours, theirs = context.Pipe()
    process = context.Process(target=work.pong, args=(theirs,))
    process.start()
    x = rushlight.arange(5)
    ours.send(x)
    ours.recv().zero_()
    ours.send(None)
    assert ended(process) and not x.any()
    with context.Pool(2 if method == "fork" else 1) as pool:
        squares = pool.map(work.square, [rushlight.tensor(float(i)) for i in range(6)])
    assert [s.item() for s in squares] == [0, 1, 4, 9, 16, 25]


def test_queue_refuses_at_once_and_keeps_its_limits() -> None:
    import queue as standard

    queue = mp.Queue(1)
    with pytest.raises(RuntimeError, match="Cowardly"):
        queue.put(rushlight.ones(2, requires_grad=True) * 2)
    queue.put(1)
    with pytest.raises(standard.Full):
        queue.put(2, timeout=0.01)
    assert queue.get() == 1
    with pytest.raises(standard.Empty):
        queue.get(timeout=0.01)
    queue.close()
    queue.join_thread()
    with pytest.raises(ValueError, match="closed"):
        queue.put(1)
    tasks = mp.JoinableQueue()
    tasks.put(rushlight.ones(2))
    tasks.get()
    tasks.task_done()
    tasks.join()
    with pytest.raises(ValueError, match="too many times"):
        tasks.task_done()


def test_context_started_by_a_thread_that_ends() -> None:
    started: list[Any] = []

    def start() -> None:
        started.append(
            mp.start_processes(work.nap, nprocs=2, join=False, start_method="fork")
        )

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    while not started[0].join():
        pass
    assert [p.exitcode for p in started[0].processes] == [0, 0]


def test_pool_by_its_module() -> None:
    from rushlight.multiprocessing.pool import Pool

    x = rushlight.zeros(3)
    with Pool(2, context=mp.get_context("fork")) as pool:
        pool.map(work.add_one_to, [x, x], chunksize=2)
    assert x.tolist() == [2, 2, 2]


def test_many_tensors_among_the_arguments() -> None:
    xs = [rushlight.zeros(5000) for _ in range(260)]
    process = mp.get_context("spawn").Process(target=work.add_one_to_all, args=(xs,))
    process.start()
    assert ended(process) and all(x[0].item() == 1 for x in xs)
    served = mp.get_context("forkserver").Process(
        target=work.add_one_to_all, args=(xs,)
    )
    with pytest.raises(RuntimeError, match="takes at most 240 pieces"):
        served.start()


def test_manager_holds_tensors() -> None:
    with mp.Manager() as manager:
        kept = manager.dict()
        kept["x"] = rushlight.arange(3)
        assert kept["x"].tolist() == [0, 1, 2]


RAISED = (
    r"\n\n-- Process 1 terminated with the following error:\nTraceback[^$]*"
    r"ValueError: process 1 fails\n"
)
FAILURES = {
    "raise": (mp.ProcessRaisedException, RAISED),
    "exit": (mp.ProcessExitedException, "process 1 terminated with exit code 3"),
    "kill": (mp.ProcessExitedException, "process 1 terminated with signal SIGKILL"),
}


@pytest.mark.parametrize(
    ("method", "how"),
    [*product(["fork"], FAILURES), ("spawn", "raise"), ("forkserver", "raise")],
)
def test_failures_of_started_processes(method: str, how: str) -> None:
    kind, text = FAILURES[how]
    with pytest.raises(kind) as caught:
        mp.start_processes(work.fail, (how,), nprocs=2, start_method=method)
    error: Any = caught.value
    assert re.fullmatch(text, str(error)) and error.error_index == 1 and error.pid > 0
    if how != "raise":
        expected = (3, None) if how == "exit" else (-9, "SIGKILL")
        assert (error.exit_code, error.signal_name) == expected
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.error_index == 1


def test_processes_that_end_well() -> None:
    mp.start_processes(work.fail, ("not at all",), nprocs=2, start_method="fork")


def test_spawn_gives_a_context() -> None:
    x = rushlight.zeros(2)
    started = mp.spawn(work.add_index, (x,), nprocs=2, join=False)
    assert isinstance(started, mp.SpawnContext)
    pids = started.pids()
    assert started.join(timeout=0) is False
    while not started.join():
        pass
    assert started.join() and len(set(pids)) == 2
    assert x.tolist() == [1, 2]
    with pytest.raises(ValueError, match="cannot find context for 'thread'"):
        mp.start_processes(work.add_index, (x,), start_method="thread")
    with pytest.warns(FutureWarning, match="only supports start_method=spawn"):
        mp.spawn(work.add_index, (x,), start_method="fork")


def test_strategies() -> None:
    assert mp.get_all_sharing_strategies() == {"file_descriptor"}
    mp.set_sharing_strategy("file_descriptor")
    assert mp.get_sharing_strategy() == "file_descriptor"
    with pytest.raises(AssertionError, match="invalid sharing strategy 'x'"):
        mp.set_sharing_strategy("x")
    with pytest.raises(
        NotImplementedError, match="rushlight.multiprocessing.set_sharing"
    ):
        mp.set_sharing_strategy("file_system")


@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_killed_at_random_nothing_stays(who: str) -> None:
    names = work.shared_names()
    descriptors = len(os.listdir("/proc/self/fd"))
    chance = random.Random(5)
    for _ in range(8):
        queue = mp.get_context("fork").SimpleQueue()
        target = work.send_for_ever if who == "sender" else work.receive_for_ever
        process = mp.get_context("fork").Process(target=target, args=(queue,))
        process.start()
        if who == "sender":
            for _ in range(chance.randrange(1, 60)):
                assert queue.get().numel() == 20_000
        else:
            for _ in range(chance.randrange(1, 60)):
                queue.put(rushlight.empty(20_000))
        time.sleep(chance.random() * 0.01)
        os.kill(process.pid or 0, signal.SIGKILL)
        assert ended(process) and process.exitcode == -signal.SIGKILL
        process.close()
        queue.close()
    work.await_names(names, work.shared_names)
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 1


@pytest.mark.parametrize("method", METHODS)
def test_started_processes_end_with_their_parent(tmp_path: Path, method: str) -> None:
    note = tmp_path / "pids"
    starter = mp.get_context("spawn").Process(
        target=work.start_sleepers, args=(str(note), method)
    )
    starter.start()
    end = time.monotonic() + 60
    while not note.exists() or len(note.read_text().split()) < 2:
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(starter.pid or 0, signal.SIGKILL)
    starter.join()
    end = time.monotonic() + 60
    for pid in map(int, note.read_text().split()):
        while Path(f"/proc/{pid}").exists() and not is_zombie(pid):
            assert time.monotonic() < end
            time.sleep(0.01)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
