"""Options that do not fit are refused, in PyTorch's words; none is taken and ignored."""

from collections.abc import Callable
from typing import Any

import pytest

Case = tuple[str, Callable[[Any], Any], type[Exception], str]


def wide(xp: Any) -> Any:
    return xp.arange(12.0).reshape(3, 4)


def bag(xp: Any, offsets: Any) -> Any:
    indices = xp.tensor([0, 1, 2])
    return xp.nn.functional.embedding_bag(indices, wide(xp), offsets)


def binary(xp: Any, target: Any, name: str = "binary_cross_entropy") -> Any:
    return getattr(xp.nn.functional, name)(xp.full((3,), 0.5), target)


def overlapped(xp: Any) -> Any:
    return xp.zeros(1).expand(3, 4)


def recorded(xp: Any) -> Any:
    return xp.ones(3, 4, requires_grad=True)


def distance_loss(xp: Any, **options: Any) -> Any:
    x = wide(xp)
    loss = xp.nn.functional.triplet_margin_with_distance_loss
    return loss(x, x, x, **options)


def attention(xp: Any) -> Any:
    x = wide(xp)[None]
    mask = xp.zeros(3, 3)
    function = xp.nn.functional.scaled_dot_product_attention
    return function(x, x, x, attn_mask=mask, is_causal=True)


def parameter(xp: Any) -> Any:
    return xp.nn.Parameter(xp.ones(2))


def checked(xp: Any, **options: Any) -> bool:
    x = xp.ones(2, dtype=xp.float64, requires_grad=True)
    return bool(xp.autograd.gradcheck(xp.sin, x, **options))


def checked_twice(xp: Any, **options: Any) -> bool:
    x = xp.ones(2, dtype=xp.float64, requires_grad=True)
    return bool(xp.autograd.gradgradcheck(xp.sin, x, **options))


LOST = "value cannot be converted to type"
CAST = "can't be cast to the desired output type"
# fmt: off
CASES: list[Case] = [
    ("pad of max_pool1d", lambda xp: xp.max_pool1d(wide(xp), 3, None, 2, 2),
     RuntimeError, "at most half of kernel size"),
    ("pad of max_pool2d", lambda xp: xp.max_pool2d(wide(xp)[None], 3, None, 2, 2),
     RuntimeError, "half of kernel size"),
    ("target of 1-d nll_loss",
     lambda xp: xp.nn.functional.nll_loss(xp.ones(3), xp.tensor([0, 1])),
     ValueError, "1D target must have size 1"),
    ("dtype of bce", lambda xp: binary(xp, xp.ones(3, dtype=xp.int64)),
     RuntimeError, "Found dtype Long but expected Float"),
    ("range of bce", lambda xp: binary(xp, xp.full((3,), 2.0)),
     RuntimeError, "all elements of target should be between 0 and 1"),
    ("dtype of bce with logits",
     lambda xp: binary(xp, xp.ones(3, dtype=xp.int64), "binary_cross_entropy_with_logits"),
     RuntimeError, CAST),
    ("weight of multi_margin_loss", lambda xp: xp.nn.functional.multi_margin_loss(
        wide(xp), xp.tensor([0, 1, 2]), weight=xp.ones(2)),
     RuntimeError, "inconsistent weight size"),
    ("old word in a newer loss",
     lambda xp: distance_loss(xp, reduction="elementwise_mean"),
     ValueError, "elementwise_mean is not a valid value for reduction"),
    ("eps of cosine_similarity",
     lambda xp: xp.cosine_similarity(wide(xp), wide(xp), eps=-1.0),
     RuntimeError, "eps must be non-negative"),
    ("two masks", attention, RuntimeError, "Explicit attn_mask should not be set"),
    ("dtype of offsets", lambda xp: bag(xp, xp.zeros(1)),
     RuntimeError, "Expected"),
    ("shape of offsets", lambda xp: bag(xp, xp.zeros(1, 0, dtype=xp.int64)),
     ValueError, "offsets has to be a 1D Tensor"),
    ("complex option", lambda xp: xp.nn.functional.elu(wide(xp), alpha=1j),
     RuntimeError, LOST),
    ("complex factor",
     lambda xp: xp.addcmul(wide(xp), wide(xp), wide(xp), value=1j), RuntimeError, LOST),
    ("complex correction", lambda xp: xp.std(wide(xp), correction=1j),
     RuntimeError, LOST),
    ("abs_ of complex", lambda xp: xp.ones(2, dtype=xp.complex64).abs_(),
     RuntimeError, "In-place abs is not supported for complex"),
    ("polygamma_ of integers", lambda xp: xp.ones(2, dtype=xp.int32).polygamma_(1),
     RuntimeError, CAST),
    ("ldexp_ of bool", lambda xp: xp.ones(2, dtype=xp.bool).ldexp_(xp.ones(2)),
     RuntimeError, CAST),
    ("float_power_ of integers", lambda xp: xp.ones(2, dtype=xp.int32).float_power_(2),
     RuntimeError, "Double"),
    ("integer nanmean", lambda xp: xp.nanmean(wide(xp), dtype=xp.int64),
     RuntimeError, "could not infer output dtype"),
    ("overlap of out=", lambda xp: xp.cumsum(wide(xp), 0, out=overlapped(xp)),
     RuntimeError, "more than one element of the written-to tensor"),
    ("overlap of a gathered out=", lambda xp: xp.gather(
        wide(xp), 0, xp.zeros(3, 4, dtype=xp.int64), out=overlapped(xp)),
     RuntimeError, "more than one element of the written-to tensor"),
    ("gradient of a composed out=",
     lambda xp: xp.column_stack([recorded(xp)], out=xp.empty(0)),
     RuntimeError, "don't support automatic differentiation"),
    ("gradient into a composed out=",
     lambda xp: xp.column_stack([wide(xp)], out=recorded(xp)),
     RuntimeError, "don't support automatic differentiation"),
    ("meta as a list", lambda xp: xp.ones(2, device="meta").tolist(),
     NotImplementedError, "Cannot copy out of meta tensor"),
    ("copy of a module", lambda xp: xp.nn.Linear(2, 2).to(copy=True),
     RuntimeError, "does not accept copy"),
    ("tensors as betas", lambda xp: xp.optim.Adam(
        [parameter(xp)], betas=(xp.tensor(0.9), xp.tensor(0.99)), foreach=True).step(),
     ValueError, "betas[0] as a Tensor is not supported"),
    ("no mode of gradcheck", lambda xp: checked(xp, check_backward_ad=False),
     AssertionError, "Expected at least one of"),
    ("no mode of gradgradcheck", lambda xp: checked_twice(xp, check_rev_over_rev=False),
     AssertionError, "Expected at least one of"),
    ("stream of the CPU", lambda xp: wide(xp).__dlpack__(stream=3),
     AssertionError, "stream should be None"),
    ("another device", lambda xp: wide(xp).__dlpack__(dl_device=(2, 0)),
     NotImplementedError, ""),
    ("an unknown option", lambda xp: wide(xp).__dlpack__(bogus=1), TypeError, "bogus"),
    ("options of a capsule",
     lambda xp: xp.from_dlpack(wide(xp).__dlpack__(), copy=True),
     AssertionError, "device and copy kwargs not supported"),
    ("DLPack to meta", lambda xp: xp.from_dlpack(wide(xp), device="meta"),
     BufferError, "Cannot pack tensors on meta"),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0])
@pytest.mark.smoke
def test_refused(case: Case, xp: Any) -> None:
    _, call, kind, text = case
    with pytest.raises(kind) as caught:
        call(xp)
    assert type(caught.value) is kind
    assert text in str(caught.value)


def test_a_list_without_default_takes_none(xp: Any) -> None:
    """The stride of a pool, the dims of amax: None stands for leaving them out."""
    x = wide(xp)[None]
    F = xp.nn.functional
    assert xp.equal(F.avg_pool2d(x, 2, None), F.avg_pool2d(x, 2))
    assert xp.equal(F.avg_pool1d(x, 2, stride=None), F.avg_pool1d(x, 2))
    assert xp.equal(xp.amax(x, dim=None), x.max())


def test_equal_compares_values_of_two_dtypes(xp: Any) -> None:
    x = wide(xp)
    assert xp.equal(x, x.double())
    assert xp.equal(x.to(xp.int64), x)
    assert not xp.equal(x + 0.5, x.to(xp.int64))


def test_bce_with_logits_has_the_dtype_of_its_target(xp: Any) -> None:
    loss = xp.nn.functional.binary_cross_entropy_with_logits
    assert loss(xp.ones(3), xp.ones(3, dtype=xp.float64)).dtype is xp.float64
    assert loss(xp.ones(3, dtype=xp.float64), xp.ones(3)).dtype is xp.float32


@pytest.mark.filterwarnings("error")
def test_what_is_made_from_sizes_resizes_its_out_silently(xp: Any) -> None:
    out = xp.zeros(2, 2)
    assert xp.eye(3, out=out) is out
    assert tuple(out.shape) == (3, 3)
    assert tuple(xp.ones(5, out=out).shape) == (5,)


def test_dlpack_copies_when_asked(xp: Any) -> None:
    x = wide(xp)
    assert xp.from_dlpack(x, device="cpu").data_ptr() == x.data_ptr()
    assert xp.from_dlpack(x, copy=False).data_ptr() == x.data_ptr()
    assert xp.from_dlpack(x, copy=True).data_ptr() != x.data_ptr()
    assert xp.from_dlpack(x.__dlpack__(copy=True)).data_ptr() != x.data_ptr()


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradcheck_in_fast_mode(dtype: str, xp: Any) -> None:
    class Wrong(xp.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad * ctx.saved_tensors[0].conj() * 1.9

    kind = getattr(xp, dtype)
    xp.manual_seed(0)
    x = xp.randn(3, 2, dtype=kind, requires_grad=True)
    y = xp.randn(2, 2, dtype=kind, requires_grad=True)
    before = x.detach().clone()
    check = xp.autograd.gradcheck
    assert check(lambda a, b: (a @ b, a * a), (x, y), fast_mode=True)
    assert check(xp.matmul, (x, y), check_grad_dtypes=True)
    assert xp.equal(x.detach(), before)
    assert not check(Wrong.apply, x, fast_mode=True, raise_exception=False)
    with pytest.raises(Exception, match="mismatch"):
        check(Wrong.apply, x, fast_mode=True)
    assert xp.autograd.gradgradcheck(lambda a: a * a * a, x, fast_mode=True)
