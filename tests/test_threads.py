"""The pool of threads behind kernels: same bits, several callers at once, forks."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

import rushlight as torch

OPERATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "exp": torch.exp,
    "sum": lambda x: x.sum(1),
    "softmax": lambda x: torch.softmax(x, 0),
    "matmul": lambda x: x @ x.T,
    "sort": lambda x: x.flatten().sort().values,
}


@pytest.fixture(autouse=True)
def restore_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(700, 900, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("name", OPERATIONS)
def test_same_bits_for_any_number_of_threads(name: str, x: torch.Tensor) -> None:
    torch.set_num_threads(1)
    expected = OPERATIONS[name](x)
    for threads in (2, 3, 7):
        torch.set_num_threads(threads)
        assert torch.equal(OPERATIONS[name](x), expected)


def test_callers_in_several_threads(x: torch.Tensor) -> None:
    torch.set_num_threads(3)
    expected = {name: f(x) for name, f in OPERATIONS.items()}
    wrong: list[str] = []

    def call(name: str) -> None:
        for _ in range(10):
            if not torch.equal(OPERATIONS[name](x), expected[name]):
                wrong.append(name)

    callers = [threading.Thread(target=call, args=(name,)) for name in OPERATIONS]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


def test_forked_child_computes(x: torch.Tensor) -> None:
    torch.set_num_threads(3)
    expected = x.exp()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)  # a child that waits for threads it has not got shall die
        os._exit(0 if torch.equal(x.exp(), expected) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_error_inside_a_loop_reaches_the_caller() -> None:
    torch.set_num_threads(2)
    index = torch.zeros(500_000, dtype=torch.int64)
    index[-1] = 5
    with pytest.raises(IndexError):
        torch.ones(4)[index]
    assert torch.ones(500_000).sum().item() == 500_000
