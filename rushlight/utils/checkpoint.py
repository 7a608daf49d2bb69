"""Activation checkpointing: keep a function's inputs, recompute the rest in backward.

Two ways. ``use_reentrant=False`` replaces every tensor that the function's operations save
by a place holder; the first one that backward asks for runs the function again.
``use_reentrant=True`` makes the whole function one graph node whose backward runs it again
and calls ``backward`` inside.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import rushlight
from rushlight import _C
from rushlight.autograd import Function
from rushlight.autograd.graph import saved_tensors_hooks

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "checkpoint",
    "checkpoint_sequential",
    "check_backward_validity",
    "detach_variable",
    "noop_context_fn",
    "set_checkpoint_early_stop",
]

Contexts = tuple[
    contextlib.AbstractContextManager[Any], contextlib.AbstractContextManager[Any]
]


class CheckpointError(RuntimeError):
    """Recomputation saved other tensors than forward did."""


class _StopRecomputationError(Exception):
    """Everything that backward needs is there."""


def noop_context_fn() -> Contexts:
    """Contexts of forward and recomputation that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


_early_stop: bool | None = None


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Inside, overrides whether recomputation ends once all saved tensors are there."""
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextlib.contextmanager
def _random_state(state: Any) -> Iterator[None]:
    """Inside, random numbers start from ``state``; None changes nothing."""
    if state is None:
        yield
        return
    before = rushlight.get_rng_state()
    rushlight.set_rng_state(state)
    try:
        yield
    finally:
        rushlight.set_rng_state(before)


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tensors as new leaves, with the same ``requires_grad``; other values unchanged."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: ",
            type(inputs).__name__,
        )
    return tuple(
        x.detach().requires_grad_(x.requires_grad) if isinstance(x, _C.Tensor) else x
        for x in inputs
    )


def check_backward_validity(inputs: Any) -> None:
    """Warns when no input requires grad: the reentrant way then gives no gradients."""
    if not any(x.requires_grad for x in inputs if isinstance(x, _C.Tensor)):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None",
            stacklevel=3,
        )


class CheckpointFunction(Function):
    """``run_function`` as one node of the graph (the reentrant way)."""

    @staticmethod
    def forward(
        ctx: Any, run_function: Any, preserve_rng_state: bool, *args: Any
    ) -> Any:
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.state = rushlight.get_rng_state() if preserve_rng_state else None
        ctx.others = [None if isinstance(a, _C.Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, _C.Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with rushlight.no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        if not _C.backward_goes_everywhere():
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the "
                "`inputs` argument."
            )
        inputs = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = tensor
        detached = detach_variable(tuple(inputs))
        with _random_state(ctx.state), rushlight.enable_grad():
            outputs = ctx.run_function(*detached)
        if isinstance(outputs, _C.Tensor):
            outputs = (outputs,)
        live = [
            (out, g)
            for out, g in zip(outputs, gradients, strict=True)
            if isinstance(out, _C.Tensor) and out.requires_grad
        ]
        if not live:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        rushlight.autograd.backward([out for out, _ in live], [g for _, g in live])
        grads = (x.grad if isinstance(x, _C.Tensor) else None for x in detached)
        return None, None, *grads


class _SaveInputs(Function):
    """Keeps tensors as a node's saved tensors, so that hooks around the checkpoint see them."""

    @staticmethod
    def forward(ctx: Any, dummy: Any, *tensors: Any) -> Any:
        ctx.save_for_backward(*tensors)
        return dummy.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        raise AssertionError("no gradient flows here")


class _Holder:
    """Stands for one saved tensor. ``value`` is there between recomputation and use."""

    __slots__ = ("__weakref__", "index", "value")

    def __init__(self, index: int) -> None:
        self.index = index
        self.value: tuple[int, Any] | None = None


def _metadata(x: Any) -> dict[str, Any]:
    return {"shape": x.shape, "dtype": x.dtype, "device": x.device}


class _Frame:
    """One checkpointed call: its place holders, and how to run it again."""

    def __init__(
        self, run_again: Callable[[], None], early_stop: bool, check: bool
    ) -> None:
        self.run_again = run_again
        self.early_stop = early_stop
        self.check = check
        self.holders: list[weakref.ref[_Holder]] = []
        self.metadata: list[dict[str, Any]] = []
        self.lock = threading.RLock()

    def pack(self, x: Any) -> _Holder:
        holder = _Holder(len(self.holders))
        self.holders.append(weakref.ref(holder))
        if self.check:
            self.metadata.append(_metadata(x))
        return holder

    def unpack(self, holder: _Holder) -> Any:
        number = _C.backward_pass_id()
        with self.lock:
            if holder.value is None or holder.value[0] != number:
                self.recompute(number)
            assert holder.value is not None
            value, holder.value = holder.value[1], None
        if self.check and self.metadata[holder.index] != _metadata(value):
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                "different metadata than during the forward pass.\ntensor at position "
                f"{holder.index}:\nsaved metadata: {self.metadata[holder.index]}\nrecomputed "
                f"metadata: {_metadata(value)}"
            )
        return value

    def recompute(self, number: int) -> None:
        count = 0

        def pack(x: Any) -> Any:
            nonlocal count
            if (
                count < len(self.holders)
                and (holder := self.holders[count]()) is not None
            ):
                holder.value = number, x.detach()
            count += 1
            if self.early_stop and count == len(self.holders):
                raise _StopRecomputationError
            return x.detach()

        with contextlib.suppress(_StopRecomputationError):
            with saved_tensors_hooks(pack, lambda x: x), rushlight.enable_grad():
                self.run_again()
        if count != len(self.holders):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\nNumber of tensors saved during forward: "
                f"{len(self.holders)}\nNumber of tensors saved during recomputation: {count}."
            )


def _without_reentry(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    preserve: bool,
    contexts: Contexts,
    check: bool,
    early_stop: bool,
) -> Any:
    if not _C.is_grad_enabled():
        return function(*args, **kwargs)
    state = rushlight.get_rng_state() if preserve else None
    forward_context, again_context = contexts
    # Tensor arguments wait in a node, the rest in this closure.
    places = [i for i, a in enumerate(args) if isinstance(a, _C.Tensor)]
    others = [None if isinstance(a, _C.Tensor) else a for a in args]
    dummy = rushlight.empty((0,), requires_grad=True)
    keeper = _SaveInputs.apply(dummy, *(args[i] for i in places))
    keeper_node = keeper.grad_fn

    def run_again(keeper: Any = keeper) -> None:
        inputs = list(others)
        for i, tensor in zip(places, keeper_node.saved_tensors, strict=True):
            inputs[i] = tensor
        with _random_state(state), again_context:
            function(*inputs, **kwargs)

    frame = _Frame(run_again, early_stop, check)
    with saved_tensors_hooks(frame.pack, frame.unpack), forward_context:
        return function(*args, **kwargs)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)`` without keeping what backward needs of its inside.

    Args:
        use_reentrant: which way; pass it. False is the better one: it works with ``grad()``,
            keyword arguments, nested structures, inputs that need no gradient.
        context_fn: gives two context managers, around forward and around recomputation
            (``use_reentrant=False`` only).
        determinism_check: ``"default"`` compares shapes, dtypes and devices of recomputed
            tensors, ``"none"`` does not.
        early_stop: end recomputation once everything needed is there.
        preserve_rng_state: recompute with the random numbers of forward. Default: True.

    Raises:
        CheckpointError: recomputation saved other tensors than forward.
        NotImplementedError: ``debug=True``.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "use_reentrant=False is recommended; True, the old way, is taken when it is missing.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs and use_reentrant:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant:
        if context_fn is not noop_context_fn or debug:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve, *args)
    if debug:
        raise NotImplementedError(
            "rushlight.utils.checkpoint.checkpoint(debug=True) is not implemented"
        )
    if determinism_check not in ("default", "none"):
        raise ValueError(
            "determinism_check should be one of ['default', 'none'], but got "
            f"{determinism_check}"
        )
    stop = early_stop if _early_stop is None else _early_stop
    return _without_reentry(
        function,
        args,
        kwargs,
        preserve,
        context_fn(),
        determinism_check == "default",
        stop,
    )


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Runs modules one after the other and keeps activations only between segments.

    Args:
        functions: a Sequential or a list of functions.
        segments: how many parts; the last one runs without checkpointing.
        input: the first function's input.
        preserve_rng_state: as in ``checkpoint``.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be "
            "passed explicitly. use_reentrant=False is recommended; True, the old way, is taken "
            "when it is missing.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = (
        list(functions.children())
        if hasattr(functions, "children")
        else list(functions)
    )

    def run(first: int, end: int) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for step in steps[first:end]:
                x = step(x)
            return x

        return forward

    size = len(steps) // segments
    for part in range(segments - 1):
        input = checkpoint(
            run(part * size, (part + 1) * size),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve,
        )
    return run((segments - 1) * size, len(steps))(input)
