"""backward() and grad(): argument rules around the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor


def _node_to_tensor(output: Any) -> Tensor:
    if not isinstance(output, _C.Tensor):
        raise TypeError(
            f"expected a Tensor to differentiate, got {type(output).__name__}"
        )
    return output


def _as_tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, _C.Tensor):
        return (value,)
    return tuple(value)


def _gradients(
    outputs: tuple[Tensor, ...], grads: tuple[Tensor | None, ...]
) -> tuple[Tensor, ...]:
    """Checks given gradients; those left out become ones, for one-element outputs."""
    made = []
    for i, (out, grad) in enumerate(zip(outputs, grads, strict=True)):
        if grad is None:
            if out.requires_grad and out.numel() != 1:
                raise RuntimeError(
                    "grad can be implicitly created only for scalar outputs"
                )
            if out.requires_grad and not (
                out.dtype.is_floating_point or out.dtype.is_complex
            ):
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got "
                    f"{out.dtype}"
                )
            if out.dtype.is_complex:
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got "
                    f"{out.dtype}"
                )
            made.append(_C.ops.ones(out.shape, dtype=out.dtype))
            continue
        if not isinstance(grad, _C.Tensor):
            raise TypeError(
                "gradients can be either Tensors or None, but got "
                f"{type(grad).__name__}"
            )
        if grad.shape != out.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {grad.shape} and "
                f"output[{i}] has a shape of {out.shape}."
            )
        if out.dtype.is_complex != grad.dtype.is_complex:
            raise RuntimeError(
                "For complex Tensors, both grad_output and output are required to have the "
                f"same dtype. Mismatch in dtype: grad_output[{i}] has a dtype of "
                f"{grad.dtype} and output[{i}] has a dtype of {out.dtype}."
            )
        made.append(grad)
    return tuple(made)


def _match(outputs: tuple[Any, ...], grads: Any) -> tuple[Any, ...]:
    if grads is None:
        return (None,) * len(outputs)
    given = _as_tuple(grads)
    if len(given) != len(outputs):
        raise RuntimeError(
            f"got {len(outputs)} tensors and {len(given)} gradients"
        )
    return given


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Adds the gradients of ``tensors`` to ``.grad`` of the leaves they depend on.

    Args:
        tensors: what to differentiate.
        grad_tensors: the vector of the vector-Jacobian product, one a tensor, each of its
            tensor's shape; None for one-element tensors means 1.
        retain_graph: keep what backward needs, for another pass. Default: ``create_graph``.
        create_graph: record the backward pass too, for higher derivatives.
        inputs: only these receive gradients.

    Raises:
        RuntimeError: a tensor that needs no gradient, wrong shapes, a graph already freed.
    """
    if inputs is not None and len(_as_tuple(inputs)) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outputs = _as_tuple(tensors)
    grads = _gradients(
        outputs, _match(outputs, grad_tensors if grad_variables is None else grad_variables)
    )
    _C.run_backward(
        outputs,
        grads,
        create_graph if retain_graph is None else retain_graph,
        create_graph,
        _as_tuple(inputs),
        True,
        True,
    )


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """Gradients of ``outputs`` with respect to ``inputs``; ``.grad`` stays untouched.

    Args:
        grad_outputs: the vector of the vector-Jacobian product; None means ones for
            one-element outputs.
        allow_unused: inputs that do not matter give None instead of an error.
        materialize_grads: inputs that do not matter give zeros.

    Raises:
        RuntimeError: an input that does not require grad, or is unused.
        NotImplementedError: ``is_grads_batched=True``.
    """
    if not only_inputs:
        raise ValueError("only_inputs argument is deprecated and must be True")
    if is_grads_batched:
        raise NotImplementedError(
            "rushlight.autograd.grad(is_grads_batched=True) is not implemented"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    roots = tuple(_node_to_tensor(t) for t in _as_tuple(outputs))
    leaves = _as_tuple(inputs)
    if not leaves:
        raise ValueError("grad requires non-empty inputs.")
    results = _C.run_backward(
        roots,
        _gradients(roots, _match(roots, grad_outputs)),
        create_graph if retain_graph is None else retain_graph,
        create_graph,
        leaves,
        bool(allow_unused) or materialize_grads,
        False,
    )
    if materialize_grads:
        results = tuple(
            _C.ops.zeros(x.shape, dtype=x.dtype) if g is None else g
            for g, x in zip(results, leaves, strict=True)
        )
    return results
