"""Module and containers beside PyTorch's: texts of errors, order of hooks, states."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections import OrderedDict

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402


def outcome(action):
    """What an action returns, raises or warns about, as text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = action()
        except Exception as error:
            # The place in the model is ours alone.
            return type(error).__name__, str(error).split("\n  in ")[0]
    if isinstance(result, str):
        result = result.replace("rushlight.", "torch.")
    return [(w.category.__name__, str(w.message)) for w in caught], repr(result)


def net(lib):
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 4, 3)
            self.norm = nn.BatchNorm2d(4)
            self.register_buffer("scratch", lib.zeros(2), persistent=False)
            self.empty = None
            self.register_parameter("none", None)

        def forward(self, x):
            return self.norm(self.conv(x))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = Block()
            self.items = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
            self.table = nn.ModuleDict({"b": nn.Tanh(), "a": nn.Linear(1, 1)})
            self.shared = self.items[0]
            self.scale = nn.Parameter(lib.ones(3))
            self.register_buffer("count", lib.tensor(0))

        def extra_repr(self):
            return "two\nlines"

    return Net()


def listings(lib):
    n = net(lib)
    return [
        lambda: repr(n),
        lambda: [(k, tuple(p.shape)) for k, p in n.named_parameters()],
        lambda: [k for k, _ in n.named_parameters(remove_duplicate=False)],
        lambda: [k for k, _ in n.named_parameters("pre", recurse=False)],
        lambda: [k for k, _ in n.named_buffers()],
        lambda: [(k, type(m).__name__) for k, m in n.named_modules()],
        lambda: [k for k, _ in n.named_modules(remove_duplicate=False)],
        lambda: [k for k, _ in n.named_children()],
        lambda: list(n.state_dict()),
        lambda: list(n.state_dict(prefix="x.", keep_vars=True)),
        lambda: [(k, v["version"]) for k, v in n.state_dict()._metadata.items()],
        lambda: [k for k in dir(n) if not k.startswith("_") and k != "xpu"][-10:],
        lambda: sorted(k for k in vars(n)),
        lambda: n.get_submodule("block.conv"),
        lambda: n.get_submodule(""),
        lambda: n.get_submodule("items.0"),
        lambda: n.get_submodule("items.9"),
        lambda: n.get_submodule("block.scratch"),
        lambda: tuple(n.get_parameter("block.conv.weight").shape),
        lambda: n.get_parameter("block.scratch"),
        lambda: n.get_parameter("block.nothing"),
        lambda: tuple(n.get_buffer("block.norm.running_mean").shape),
        lambda: n.get_buffer("block.conv.weight"),
        lambda: n.get_buffer("block.nothing"),
        lambda: n.set_submodule("items.1", lib.nn.Identity()) or repr(n.items),
        lambda: n.set_submodule("", lib.nn.Identity()),
        lambda: n.set_submodule("nope.a", lib.nn.Identity()),
        lambda: n.train(1),
        lambda: n.eval().block.norm.training,
        lambda: n.to(lib.int64),
        lambda: [str(p.dtype)[-7:] for p in n.double().parameters()],
        lambda: [str(b.dtype)[-7:] for b in n.half().buffers()],
        lambda: repr(n.float().requires_grad_(False)) and n.scale.requires_grad,
        lambda: n(1),
        lambda: n.nothing,
        lambda: n.items(1),
        lambda: repr(lib.nn.Sequential()),
        lambda: repr(lib.nn.ModuleList()),
        lambda: repr(lib.nn.ParameterList([lib.ones(2), lib.ones(2, 3), 4])),
        lambda: repr(lib.nn.ParameterList([lib.ones(2)])),
        lambda: repr(lib.nn.ParameterDict({"b": lib.ones(2), "a": 1})),
        lambda: n.load_state_dict(n.state_dict()),
        lambda: n.load_state_dict({"scale": lib.ones(4), "zz": 1, "count": "x"}),
        lambda: n.load_state_dict({"scale": lib.ones(3)}, strict=False),
        lambda: n.load_state_dict(3),
        lambda: n.scale.__reduce_ex__(2)[1][1],
    ]


def mistakes(lib):
    nn = lib.nn
    linear = nn.Linear(2, 2)

    class NoInit(nn.Module):
        def __init__(self, what):
            what(self)

    def assigned(name, value):
        setattr(linear, name, value)

    holder = nn.Module()
    holder.child = nn.Linear(1, 1)
    holder.register_buffer("buffer", lib.zeros(1))
    s = nn.Sequential(OrderedDict([("a", nn.ReLU()), ("b", nn.Tanh())]))
    d = nn.ModuleDict()
    x = lib.zeros(2, 2, requires_grad=True)
    return [
        lambda: NoInit(lambda m: setattr(m, "a", nn.ReLU())),
        lambda: NoInit(lambda m: setattr(m, "a", nn.Parameter(lib.zeros(1)))),
        lambda: NoInit(lambda m: m.register_buffer("a", lib.zeros(1))),
        lambda: NoInit(lambda m: m.register_parameter("a", None)),
        lambda: nn.Module(1),
        lambda: nn.Module(a=1),
        lambda: assigned("weight", lib.zeros(2)),
        lambda: assigned("weight", "text"),
        lambda: setattr(holder, "child", "text"),
        lambda: setattr(holder, "child", lib.zeros(1)),
        lambda: setattr(holder, "buffer", "text"),
        lambda: delattr(holder, "nothing"),
        lambda: linear.register_buffer("a.b", None),
        lambda: linear.register_buffer("", None),
        lambda: linear.register_buffer("weight", None),
        lambda: linear.register_buffer(3, None),
        lambda: linear.register_buffer("text", "text"),
        lambda: linear.register_parameter("a.b", None),
        lambda: linear.register_parameter("forward", None),
        lambda: linear.register_parameter("p", lib.zeros(1)),
        lambda: linear.register_parameter("p", x * 2),
        lambda: linear.add_module("a.b", nn.ReLU()),
        lambda: linear.add_module("", nn.ReLU()),
        lambda: linear.add_module("weight", nn.ReLU()),
        lambda: linear.add_module("m", 3),
        lambda: linear.add_module(3, nn.ReLU()),
        lambda: linear.get_extra_state()[:0],
        lambda: s[2],
        lambda: s["a"],
        lambda: s + 1,
        lambda: s * 0,
        lambda: s * 1.5,
        lambda: s.insert(5, nn.ReLU()),
        lambda: s.insert(0, 3),
        lambda: s.append(3),
        lambda: repr(s[1:]),
        lambda: repr(s * 2),
        lambda: repr(s + s),
        lambda: repr(nn.Sequential(nn.ReLU(), nn.Tanh()).insert(1, nn.ReLU6())),
        lambda: repr(s.pop(0)) + repr(s),
        lambda: repr(s.__delitem__(slice(0, 1)) or s),
        lambda: nn.ModuleList(3),
        lambda: nn.ModuleList([3]),
        lambda: nn.ModuleList([nn.ReLU()])[1],
        lambda: repr(nn.ModuleList([nn.ReLU(), nn.Tanh()])[::-1]),
        lambda: d.update(3),
        lambda: d.update([("a",)]),
        lambda: d["a"],
        lambda: d.pop("a"),
        lambda: nn.ParameterList([lib.ones(1)])(),
        lambda: nn.ParameterList(3),
        lambda: nn.ParameterDict()(1),
        lambda: nn.ParameterDict({1: 2}),
        lambda: nn.Conv2d(3, 4, 3, groups=2),
        lambda: nn.Conv2d(2, 3, 3, groups=2),
        lambda: nn.Conv2d(2, 3, 3, groups=0),
        lambda: nn.Conv2d(2, 3, 3, stride=2, padding="same"),
        lambda: nn.ConvTranspose2d(2, 2, 3, padding_mode="reflect"),
        lambda: nn.ConvTranspose2d(2, 2, 3, stride=2)(lib.ones(1, 2, 3, 3), [9, 9]),
        lambda: nn.ConvTranspose2d(2, 2, 3)(lib.ones(1, 2, 3, 3), [9]),
        lambda: nn.GroupNorm(3, 4),
        lambda: nn.Dropout(1.5),
        lambda: nn.Embedding(3, 2, padding_idx=3),
        lambda: nn.Embedding(3, 2, _weight=lib.ones(2, 2)),
        lambda: nn.Embedding.from_pretrained(lib.ones(2)),
        lambda: nn.Embedding.from_pretrained(lib.ones(2, 3)).weight.requires_grad,
        lambda: nn.Bilinear(0, 1, 2),
        lambda: nn.Hardtanh(1.0, 1.0),
        lambda: nn.Unflatten(1, 3),
        lambda: nn.Unflatten(1, (3, "a")),
        lambda: nn.TripletMarginLoss(margin=-1.0),
        lambda: nn.HuberLoss(delta="a"),
        lambda: nn.MultiMarginLoss(p=3),
        lambda: nn.MSELoss(reduction="foo")(x, x),
        lambda: nn.MSELoss(size_average=False).reduction,
        lambda: nn.MSELoss(reduce=False).reduction,
        lambda: nn.MSELoss()(lib.zeros(3, 1), lib.zeros(3)),
        lambda: nn.BatchNorm1d(3)(lib.zeros(1, 3)),
        lambda: nn.BatchNorm2d(3)(lib.zeros(1, 3)),
        lambda: nn.BatchNorm1d(3)(lib.zeros(3)),
        lambda: nn.InstanceNorm1d(3)(lib.zeros(1, 3, 1)),
        lambda: nn.InstanceNorm1d(3, affine=True)(lib.zeros(1, 4, 2)),
        lambda: tuple(nn.InstanceNorm1d(3)(lib.zeros(1, 4, 2)).shape),
        lambda: tuple(nn.LogSoftmax()(x).shape),
        lambda: nn.Softmax2d()(x),
        lambda: tuple(nn.KLDivLoss()(x, x).shape),
        lambda: nn.BCELoss()(lib.zeros(2), lib.zeros(3)),
        lambda: nn.BCEWithLogitsLoss()(lib.zeros(2, 1), lib.zeros(2)),
        lambda: nn.Dropout1d()(lib.zeros(2)),
        lambda: tuple(nn.Dropout2d(0.0)(lib.zeros(2, 2)).shape),
        lambda: tuple(nn.Dropout2d(0.0)(lib.zeros(2, 2, 2)).shape),
        lambda: nn.functional.max_pool2d(lib.zeros(1, 1, 2, 2)),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2, 2)),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2, 2), 3, 2),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2), 3, mode="bilinear"),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2, 2), 3, mode="linear"),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2, 2), 3, mode="x"),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2, 2), (3,)),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2, 2), None, (3.0,)),
        lambda: nn.functional.interpolate(lib.zeros(1, 1, 2, 2), 3, align_corners=True),
        lambda: nn.functional.grid_sample(x, x, mode="x"),
        lambda: nn.functional.affine_grid(x, (1, 1, 2, 2), False),
        lambda: nn.functional.affine_grid(x, (1, 1), False),
        lambda: nn.functional.embedding_bag(x, x),
        lambda: nn.functional.group_norm(lib.zeros(2), 1),
        lambda: nn.functional.hardtanh(x, 1.0, 0.0),
        lambda: nn.functional.glu(lib.zeros(())),
        lambda: nn.functional.gaussian_nll_loss(x, x, -1.0),
        lambda: nn.functional.gaussian_nll_loss(x, x, lib.ones(3)),
        lambda: nn.functional.triplet_margin_loss(x, x, x, margin=0),
        lambda: nn.functional.margin_ranking_loss(x, x, lib.ones(2)),
        lambda: nn.functional.multi_margin_loss(x, lib.ones(2), p=3),
        lambda: nn.init.kaiming_normal_(lib.zeros(2)),
        lambda: nn.init.kaiming_normal_(lib.zeros(2, 2), mode="x"),
        lambda: nn.init.kaiming_normal_(lib.zeros(2, 2), nonlinearity="x"),
        lambda: tuple(nn.init.kaiming_normal_(lib.zeros(0, 2)).shape),
        lambda: nn.init.calculate_gain("leaky_relu", "x"),
        lambda: [nn.init.calculate_gain(k) for k in ("tanh", "relu", "selu", "conv2d")],
        lambda: nn.init.eye_(lib.zeros(2)),
        lambda: nn.init.dirac_(lib.zeros(2)),
        lambda: nn.init.dirac_(lib.zeros(3, 2, 1), 2),
        lambda: nn.init.orthogonal_(lib.zeros(2)),
        lambda: nn.init.sparse_(lib.zeros(2), 0.5),
        lambda: tuple(nn.init.uniform(lib.zeros(2)).shape),
        lambda: float(nn.utils.clip_grad_norm_([], 1.0)),
        lambda: float(nn.utils.clip_grad_norm_((p for p in []), 1.0)),
        lambda: nn.utils.vector_to_parameters(3, []),
        lambda: nn.factory_kwargs({"dtype": lib.float32, "x": 1}),
        lambda: list(nn.factory_kwargs({"dtype": 1, "factory_kwargs": {"device": 2}})),
    ]


@pytest.mark.parametrize("index", range(len(listings(torch))))
def test_listing(index):
    assert outcome(listings(rushlight)[index]) == outcome(listings(torch)[index])


@pytest.mark.parametrize("index", range(len(mistakes(torch))))
def test_mistake(index):
    ours = outcome(mistakes(rushlight)[index])
    other = outcome(mistakes(torch)[index])
    if ours == other:
        return
    # Texts may leave out an address or a word of PyTorch's, no more.
    assert ours[0] == other[0] or not isinstance(ours[0], str)
    a, b = str(ours[1]), str(other[1])
    if not isinstance(ours[0], str):
        assert a == b
        a, b = str(ours[0]), str(other[0])
    a = a.replace("rushlight.", "torch.").replace(" ", "").rstrip(".)]'\"")
    assert b.replace(" ", "").startswith(a), (ours, other)


def hooked(lib):
    """What every kind of hook sees and changes, in order."""
    log = []
    linear = lib.nn.Linear(2, 2)
    with lib.no_grad():
        linear.weight.copy_(lib.tensor([[1.0, 2.0], [3.0, 4.0]]))
        linear.bias.zero_()

    def numbers(value):
        if isinstance(value, tuple):
            return [numbers(v) for v in value]
        return None if value is None else value.detach().tolist()

    def note(name, change=None):
        def hook(module, *args):
            log.append((name, [numbers(a) for a in args]))
            return None if change is None else change(*args)

        return hook

    m = lib.nn.modules.module
    handles = [
        linear.register_forward_pre_hook(note("pre2")),
        linear.register_forward_pre_hook(
            note("pre1", lambda args: (args[0] + 1,)), prepend=True
        ),
        linear.register_forward_hook(note("post", lambda args, out: out * 2)),
        linear.register_forward_hook(
            lambda mod, args, kw, out: log.append(("kw", list(kw))), with_kwargs=True
        ),
        linear.register_full_backward_pre_hook(
            note("backward pre", lambda g: (g[0] * 3,))
        ),
        linear.register_full_backward_hook(
            note("backward", lambda gi, go: (gi[0] * 10,))
        ),
        m.register_module_forward_pre_hook(note("global pre")),
        m.register_module_forward_hook(note("global post")),
        m.register_module_full_backward_pre_hook(note("global backward pre")),
        m.register_module_full_backward_hook(note("global backward")),
    ]
    x = lib.tensor([[1.0, -1.0]], requires_grad=True)
    out = linear(x)
    out.sum().backward()
    log.append(("end", out.tolist(), x.grad.tolist(), linear.weight.grad.tolist()))
    for handle in handles:
        handle.remove()
    log.append(("free", linear(x).tolist()))
    with linear.register_forward_hook(note("inside")):
        linear(x)
    linear(x)
    return log


def test_hooks():
    assert hooked(rushlight) == hooked(torch)


def more_hooks(lib):
    nn = lib.nn
    log = []

    class Two(nn.Module):
        def forward(self, a, b=None, *, fail=False):
            if fail:
                raise ValueError("no")
            return a * 2, "text", b * a

    two = Two()
    a = lib.ones(2, requires_grad=True)
    two.register_full_backward_hook(
        lambda m, gi, go: log.append(
            [None if g is None else g.tolist() for g in gi + go]
        )
    )
    first, _, second = two(a, lib.ones(2) * 3)
    (first.sum() + second.sum()).backward()
    log.append(a.grad.tolist())
    # A hook that must run even after an error.
    two.register_forward_hook(
        lambda m, args, kw, out: log.append((len(args), list(kw), out)),
        with_kwargs=True,
        always_call=True,
    )
    with pytest.raises(ValueError):
        two(a, fail=True)
    two.register_forward_pre_hook(lambda m, args, kw: 3, with_kwargs=True)
    log.append(outcome(lambda: two(a)))
    # Without an argument that needs a gradient.
    plain = nn.Linear(1, 1)
    with lib.no_grad():
        plain.weight.fill_(2.0)
    plain.register_full_backward_hook(
        lambda m, gi, go: log.append((gi, go[0].tolist()))
    )
    log.append(outcome(lambda: plain(lib.ones(1, 1)).sum().backward())[1])
    # The deprecated kind.
    old = nn.Linear(1, 1)
    old.register_backward_hook(lambda m, gi, go: log.append(go[0].tolist()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old(a[:1]).sum().backward()
    log.append(outcome(lambda: old.register_full_backward_hook(print)))
    log.append(outcome(lambda: plain.register_backward_hook(print)))
    # Wrong numbers of gradients.
    wrong = nn.Linear(1, 1)
    wrong.register_full_backward_hook(lambda m, gi, go: (None, None))
    log.append(outcome(lambda: wrong(a[:1]).sum().backward()))
    wrong = nn.Linear(1, 1)
    wrong.register_full_backward_pre_hook(lambda m, go: (None, None))
    log.append(outcome(lambda: wrong(a[:1]).sum().backward()))
    return log


def test_more_hooks():
    assert more_hooks(rushlight) == more_hooks(torch)


def state_hooks(lib):
    nn = lib.nn
    log = []

    class Extra(nn.Linear):
        def get_extra_state(self):
            return {"n": 3}

        def set_extra_state(self, state):
            log.append(("extra", state))

    model = nn.Sequential(Extra(1, 1), nn.BatchNorm1d(1))
    model.register_state_dict_pre_hook(lambda m, prefix, keep: log.append(prefix))
    model[0].register_state_dict_post_hook(
        lambda m, state, prefix, meta: log.append((list(state), prefix, meta))
    )
    model._register_state_dict_hook(
        lambda m, state, prefix, meta: state.update(more=1) or state
    )
    state = model.state_dict()
    log.append((list(state), state._metadata))
    model[0].register_load_state_dict_pre_hook(
        lambda m, state, prefix, *rest: log.append(
            (type(m).__name__, prefix, len(rest))
        )
    )
    model[0]._register_load_state_dict_pre_hook(
        lambda state, prefix, *rest: log.append((prefix, len(rest)))
    )
    model.register_load_state_dict_post_hook(
        lambda m, keys: keys.unexpected_keys.clear()
    )
    log.append(repr(model.load_state_dict(state)))
    del state["0._extra_state"]
    log.append(outcome(lambda: model.load_state_dict(state)))
    # A state from before version 2 has no num_batches_tracked.
    old = OrderedDict(
        (k, v) for k, v in nn.BatchNorm1d(2).state_dict().items() if "num" not in k
    )
    log.append(repr(nn.BatchNorm1d(2).load_state_dict(old)))
    log.append(outcome(lambda: nn.InstanceNorm1d(2, affine=True).load_state_dict(old)))
    # Assignment keeps requires_grad, dtype comes from the state.
    frozen = nn.Linear(1, 1).requires_grad_(False)
    frozen.load_state_dict(nn.Linear(1, 1).double().state_dict(), assign=True)
    log.append((str(frozen.weight.dtype)[-7:], frozen.weight.requires_grad))
    return log


def test_state_hooks():
    assert state_hooks(rushlight) == state_hooks(torch)


INITS = [
    ("uniform_", (-1.0, 2.0), (3, 4)),
    ("normal_", (1.0, 2.0), (3, 4)),
    ("trunc_normal_", (), (30, 4)),
    ("trunc_normal_", (0.0, 1.0, 1.5, 3.0), (30, 4)),
    ("constant_", (3.0,), (3, 4)),
    ("ones_", (), (3,)),
    ("zeros_", (), (3,)),
    ("eye_", (), (3, 4)),
    ("dirac_", (2,), (4, 3, 3, 3)),
    ("xavier_uniform_", (2.0,), (4, 3, 2)),
    ("xavier_normal_", (), (4, 3)),
    ("kaiming_uniform_", (0.1,), (4, 3)),
    ("kaiming_normal_", (0, "fan_out", "relu"), (4, 3, 2, 2)),
    ("orthogonal_", (1.5,), (3, 5)),
    ("orthogonal_", (), (5, 3)),
    ("sparse_", (0.4,), (6, 5)),
]


@pytest.mark.parametrize("case", INITS, ids=str)
def test_init(case):
    name, args, shape = case
    results = []
    for lib in (rushlight, torch):
        lib.manual_seed(11)
        tensor = lib.full(shape, 7.0).requires_grad_()
        assert getattr(lib.nn.init, name)(tensor, *args) is tensor
        results.append(torch.tensor(tensor.tolist()))
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-6)
    ours, other = (getattr(lib.nn.init, name) for lib in (rushlight, torch))
    described = [
        [(p.name, str(p.default)) for p in inspect.signature(f).parameters.values()]
        for f in (ours, other)
    ]
    assert described[0] == described[1]


def test_clipping():
    results = []
    for lib in (rushlight, torch):
        a = lib.zeros(2, requires_grad=True)
        b = lib.zeros(1, 1, requires_grad=True)
        c = lib.zeros(1, requires_grad=True)
        seen = []
        for norm in (2.0, 1.0, "inf", 3):
            a.grad, b.grad = lib.tensor([3.0, -4.0]), lib.tensor([[12.0]])
            seen.append(lib.nn.utils.clip_grad_norm_([a, b, c], 6.5, norm).item())
            seen += [*a.grad.tolist(), b.grad.item()]
        lib.nn.utils.clip_grad_value_(a, 0.5)
        a.grad[0] = float("nan")
        seen += [b.grad.item()]
        results.append([f"{v:.5g}" for v in seen])
        log = outcome(
            lambda lib=lib, a=a: lib.nn.utils.clip_grad_norm_(
                a, 1.0, error_if_nonfinite=True
            )
        )
        results.append(log)
        vector = lib.nn.utils.parameters_to_vector([a, b])
        lib.nn.utils.vector_to_parameters(vector + 1, [a, b])
        results.append([vector.tolist(), a.tolist(), b.tolist()])
    assert results[:3] == results[3:]


def test_copies():
    for lib in (rushlight, torch):
        n = net(lib)
        m = copy.deepcopy(n)
        assert list(m.state_dict()) == list(n.state_dict())
        assert m.shared is m.items[0]
        assert m.scale is not n.scale
        with lib.no_grad():
            m.scale.add_(1)
        assert n.scale.tolist() == [1, 1, 1]
