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
            place = f"Value at index {i} in {what}" if many else f"Value {what}"
            raise TypeError(
                f"The {what} given to {who} must be either a Tensor or a tuple of Tensors but the "
                f"{place} has type {type(item)}."
            )
    return many, items


def _fresh(inputs: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate at: views in the caller's graph, or new leaves."""
    if create_graph:
        return tuple(x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in inputs)
    return tuple(x.detach().requires_grad_() for x in inputs)


def _release(value: Any, create_graph: bool) -> Any:
    if isinstance(value, tuple):
        return tuple(_release(v, create_graph) for v in value)
    return value if create_graph else value.detach()


def _grads(
    outputs: tuple[Tensor, ...],
    inputs: tuple[Tensor, ...],
    vectors: tuple[Tensor | None, ...] | None,
    create_graph: bool,
    strict: bool = False,
    who: str = "",
) -> tuple[Tensor, ...]:
    live = [
        (o, None if vectors is None else vectors[i])
        for i, o in enumerate(outputs)
        if o.requires_grad
    ]
    if strict and len(live) < len(outputs):
        raise RuntimeError(
            f"The output of the user-provided function is independent of the input. This is not "
            f"allowed in strict mode ({who})."
        )
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
    if strict and any(g is None for g in found):
        raise RuntimeError(
            f"The output of the user-provided function is independent of an input. This is not "
            f"allowed in strict mode ({who})."
        )
    return tuple(
        rushlight.zeros_like(x) if g is None else g
        for g, x in zip(found, inputs, strict=True)
    )


def _vectors(
    v: Tensors | None, like: tuple[Tensor, ...], many: bool, who: str
) -> tuple[Tensor, ...]:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(
                f"The vector v can only be None if the user-provided function returns a single "
                f"Tensor with a single element ({who})."
            )
        return (rushlight.ones_like(like[0]),)
    given = _tuple(v, "v", who)[1]
    if len(given) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(given)}."
        )
    for i, (a, b) in enumerate(zip(given, like, strict=True)):
        if a.size() != b.size():
            raise RuntimeError(
                f"Entry {i} of v has invalid size: should be {b.size()} but got {a.size()}."
            )
    return given


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
        many_out, outputs = _tuple(func(*at), "outputs of the user-provided function", "vjp")
        vectors = _vectors(v, outputs, many_out, "vjp")
        result = _grads(outputs, at, vectors, create_graph, strict, "vjp")
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
        many_in, given = _tuple(inputs, "inputs", "jvp")
        at = _fresh(given, create_graph)
        if v is None and not (len(given) == 1 and given[0].numel() == 1):
            raise RuntimeError(
                "The vector v can only be None if the input to the user-provided function is a "
                "single Tensor with a single element."
            )
        vectors = _vectors(v, given, many_in, "jvp")
        many_out, outputs = _tuple(func(*at), "outputs of the user-provided function", "jvp")
        dummies = tuple(rushlight.zeros_like(o).requires_grad_() for o in outputs)
        back = _grads(outputs, at, dummies, True, strict, "jvp")
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

    ``vectorize`` asks for speed only; rows are always computed one by one here.
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode".'
        )
    if strategy == "forward-mode":
        raise NotImplementedError(
            "rushlight.autograd.functional.jacobian(strategy='forward-mode') is not implemented"
        )
    with rushlight.enable_grad():
        many_in, given = _tuple(inputs, "inputs", "jacobian")
        at = _fresh(given, create_graph)
        many_out, outputs = _tuple(
            func(*at), "outputs of the user-provided function", "jacobian"
        )
        rows_of_outputs = []
        for out in outputs:
            flat = out.reshape(-1)
            rows = [
                _grads((flat[j],), at, None, create_graph, strict, "jacobian")
                for j in range(flat.numel())
            ]
            rows_of_outputs.append(
                tuple(
                    (
                        rushlight.stack([row[i] for row in rows])
                        if rows
                        else rushlight.zeros(0, *x.shape, dtype=x.dtype)
                    ).reshape(*out.shape, *x.shape)
                    for i, x in enumerate(at)
                )
            )
    picked = tuple(_pack(row, many_in) for row in rows_of_outputs)
    return _release(_pack(picked, many_out), create_graph)


def _scalar_output(func: Callable[..., Any], who: str) -> Callable[..., Tensor]:
    def checked(*args: Tensor) -> Tensor:
        out = func(*args)
        if not isinstance(out, rushlight.Tensor):
            raise RuntimeError(
                f"The function given to {who} should return a single Tensor"
            )
        if out.numel() != 1:
            raise RuntimeError(
                f"The Tensor returned by the function given to {who} should contain a single "
                "element"
            )
        return out.reshape(())

    return checked


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a scalar function: ``H[i][j]`` of shape ``x_i.shape + x_j.shape``."""
    many, _ = _tuple(inputs, "inputs", "hessian")
    scalar = _scalar_output(func, "hessian")

    def gradient(*at: Tensor) -> Any:
        found = jacobian(scalar, at, create_graph=True, strict=strict)
        return found if many else found[0]

    return jacobian(
        gradient,
        inputs,
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)`` and the product of ``v`` with its Hessian."""
    with rushlight.enable_grad():
        many, given = _tuple(inputs, "inputs", "vhp")
        at = _fresh(given, create_graph)
        vectors = _vectors(v, given, many, "vhp")
        out = _scalar_output(func, "vhp")(*at)
        gradient = _grads((out,), at, None, True, strict, "vhp")
        result = _grads(gradient, at, vectors, create_graph, strict, "vhp")
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
        many, given = _tuple(inputs, "inputs", "hvp")
        at = _fresh(given, create_graph)
        vectors = _vectors(v, given, many, "hvp")
        out = _scalar_output(func, "hvp")(*at)
        gradient = _grads((out,), at, None, True, strict, "hvp")
        dummies = tuple(rushlight.zeros_like(g).requires_grad_() for g in gradient)
        back = _grads(gradient, at, dummies, True, strict, "hvp")
        result = _grads(back, dummies, vectors, create_graph)
    return _release(out, create_graph), _release(_pack(result, many), create_graph)
