"""Subclasses and strangers that override operators; in-place views."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import rushlight as torch


class Labelled(torch.Tensor):
    """A subclass with nothing of its own."""


class Stranger:
    """No tensor, but with an opinion on operators."""

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return "mine", func.__name__, len(args)


def labelled() -> Any:
    return torch.ones(2).as_subclass(Labelled)


def test_results_are_of_the_subclass() -> None:
    x = labelled()
    for result in (
        x + 1,
        1 + x,
        -x,
        x[0],
        x.sum(),
        x.data,
        torch.cat([x, x]),
        x.view(2, 1),
    ):
        assert type(result) is Labelled
    assert type(x.max(0)[0]) is Labelled
    assert type(x + torch.nn.Parameter(torch.ones(2))) is Labelled
    assert type(copy.copy(x)) is Labelled
    assert repr(x) == "Labelled([1., 1.])"


def test_parameters_are_plain() -> None:
    assert type(torch.nn.Parameter(torch.ones(2)) + 1) is torch.Tensor


def test_history_of_a_subclass() -> None:
    x = torch.ones(2, requires_grad=True)
    (x.as_subclass(Labelled) * 3).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3.0, 3.0]


def test_strangers_are_asked() -> None:
    assert torch.add(Stranger(), 2) == ("mine", "add", 2)
    assert torch.ones(2) + Stranger() == ("mine", "add", 2)
    assert Stranger() + torch.ones(2) == ("mine", "add", 2)
    assert torch.cat([torch.ones(1), Stranger()]) == ("mine", "cat", 1)


def test_overriding_can_be_turned_off() -> None:
    with torch.overrides.DisableTorchFunctionSubclass():
        assert type(labelled() + 1) is torch.Tensor


def test_nobody_answers() -> None:
    class Silent:
        @classmethod
        def __torch_function__(cls, *args: Any) -> Any:
            return NotImplemented

    with pytest.raises(TypeError, match=r"no implementation found for 'torch\.add'"):
        torch.add(Silent(), 1)


def test_views_in_place() -> None:
    leaf = torch.arange(6.0).reshape(2, 3).requires_grad_()
    x = leaf * 1
    assert x.t_() is x
    assert (x.shape, x.stride(), x._version) == ((3, 2), (1, 3), 1)
    x.unsqueeze_(0).squeeze_(0).swapaxes_(0, 1)
    (x * torch.arange(6.0).reshape(2, 3)).sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        leaf.t_()


def test_generators_pickle() -> None:
    generator = torch.Generator().manual_seed(5)
    other = pickle.loads(pickle.dumps(generator))
    assert torch.rand(3, generator=generator).equal(torch.rand(3, generator=other))


def test_copy_shares_memory() -> None:
    x = torch.ones(2)
    assert copy.copy(x).data_ptr() == x.data_ptr() != copy.deepcopy(x).data_ptr()


@pytest.mark.parametrize("name", ["svd", "solve", "det", "qr", "lstsq"])
def test_decompositions_say_what_is_missing(name: str) -> None:
    with pytest.raises(NotImplementedError, match=rf"rushlight\.linalg\.{name}"):
        getattr(torch.linalg, name)(torch.ones(2, 2))
