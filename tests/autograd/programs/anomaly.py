"""Anomaly mode: where the failing forward operation was, and NaN gradients."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from ..outcome import raised, warned


def _texts(action: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = raised(action, 90)
    return result, [str(w.message) for w in caught]


def nan(torch: Any) -> Iterator[Any]:
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autograd.detect_anomaly():
            yield torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
            y = (x * 0).sqrt().sum() * 0
            result, texts = _texts(y.backward)
            yield result, [t[:75] for t in texts], ["sqrt()" in t for t in texts]
        yield torch.is_anomaly_enabled()
        y = (x * 0).sqrt().sum() * 0
        with torch.autograd.detect_anomaly():
            result, texts = _texts(y.backward)
            yield result, [t[:80] for t in texts]
        with torch.autograd.detect_anomaly(check_nan=False):
            yield torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
            y = (x * 0).sqrt().sum() * 0
            y.backward()
        yield x.grad


def inplace(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autograd.set_detect_anomaly(True):
            y = x.exp()
            y.add_(1)
            result, texts = _texts(y.sum().backward)
            yield result, [t[:70] for t in texts], ["x.exp()" in t for t in texts]
            yield raised(lambda: torch.autograd.grad(y.sum(), x), 400)[1][160:290]


def second_order(torch: Any) -> Iterator[Any]:
    x = torch.tensor([0.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autograd.set_detect_anomaly(True):
            (g,) = torch.autograd.grad((x**1.5).sum(), x, create_graph=True)
            result, texts = _texts(lambda: torch.autograd.grad(g.sum() * 0, x))
            yield result, [t.strip()[:60] for t in texts]


def switches(torch: Any) -> Iterator[Any]:
    yield warned(lambda: torch.autograd.detect_anomaly() and None)
    torch.autograd.set_detect_anomaly(True)
    yield torch.is_anomaly_enabled()
    torch.autograd.set_detect_anomaly(False)
    yield torch.is_anomaly_enabled()
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        yield torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    yield torch.is_anomaly_enabled()
    torch.set_anomaly_enabled(True, False)
    yield torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    torch.set_anomaly_enabled(False)
    yield torch.is_anomaly_check_nan_enabled()
