"""How tensors print: the texts are PyTorch's."""

from __future__ import annotations

import pytest

import rushlight
from rushlight import _tensor_str

inf, nan = float("inf"), float("nan")


@pytest.fixture(autouse=True)
def usual_options():
    yield
    rushlight.set_printoptions(profile="default", sci_mode=None)
    rushlight.set_default_dtype(rushlight.float32)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (3, "tensor(3)"),
        (2.5, "tensor(2.5000)"),
        (True, "tensor(True)"),
        ([], "tensor([])"),
        ([1, -20, 3], "tensor([  1, -20,   3])"),
        ([True, False], "tensor([ True, False])"),
        ([5.5, 3], "tensor([5.5000, 3.0000])"),
        ([0.0, 100.0], "tensor([  0., 100.])"),
        ([1.0, 2.0], "tensor([1., 2.])"),
        # The column's width is that of the nonzero values.
        ([-0.0, 1.5], "tensor([-0.0000, 1.5000])"),
        ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
        ([1e9, 1.0], "tensor([1.0000e+09, 1.0000e+00])"),
        ([nan, 0.5], "tensor([   nan, 0.5000])"),
        ([inf, 1000.0], "tensor([  inf, 1000.])"),
        ([-inf, 1.0], "tensor([-inf, 1.])"),
        ([nan], "tensor([nan])"),
        ([1 + 2j, -0.5j], "tensor([1.+2.0000j, -0.-0.5000j])"),
        ([[1, 2], [3, 4]], "tensor([[1, 2],\n        [3, 4]])"),
        (
            [[[1], [2]], [[3], [4]]],
            "tensor([[[1],\n         [2]],\n\n        [[3],\n         [4]]])",
        ),
    ],
)
def test_values(data, text):
    assert repr(rushlight.tensor(data)) == text


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("bool", "tensor([False,  True])"),
        ("uint8", "tensor([0, 2], dtype=torch.uint8)"),
        ("int32", "tensor([0, 2], dtype=torch.int32)"),
        ("int64", "tensor([0, 2])"),
        ("float16", "tensor([0., 2.], dtype=torch.float16)"),
        ("bfloat16", "tensor([0., 2.], dtype=torch.bfloat16)"),
        ("float32", "tensor([0., 2.])"),
        ("float64", "tensor([0., 2.], dtype=torch.float64)"),
        ("complex64", "tensor([0.+0.j, 2.+0.j])"),
        ("complex128", "tensor([0.+0.j, 2.+0.j], dtype=torch.complex128)"),
    ],
)
def test_dtype_suffix(dtype, text):
    assert repr(rushlight.tensor([0, 2]).to(getattr(rushlight, dtype))) == text


def test_default_dtype_needs_no_suffix():
    rushlight.set_default_dtype(rushlight.float64)
    assert repr(rushlight.ones(1)) == "tensor([1.])"
    single = rushlight.ones(1, dtype=rushlight.float32)
    assert repr(single) == "tensor([1.], dtype=torch.float32)"
    assert repr(single.to(rushlight.complex128)) == "tensor([1.+0.j])"


def test_empty():
    assert repr(rushlight.empty(0, 3)) == "tensor([], size=(0, 3))"
    empty = rushlight.empty(0, dtype=rushlight.int64)
    assert repr(empty) == "tensor([], dtype=torch.int64)"


def test_gradient_suffixes():
    leaf = rushlight.ones(2, requires_grad=True)
    assert repr(leaf) == "tensor([1., 1.], requires_grad=True)"
    assert repr(leaf + 1) == "tensor([2., 2.], grad_fn=<AddBackward0>)"
    assert repr(leaf.mean()) == "tensor(1., grad_fn=<MeanBackward0>)"
    parameter = rushlight.nn.Parameter(rushlight.ones(1))
    assert repr(parameter) == (
        "Parameter containing:\ntensor([1.], requires_grad=True)"
    )


def test_python_function_and_subclass():
    class Twice(rushlight.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    class Special(rushlight.Tensor):
        pass

    leaf = rushlight.ones(1, requires_grad=True)
    assert repr(Twice.apply(leaf)) == "tensor([2.], grad_fn=<TwiceBackward>)"
    assert repr(rushlight.ones(1).as_subclass(Special)) == "Special([1.])"
    assert leaf.__repr__(tensor_contents="...") == "tensor(..., requires_grad=True)"


def test_long_tensors_are_shortened():
    assert repr(rushlight.arange(1001)) == (
        "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    )
    assert repr(rushlight.zeros(2, 1001)) == (
        "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.]])"
    )
    rushlight.set_printoptions(threshold=2, edgeitems=1)
    assert repr(rushlight.arange(24.0).reshape(2, 3, 4)) == (
        "tensor([[[ 0.,  ...,  3.],\n         ...,\n         [ 8.,  ..., 11.]],\n\n"
        "        [[12.,  ..., 15.],\n         ...,\n         [20.,  ..., 23.]]])"
    )
    rushlight.set_printoptions(edgeitems=0, threshold=2)
    assert repr(rushlight.arange(9)) == "tensor([...], size=(9,))"
    rushlight.set_printoptions(profile="full")
    assert repr(rushlight.arange(1001)).count(",") == 1000


def test_lines_are_broken():
    rushlight.set_printoptions(linewidth=20)
    assert repr(rushlight.arange(4.0) + 8) == ("tensor([ 8.,  9.,\n        10., 11.])")
    ones = rushlight.ones(2, dtype=rushlight.float64, requires_grad=True)
    assert repr(ones) == (
        "tensor([1., 1.],\n       dtype=torch.float64,\n       requires_grad=True)"
    )


def test_options():
    rushlight.set_printoptions(precision=2)
    assert repr(rushlight.tensor([1.125, 2])) == "tensor([1.12, 2.00])"
    rushlight.set_printoptions(profile="short")
    assert _tensor_str.get_printoptions()["edgeitems"] == 2
    rushlight.set_printoptions(profile="default", sci_mode=True)
    assert repr(rushlight.tensor([1.0])) == "tensor([1.0000e+00])"
    rushlight.set_printoptions(sci_mode=False)
    assert repr(rushlight.tensor([1e10, 1])) == "tensor([10000000000.,           1.])"
    with _tensor_str.printoptions(precision=1):
        assert repr(rushlight.tensor(0.25)) == "tensor(0.2)"
    assert _tensor_str.get_printoptions() == {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 80,
        "sci_mode": False,
    }
    with pytest.raises(ValueError, match="unknown profile 'long'"):
        rushlight.set_printoptions(profile="long")


def test_format_and_size():
    assert f"{rushlight.tensor(3.14159):.2f}" == "3.14"
    assert f"{rushlight.tensor(3)}" == "3"
    assert f"{rushlight.ones(2)}" == "tensor([1., 1.])"
    assert str(rushlight.ones(2, 3).shape) == "torch.Size([2, 3])"


def test_size_is_a_tuple_of_ints():
    size = rushlight.Size([2, 3])
    assert size == (2, 3)
    assert size.numel() == 6
    for other in (size + (4,), (4,) + size, size * 2, 2 * size, size[:1]):
        assert type(other) is rushlight.Size
    assert size[0] == 2
    assert hash(size) == hash((2, 3))
    with pytest.raises(
        TypeError, match=r"takes an iterable of 'int' \(item 0 is 'float'\)"
    ):
        rushlight.Size([1.5])
    with pytest.raises(TypeError):
        size + [1]
