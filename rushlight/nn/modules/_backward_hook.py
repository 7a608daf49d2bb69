"""The machinery behind a module's backward hooks.

Arguments and results of the module pass through an identity node each. When gradients
reach the node behind the results they are grad_output; when they reach the node before
the arguments they are grad_input, and the user's hooks run.
"""

from __future__ import annotations

import warnings
import weakref

import rushlight
from rushlight import Tensor
from rushlight.autograd import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .module import Module


class BackwardHookFunction(Function):
    """Passes tensors and their gradients through unchanged."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.mark_non_differentiable(*[t for t in tensors if not t.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        return grads


class BackwardHook:
    """Runs the backward hooks of one call of one module."""

    def __init__(self, module: Module, hooks: list[Any], pre_hooks: list[Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: tuple[Any, ...] | None = None
        self.n_inputs = 0
        self.n_outputs = 0
        self.input_places: list[int] | None = None
        self.output_places: list[int] | None = None

    def setup_input_hook(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Puts the node before the arguments; returns the arguments to use."""
        args, self.input_places = _through_identity(args, self._watch_inputs)
        self.n_inputs = len(args)
        return args

    def setup_output_hook(self, result: Any) -> Any:
        """Puts the node behind the result; returns the result to hand out."""
        results = result if isinstance(result, tuple) else (result,)
        results, self.output_places = _through_identity(results, self._watch_outputs)
        self.n_outputs = len(results)
        return results if isinstance(result, tuple) else results[0]

    def _watch_inputs(self, node: Any) -> None:
        def on_grad_inputs(grad_inputs: Any, _: Any) -> Any:
            if self.grad_outputs is None:
                # The gradient came to the arguments by another way than the results,
                # as it may in a second derivative.
                return None
            assert self.input_places is not None
            current = _spread(self.input_places, grad_inputs, self.n_inputs)
            for hook in self.hooks:
                replaced = hook(self.module, current, self.grad_outputs)
                if replaced is None:
                    continue
                if len(replaced) != len(current):
                    raise RuntimeError(
                        "Backward hook returned an invalid number of grad_input, got "
                        f"{len(replaced)}, but expected {len(current)}"
                    )
                current = replaced
            self.grad_outputs = None
            return tuple(current[place] for place in self.input_places)

        node.register_hook(on_grad_inputs)

    def _watch_outputs(self, node: Any) -> None:
        def on_grad_outputs(_: Any, grad_outputs: Any) -> Any:
            assert self.output_places is not None
            current = _spread(self.output_places, grad_outputs, self.n_outputs)
            for hook in self.pre_hooks:
                replaced = hook(self.module, current)
                if replaced is None:
                    continue
                if len(replaced) != len(current):
                    raise RuntimeError(
                        "Backward pre hook returned an invalid number of grad_output, "
                        f"got {len(replaced)}, but expected {len(current)}"
                    )
                current = replaced
            self.grad_outputs = current
            if self.input_places is None:
                self._run_without_inputs()
            return tuple(current[place] for place in self.output_places)

        node.register_hook(on_grad_outputs)

    def _run_without_inputs(self) -> None:
        # No argument needs a gradient, so no node will report grad_input.
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to "
            "module outputs since no inputs require gradients.",
            stacklevel=5,
        )
        nothing = (None,) * self.n_inputs
        for hook in self.hooks:
            replaced = hook(self.module, nothing, self.grad_outputs)
            if replaced is None:
                continue
            if not isinstance(replaced, tuple) or any(g is not None for g in replaced):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should "
                    "always return None or None for all gradients."
                )
        self.grad_outputs = None


def _spread(places: list[int], values: Sequence[Any], size: int) -> tuple[Any, ...]:
    """A tuple of `size` with `values` at `places` and None elsewhere."""
    spread: list[Any] = [None] * size
    for place, value in zip(places, values):
        spread[place] = value
    return tuple(spread)


def _through_identity(
    values: tuple[Any, ...], watch: Callable[[Any], None]
) -> tuple[tuple[Any, ...], list[int] | None]:
    """Sends the tensors among `values` through one identity node, given to `watch`.

    Returns the new values and the places of the tensors; None where no gradient is
    wanted, and the values are then unchanged.
    """
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    wanted = any(values[i].requires_grad for i in places)
    if not (wanted and rushlight.is_grad_enabled()):
        return values, None
    passed = BackwardHookFunction.apply(*[values[i] for i in places])
    watch(next(t.grad_fn for t in passed if t.grad_fn is not None))
    replaced = list(values)
    for place, tensor in zip(places, passed):
        replaced[place] = tensor
    if type(values) is tuple:
        return tuple(replaced), places
    return type(values)(*replaced), places


def attach_partial_hooks(
    module: Module, hooks: list[Any], args: tuple[Any, ...], result: Any
) -> None:
    """Hangs the deprecated kind of backward hook on the result's own node."""
    tensor = result
    while not isinstance(tensor, Tensor):
        if isinstance(tensor, dict):
            tensor = next(v for v in tensor.values() if isinstance(v, Tensor))
        else:
            tensor = tensor[0]
    node = tensor.grad_fn
    if node is None:
        return
    missed = _missed_by(node, args, result)
    if missed:
        warnings.warn(
            f"Using {missed}. Please use register_full_backward_hook, which sees them all.",
            FutureWarning,
            stacklevel=5,
        )
    # The node must not keep the module alive, nor the module's death break backward.
    owner = weakref.ref(module)
    for hook in hooks:

        def run(grad_inputs: Any, grad_outputs: Any, hook: Any = hook) -> Any:
            alive = owner()
            if alive is None:
                raise RuntimeError("You are trying to call the hook of a dead Module!")
            return hook(alive, grad_inputs, grad_outputs)

        node.register_hook(run)


def _missed_by(node: Any, args: tuple[Any, ...], result: Any) -> str:
    """What hooks on `node`, that of a call's first result, do not see; '' for nothing."""
    results = result if isinstance(result, tuple) else (result,)
    for values, verb, what in (
        (results, "return", "grad_output"),
        (args, "take as input", "grad_input"),
    ):
        if not all(isinstance(value, Tensor) for value in values):
            return (
                f"non-full backward hooks on a Module that does not {verb} a single Tensor "
                f"or a tuple of Tensors is deprecated: they miss some of the {what}"
            )
    if len({r.grad_fn for r in results} - {None}) > 1:
        why, what = "outputs are generated by different autograd Nodes", "grad_output"
    elif {a.grad_fn for a in args} - {None} != {n for n, _ in node.next_functions}:
        why, what = "the forward contains multiple autograd Nodes", "grad_input"
    else:
        return ""
    return f"a non-full backward hook when {why} is deprecated: it misses some {what}"
