"""no_grad, enable_grad, set_grad_enabled, inference_mode: blocks, decorators, generators."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from ..outcome import raised


def blocks(torch: Any) -> Iterator[Any]:
    on = torch.is_grad_enabled
    x = torch.ones(2, requires_grad=True)
    yield on()
    with torch.no_grad():
        y = x * 2
        yield on(), y.requires_grad, y.grad_fn
        with torch.enable_grad():
            z = x * 2
            yield on(), z.requires_grad
            with torch.set_grad_enabled(False):
                yield on()
            yield on()
        yield on(), torch.ones(1, requires_grad=True).requires_grad
        yield raised(lambda: y.sum().backward(), 75)
    yield on(), (x * 2).requires_grad
    try:
        with torch.no_grad():
            raise ValueError
    except ValueError:
        yield on()
    torch.set_grad_enabled(False)
    yield on()
    torch.set_grad_enabled(True)
    yield on()
    guard = torch.no_grad()
    with guard:
        with guard:
            yield on()
        yield on()
    yield on()
    with torch.no_grad() as nothing:
        yield nothing
    yield (
        torch.set_grad_enabled(mode=True).mode,
        raised(lambda: torch.set_grad_enabled(), 0),
    )
    yield (
        torch.autograd.no_grad is torch.no_grad,
        torch.autograd.grad_mode.no_grad is torch.no_grad,
    )


def decorators(torch: Any) -> Iterator[Any]:
    on = torch.is_grad_enabled

    @torch.no_grad()
    def with_call(a: int, b: int = 2) -> Any:
        "doc"
        return on(), a + b

    @torch.no_grad
    def without_call() -> bool:
        return on()

    @torch.enable_grad()
    def enabling() -> bool:
        return on()

    @torch.set_grad_enabled(False)
    def setting() -> bool:
        return on()

    @torch.inference_mode()
    def inferring() -> Any:
        return on(), torch.is_inference_mode_enabled()

    @torch.inference_mode
    def inferring_bare() -> Any:
        return torch.is_inference_mode_enabled()

    yield with_call(1), with_call(1, b=5), with_call.__name__, with_call.__doc__, on()
    yield without_call(), setting(), inferring(), inferring_bare(), on()
    with torch.no_grad():
        yield enabling(), on()

    @torch.no_grad()
    def recursive(n: int) -> Any:
        return [on(), *(recursive(n - 1) if n else [])]

    yield recursive(3), on()

    class Holder:
        @torch.no_grad()
        def method(self) -> bool:
            return on()

        @staticmethod
        @torch.no_grad()
        def static() -> bool:
            return on()

    yield Holder().method(), Holder.static()

    @torch.no_grad()
    def failing() -> None:
        raise KeyError("x")

    yield raised(failing), on()


def generators(torch: Any) -> Iterator[Any]:
    on = torch.is_grad_enabled

    @torch.no_grad()
    def produce(n: int) -> Any:
        for i in range(n):
            got = yield i, on(), torch.is_grad_enabled()
            if got:
                yield "got", got, on()
        return "done"

    seen = []
    for item in produce(2):
        seen.append((item, on()))
    yield seen, on()
    g = produce(3)
    yield next(g), on(), g.send("hello"), on()
    g.close()
    yield on()

    @torch.no_grad()
    def catching() -> Any:
        try:
            yield on()
        except ValueError:
            yield "caught", on()

    g = catching()
    next(g)
    yield g.throw(ValueError), on()

    @torch.no_grad()
    def closing() -> Any:
        try:
            yield 1
        finally:
            seen.append(("closed", on()))

    g = closing()
    next(g)
    g.close()
    yield seen[-1]

    def outer() -> Any:
        result = yield from produce(1)
        yield result

    yield list(outer()), on()

    @torch.enable_grad()
    def enabling() -> Any:
        yield on()
        yield on()

    with torch.no_grad():
        yield list(enabling()), on()


def inference(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    n = torch.ones(2)
    with torch.inference_mode():
        yield torch.is_inference_mode_enabled(), torch.is_grad_enabled()
        i = x * 2
        made = torch.zeros(2)
        v = n[0:1]
        n.add_(1)
        i.add_(1)
        yield (
            i.requires_grad,
            i.is_inference(),
            made.is_inference(),
            v.is_inference(),
            n.is_inference(),
        )
        yield (
            i[0].is_inference(),
            x.is_inference(),
            raised(lambda: i._version),
            n._version,
        )
        yield (
            made.clone().is_inference(),
            torch.ones(2, requires_grad=True).requires_grad,
        )
        with torch.inference_mode(False):
            yield (
                torch.is_inference_mode_enabled(),
                torch.is_grad_enabled(),
                (x * 2).requires_grad,
            )
            yield torch.ones(1).is_inference()
        with torch.enable_grad():
            yield (x * 2).requires_grad, (x * 2).is_inference()
    yield torch.is_inference_mode_enabled(), torch.is_grad_enabled()
    yield (
        raised(lambda: x * i),
        (i * 2).is_inference(),
        (x + i).requires_grad,
        raised(lambda: (x * i).sum()),
    )
    yield (
        raised(lambda: i.add_(1)),
        raised(lambda: i.requires_grad_()),
        i[0:1].is_inference(),
    )
    yield raised(lambda: i[0:1].add_(1)), raised(lambda: v.add_(1))
    c = i.clone().fill_(1)
    yield c.is_inference(), (c * x).requires_grad, c.add_(1)
    yield raised(lambda: n.add_(x[0:1]))
    with torch.no_grad():
        yield raised(lambda: i.add_(1)), (i + 1).is_inference()
    with torch.inference_mode():
        i.mul_(2)
        i.fill_(5)
    yield i
    yield raised(lambda: v.mul_(x[:1]), 50)


def per_thread(torch: Any) -> Iterator[Any]:
    seen: list[Any] = []

    def work() -> None:
        seen.append((torch.is_grad_enabled(), torch.is_inference_mode_enabled()))
        torch.set_grad_enabled(False)
        seen.append(torch.is_grad_enabled())

    with torch.no_grad(), torch.inference_mode():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    yield seen, torch.is_grad_enabled()


def writes_under_no_grad(torch: Any) -> Iterator[Any]:
    w = torch.ones(2, requires_grad=True)
    for _ in range(2):
        loss = (w * w).sum()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
    yield w, w.is_leaf, w._version
    with torch.no_grad():
        w.copy_(torch.zeros(2))
        out = torch.add(w, 1, out=torch.zeros(2))
    yield w, out.requires_grad
    y = w * 2
    with torch.no_grad():
        y.add_(1)
    yield y.grad_fn.name(), y
    y.sum().backward()
    yield w.grad
    with torch.no_grad():
        w.requires_grad_(False)
        w.requires_grad_(True)
        z = w.view(2)
    yield w.requires_grad, z.requires_grad
