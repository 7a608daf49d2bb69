"""The error for a saved tensor that was written tells who saved it and who wrote it, and where."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import rushlight as torch
from rushlight import nn


@pytest.fixture
def anomaly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autograd.set_detect_anomaly(True):
            yield


def clash(action: Callable[[], Any]) -> list[str]:
    """The lines that follow PyTorch's text."""
    with pytest.raises(RuntimeError) as caught:
        action()
    first, *rest = str(caught.value).split("\n")
    assert first.startswith(
        "one of the variables needed for gradient computation has been modified by an inplace "
        "operation: [torch.FloatTensor ["
    )
    return rest


def tracked() -> Any:
    return torch.ones(2, requires_grad=True) * 1


def operations(lines: list[str]) -> tuple[str, str]:
    saved, changed, advice = lines
    assert "set_detect_anomaly(True)" in advice
    return saved.removeprefix("  saved by: "), changed.removeprefix(
        "  then changed by: "
    )


def test_both_operations_are_named() -> None:
    y = tracked().exp()
    y.add_(1)
    assert operations(clash(y.sum().backward)) == ("exp (ExpBackward0)", "add_")


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (lambda y: y.mul_(2), "mul_"),
        (lambda y: y.detach().zero_(), "zero_"),
        (lambda y: y.detach()[0].fill_(3), "fill_"),
        (lambda y: torch.add(y.detach(), 1, out=y.detach()), "add(out=...)"),
        (lambda y: torch.autograd.graph.increment_version(y), "increment_version"),
    ],
)
def test_name_of_the_write(write: Callable[[Any], Any], name: str) -> None:
    y = tracked().sigmoid()
    write(y)
    assert operations(clash(y.sum().backward)) == ("sigmoid (SigmoidBackward0)", name)


def test_writes_are_counted_since_the_saving() -> None:
    a = tracked()
    a.mul_(2)
    y = (a**2).sum()
    a.mul_(2)
    a.add_(1)
    saved, changed = operations(clash(y.backward))
    assert saved.endswith("(PowBackward0)") and not saved.startswith("_")
    assert changed == "add_ (write 2 of 2 since)"


def test_an_optimizer_step() -> None:
    layer = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    loss = layer(tracked()[None]).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    assert operations(clash(loss.backward))[1] == "optimizer.step"


def test_a_custom_function() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * grad

    x = tracked()
    y = Square.apply(x)
    x.add_(1)
    assert operations(clash(y.sum().backward)) == ("Square (SquareBackward)", "add_")


@pytest.mark.usefixtures("anomaly")
def test_lines_of_both() -> None:
    y = tracked().exp()  # saves
    y.add_(1)  # writes
    y.mul_(2)
    saved, saved_line, changed, changed_line = clash(y.sum().backward)
    assert saved.startswith(f"  saved by: exp (ExpBackward0), at {__file__}:")
    assert saved.endswith(" in test_lines_of_both")
    assert saved_line == "    y = tracked().exp()  # saves"
    assert changed.startswith("  then changed by: add_ (write 1 of 2 since), at ")
    assert changed_line == "    y.add_(1)  # writes"


@pytest.mark.usefixtures("anomaly")
def test_lines_are_the_program_s_own() -> None:
    layer = nn.Linear(2, 2)
    out = layer(tracked()[None])  # through nn
    with torch.no_grad():
        nn.init.zeros_(layer.weight)  # through nn.init
    lines = clash(out.sum().backward)
    assert lines[1] == "    out = layer(tracked()[None])  # through nn"
    assert lines[3] == "    nn.init.zeros_(layer.weight)  # through nn.init"


@pytest.mark.usefixtures("anomaly")
def test_many_writes_keep_the_latest_lines() -> None:
    y = tracked().exp()
    for _ in range(40):
        y.add_(1)
    _, _, changed, _ = clash(y.sum().backward)
    assert changed.startswith("  then changed by: add_ (write 25 of 40 since), at ")


def test_forward_before_anomaly_mode(anomaly: None) -> None:
    with torch.autograd.set_detect_anomaly(False):
        y = tracked().exp()
    y.add_(1)
    saved, changed, line, advice = clash(y.sum().backward)
    assert saved == "  saved by: exp (ExpBackward0)"
    assert line == "    y.add_(1)" and "set_detect_anomaly(True)" in advice


def test_indices_are_an_output_of_no_node() -> None:
    values, indices = tracked().max(0)
    indices.zero_()
    with pytest.raises(
        RuntimeError, match=r"LongTensor \[\]\] is at version 1"
    ) as caught:
        values.backward()
    assert "saved by: max (MaxBackward0)" in str(caught.value)


def test_out_of_a_composed_operator_counts_as_a_write() -> None:
    out = torch.empty(2)
    before = out._version
    torch.matmul(torch.eye(2), torch.ones(2), out=out)
    assert out._version == before + 1
