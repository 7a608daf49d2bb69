"""Initial values for parameters, filled in place and without a gradient.

Formulas: X. Glorot, Y. Bengio, AISTATS 2010 (xavier); K. He et al., ICCV 2015
(kaiming); A. Saxe et al., ICLR 2014 (orthogonal); J. Martens, ICML 2010 (sparse). The
random numbers are drawn in PyTorch's order, so that a seed gives PyTorch's values.
"""

from __future__ import annotations

import math
import warnings

import rushlight
from rushlight import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_GAIN_ONE = frozenset(
    ["linear", "sigmoid"]
    + [f"conv{dims}d" for dims in (1, 2, 3)]
    + [f"conv_transpose{dims}d" for dims in (1, 2, 3)]
)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity wants its weights' deviation scaled.

    linear, convolutions and sigmoid 1, tanh 5/3, relu sqrt(2), leaky_relu
    sqrt(2 / (1 + slope^2)), selu 3/4.

    Args:
        nonlinearity: name of the function in `nn.functional`.
        param: the negative slope of leaky_relu, 0.01 by default.

    Raises:
        ValueError: for an unknown name or a slope that is not a number.
    """
    if nonlinearity in _GAIN_ONE:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None
) -> Tensor:
    """Fills `tensor` from the uniform distribution over [a, b)."""
    with rushlight.no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None
) -> Tensor:
    """Fills `tensor` from the normal distribution."""
    with rushlight.no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    """Fills `tensor` from the normal distribution cut to [a, b].

    Values outside are drawn again. Where more than 30 % of the distribution lies inside
    the normal distribution is drawn from, otherwise candidates uniform over [a, b] are
    accepted in proportion to the density.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The "
            "distribution of values may be incorrect.",
            stacklevel=2,
        )

    def below(x: float) -> float:
        return 0.5 * (1 + math.erf((x - mean) / (std * math.sqrt(2.0))))

    with rushlight.no_grad():
        if below(b) - below(a) > 0.3:
            _redraw_outside(tensor, mean, std, a, b, generator)
        else:
            _accept_by_density(tensor, mean, std, a, b, generator)
    return tensor


def _redraw_outside(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any
) -> None:
    # The bounds as the dtype holds them: a value equal to one is inside.
    low, high = tensor.new_tensor(a).item(), tensor.new_tensor(b).item()
    drawn = tensor.normal_(mean, std, generator=generator)
    while True:
        outside = (drawn < low) | (drawn > high)
        if not outside.any():
            break
        again = rushlight.empty_like(drawn).normal_(mean, std, generator=generator)
        drawn = rushlight.where(outside, again, drawn)
    if drawn is not tensor:
        tensor.copy_(drawn)


def _accept_by_density(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any
) -> None:
    # A candidate x is kept when log(u) <= log density(x) - log density(most likely x).
    most_likely = max(a, min(mean, b))
    log_peak = -0.5 * ((most_likely - mean) / std) ** 2
    kept = tensor.uniform_(a, b, generator=generator)
    candidates = tensor.clone()
    scratch = rushlight.empty_like(tensor)
    pending = None
    while True:
        log_ratio = candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        refused = scratch.uniform_(generator=generator).log_().gt(log_ratio)
        pending = refused if pending is None else pending & refused
        if not pending.any():
            break
        candidates.uniform_(a, b, generator=generator)
        kept = rushlight.where(pending, candidates, kept)
    if kept is not tensor:
        tensor.copy_(kept)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fills `tensor` with `val`."""
    with rushlight.no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fills `tensor` with 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fills `tensor` with 0."""
    with rushlight.no_grad():
        return tensor.zero_()


def eye_(tensor: Tensor) -> Tensor:
    """Makes a matrix the identity (ones on the diagonal where it is not square).

    Raises:
        ValueError: when `tensor` does not have 2 dimensions.
    """
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with rushlight.no_grad():
        tensor.zero_()
        tensor.diagonal().fill_(1)
    return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Makes a convolution's weight pass as many input channels through as it can.

    Args:
        tensor: weight of 3, 4 or 5 dimensions.
        groups: of the convolution; each group passes its own channels.

    Raises:
        ValueError: for another number of dimensions, or when the output channels do not
            divide by `groups`.
    """
    if tensor.ndimension() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.size()
    if out_channels % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = out_channels // groups
    centre = tuple(size // 2 for size in kernel)
    with rushlight.no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(per_group, in_channels)):
                place = (group * per_group + channel, channel, *centre)
                tensor[place] = 1
    return tensor


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs feed one output, and how many outputs one input feeds."""
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 "
            "dimensions"
        )
    fan_out, fan_in, *kernel = tensor.shape
    area = math.prod(kernel)
    return fan_in * area, fan_out * area


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    modes = ["fan_in", "fan_out"]
    if mode not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode)]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform over (-k, k), k = gain sqrt(6 / (fan_in + fan_out)).

    Raises:
        ValueError: when `tensor` has fewer than 2 dimensions.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with deviation gain sqrt(2 / (fan_in + fan_out)).

    Raises:
        ValueError: when `tensor` has fewer than 2 dimensions.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _warn_empty(tensor: Tensor) -> bool:
    if 0 not in tensor.shape:
        return False
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return True


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Uniform over (-k, k), k = gain sqrt(3 / fan).

    Args:
        tensor: the weight.
        a: negative slope, where the nonlinearity is leaky_relu.
        mode: 'fan_in' keeps the size of activations, 'fan_out' that of gradients.
        nonlinearity: what follows the layer; decides the gain.
        generator: source of random numbers.

    Raises:
        ValueError: for an unknown mode or nonlinearity, or fewer than 2 dimensions.
    """
    if _warn_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Normal with deviation gain / sqrt(fan); arguments as in `kaiming_uniform_`."""
    if _warn_empty(tensor):
        return tensor
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return normal_(tensor, 0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """A (semi-)orthogonal matrix times gain; further dimensions count as columns.

    Raises:
        ValueError: when `tensor` has fewer than 2 dimensions.
    """
    if tensor.ndimension() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.size(0)
    cols = tensor.numel() // rows
    drawn = tensor.new_empty((rows, cols)).normal_(0, 1, generator=generator)
    with rushlight.no_grad():
        q = _orthonormal(drawn) if rows >= cols else _orthonormal(drawn.t()).t()
        tensor.copy_(q.reshape(tensor.shape)).mul_(gain)
    return tensor


def _orthonormal(matrix: Tensor) -> Tensor:
    """Q of matrix = QR with a positive diagonal of R: the choice that makes Q uniform.

    Gram-Schmidt, with every projection taken twice, which is enough for working
    precision (F. Mezzadri, math-ph/0609050; W. Kahan, in B. Parlett, The Symmetric
    Eigenvalue Problem, 6.9).
    """
    q = matrix.clone()
    for j in range(q.size(1)):
        column, before = q[:, j], q[:, :j]
        for _ in range(2):
            column -= before @ (before.t() @ column)
        column /= column.square().sum().sqrt()
    return q


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None
) -> Tensor:
    """Normal values, with a part `sparsity` of each column set to zero.

    Raises:
        ValueError: when `tensor` does not have 2 dimensions.
    """
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, cols = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with rushlight.no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(cols):
            tensor[rushlight.randperm(rows)[:zeros], column] = 0
    return tensor


def _deprecated(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The same function under its name without the underscore, with a warning."""
    new_name = function.__name__
    old_name = new_name[:-1]

    def renamed(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"`nn.init.{old_name}` is now deprecated in favor of `nn.init.{new_name}`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old_name
    renamed.__doc__ = f"Deprecated name of `{new_name}`."
    return renamed


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
