"""Every combination of the keywords of pools, convolutions, resizing and losses.

A call is written once and evaluated under both libraries: the same values come out, or
the same type of error.
"""

import itertools
import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402


def inputs(xp: Any) -> dict[str, Any]:
    def wave(*shape: int) -> Any:
        count = 1
        for n in shape:
            count *= n
        return xp.arange(count, dtype=xp.float32).reshape(shape).sin()

    return {
        "torch": xp,
        "nn": xp.nn,
        "F": xp.nn.functional,
        "x1": wave(2, 4, 9),
        "x2": wave(2, 4, 7, 8),
        "x3": wave(1, 2, 5, 6, 7),
        "a": xp.tensor([[0.2, 0.5, 0.9], [0.1, 0.7, 0.3]]),
        "b": xp.tensor([[0.3, 0.1, 0.8], [0.6, 0.2, 0.4]]),
        "w": xp.tensor([0.5, 1.0, 2.0]),
        "labels": xp.tensor([2, 0]),
        "ignored": xp.tensor([2, -100]),
        "shares": xp.tensor([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]),
        "signs": xp.tensor([1.0, -1.0]),
        "dense": wave(1, 3, 2, 4),
        "classes": xp.arange(8).reshape(1, 2, 4) % 3,
    }


def run(call: str, xp: Any) -> Any:
    xp.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(call, inputs(xp))
        except Exception as error:
            return type(error)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def compare(call: str) -> None:
    expected, actual = run(call, torch), run(call, rushlight)
    if isinstance(expected, type) or isinstance(actual, type):
        same = isinstance(expected, type) and isinstance(actual, type)
        assert same and issubclass(actual, expected), f"{call}: {actual}, {expected}"
        return
    for a, e in zip(actual, expected, strict=True):
        got = torch.from_numpy(a.detach().numpy().copy())
        torch.testing.assert_close(got, e.detach(), rtol=1e-4, atol=1e-5, msg=call)


def options(**choices: tuple[Any, ...]) -> list[str]:
    return [
        ", ".join(f"{k}={v!r}" for k, v in zip(choices, values))
        for values in itertools.product(*choices.values())
    ]


def pools() -> dict[str, list[str]]:
    some = {"stride": (None, 1, 2, 3), "padding": (0, 1, 2)}
    found = {}
    for d in (1, 2, 3):
        for kernel in (2, 3):
            by = options(**some, dilation=(1, 2), return_indices=(False, True))
            found[f"max_pool{d}d {kernel}"] = [
                f"F.max_pool{d}d(x{d}, {kernel}, {o}, ceil_mode={c})"
                for o in by
                for c in (False, True)
            ]
            more = {} if d == 1 else {"divisor_override": (None, 3)}
            by = options(
                **some, ceil_mode=(False, True), count_include_pad=(False, True), **more
            )
            found[f"avg_pool{d}d {kernel}"] = [
                f"F.avg_pool{d}d(x{d}, {kernel}, {o})" for o in by
            ]
        by = options(norm_type=(1.0, 2.0, 3.5), stride=(None, 1, 3))
        found[f"lp_pool{d}d"] = [
            f"F.lp_pool{d}d(x{d}.abs(), kernel_size=2, {o}, ceil_mode={c})"
            for o in by
            for c in (False, True)
        ]
    return found


def convolutions() -> dict[str, list[str]]:
    found = {}
    for d, channels in ((1, 4), (2, 4), (3, 2)):
        by = options(
            padding_mode=("zeros", "reflect", "replicate", "circular", "wrong"),
            padding=(0, 1, 2, "same", "valid", "bad"),
            stride=(1, 2),
        )
        by += options(dilation=(1, 2), groups=(1, 2, 3), bias=(False, True))
        found[f"Conv{d}d"] = [f"nn.Conv{d}d({channels}, 4, 3, {o})(x{d})" for o in by]
        by = options(
            stride=(1, 2), output_padding=(0, 1, 2), groups=(1, 2), dilation=(1, 2)
        )
        found[f"ConvTranspose{d}d"] = [
            f"nn.ConvTranspose{d}d({channels}, 4, 3, {o})(x{d})" for o in by
        ]
    return found


def resizing() -> dict[str, list[str]]:
    modes = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear")
    found = {}
    for d in (1, 2, 3):
        shared = options(
            mode=(*modes, "area", "wrong"),
            align_corners=(None, True, False),
            antialias=(False, True),
        )
        sizes = options(size=(5, None)) + options(
            scale_factor=(0.6, 1.7), recompute_scale_factor=(None, True, False)
        )
        sizes.append("size=5, scale_factor=2")
        found[f"interpolate {d}d"] = [
            f"F.interpolate(x{d}, {s}, {o})" for s in sizes for o in shared
        ]
    return found


LOSSES = """
mse_loss(a, b|l1_loss(a, b|smooth_l1_loss(a, b, beta=0.1|huber_loss(a, b, delta=0.2
huber_loss(a, b, weight=a|mse_loss(a, b, weight=a|mse_loss(a, w|huber_loss(a, b, delta=0
cross_entropy(a, labels, w|cross_entropy(a, ignored, w, label_smoothing=0.3
cross_entropy(a, labels, w, ignore_index=0, label_smoothing=0.3|cross_entropy(a, shares, w
cross_entropy(a, shares, w, label_smoothing=0.2|cross_entropy(a, labels, w[:2]
cross_entropy(a, shares, ignore_index=1|cross_entropy(a, labels, label_smoothing=1.5
cross_entropy(dense, classes, w, ignore_index=1|cross_entropy(dense, dense.softmax(1), w
cross_entropy(a[0], labels|nll_loss(a, ignored, w|nll_loss(a, labels, w, ignore_index=2
nll_loss(dense, classes, w, ignore_index=1|binary_cross_entropy(a, b, w
binary_cross_entropy(a * 2, b|binary_cross_entropy(a, b * 3|binary_cross_entropy(a, labels
binary_cross_entropy(a, (b * 2).long()
binary_cross_entropy_with_logits(a, b, w, pos_weight=w
binary_cross_entropy_with_logits(a, b.long()
kl_div(a.log(), b|kl_div(a, b, log_target=True|poisson_nll_loss(a, b, False, True
poisson_nll_loss(a, b * 5, full=True|gaussian_nll_loss(a, b, shares, full=True
gaussian_nll_loss(a, b, shares, eps=0.4|gaussian_nll_loss(a, b, shares[:, 0]
gaussian_nll_loss(a, b, -shares|hinge_embedding_loss(a, b.sign(), margin=0.3
soft_margin_loss(a, (b - 0.5).sign()|cosine_embedding_loss(a, b, signs, margin=0.5
margin_ranking_loss(a, b, (b - 0.3).sign(), margin=0.5|multi_margin_loss(a, labels, p=2
multi_margin_loss(a, labels, margin=0.2, weight=w|multi_margin_loss(a, labels, p=3
multi_margin_loss(a, labels, weight=w[:2]|multilabel_soft_margin_loss(a, b.round(), w
triplet_margin_loss(a, b, shares, p=1, swap=True|triplet_margin_loss(a, b, shares, eps=0.1
triplet_margin_loss(a, b, shares, margin=-1
triplet_margin_with_distance_loss(a, b, shares, margin=0.1, swap=True
triplet_margin_with_distance_loss(a, b, shares, margin=-1
"""


def losses() -> dict[str, list[str]]:
    ways = options(reduction=("none", "mean", "sum", "batchmean", "wrong"))
    ways += ["reduction='elementwise_mean'", "size_average=False", "size_average=True"]
    ways += ["reduce=False", "size_average=False, reduce=True"]
    listed = LOSSES.strip().replace("\n", "|").split("|")
    return {call: [f"F.{call}, {way})" for way in ways] for call in listed}


TABLE = {**pools(), **convolutions(), **resizing(), **losses()}


@pytest.mark.parametrize("name", TABLE)
def test_keywords(name: str) -> None:
    for call in TABLE[name]:
        compare(call)
