"""torch.autograd.Function: the contract of forward, backward and ctx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised


def cube_of(torch: Any) -> Any:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    return Cube


def basics(torch: Any) -> Iterator[Any]:
    cube = cube_of(torch)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = cube.apply(x)
    yield (
        y,
        y.grad_fn.name(),
        type(y.grad_fn).__name__,
        repr(y.grad_fn).partition(" at ")[0],
        str(y),
    )
    yield (
        [(n.name(), i) for n, i in y.grad_fn.next_functions],
        y.grad_fn.saved_tensors[0] is x,
    )
    y.sum().backward()
    yield (
        x.grad,
        raised(lambda: y.sum().backward(), 60),
        raised(lambda: y.grad_fn.saved_tensors, 60),
    )
    (g,) = torch.autograd.grad(cube.apply(x).sum(), x, create_graph=True)
    yield g, torch.autograd.grad(g.sum(), x)
    yield cube.apply(torch.ones(2)).requires_grad, cube.apply(x.detach()).grad_fn
    with torch.no_grad():
        yield cube.apply(x).requires_grad
    yield cube.apply(cube.apply(x)).grad_fn.next_functions[0][0].name()
    yield (
        raised(lambda: cube.apply(x=x), 0),
        raised(lambda: cube()),
        raised(lambda: cube.apply(), 0),
    )
    yield torch.autograd.gradcheck(
        cube.apply, torch.rand(3, dtype=torch.float64, requires_grad=True)
    )
    yield torch.autograd.gradgradcheck(
        cube.apply, torch.rand(3, dtype=torch.float64, requires_grad=True)
    )
    yield isinstance(y.grad_fn, torch.autograd.graph.Node), cube._backward_cls.__name__


def grad_mode_inside(torch: Any) -> Iterator[Any]:
    seen = []

    class Spy(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            seen.append(
                (torch.is_grad_enabled(), (x * 2).requires_grad, x.requires_grad)
            )
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            seen.append((torch.is_grad_enabled(), g.requires_grad))
            return g * 2

    x = torch.ones(1, requires_grad=True)
    Spy.apply(x).backward()
    torch.autograd.grad(Spy.apply(x), x, create_graph=True)
    yield seen


def several_arguments(torch: Any) -> Iterator[Any]:
    needs = []

    class Mix(torch.autograd.Function):
        @staticmethod
        def forward(
            ctx: Any, a: Any, scale: float, b: Any, flag: Any = None, rest: Any = ()
        ) -> Any:
            needs.append(ctx.needs_input_grad)
            ctx.save_for_backward(a, None, b)
            ctx.scale = scale
            return a * scale + b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            a, none, b = ctx.saved_tensors
            needs.append((ctx.needs_input_grad, none))
            return g * ctx.scale, None, g, None, None

    a, b = torch.ones(2, requires_grad=True), torch.ones(2)
    out = Mix.apply(a, 3.0, b, "flag", [a])
    out.sum().backward()
    yield out, a.grad, needs
    out = Mix.apply(b, 2.0, a, None, {})
    yield raised(lambda: out.sum().backward(), 0), needs[-1]
    yield [n.name() if n else None for n, _ in out.grad_fn.next_functions]
    yield Mix.apply(b, 1.0, b, 0, 0).requires_grad


def wrong_gradients(torch: Any) -> Iterator[Any]:
    def function(result: Any) -> Any:
        class Wrong(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, a: Any, b: Any) -> Any:
                return a * b if isinstance(b, torch.Tensor) else a * 1

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return result(g)

        return Wrong.apply

    def both(result: Any, other: Any = None) -> Any:
        a = torch.ones(2, requires_grad=True)
        b = torch.ones(2, requires_grad=True) if other is None else other
        f = function(result)
        action = raised(lambda: f(a, b).sum().backward(), 80)
        return action, a.grad, b.grad if isinstance(b, torch.Tensor) else None

    yield both(lambda g: g)
    yield both(lambda g: (g, g, g))
    yield both(lambda g: (g, g, None))
    yield both(lambda g: (g, None))
    yield both(lambda g: (None, None))
    yield both(lambda g: (g.sum(), g))
    yield both(lambda g: (torch.ones(3), g))
    yield both(lambda g: (torch.ones(4, 2), g))
    yield both(lambda g: (g.double(), g))
    yield both(lambda g: (g, 3))
    yield both(lambda g: [g, g])
    yield both(lambda g: (g, g), 4)
    yield both(lambda g: (g, None), 4)
    yield both(lambda g: 1 / 0)
    yield both(lambda g: (g, g), torch.ones(2, dtype=torch.float64, requires_grad=True))
    yield both(lambda g: (g, None), torch.ones(2, dtype=torch.int64))


def errors(torch: Any) -> Iterator[Any]:
    function = torch.autograd.Function
    x = torch.ones(2, requires_grad=True)

    class Empty(function):
        pass

    class NoBackward(function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

    class Raises(function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            raise KeyError("inside")

    class Saves(function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(3)
            return x * 2

    class Two(function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

        @staticmethod
        def vjp(ctx: Any, g: Any) -> Any:
            return g

    class Vjp(function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def vjp(ctx: Any, g: Any) -> Any:
            return g * 2

    yield (
        raised(lambda: Empty.apply(x)),
        raised(lambda: NoBackward.apply(x).sum().backward()),
    )
    yield raised(lambda: Raises.apply(x)), raised(lambda: Saves.apply(x), 0)
    yield (
        raised(lambda: Two.apply(x).sum().backward()),
        torch.autograd.grad(Vjp.apply(x).sum(), x),
    )
    yield raised(lambda: Empty.apply(1)), raised(lambda: function.apply(x))
    yield torch.is_grad_enabled()


def once(torch: Any) -> Iterator[Any]:
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 2 * x

    x = torch.tensor([3.0], requires_grad=True)
    yield torch.autograd.grad(Once.apply(x), x)
    (g,) = torch.autograd.grad(Once.apply(x), x, create_graph=True)
    yield g.detach(), g.requires_grad, raised(lambda: g.backward(), 80)
    v = torch.ones(1, requires_grad=True)
    (g,) = torch.autograd.grad(Once.apply(x), x, v, create_graph=True)
    yield g.requires_grad, raised(lambda: g.backward(), 80)


def separate_context(torch: Any) -> Iterator[Any]:
    class Split(torch.autograd.Function):
        @staticmethod
        def forward(x: Any, power: Any) -> Any:
            return x**power, x.sum().item()

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, power = inputs
            ctx.save_for_backward(x)
            ctx.power = power
            ctx.kinds = [type(o).__name__ for o in output]

        @staticmethod
        def backward(ctx: Any, g: Any, other: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * ctx.power * x ** (ctx.power - 1), None

    x = torch.tensor([2.0], requires_grad=True)
    y, plain = Split.apply(x, 3)
    yield y, plain, y.grad_fn.kinds
    y.backward()
    yield x.grad

    class Defaults(torch.autograd.Function):
        @staticmethod
        def forward(x: Any, scale: float = 2.0) -> Any:
            return x * scale

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.scale = inputs[1]

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.scale, None

    yield (
        torch.autograd.grad(Defaults.apply(x), x),
        torch.autograd.grad(Defaults.apply(x, 5.0), x),
    )

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    yield raised(lambda: Same.apply(x), 40)


def context_object(torch: Any) -> Iterator[Any]:
    class Keep(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.anything = {"a": 1}
            ctx.save_for_backward(x)
            ctx.save_for_backward(x, x)
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            ctx.seen = len(ctx.saved_tensors)
            return g * 2

    x = torch.ones(1, requires_grad=True)
    y = Keep.apply(x)
    node = y.grad_fn
    yield (
        node.anything,
        len(node.saved_tensors),
        node.needs_input_grad,
        isinstance(node.metadata, dict),
    )
    seen = []
    node.register_hook(lambda gi, go: seen.append((gi, go)))
    node.register_prehook(lambda go: seen.append(go))
    y.backward()
    yield seen, node.seen, node.name()
    yield (
        isinstance(node, torch.autograd.function.BackwardCFunction),
        isinstance(node, torch.autograd.function.FunctionCtx),
    )
