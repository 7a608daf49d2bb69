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
                            f"Jacobian mismatch for {where},\n"
                            f"{_both_jacobians(numerical, rows, out, x)}"
                            f"first at element {j} of the output with respect to element {i} "
                            f"of the input: numerical {expected}, analytical {got}"
                        )


def _both_jacobians(
    numerical: list[list[Any]], rows: list[list[Any]], out: Tensor, x: Tensor
) -> str:
    """Both matrices, inputs down and outputs across; '' for complex numbers."""
    if x.dtype.is_complex or out.dtype.is_complex:
        return ""
    known = rushlight.tensor(numerical, dtype=x.dtype)
    found = rushlight.tensor(rows, dtype=x.dtype).t()
    return f"numerical:{known}\nanalytical:{found}\n"


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
        check_grad_dtypes: also check that a gradient has the dtype of its input.
        fast_mode: compare one random projection of each Jacobian, not every element.
        masked: how sparse inputs are treated; dense ones are the same either way.

    Returns:
        True, or False on a mismatch with ``raise_exception=False``.

    Raises:
        GradcheckError: a mismatch.
        NotImplementedError: forward mode or batched gradients are asked for.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    if check_forward_ad or check_batched_grad or check_batched_forward_grad:
        raise NotImplementedError(
            "rushlight.autograd.gradcheck(check_forward_ad / check_batched_grad) is not implemented"
        )
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    try:
        tol = (atol, rtol, nondet_tol)
        checked, outputs = _prepared(func, given)
        if fast_mode:
            _check_projections(func, given, checked, outputs, eps, tol)
        else:
            _check_elements(func, given, checked, outputs, eps, tol)
        if check_undefined_grad:
            _check_undefined(func, given, checked)
        if check_grad_dtypes:
            _check_dtypes(outputs, checked)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _prepared(
    func: Callable[..., Any], inputs: tuple[Any, ...]
) -> tuple[list[Tensor], list[Tensor]]:
    """The inputs to check, and the outputs."""
    checked = [x for x in _tensors(inputs) if x.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    for i, x in enumerate(checked):
        if x.dtype not in (rushlight.float64, rushlight.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                stacklevel=3,
            )
    return checked, _outputs(func, inputs)


def _check_elements(
    func: Callable[..., Any],
    inputs: tuple[Any, ...],
    checked: list[Tensor],
    outputs: list[Tensor],
    eps: float,
    tol: tuple[float, ...],
) -> None:
    """Every element of every Jacobian."""
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


def _check_projections(
    func: Callable[..., Any],
    inputs: tuple[Any, ...],
    checked: list[Tensor],
    outputs: list[Tensor],
    eps: float,
    tol: tuple[float, ...],
) -> None:
    """v J u of every Jacobian, for random directions u of the input and v of the output."""
    generator = rushlight.Generator().manual_seed(0)

    def direction(t: Tensor) -> Tensor:
        u = rushlight.randn(t.shape, generator=generator, dtype=t.dtype)
        return u / max(float(u.norm()), 1e-12)

    def dot(a: Tensor, b: Tensor) -> float:
        return float((a.conj() * b).sum().real)

    for i, x in enumerate(checked):
        u, data = direction(x), x.data
        start = data.clone()
        shifted = []
        for step in (eps, -eps):
            data.copy_(start + step * u)
            shifted.append([o.detach().clone() for o in _outputs(func, inputs)])
        data.copy_(start)
        for k, out in enumerate(outputs):
            v = direction(out)
            expected = dot(v, (shifted[0][k] - shifted[1][k]) / (2 * eps))
            found = []
            for _ in range(2 if out.requires_grad else 0):
                (g,) = grad(out, x, v, retain_graph=True, allow_unused=True)
                found.append(0.0 if g is None else dot(g, u))
            if found and abs(found[0] - found[1]) > tol[2]:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values"
                )
            got = found[0] if found else 0.0
            if not abs(got - expected) <= tol[0] + tol[1] * abs(expected):
                raise GradcheckError(
                    f"Jacobian mismatch for output {k} with respect to input {i} in fast "
                    f"mode\nnumerical:{expected}\nanalytical:{got}"
                )


def _check_dtypes(outputs: list[Tensor], checked: list[Tensor]) -> None:
    for out in outputs:
        if not out.requires_grad:
            continue
        ones = rushlight.ones_like(out)
        found = grad(out, checked, ones, retain_graph=True, allow_unused=True)
        for i, (g, x) in enumerate(zip(found, checked, strict=True)):
            if g is not None and g.dtype != x.dtype:
                raise GradcheckError(
                    f"grad of input {i} has dtype {g.dtype}, the input has {x.dtype}"
                )


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
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    if check_fwd_over_rev:
        raise NotImplementedError(
            "rushlight.autograd.gradgradcheck(check_fwd_over_rev=True) is not implemented"
        )
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
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        masked=masked,
    )
