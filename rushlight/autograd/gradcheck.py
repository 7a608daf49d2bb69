"""gradcheck: derivatives against finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rushlight
from rushlight.autograd._backward import grad

if TYPE_CHECKING:
    from rushlight import Tensor


class GradcheckError(RuntimeError):
    """A derivative differs from finite differences."""


def _tensors(value: Any) -> tuple[Tensor, ...]:
    items = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(x for x in items if isinstance(x, rushlight.Tensor))


def _outputs(func: Callable[..., Any], inputs: tuple[Any, ...]) -> list[Tensor]:
    out = _tensors(func(*inputs))
    return [o for o in out if o.dtype.is_floating_point or o.dtype.is_complex]


def _parts(x: Tensor) -> list[complex]:
    return [1.0, 1j] if x.dtype.is_complex else [1.0]


def _numerical(
    func: Callable[..., Any], inputs: tuple[Any, ...], x: Tensor, eps: float
) -> list[list[list[Any]]]:
    """Derivatives of every output: ``[output][element of x][part]``, a flat list each."""
    data = x.data  # its own version: writing does not disturb recorded graphs
    table: list[list[list[Any]]] = []

    def values(place: tuple[int, ...], value: complex) -> list[Tensor]:
        data[place] = value
        return [o.detach().clone() for o in _outputs(func, inputs)]

    for index in range(data.numel()):
        place = _unravel(index, tuple(data.shape))
        start = data[place].item()
        for part in _parts(x):
            high, low = (values(place, start + s * part) for s in (eps, -eps))
            data[place] = start
            for k, (a, b) in enumerate(zip(high, low)):
                if len(table) <= k:
                    table.append([])
                table[k].append(((a - b) / (2 * eps)).reshape(-1).tolist())
    return table


def _unravel(index: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    place = []
    for n in reversed(shape):
        place.append(index % n)
        index //= n
    return tuple(reversed(place))


def _analytical(
    out: Tensor, x: Tensor, part: complex, nondet_tol: float
) -> list[list[Any]]:
    """Rows of the vector-Jacobian product: ``[element of out] -> flat gradient of x``."""
    rows = []
    for j in range(out.numel()):
        vector = rushlight.zeros_like(out).reshape(-1)
        vector[j] = part
        vector = vector.reshape(out.shape)
        gradients = []
        for _ in range(2):
            (g,) = grad(out, x, vector, retain_graph=True, allow_unused=True)
            if g is None:
                g = rushlight.zeros_like(x)
            if g.shape != x.shape:
                raise GradcheckError("grad is of an incompatible shape")
            gradients.append(g.reshape(-1).tolist())
        for a, b in zip(*gradients, strict=True):
            if abs(a - b) > nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values, although analytical "
                    "gradient matches numerical gradient."
                )
        rows.append(gradients[0])
    return rows


def _check_pair(
    numerical: list[list[Any]],
    out: Tensor,
    x: Tensor,
    tol: tuple[float, ...],
    where: str,
) -> None:
    atol, rtol, nondet_tol = tol
    x_parts = _parts(x)
    for out_part in _parts(out):
        rows = _analytical(out, x, out_part, nondet_tol)
        for j, row in enumerate(rows):
            for i, g in enumerate(row):
                for p, part in enumerate(x_parts):
                    # Gradients follow Wirtinger calculus: d Re(conj(v) out) along `part`.
                    derivative = numerical[i * len(x_parts) + p][j]
                    expected = (complex(out_part).conjugate() * derivative).real
                    got = (complex(part).conjugate() * g).real
                    if not abs(got - expected) <= atol + rtol * abs(expected):
                        raise GradcheckError(
                            f"Jacobian mismatch for {where}: element {j} of the output with "
                            f"respect to element {i} of the input\nnumerical:{expected}\n"
                            f"analytical:{got}"
                        )


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Checks gradients of ``func`` at ``inputs`` against central differences.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: tensors; those that require grad should be float64 or complex128.
        eps: the step. atol, rtol: tolerances. nondet_tol: allowed difference between two
            backward passes.
        check_undefined_grad: also check that None gradients are handled.
        fast_mode: accepted; the full Jacobian is always checked.

    Returns:
        True, or False on a mismatch with ``raise_exception=False``.

    Raises:
        GradcheckError: a mismatch.
        NotImplementedError: forward mode or batched gradients are asked for.
    """
    if check_forward_ad or check_batched_grad or check_batched_forward_grad:
        raise NotImplementedError(
            "rushlight.autograd.gradcheck(check_forward_ad / check_batched_grad) is not implemented"
        )
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    try:
        _gradcheck(func, given, eps, (atol, rtol, nondet_tol), check_undefined_grad)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _gradcheck(
    func: Callable[..., Any],
    inputs: tuple[Any, ...],
    eps: float,
    tol: tuple[float, ...],
    check_undefined: bool,
) -> None:
    checked = [x for x in _tensors(inputs) if x.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the "
            "them have requires_grad=True."
        )
    for i, x in enumerate(checked):
        if x.dtype not in (rushlight.float64, rushlight.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                stacklevel=3,
            )
    outputs = _outputs(func, inputs)
    live = [k for k, o in enumerate(outputs) if o.requires_grad]
    if not live:
        for x in checked:
            for rows in _numerical(func, inputs, x, eps):
                if any(abs(v) > tol[0] for row in rows for v in row):
                    raise GradcheckError(
                        "Numerical gradient for function expected to be zero"
                    )
    for i, x in enumerate(checked):
        table = _numerical(func, inputs, x, eps)
        for k in live:
            if outputs[k].numel() and x.numel():
                _check_pair(
                    table[k],
                    outputs[k],
                    x,
                    tol,
                    f"output {k} with respect to input {i}",
                )
    if check_undefined:
        _check_undefined(func, inputs, checked)


def _check_undefined(
    func: Callable[..., Any], inputs: tuple[Any, ...], checked: list[Tensor]
) -> None:
    """A backward pass in which only one output has a gradient must work."""
    outputs = [o for o in _outputs(func, inputs) if o.requires_grad]
    for out in outputs:
        try:
            grad(
                out,
                checked,
                rushlight.zeros_like(out),
                retain_graph=True,
                allow_unused=True,
            )
        except Exception as error:
            raise GradcheckError(
                "Expected backward function to handle undefined output grads. Please look at "
                f"the error: {error}"
            ) from error


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """``gradcheck`` of the gradients of ``func``: second derivatives.

    Args:
        grad_outputs: gradients of the outputs to differentiate at; default random ones.
    """
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    if grad_outputs is None:
        outputs = [o for o in _outputs(func, given) if o.requires_grad]
        vectors = tuple(rushlight.randn_like(o) for o in outputs)
        if gen_non_contig_grad_outputs:
            vectors = tuple(
                rushlight.stack([v, v], -1).select(-1, 0) if v.dim() else v
                for v in vectors
            )
        vectors = tuple(v.detach().requires_grad_() for v in vectors)
    else:
        vectors = tuple(_tensors(grad_outputs))
    count = len(given)

    def gradients(*args: Any) -> tuple[Tensor, ...]:
        at, weights = args[:count], args[count:]
        at = tuple(
            x.view_as(x) if isinstance(x, rushlight.Tensor) and x.requires_grad else x
            for x in at
        )
        wanted = [x for x in at if isinstance(x, rushlight.Tensor) and x.requires_grad]
        outputs = [o for o in _outputs(func, at) if o.requires_grad]
        with rushlight.enable_grad():
            found = grad(outputs, wanted, weights, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    def safe(*args: Any) -> tuple[Tensor, ...]:
        # Finite differences run without recording; the gradients need it all the same.
        with rushlight.enable_grad():
            return gradients(*args)

    return gradcheck(
        safe,
        given + vectors,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
    )
