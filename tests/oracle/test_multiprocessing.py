"""Processes beside PyTorch: names, what sharing does to tensors, how failures read."""

from __future__ import annotations

import os
import re
import sys
import warnings

import pytest

torch = pytest.importorskip("torch")

import torch.multiprocessing as theirs  # noqa: E402

import rushlight  # noqa: E402
import rushlight.multiprocessing as ours  # noqa: E402

# Of other devices, or of the way PyTorch finds its own parts.
NOT_OURS = {"torch", "sys", "multiprocessing"}


def test_names():
    assert set(theirs.__all__) <= set(ours.__all__)
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert public - NOT_OURS <= set(dir(ours))
    assert ours.ENV_VAR_PARALLEL_START == theirs.ENV_VAR_PARALLEL_START


@pytest.mark.parametrize(
    "name", ["Tensor", "UntypedStorage", "TypedStorage", "nn.Module"]
)
def test_methods_that_share(name):
    def members(library):
        holder = library
        for part in name.split("."):
            holder = getattr(holder, part)
        return {
            n
            for n in ("share_memory", "share_memory_", "is_shared", "_new_shared")
            if hasattr(holder, n)
        }

    assert members(torch) == members(rushlight)


def both(run):
    """What `run(library, multiprocessing)` gives, in both."""
    results = []
    for library, processes in ((torch, theirs), (rushlight, ours)):
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                result = run(library, processes)
            told = [(w.category, str(w.message)) for w in said]
            results.append((result, told))
        except Exception as error:
            text = re.sub(
                r'Traceback.*(?=  File "[^"]*test_multi)', "", str(error), flags=re.S
            )
            fields = ("error_index", "exit_code", "signal_name")
            values = [getattr(error, field, None) for field in fields]
            results.append((type(error).__name__, text, values))
    assert results[0] == results[1]


def echoed(processes, value):
    queue = processes.get_context("fork").SimpleQueue()
    queue.put(value)
    return queue.get()


def test_sharing():
    def run(library, processes):
        x = library.arange(12.0).reshape(3, 4)
        view = x.t()[1:]
        shared = [x.is_shared(), view.is_shared()]
        got = echoed(processes, view)
        shared += [x.is_shared(), view.is_shared(), got.is_shared()]
        got.zero_()
        empty = library.empty(0).share_memory_()
        weight = library.nn.Parameter(library.ones(2))
        weight.sum().backward()
        weight.share_memory_()
        shared += [empty.is_shared(), weight.is_shared(), weight.grad.is_shared()]
        meta = library.empty(2, device="meta").is_shared()
        return shared, x.tolist(), got.stride(), got.storage_offset(), meta

    both(run)


def test_what_is_refused():
    both(lambda lib, mp: echoed(mp, lib.ones(2, requires_grad=True) * 2))
    both(lambda lib, mp: lib.empty(2, device="meta").share_memory_())
    both(lambda lib, mp: mp.get_context("thread"))
    both(lambda lib, mp: mp.start_processes(fail, ("",), start_method="thread"))


def fail(index, how):
    if index == 0 and how:
        import time

        time.sleep(60)
    if how == "raise":
        raise ValueError("fails")
    if how == "exit":
        sys.exit(3)
    if how == "kill":
        os.kill(os.getpid(), 9)


@pytest.mark.parametrize("how", ["", "raise", "exit", "kill"])
def test_failures(how):
    both(lambda lib, mp: mp.start_processes(fail, (how,), 2, start_method="fork"))


def test_exceptions_by_hand():
    def run(library, processes):
        raised = processes.ProcessRaisedException("text", 1, 2)
        exited = processes.ProcessExitedException("text", 1, 2, 3, "SIGX")
        return [
            (
                str(e),
                e.args,
                sorted(vars(e)),
                e.__reduce__()[1],
                e.error_index,
                e.error_pid,
            )
            for e in (raised, exited)
        ]

    both(run)


def test_context():
    def run(library, processes):
        started = processes.start_processes(
            fail, ("",), nprocs=2, join=False, start_method="fork"
        )
        kind = type(started).__name__
        names = sorted(vars(started))
        while not started.join():
            pass
        return kind, names, started.join(), started.sentinels

    both(run)
