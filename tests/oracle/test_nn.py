"""Every layer and function of nn beside PyTorch's: signature, repr, values, gradients."""

from __future__ import annotations

import inspect

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402
from rushlight import nn  # noqa: E402
from rushlight.nn import functional as F  # noqa: E402

TF = torch.nn.functional


def theirs(value):
    """The same value for PyTorch."""
    if isinstance(value, rushlight.Tensor):
        copied = torch.from_numpy(value.detach().numpy().copy())
        return copied.requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(theirs(v) for v in value)
    return value


def flat(value):
    if isinstance(value, (rushlight.Tensor, torch.Tensor)):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in flat(v)]
    return []


def assert_same(ours, other, what="value"):
    ours, other = flat(ours), flat(other)
    assert len(ours) == len(other), what
    for a, b in zip(ours, other):
        assert str(a.dtype).split(".")[-1] == str(b.dtype).split(".")[-1], what
        got = torch.from_numpy(a.detach().numpy().copy())
        torch.testing.assert_close(got, b.detach(), rtol=2e-5, atol=3e-5, msg=what)


def x(*shape, grad=True):
    rushlight.manual_seed(sum(shape) + len(shape))
    return rushlight.randn(*shape).requires_grad_(grad)


def labels(*shape, high):
    rushlight.manual_seed(sum(shape))
    return rushlight.randint(0, high, shape)


def signs(*shape):
    return x(*shape, grad=False).sign()


def probs(*shape, grad=True):
    return x(*shape, grad=False).sigmoid().requires_grad_(grad)


SCALARS = [
    "ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish", "Sigmoid",
    "Tanh", "LogSigmoid", "Softsign", "Tanhshrink", "Hardtanh", "ELU", "CELU", "GELU",
    "Hardshrink", "Softshrink", "LeakyReLU", "Softplus", "PReLU", "Identity",
]  # fmt: skip

# (layer, positional, keyword, inputs)
LAYERS = [(name, (), {}, lambda: (x(3, 4),)) for name in SCALARS] + [
    ("GLU", (1,), {}, lambda: (x(3, 4),)),
    ("GELU", ("tanh",), {}, lambda: (x(3, 4),)),
    ("Threshold", (0.1, 0.2), {}, lambda: (x(3, 4),)),
    ("RReLU", (), {}, lambda: (x(3, 4),)),
    ("Hardtanh", (-0.5, 0.25), {}, lambda: (x(3, 4),)),
    ("PReLU", (4,), {"init": 0.1}, lambda: (x(3, 4),)),
    ("Softmax", (1,), {}, lambda: (x(3, 4),)),
    ("Softmin", (0,), {}, lambda: (x(3, 4),)),
    ("LogSoftmax", (-1,), {}, lambda: (x(3, 4),)),
    ("Softmax2d", (), {}, lambda: (x(2, 3, 4, 5),)),
    ("Linear", (4, 5), {}, lambda: (x(3, 4),)),
    ("Linear", (4, 5), {"bias": False}, lambda: (x(2, 3, 4),)),
    ("Bilinear", (3, 4, 5), {}, lambda: (x(2, 3), x(2, 4))),
    ("Conv1d", (4, 6, 3), {"padding": 1, "stride": 2}, lambda: (x(2, 4, 9),)),
    ("Conv2d", (4, 6, 3), {}, lambda: (x(2, 4, 7, 8),)),
    ("Conv2d", (4, 6, (3, 2)), {"groups": 2, "bias": False, "dilation": (1, 2)},
     lambda: (x(4, 7, 8),)),
    ("Conv2d", (4, 6, (3, 4)), {"padding": "same"}, lambda: (x(2, 4, 7, 8),)),
    ("Conv2d", (4, 6, 3), {"padding": "valid"}, lambda: (x(2, 4, 7, 8),)),
    ("Conv2d", (4, 6, 3), {"padding": 2, "padding_mode": "reflect"},
     lambda: (x(2, 4, 7, 8),)),
    ("Conv2d", (4, 6, 4), {"padding": "same", "padding_mode": "circular"},
     lambda: (x(2, 4, 7, 8),)),
    ("Conv3d", (2, 4, 3), {"padding": (0, 1, 2)}, lambda: (x(1, 2, 5, 6, 7),)),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "output_padding": 1},
     lambda: (x(2, 4, 5),)),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2},
     lambda: (x(2, 4, 5, 6), [2, 6, 10, 12])),
    ("ConvTranspose3d", (2, 3, 2), {"bias": False, "dilation": 2},
     lambda: (x(1, 2, 3, 4, 5),)),
    ("BatchNorm1d", (4,), {}, lambda: (x(5, 4),)),
    ("BatchNorm1d", (4,), {"momentum": None}, lambda: (x(5, 4, 3),)),
    ("BatchNorm2d", (3,), {"affine": False}, lambda: (x(2, 3, 4, 5),)),
    ("BatchNorm2d", (3,), {"bias": False, "eps": 1e-3}, lambda: (x(2, 3, 4, 5),)),
    ("BatchNorm3d", (2,), {"track_running_stats": False},
     lambda: (x(2, 2, 3, 4, 5),)),
    ("InstanceNorm1d", (3,), {}, lambda: (x(2, 3, 5),)),
    ("InstanceNorm2d", (3,), {"affine": True}, lambda: (x(3, 4, 5),)),
    ("InstanceNorm3d", (2,), {"track_running_stats": True},
     lambda: (x(2, 2, 3, 4, 5),)),
    ("LayerNorm", (4,), {}, lambda: (x(3, 4),)),
    ("LayerNorm", ((3, 4),), {"bias": False}, lambda: (x(2, 3, 4),)),
    ("RMSNorm", (4,), {}, lambda: (x(3, 4),)),
    ("RMSNorm", (4,), {"eps": 1e-3, "elementwise_affine": False},
     lambda: (x(3, 4),)),
    ("GroupNorm", (2, 4), {}, lambda: (x(3, 4, 5),)),
    ("GroupNorm", (2, 4), {"affine": False}, lambda: (x(3, 4),)),
    ("LocalResponseNorm", (2,), {}, lambda: (x(2, 5, 4),)),
    ("LocalResponseNorm", (3,), {"alpha": 0.1}, lambda: (x(2, 5, 4, 3),)),
    ("Dropout", (0.3,), {}, lambda: (x(6, 7),)),
    ("Dropout", (), {"inplace": True}, lambda: (x(6, 7, grad=False),)),
    ("Dropout1d", (), {}, lambda: (x(3, 4, 5),)),
    ("Dropout2d", (), {}, lambda: (x(3, 4, 5, 6),)),
    ("Dropout3d", (), {}, lambda: (x(4, 3, 4, 5),)),
    ("AlphaDropout", (0.4,), {}, lambda: (x(6, 7),)),
    ("FeatureAlphaDropout", (0.4,), {}, lambda: (x(3, 4, 5),)),
    ("Flatten", (), {}, lambda: (x(2, 3, 4),)),
    ("Unflatten", (1, (2, 3)), {}, lambda: (x(2, 6, 4),)),
    ("MaxPool1d", (2,), {}, lambda: (x(2, 3, 9),)),
    ("MaxPool1d", (2,), {"return_indices": True}, lambda: (x(2, 3, 9),)),
    ("MaxPool2d", (2,), {}, lambda: (x(2, 3, 8, 9),)),
    ("MaxPool2d", (3, 2), {"padding": 1, "ceil_mode": True},
     lambda: (x(2, 3, 8, 9),)),
    ("MaxPool2d", (2,), {"return_indices": True}, lambda: (x(2, 3, 8, 9),)),
    ("MaxPool3d", (2,), {}, lambda: (x(1, 2, 4, 5, 6),)),
    ("AvgPool1d", (2,), {}, lambda: (x(2, 3, 9),)),
    ("AvgPool2d", (3, 2, 1), {"count_include_pad": False},
     lambda: (x(2, 3, 8, 9),)),
    ("AvgPool2d", (2,), {"divisor_override": 3}, lambda: (x(2, 3, 8, 9),)),
    ("AvgPool3d", (2,), {}, lambda: (x(1, 2, 4, 5, 6),)),
    ("LPPool1d", (2, 3), {}, lambda: (x(2, 3, 9),)),
    ("LPPool2d", (2, 3), {"stride": 2}, lambda: (x(2, 3, 8, 9),)),
    ("AdaptiveAvgPool1d", (3,), {}, lambda: (x(2, 3, 8),)),
    ("AdaptiveAvgPool2d", ((1, 1),), {}, lambda: (x(2, 3, 8, 9),)),
    ("AdaptiveAvgPool2d", ((None, 3),), {}, lambda: (x(2, 3, 8, 9),)),
    ("AdaptiveAvgPool3d", (2,), {}, lambda: (x(1, 2, 4, 5, 6),)),
    ("AdaptiveMaxPool1d", (3,), {}, lambda: (x(2, 3, 8),)),
    ("AdaptiveMaxPool2d", ((None, 3),), {}, lambda: (x(2, 3, 8, 9),)),
    ("AdaptiveMaxPool2d", (2,), {"return_indices": True},
     lambda: (x(2, 3, 8, 9),)),
    ("AdaptiveMaxPool3d", (2,), {}, lambda: (x(1, 2, 4, 5, 6),)),
    ("Embedding", (7, 3), {}, lambda: (labels(2, 4, high=7),)),
    ("Embedding", (7, 3), {"padding_idx": -1, "scale_grad_by_freq": True},
     lambda: (labels(2, 4, high=7),)),
    ("Embedding", (7, 3), {"max_norm": 1.0}, lambda: (labels(2, 4, high=7),)),
    ("Upsample", (), {"scale_factor": 2}, lambda: (x(2, 3, 4),)),
    ("Upsample", (), {"scale_factor": (2, 1.5), "mode": "bilinear"},
     lambda: (x(2, 3, 4, 5),)),
    ("Upsample", ((7, 6),), {"mode": "bilinear", "align_corners": True},
     lambda: (x(2, 3, 4, 5),)),
    ("Upsample", ((7, 6),), {"mode": "bicubic"}, lambda: (x(2, 3, 4, 5),)),
    ("Upsample", (3,), {"mode": "linear"}, lambda: (x(2, 3, 4),)),
    ("Upsample", (3,), {"mode": "trilinear"}, lambda: (x(1, 2, 4, 5, 6),)),
    ("UpsamplingNearest2d", (), {"scale_factor": 2}, lambda: (x(2, 3, 4, 5),)),
    ("UpsamplingBilinear2d", (), {"scale_factor": 2}, lambda: (x(2, 3, 4, 5),)),
    ("PixelShuffle", (2,), {}, lambda: (x(1, 8, 2, 3),)),
    ("PixelUnshuffle", (2,), {}, lambda: (x(1, 2, 4, 6),)),
    ("PairwiseDistance", (), {}, lambda: (x(3, 4), x(3, 4) * 2)),
    ("CosineSimilarity", (), {}, lambda: (x(3, 4), x(3, 4) * 2 + 1)),
    ("Unfold", (2,), {}, lambda: (x(1, 2, 4, 5),)),
    ("Fold", ((4, 5), 2), {}, lambda: (x(1, 8, 12),)),
    ("ZeroPad2d", ((1, 2, 0, 1),), {}, lambda: (x(1, 2, 3, 4),)),
    ("ConstantPad1d", (2, 1.5), {}, lambda: (x(2, 3, 4),)),
    ("ReflectionPad1d", (2,), {}, lambda: (x(2, 3, 4),)),
    ("ReflectionPad2d", (1,), {}, lambda: (x(2, 3, 4, 5),)),
    ("ReplicationPad2d", ((1, 0, 2, 1),), {}, lambda: (x(2, 3, 4, 5),)),
    ("CircularPad2d", (1,), {}, lambda: (x(2, 3, 4, 5),)),
]  # fmt: skip

LOSSES = [
    ("MSELoss", {}, lambda: (x(3, 4), x(3, 4) * 2)),
    ("L1Loss", {}, lambda: (x(3, 4), x(3, 4) * 2)),
    ("SmoothL1Loss", {"beta": 0.5}, lambda: (x(3, 4), x(3, 4) * 2)),
    ("SmoothL1Loss", {"beta": 0.0}, lambda: (x(3, 4), x(3, 4) * 2)),
    ("HuberLoss", {"delta": 0.3}, lambda: (x(3, 4), x(3, 4) * 2)),
    ("CrossEntropyLoss", {}, lambda: (x(5, 4), labels(5, high=4))),
    ("CrossEntropyLoss", {"label_smoothing": 0.1, "ignore_index": 2},
     lambda: (x(5, 4), labels(5, high=4))),
    ("CrossEntropyLoss", {}, lambda: (x(2, 4, 3), labels(2, 3, high=4))),
    ("CrossEntropyLoss", {}, lambda: (x(5, 4), probs(5, 4, grad=False))),
    ("NLLLoss", {}, lambda: (x(5, 4), labels(5, high=4))),
    ("NLLLoss", {"ignore_index": 1}, lambda: (x(2, 4, 3), labels(2, 3, high=4))),
    ("BCELoss", {}, lambda: (probs(3, 4), probs(3, 4, grad=False))),
    ("BCEWithLogitsLoss", {}, lambda: (x(3, 4), probs(3, 4, grad=False))),
    ("KLDivLoss", {"log_target": True}, lambda: (x(3, 4), x(3, 4, grad=False))),
    ("KLDivLoss", {}, lambda: (x(3, 4), probs(3, 4, grad=False))),
    ("PoissonNLLLoss", {"full": True}, lambda: (x(3, 4), probs(3, 4, grad=False) * 4)),
    ("GaussianNLLLoss", {"full": True},
     lambda: (x(3, 4), x(3, 4) * 2, probs(3, 4, grad=False))),
    ("GaussianNLLLoss", {}, lambda: (x(3, 4), x(3, 4) * 2, probs(3, grad=False))),
    ("HingeEmbeddingLoss", {"margin": 0.7}, lambda: (x(3, 4), signs(3, 4))),
    ("SoftMarginLoss", {}, lambda: (x(3, 4), signs(3, 4))),
    ("CosineEmbeddingLoss", {"margin": 0.2},
     lambda: (x(3, 4), x(3, 4) * 2 + 1, signs(3))),
    ("MarginRankingLoss", {"margin": 0.5}, lambda: (x(4), x(4) * 2, signs(4))),
    ("MultiLabelMarginLoss", {}, lambda: (x(3, 4), labels(3, 4, high=4))),
    ("MultiLabelSoftMarginLoss", {}, lambda: (x(3, 4), probs(3, 4, grad=False))),
    ("MultiMarginLoss", {"p": 2}, lambda: (x(5, 4), labels(5, high=4))),
    ("TripletMarginLoss", {"swap": True},
     lambda: (x(3, 4), x(3, 4) * 2 + 1, x(3, 4) - 1)),
    ("TripletMarginWithDistanceLoss", {},
     lambda: (x(3, 4), x(3, 4) * 2 + 1, x(3, 4) - 1)),
]  # fmt: skip


def compare_calls(ours, other, inputs, seed=7):
    """Runs both on the same values, forwards and backwards."""
    mine = [v.detach().requires_grad_(v.requires_grad) if isinstance(v, rushlight.Tensor)
            else v for v in inputs]  # fmt: skip
    copies = [theirs(v) for v in mine]
    rushlight.manual_seed(seed)
    got = ours(*mine)
    torch.manual_seed(seed)
    wanted = other(*copies)
    assert_same(got, wanted, "output")
    outputs = [t for t in flat(got) if t.requires_grad]
    their_outputs = [t for t in flat(wanted) if t.requires_grad]
    assert len(outputs) == len(their_outputs)
    if outputs:
        sum((t * t).sum() for t in outputs).backward()
        sum((t * t).sum() for t in their_outputs).backward()
        for a, b in zip(flat(mine), flat(copies)):
            assert (a.grad is None) == (b.grad is None)
            if a.grad is not None:
                assert_same(a.grad, b.grad, "gradient of an input")


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel")
@pytest.mark.filterwarnings("ignore:dropout2d. Received a 3D")
@pytest.mark.parametrize("case", LAYERS, ids=lambda c: c[0])
def test_layer(case):
    name, args, kwargs, make = case
    rushlight.manual_seed(3)
    ours = getattr(nn, name)(*args, **kwargs)
    torch.manual_seed(3)
    other = getattr(torch.nn, name)(*args, **kwargs)
    assert repr(ours) == repr(other)
    assert list(ours.state_dict()) == list(other.state_dict())
    # The same seed draws the same parameters.
    for key, value in ours.state_dict().items():
        assert_same(value, other.state_dict()[key], key)
    for mode in (True, False):
        ours.train(mode)
        other.train(mode)
        compare_calls(ours, other, make())
        for (key, a), b in zip(ours.named_parameters(), other.parameters()):
            assert (a.grad is None) == (b.grad is None), key
            if a.grad is not None:
                assert_same(a.grad, b.grad, f"gradient of {key}")
        for key, value in ours.state_dict().items():
            assert_same(value, other.state_dict()[key], f"{key} after the call")


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("case", LOSSES, ids=lambda c: c[0])
def test_loss(case, reduction):
    name, kwargs, make = case
    ours = getattr(nn, name)(**kwargs, reduction=reduction)
    other = getattr(torch.nn, name)(**kwargs, reduction=reduction)
    assert repr(ours) == repr(other)
    compare_calls(ours, other, make())


def test_loss_weights_and_batchmean():
    weight = probs(4, grad=False)
    inputs = (x(5, 4), labels(5, high=4))
    for name in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"):
        ours = getattr(nn, name)(weight=weight)
        compare_calls(ours, getattr(torch.nn, name)(weight=theirs(weight)), inputs)
    ours = nn.BCEWithLogitsLoss(weight=weight, pos_weight=weight)
    other = torch.nn.BCEWithLogitsLoss(weight=theirs(weight), pos_weight=theirs(weight))
    compare_calls(ours, other, (x(3, 4), probs(3, 4, grad=False)))
    assert list(ours.state_dict()) == list(other.state_dict())
    pair = (x(3, 4), probs(3, 4, grad=False))
    compare_calls(
        nn.KLDivLoss(reduction="batchmean"),
        torch.nn.KLDivLoss(reduction="batchmean"),
        pair,
    )
    full = probs(3, 4, grad=False)
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        compare_calls(
            lambda a, b, n=name: getattr(F, n)(a, b, weight=full),
            lambda a, b, n=name: getattr(TF, n)(a, b, weight=theirs(full)),
            (x(3, 4), x(3, 4) * 2),
        )


FUNCTIONS = [
    ("normalize", (), {}, lambda: (x(3, 4),)),
    ("normalize", (), {"p": 1, "dim": 0}, lambda: (x(3, 4),)),
    ("softmax", (), {"dim": 1, "dtype": "float64"}, lambda: (x(3, 4),)),
    ("gumbel_softmax", (), {"hard": True}, lambda: (x(3, 4),)),
    ("dropout", (0.5,), {}, lambda: (x(3, 4),)),
    ("interpolate", (), {"scale_factor": 0.5, "mode": "area"}, lambda: (x(1, 2, 4, 6),)),
    ("interpolate", (), {"scale_factor": 0.6, "mode": "bilinear",
     "recompute_scale_factor": True}, lambda: (x(1, 2, 7, 9),)),
    ("interpolate", (), {"size": 5, "mode": "nearest-exact"}, lambda: (x(1, 2, 7, 9),)),
    ("interpolate", (), {"size": 3, "mode": "bilinear", "antialias": True},
     lambda: (x(1, 2, 7, 9),)),
    ("pad", ([1, 2],), {"mode": "reflect"}, lambda: (x(2, 3, 5),)),
    ("pad", ([1, -1, 2, 0],), {"value": 2.0}, lambda: (x(2, 3, 5),)),
    ("scaled_dot_product_attention", (), {"is_causal": True},
     lambda: (x(2, 3, 4, 5), x(2, 3, 4, 5) * 2, x(2, 3, 4, 5) + 1)),
    ("one_hot", (5,), {}, lambda: (labels(4, high=5),)),
    ("triplet_margin_loss", (), {}, lambda: (x(3, 4), x(3, 4) * 2, x(3, 4) - 1)),
    ("conv2d", (), {}, lambda: (x(1, 2, 5, 6), x(3, 2, 3, 3))),
    ("linear", (), {}, lambda: (x(2, 3), x(4, 3), x(4))),
    ("lp_pool2d", (3.0, 2), {}, lambda: (probs(1, 2, 4, 6),)),
    ("fractional_max_pool2d", (2,), {"output_ratio": (0.6, 0.5)}, lambda: (x(1, 2, 8, 9),)),
]  # fmt: skip


@pytest.mark.parametrize("case", FUNCTIONS, ids=lambda c: c[0])
def test_function(case):
    name, args, kwargs, make = case
    kw, their_kw = dict(kwargs), dict(kwargs)
    if "dtype" in kw:
        kw["dtype"] = getattr(rushlight, kwargs["dtype"])
        their_kw["dtype"] = getattr(torch, kwargs["dtype"])
    compare_calls(
        lambda *v: getattr(F, name)(*v, *args, **kw),
        lambda *v: getattr(TF, name)(*v, *args, **their_kw),
        make(),
    )


def test_embedding_bag_and_unpool():
    rushlight.manual_seed(0)
    ours = nn.EmbeddingBag(7, 3, mode="sum", padding_idx=2)
    torch.manual_seed(0)
    other = torch.nn.EmbeddingBag(7, 3, mode="sum", padding_idx=2)
    assert repr(ours) == repr(other)
    compare_calls(ours, other, (labels(2, 4, high=7),))
    offsets = rushlight.tensor([0, 3])
    compare_calls(ours, other, (labels(6, high=7), offsets))
    pooled, indices = F.max_pool2d(x(1, 2, 6, 6), 2, return_indices=True)
    compare_calls(
        lambda v, i: nn.MaxUnpool2d(2)(v, i),
        lambda v, i: torch.nn.MaxUnpool2d(2)(v, i),
        (pooled.detach(), indices),
    )


def parameters_of(function):
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [
        (p.name, p.kind, "-" if p.default is inspect.Parameter.empty else p.default)
        for p in found
    ]


NAMES = sorted(
    name
    for name in dir(nn)
    if inspect.isclass(getattr(nn, name)) and hasattr(torch.nn, name)
)


@pytest.mark.parametrize("name", NAMES)
def test_layer_signature(name):
    ours, other = getattr(nn, name), getattr(torch.nn, name)
    if not issubclass(other, torch.nn.Module) or name == "LazyLinear":
        pytest.skip("not an ordinary layer")
    wanted = [p for p in parameters_of(other.__init__) if p[0] != "self"]
    got = [p for p in parameters_of(ours.__init__) if p[0] != "self"]
    if wanted and wanted[0][0] == "args":
        return
    assert got == wanted
    if other.forward is not torch.nn.Module.forward:
        forward = [p[0] for p in parameters_of(other.forward)]
        assert [p[0] for p in parameters_of(ours.forward)] == forward
    if name != "Module":
        assert list(getattr(ours, "__constants__", [])) == list(
            getattr(other, "__constants__", [])
        )
    assert ours.__module__ == other.__module__.replace("torch.", "rushlight.", 1)


PLAIN = sorted(
    name
    for name in dir(F)
    if not name.startswith("_")
    and inspect.isfunction(getattr(F, name))
    and inspect.isfunction(getattr(TF, name, None))
)


@pytest.mark.parametrize("name", PLAIN)
def test_function_signature(name):
    wanted = parameters_of(getattr(TF, name))
    if wanted[0][0] == "args":
        return
    assert parameters_of(getattr(F, name)) == wanted
    assert getattr(F, name).__module__ == "rushlight.nn.functional"


def test_module_api_is_complete():
    missing = [n for n in dir(torch.nn.Module) if not hasattr(nn.Module, n)]
    # Devices that do not exist here, scripting, and data parallel replicas.
    absent = {"ipu", "xpu", "mtia", "_replicate_for_data_parallel", "_slow_forward"}
    absent |= {"T_destination", "_compiled_call_impl", "_get_backward_hooks"}
    absent |= {"_get_backward_pre_hooks", "_maybe_warn_non_full_backward_hook"}
    assert not set(missing) - absent
    for name in set(dir(torch.nn.Module)) - absent:
        other = getattr(torch.nn.Module, name)
        if name.startswith("_") or not inspect.isfunction(other):
            continue
        if name in ("forward", "state_dict", "to", "compile"):
            continue
        assert parameters_of(getattr(nn.Module, name)) == parameters_of(other), name
