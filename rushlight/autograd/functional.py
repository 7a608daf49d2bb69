"""Products with, and whole, Jacobians and Hessians of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rushlight
from rushlight.autograd._backward import grad as _grad

if TYPE_CHECKING:
    from rushlight import Tensor

Tensors = Any  # a tensor or a tuple of tensors


def _tuple(value: Tensors, what: str, who: str) -> tuple[bool, tuple[Tensor, ...]]:
    many = isinstance(value, tuple)
    items = value if many else (value,)
    for i, item in enumerate(items):
        if not isinstance(item, rushlight.Tensor):
            place = f"value at index {i}" if many else f"given {what}"
            raise TypeError(
                f"The {what} given to {who} must be either a Tensor or a tuple of Tensors "
                f"but the {place} has type {type(item)}."
            )
    return many, items


def _fresh(inputs: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate at: views in the caller's graph, or new leaves."""
    if create_graph:
        return tuple(
            x.view_as(x) if x.requires_grad else x.detach().requires_grad_()
            for x in inputs
        )
    return tuple(x.detach().requires_grad_() for x in inputs)


def _release(value: Any, create_graph: bool) -> Any:
    if isinstance(value, tuple):
        return tuple(_release(v, create_graph) for v in value)
    return value if create_graph else value.detach()


_OUTPUT = (
    "Output {} of the user-provided function does not require gradients. The outputs must be "
    "computed in a differentiable manner from the input when running in strict mode."
)
_NO_HESSIAN = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {} is independent of the input. This is not allowed in strict mode: the "
    "function is not twice differentiable there (a linear function is not)."
)
_INDEPENDENT = "is independent of input {}. This is not allowed in strict mode."


def _check_live(tensors: tuple[Tensor, ...], strict: bool, text: str = _OUTPUT) -> None:
    for i, tensor in enumerate(tensors):
        if strict and not tensor.requires_grad:
            raise RuntimeError(text.format(i))


def _grads(
    outputs: tuple[Tensor, ...],
    inputs: tuple[Tensor, ...],
    vectors: tuple[Tensor | None, ...] | None,
    create_graph: bool,
    strict: bool = False,
    subject: str = "The output of the user-provided function",
) -> tuple[Tensor, ...]:
    """Gradients, zeros for inputs that do not matter; with ``strict`` those are errors."""
    live = [
        (o, None if vectors is None else vectors[i])
        for i, o in enumerate(outputs)
        if o.requires_grad
    ]
    if not live:
        return tuple(rushlight.zeros_like(x) for x in inputs)
    found = _grad(
        [o for o, _ in live],
        inputs,
        [v for _, v in live],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )
    for i, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(f"{subject} {_INDEPENDENT.format(i)}")
    return tuple(
        rushlight.zeros_like(x) if g is None else g
        for g, x in zip(found, inputs, strict=True)
    )


def _vectors(
    v: Tensors | None, like: tuple[Tensor, ...], who: str, owner: str
) -> tuple[Tensor, ...]:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(
                f"The vector v can only be None if {owner} a single Tensor with a single "
                "element."
            )
        return (rushlight.ones_like(like[0]),)
    many, given = _tuple(v, "v", who)
    if len(given) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(given)}."
        )
    for i, (a, b) in enumerate(zip(given, like, strict=True)):
        if a.size() != b.size():
            place = f"Entry {i} in v" if many else "v"
            raise RuntimeError(
                f"{place} has invalid size: should be {b.size()} but got {a.size()}."
            )
    return given


_RETURNS = "the user-provided function returns"
_TAKES = "the input to the user-provided function is"
_RESULTS = "outputs of the user-provided function"


def _pack(value: tuple[Any, ...], many: bool) -> Any:
    return value if many else value[0]


def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)`` and the product of ``v`` with its Jacobian (shaped like inputs)."""
    with rushlight.enable_grad():
        many_in, given = _tuple(inputs, "inputs", "vjp")
        at = _fresh(given, create_graph)
        many_out, outputs = _tuple(func(*at), _RESULTS, "vjp")
        _check_live(outputs, strict)
        vectors = _vectors(v, outputs, "vjp", _RETURNS)
        result = _grads(outputs, at, vectors, create_graph, strict)
    return (
        _release(_pack(outputs, many_out), create_graph),
        _release(_pack(result, many_in), create_graph),
    )


def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)`` and the product of its Jacobian with ``v`` (shaped like outputs).

    By differentiating the vector-Jacobian product with respect to its vector.
    """
    with rushlight.enable_grad():
        _, given = _tuple(inputs, "inputs", "jvp")
        at = _fresh(given, create_graph)
        vectors = _vectors(v, given, "jvp", _TAKES)
        many_out, outputs = _tuple(func(*at), _RESULTS, "jvp")
        _check_live(outputs, strict)
        dummies = tuple(rushlight.zeros_like(o).requires_grad_() for o in outputs)
        back = _grads(outputs, at, dummies, True, strict)
        result = _grads(back, dummies, vectors, create_graph)
    return (
        _release(_pack(outputs, many_out), create_graph),
        _release(_pack(result, many_out), create_graph),
    )


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian: for output o and input i a tensor of shape ``o.shape + i.shape``.

    Args:
        create_graph: the result can be differentiated again.
        strict: an output that does not depend on an input is an error, not zeros.
        vectorize: asks for speed only; rows are always computed one by one here.
        strategy: ``"reverse-mode"`` computes rows; ``"forward-mode"`` columns, which is
            cheaper with more outputs than inputs (``vectorize=True`` only).

    Raises:
        RuntimeError: ``strict`` is violated, or goes with ``vectorize``.
        NotImplementedError: forward mode with ``create_graph`` or without ``vectorize``.
    """
    who = "rushlight.autograd.functional.jacobian"
    if strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode".'
        )
    if strategy == "forward-mode":
        _check_forward_mode(who, create_graph, strict, vectorize)
    if strict and vectorize:
        raise RuntimeError(
            f"{who}: `strict=True` and `vectorize=True` are not supported together."
        )
    with rushlight.enable_grad():
        many_in, given = _tuple(inputs, "inputs", "jacobian")
        at = _fresh(given, create_graph)
        many_out, outputs = _tuple(func(*at), _RESULTS, "jacobian")
        _check_live(outputs, strict)
        if strategy == "forward-mode":
            table = _columns(outputs, at)
        else:
            table = [
                _rows(o, at, create_graph, strict, f"Output {k}")
                for k, o in enumerate(outputs)
            ]
    picked = tuple(_pack(row, many_in) for row in table)
    return _release(_pack(picked, many_out), create_graph)


def _check_forward_mode(
    who: str, create_graph: bool, strict: bool, vectorize: bool
) -> None:
    if strict:
        raise RuntimeError(
            f'{who}: `strict=True` and `strategy="forward-mode"` are not supported together.'
        )
    if create_graph:
        raise NotImplementedError(
            f'{who}: `create_graph=True` and `strategy="forward-mode"` are not supported '
            "together."
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only "
            "implemented for `vectorize=True`."
        )


def _rows(
    out: Tensor, at: tuple[Tensor, ...], create_graph: bool, strict: bool, name: str
) -> tuple[Tensor, ...]:
    """One output's derivatives by every input, a backward pass an element of it."""
    flat = out.reshape(-1)
    rows = [
        _grads(
            (flat[j],),
            at,
            None,
            create_graph,
            strict,
            f"{name} of the user-provided function",
        )
        for j in range(flat.numel())
    ]
    for row in rows if strict and create_graph else ():
        text = "The jacobian of the user-provided function " + _INDEPENDENT[:-1]
        _check_live(row, True, text + " when create_graph=True.")
    return tuple(
        (
            rushlight.stack([row[i] for row in rows])
            if rows
            else rushlight.zeros(0, *x.shape, dtype=x.dtype)
        ).reshape((*out.shape, *x.shape))
        for i, x in enumerate(at)
    )


def _columns(
    outputs: tuple[Tensor, ...], at: tuple[Tensor, ...]
) -> list[tuple[Tensor, ...]]:
    """All derivatives, a pass an element of the inputs (see ``jvp``)."""
    dummies = tuple(rushlight.zeros_like(o).requires_grad_() for o in outputs)
    back = _grads(outputs, at, dummies, True)
    table: list[list[Tensor]] = [[] for _ in outputs]
    for i, x in enumerate(at):
        columns = []
        for j in range(x.numel()):
            unit = rushlight.zeros_like(x).reshape(-1)
            unit[j] = 1
            columns.append(_grads((back[i],), dummies, (unit.reshape(x.shape),), False))
        for k, out in enumerate(outputs):
            table[k].append(
                (
                    rushlight.stack([c[k] for c in columns], -1)
                    if columns
                    else rushlight.zeros(*out.shape, 0, dtype=out.dtype)
                ).reshape((*out.shape, *x.shape))
            )
    return [tuple(row) for row in table]


def _scalar_output(func: Callable[..., Any], who: str) -> Callable[..., Tensor]:
    def checked(*args: Tensor) -> Tensor:
        many, outputs = _tuple(func(*args), _RESULTS, who)
        if many:
            raise RuntimeError(
                f"The function given to {who} should return a single Tensor"
            )
        if outputs[0].numel() != 1:
            raise RuntimeError(
                f"The Tensor returned by the function given to {who} should contain a single "
                "element"
            )
        return outputs[0].reshape(())

    return checked


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a scalar function: ``H[i][j]`` of shape ``x_i.shape + x_j.shape``.

    The arguments are those of ``jacobian``, which it calls twice.
    """
    if outer_jacobian_strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode".'
        )
    many, _ = _tuple(inputs, "inputs", "hessian")
    scalar = _scalar_output(func, "hessian")

    def gradient(*at: Tensor) -> Any:
        out = scalar(*at)
        _check_live((out,), strict)
        name = "The output of the user-provided function"
        found = _grads((out,), at, None, True, strict, name)
        _check_live(found, strict, _NO_HESSIAN)
        return found if many else found[0]

    return jacobian(
        gradient,
        inputs,
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )


def _gradient_at(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None,
    options: tuple[bool, bool],
    who: str,
) -> tuple[Any, ...]:
    """What vhp and hvp start from: inputs, vectors, output, its gradient."""
    create_graph, strict = options
    many, given = _tuple(inputs, "inputs", who)
    at = _fresh(given, create_graph)
    vectors = _vectors(v, given, who, _TAKES)
    out = _scalar_output(func, who)(*at)
    _check_live((out,), strict)
    gradient = _grads((out,), at, None, True, strict)
    _check_live(gradient, strict, _NO_HESSIAN)
    return many, at, vectors, out, gradient


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)`` and the product of ``v`` with its Hessian."""
    with rushlight.enable_grad():
        many, at, vectors, out, gradient = _gradient_at(
            func, inputs, v, (create_graph, strict), "vhp"
        )
        name = "The jacobian of the user-provided function"
        result = _grads(gradient, at, vectors, create_graph, strict, name)
    return _release(out, create_graph), _release(_pack(result, many), create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)`` and the product of its Hessian with ``v`` (by a double backward)."""
    with rushlight.enable_grad():
        many, at, vectors, out, gradient = _gradient_at(
            func, inputs, v, (create_graph, strict), "hvp"
        )
        dummies = tuple(rushlight.zeros_like(g).requires_grad_() for g in gradient)
        name = "The jacobian of the user-provided function"
        back = _grads(gradient, at, dummies, True, strict, name)
        result = _grads(back, dummies, vectors, create_graph)
    return _release(out, create_graph), _release(_pack(result, many), create_graph)
