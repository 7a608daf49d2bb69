"""backward() and grad(): argument rules around the engine."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rushlight import _C
from rushlight.autograd.graph import GradientEdge

if TYPE_CHECKING:
    from rushlight import Tensor

    TensorOrEdge = Tensor | GradientEdge

_warned_of_cycle = False


def _as_tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, (_C.Tensor, GradientEdge)):
        return (value,)
    return tuple(value)


def _checked(values: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    for value in values:
        if not isinstance(value, (_C.Tensor, GradientEdge)):
            raise TypeError(
                f"{what} can be either Tensors or GradientEdges, but got "
                f"{type(value).__name__}"
            )
    return values


class _Place:
    """What is known of the tensor at a gradient edge."""

    requires_grad = True

    def __init__(self, edge: GradientEdge) -> None:
        self.shape, self.dtype = _C.slot_metadata(edge.node, edge.output_nr)

    def numel(self) -> int:
        return self.shape.numel()


def _check_gradient(grad: Any) -> None:
    if grad is not None and not isinstance(grad, _C.Tensor):
        raise TypeError(
            f"gradients can be either Tensors or None, but got {type(grad).__name__}"
        )


def _gradients(
    outputs: tuple[Any, ...], grads: tuple[Tensor | None, ...]
) -> tuple[Tensor, ...]:
    """Checks given gradients; those left out become ones, for one-element outputs."""
    made = []
    for i, (output, grad) in enumerate(zip(outputs, grads, strict=True)):
        out = _Place(output) if isinstance(output, GradientEdge) else output
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
    for grad in given[: len(outputs)]:
        _check_gradient(grad)
    if len(given) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
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
        grad_variables: the old name of ``grad_tensors``.

    Raises:
        RuntimeError: a tensor that needs no gradient, wrong shapes, a graph already freed.
    """
    if inputs is not None and len(_as_tuple(inputs)) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    if create_graph:
        _warn_of_cycle()
    outputs = _checked(_as_tuple(tensors), "tensors")
    grads = _gradients(outputs, _match(outputs, grad_tensors))
    _C.run_backward(
        outputs,
        grads,
        create_graph if retain_graph is None else retain_graph,
        create_graph,
        _checked(_as_tuple(inputs), "inputs"),
        True,
        True,
    )


def _warn_of_cycle() -> None:
    global _warned_of_cycle
    if not _warned_of_cycle:
        _warned_of_cycle = True
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the "
            "parameter and its gradient which can cause a memory leak. Use autograd.grad, or "
            "set .grad of the parameters to None when they are no longer needed.",
            UserWarning,
            stacklevel=4,
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
        only_inputs: deprecated; False warns, and the gradients are those of ``inputs`` only.
        allow_unused: inputs that do not matter give None instead of an error.
        materialize_grads: inputs that do not matter give zeros.

        is_grads_batched: the first dimension of every ``grad_outputs`` counts vectors; the
            results have it too.

    Raises:
        RuntimeError: an input that does not require grad, or is unused.
    """
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use "
            "torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    roots = _checked(_as_tuple(outputs), "outputs")
    leaves = _checked(_as_tuple(inputs), "inputs")
    if not leaves:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        return _batched(
            roots,
            leaves,
            _match(roots, grad_outputs),
            keep,
            create_graph,
            allow_unused,
            materialize_grads,
        )
    results = _C.run_backward(
        roots,
        _gradients(roots, _match(roots, grad_outputs)),
        keep,
        create_graph,
        leaves,
        bool(allow_unused) or materialize_grads,
        False,
    )
    if materialize_grads:
        if any(isinstance(x, GradientEdge) for x in leaves):
            raise RuntimeError(
                "materialize_grads cannot be used when the given inputs contain GradientEdges"
            )
        results = tuple(
            _C.ops.zeros(x.shape, dtype=x.dtype) if g is None else g
            for g, x in zip(results, leaves, strict=True)
        )
    return results


def _batched(
    roots: tuple[Any, ...],
    leaves: tuple[Any, ...],
    vectors: tuple[Any, ...],
    keep: bool,
    create_graph: bool,
    allow_unused: bool | None,
    materialize: bool,
) -> tuple[Any, ...]:
    """One pass a row of ``vectors``."""
    counts = {len(v) for v in vectors if v is not None}
    if len(counts) != 1:
        raise ValueError(
            "is_grads_batched=True: all grad_outputs need the same number of vectors in their "
            f"first dimension, got {sorted(counts)}"
        )
    count = counts.pop()
    rows = [
        grad(
            roots,
            leaves,
            [None if v is None else v[i] for v in vectors],
            retain_graph=keep or i + 1 < count,
            create_graph=create_graph,
            allow_unused=allow_unused,
            materialize_grads=materialize,
        )
        for i in range(count)
    ]
    return tuple(
        None if column[0] is None else _C.ops.stack(column, 0)
        for column in zip(*rows, strict=True)
    )
