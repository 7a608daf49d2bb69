"""Activation functions."""

from __future__ import annotations

import warnings

import rushlight
from rushlight import Tensor

from .._op import op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Functions that are one operator, reached without a wrapper.
celu_ = op("celu_")
elu_ = op("elu_")
gelu = op("gelu")
hardshrink = op("hardshrink")
hardtanh_ = op("hardtanh_")
leaky_relu_ = op("leaky_relu_")
logsigmoid = op("log_sigmoid")
prelu = op("prelu")
relu_ = op("relu_")
rrelu_ = op("rrelu_")
selu_ = op("selu_")
softplus = op("softplus")
softshrink = op("softshrink")
threshold_ = op("threshold_")

_celu = op("celu")
_elu = op("elu")
_glu = op("glu")
_hardsigmoid = op("hardsigmoid")
_hardsigmoid_ = op("hardsigmoid_")
_hardswish = op("hardswish")
_hardswish_ = op("hardswish_")
_hardtanh = op("hardtanh")
_leaky_relu = op("leaky_relu")
_log_softmax = op("log_softmax")
_mish = op("mish")
_mish_ = op("mish_")
_relu = op("relu")
_relu6 = op("relu6")
_relu6_ = op("relu6_")
_rrelu = op("rrelu")
_selu = op("selu")
_sigmoid = op("sigmoid")
_silu = op("silu")
_silu_ = op("silu_")
_softmax = op("softmax")
_tanh = op("tanh")
_threshold = op("threshold")


def threshold(
    input: Tensor, threshold: float, value: float, inplace: bool = False
) -> Tensor:
    """x where x > threshold, else value."""
    apply = threshold_ if inplace else _threshold
    return apply(input, threshold, value)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(0, x)."""
    return relu_(input) if inplace else _relu(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a * sigmoid(b), a and b the halves of `input` along `dim`.

    Raises:
        RuntimeError: for a 0-d input or an odd size along `dim`.
    """
    if input.dim() == 0:
        raise RuntimeError(
            "glu does not support scalars because halving size must be even"
        )
    return _glu(input, dim)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x clipped to [min_val, max_val].

    Raises:
        ValueError: when min_val exceeds max_val.
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    apply = hardtanh_ if inplace else _hardtanh
    return apply(input, min_val, max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(0, x), 6)."""
    return _relu6_(input) if inplace else _relu6(input)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (exp(x) - 1)."""
    apply = elu_ if inplace else _elu
    return apply(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale * elu(x), with the constants of Klambauer et al., NIPS 2017."""
    return selu_(input) if inplace else _selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1))."""
    apply = celu_ if inplace else _celu
    return apply(input, alpha)


def leaky_relu(
    input: Tensor, negative_slope: float = 0.01, inplace: bool = False
) -> Tensor:
    """x where x > 0, else negative_slope * x."""
    apply = leaky_relu_ if inplace else _leaky_relu
    return apply(input, negative_slope)


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Leaky relu with a slope drawn from [lower, upper), or the mean in evaluation."""
    apply = rrelu_ if inplace else _rrelu
    return apply(input, lower, upper, training)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (input.abs() + 1)


def tanh(input: Tensor) -> Tensor:
    """tanh(x)."""
    return _tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return _sigmoid(input)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """relu6(x + 3) / 6."""
    apply = _hardsigmoid_ if inplace else _hardsigmoid
    return apply(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x)."""
    return _silu_(input) if inplace else _silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x))."""
    return _mish_(input) if inplace else _mish(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * relu6(x + 3) / 6."""
    apply = _hardswish_ if inplace else _hardswish
    return apply(input)


def _get_softmax_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The dimension used where none is given, with PyTorch's warning."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to "
        "include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def _along(
    apply: Callable[..., Any],
    name: str,
    input: Tensor,
    dim: int | None,
    stacklevel: int,
    dtype: Any,
) -> Tensor:
    if dim is None:
        dim = _get_softmax_dim(name, input.dim(), stacklevel + 1)
    if dtype is None:
        return apply(input, dim)
    return apply(input, dim, dtype)


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`; `dtype` converts the input first."""
    return _along(_softmax, "softmax", input, dim, _stacklevel, dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """softmax of -x along `dim`."""
    return _along(_softmax, "softmin", -input, dim, _stacklevel, dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """log(softmax(x)) along `dim`, computed without the intermediate overflow."""
    return _along(_log_softmax, "log_softmax", input, dim, _stacklevel, dtype)


def gumbel_softmax(
    logits: Tensor,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
) -> Tensor:
    """A sample of the Gumbel-softmax distribution (Jang et al., ICLR 2017).

    Args:
        logits: unnormalised log-probabilities.
        tau: temperature.
        hard: return one-hot samples, with the gradient of the soft ones.
        eps: deprecated, without effect.
        dim: along which a sample sums to 1.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    gumbels = -rushlight.empty_like(logits).exponential_().log()
    soft = ((logits + gumbels) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = rushlight.zeros_like(logits).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
