"""The graph itself: nodes, edges, hooks over several gradients, hooks on saved tensors."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor


class _NodeMeta(type):
    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, (_C.Node, _C._FunctionBase))

    def __subclasscheck__(cls, other: type) -> bool:
        return cls is other or issubclass(other, (_C.Node, _C._FunctionBase))


class Node(metaclass=_NodeMeta):
    """What ``tensor.grad_fn`` is: ``name()``, ``next_functions``, ``metadata``, hooks."""


class GradientEdge(NamedTuple):
    """Where a gradient goes: output ``output_nr`` of ``node``."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge that the gradient of ``tensor`` travels along."""
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(*_C.get_gradient_edge(tensor))


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Counts an in-place write that the library did not see."""
    for t in (tensor,) if isinstance(tensor, _C.Tensor) else tensor:
        _C.increment_version(t)


class saved_tensors_hooks:
    """Inside, what backward saves goes through ``pack_hook``, and comes back by ``unpack_hook``.

    Args:
        pack_hook: called with each saved tensor; what it returns is kept.
        unpack_hook: called with that; returns the tensor.
    """

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        _C.push_saved_tensor_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        _C.pop_saved_tensor_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Saved tensors wait in CPU memory; on a CPU that is a copy.

    Raises:
        NotImplementedError: ``pin_memory=True``.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        if pin_memory:
            raise NotImplementedError(
                "rushlight.autograd.graph.save_on_cpu(pin_memory=True) is not implemented"
            )
        super().__init__(lambda t: t.clone(), lambda t: t)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, ``saved_tensors_hooks`` raises RuntimeError with this message."""
    before = _C.refuse_saved_tensor_hooks(error_message)
    try:
        yield
    finally:
        _C.refuse_saved_tensor_hooks(before)


class _Handles:
    """Removes several hooks at once."""

    def __init__(self, handles: Sequence[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _Handles:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all"
) -> Any:
    """Calls ``fn`` once a backward pass over gradients of several tensors.

    Args:
        mode: ``"all"`` calls ``fn(gradients)`` when all gradients of the pass are there, None
            for tensors that get none; ``"any"`` calls ``fn(gradient)`` with the first.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    edges = [_C.get_gradient_edge(t)[0] for t in tensors]
    lock = threading.Lock()
    passes: dict[int, Any] = {}

    def forget(key: int) -> None:
        _C.queue_callback(lambda: passes.pop(key, None))

    def all_hook(index: int) -> Callable[[Tensor], None]:
        def hook(gradient: Tensor) -> None:
            key = _C.backward_pass_id()
            with lock:
                if key not in passes:
                    expected = sum(_C.node_will_run(node) for node in edges)
                    passes[key] = [expected, [None] * len(tensors)]
                    forget(key)
                state = passes[key]
                state[0] -= 1
                state[1][index] = gradient
                complete = state[0] == 0
            if complete:
                fn(state[1])

        return hook

    def any_hook(gradient: Tensor) -> None:
        key = _C.backward_pass_id()
        with lock:
            first = key not in passes
            if first:
                passes[key] = True
                forget(key)
        if first:
            fn(gradient)

    return _Handles(
        [
            t.register_hook(all_hook(i) if mode == "all" else any_hook)
            for i, t in enumerate(tensors)
        ]
    )


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Inside, a saved tensor may be written in place: backward sees the value it had.

    Every saved tensor is copied when it is saved. Backward has to run inside too.
    """
    open_ = [True]

    def unpack(copy: Tensor) -> Tensor:
        if not open_[0]:
            raise RuntimeError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in "
                "which the graph was originally recorded."
            )
        return copy

    with saved_tensors_hooks(lambda t: t.clone(), unpack):
        try:
            yield
        finally:
            open_[0] = False
