"""Layers against their definitions in NumPy; shapes, defaults and errors."""

from typing import get_args

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn import functional as F


def close(tensor, expected, tolerance=1e-5):
    np.testing.assert_allclose(
        tensor.detach().numpy(), expected, rtol=tolerance, atol=tolerance
    )


@pytest.fixture(autouse=True)
def seed():
    rushlight.manual_seed(0)


def test_linear():
    layer = nn.Linear(4, 2)
    assert layer.weight.shape == (2, 4) and layer.bias.shape == (2,)
    assert layer.weight.abs().max().item() <= 0.5
    x = rushlight.randn(3, 5, 4)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    close(layer(x), expected)
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        layer(rushlight.zeros(3, 5))
    one = layer(x[0, 0])
    close(one, expected[0, 0])
    assert one.grad_fn.name() == "ViewBackward0"
    with pytest.raises(RuntimeError, match="mat1 and mat2 must have the same dtype"):
        layer(x[0, 0].double())


def test_bilinear():
    layer = nn.Bilinear(2, 3, 4)
    a, b = rushlight.randn(5, 2), rushlight.randn(5, 3)
    expected = np.einsum(
        "ni,oij,nj->no", a.numpy(), layer.weight.detach().numpy(), b.numpy()
    )
    close(layer(a, b), expected + layer.bias.detach().numpy())
    with pytest.raises(
        RuntimeError, match="same dtype, got input1: double, input2: float, weight: fl"
    ):
        layer(a.double(), b)


def convolve(x, w, b, stride, padding, dilation):
    """2-d cross-correlation, one window at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    kh, kw = ((k - 1) * dilation + 1 for k in w.shape[2:])
    rows = range(0, x.shape[2] - kh + 1, stride)
    cols = range(0, x.shape[3] - kw + 1, stride)
    out = np.zeros((x.shape[0], w.shape[0], len(rows), len(cols)))
    for i, r in enumerate(rows):
        for j, c in enumerate(cols):
            window = x[:, :, r : r + kh : dilation, c : c + kw : dilation]
            out[:, :, i, j] = np.einsum("nchw,ochw->no", window, w) + b
    return out


@pytest.mark.parametrize(
    ("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 2, 2)]
)
def test_conv2d(stride, padding, dilation):
    layer = nn.Conv2d(3, 4, 3, stride, padding, dilation)
    x = rushlight.randn(2, 3, 7, 8)
    w, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    close(layer(x), convolve(x.numpy(), w, b, stride, padding, dilation))
    close(layer(x[0]), layer(x)[0].detach().numpy())


def test_conv_variants():
    x = rushlight.randn(1, 4, 6, 7)
    assert nn.Conv2d(4, 6, 3, padding="same")(x).shape == (1, 6, 6, 7)
    assert nn.Conv2d(4, 6, 3, padding="valid")(x).shape == (1, 6, 4, 5)
    assert nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect")(x).shape == (
        1,
        6,
        6,
        7,
    )
    assert nn.Conv2d(4, 6, 3, groups=2).weight.shape == (6, 2, 3, 3)
    assert nn.Conv3d(4, 2, (1, 2, 3))(x.unsqueeze(2)).shape == (1, 2, 1, 5, 5)
    assert (
        repr(nn.Conv2d(4, 6, 3, 2, 1, groups=2, bias=False))
        == "Conv2d(4, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), groups=2, "
        "bias=False)"
    )
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        nn.Conv2d(3, 4, 3, groups=2)
    with pytest.raises(ValueError, match="not supported for strided convolutions"):
        nn.Conv2d(4, 4, 3, stride=2, padding="same")


def test_conv_transpose_is_the_adjoint():
    layer = nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, bias=False)
    x, y = rushlight.randn(1, 4, 5, 6), rushlight.randn(1, 3, 9, 11)
    forward = F.conv2d(y, layer.weight, stride=2, padding=1)
    assert forward.shape == x.shape
    close((layer(x) * y).sum(), (forward * x).sum().item(), 1e-4)
    assert layer(x, output_size=[10, 12]).shape == (1, 3, 10, 12)
    with pytest.raises(ValueError, match="valid sizes range from"):
        layer(x, output_size=[20, 12])


def test_batch_norm():
    layer = nn.BatchNorm2d(3)
    x = rushlight.randn(4, 3, 2, 5) * 3 + 1
    v = x.numpy()
    mean, var = v.mean((0, 2, 3)), v.var((0, 2, 3))
    shape = (1, 3, 1, 1)
    close(layer(x), (v - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + 1e-5))
    n = v.size // 3
    close(layer.running_mean, 0.1 * mean)
    close(layer.running_var, 0.9 + 0.1 * var * n / (n - 1))
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    running = layer.running_mean.numpy().reshape(shape)
    scale = np.sqrt(layer.running_var.numpy().reshape(shape) + 1e-5)
    close(layer(x), (v - running) / scale)
    with pytest.raises(ValueError, match=r"expected 4D input \(got 2D input\)"):
        layer(rushlight.zeros(2, 3))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when"):
        nn.BatchNorm1d(3)(rushlight.zeros(1, 3))


def test_batch_norm_average_of_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None)
    batches = [rushlight.randn(5, 2) for _ in range(3)]
    for batch in batches:
        layer(batch)
    close(layer.running_mean, np.mean([b.numpy().mean(0) for b in batches], 0))


def test_other_norms():
    x = rushlight.randn(2, 4, 6)
    v = x.numpy()

    def normal(values, axes):
        centred = values - values.mean(axes, keepdims=True)
        return centred / np.sqrt(values.var(axes, keepdims=True) + 1e-5)

    close(nn.LayerNorm(6)(x), normal(v, (2,)))
    close(nn.LayerNorm((4, 6))(x), normal(v, (1, 2)))
    groups = normal(v.reshape(2, 2, 12), (2,)).reshape(v.shape)
    close(nn.GroupNorm(2, 4)(x), groups)
    close(nn.InstanceNorm1d(4)(x), normal(v, (2,)))
    rms = np.sqrt((v**2).mean(-1, keepdims=True) + 1e-6)
    close(nn.RMSNorm(6, eps=1e-6)(x), v / rms)
    with pytest.raises(
        ValueError, match=r"num_channels \(4\) must be divisible by num_"
    ):
        nn.GroupNorm(3, 4)
    with pytest.raises(RuntimeError, match=r"expected input with shape \[\*, 5\]"):
        nn.LayerNorm(5)(x)


def test_pooling():
    x = rushlight.arange(16.0).reshape(1, 1, 4, 4)
    assert nn.MaxPool2d(2)(x).flatten().tolist() == [5, 7, 13, 15]
    assert nn.AvgPool2d(2)(x).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert nn.AdaptiveAvgPool2d((1, 1))(x).item() == 7.5
    assert nn.AdaptiveAvgPool2d((None, 2))(x).shape == (1, 1, 4, 2)
    assert nn.AdaptiveMaxPool2d(1)(x).item() == 15
    values, places = nn.MaxPool2d(2, return_indices=True)(x)
    assert places.flatten().tolist() == [5, 7, 13, 15]
    back = nn.MaxUnpool2d(2)(values, places)
    assert back.sum().item() == 40 and back.shape == x.shape
    assert nn.MaxPool1d(3, 1, 1)(x[0]).shape == (1, 4, 4)
    with pytest.raises(
        TypeError, match="missing 1 required positional argument: 'kern"
    ):
        F.max_pool2d(x)


def test_embedding():
    table = nn.Embedding(5, 3, padding_idx=-1)
    assert table.padding_idx == 4 and table.weight[4].abs().sum().item() == 0
    ids = rushlight.tensor([[0, 4], [1, 0]])
    out = table(ids)
    assert out.shape == (2, 2, 3)
    out.sum().backward()
    assert table.weight.grad.sum(1).tolist() == [6, 3, 0, 0, 0]
    by_frequency = nn.Embedding(5, 3, scale_grad_by_freq=True)
    by_frequency(ids).sum().backward()
    assert by_frequency.weight.grad[0].tolist() == [1, 1, 1]
    clipped = nn.Embedding(5, 3, max_norm=0.5)
    assert clipped(ids).norm(dim=-1).max().item() <= 0.5 + 1e-6
    given = nn.Embedding.from_pretrained(rushlight.ones(2, 3))
    assert not given.weight.requires_grad
    with pytest.raises(NotImplementedError, match="sparse=True is not available"):
        nn.Embedding(5, 3, sparse=True)
    with pytest.raises(AssertionError, match="Padding_idx must be within num_embeddin"):
        nn.Embedding(5, 3, padding_idx=5)
    with pytest.raises(IndexError, match="index out of range in self"):
        table(rushlight.tensor([7]))


def test_dropout():
    x = rushlight.ones(2000)
    layer = nn.Dropout(0.25)
    values = layer(x)
    kept = values[values != 0]
    close(kept, np.full(kept.numel(), 4 / 3))
    assert 0.2 < 1 - kept.numel() / 2000 < 0.3
    assert (layer.eval()(x) == x).all()
    # The function does not know the mode.
    assert (F.dropout(x) == 0).any()
    channels = nn.Dropout2d(0.5)(rushlight.ones(4, 8, 3, 3)).flatten(2)
    assert (channels.amax(2) == channels.amin(2)).all()
    with pytest.raises(ValueError, match="has to be between 0 and 1, but got 1.5"):
        nn.Dropout(1.5)


def test_upsampling():
    x = rushlight.arange(4.0).reshape(1, 1, 2, 2)
    assert nn.Upsample(scale_factor=2)(x)[0, 0, 0].tolist() == [0, 0, 1, 1]
    corners = nn.Upsample(size=(3, 3), mode="bilinear", align_corners=True)(x)
    assert corners[0, 0].tolist() == [[0, 0.5, 1], [1, 1.5, 2], [2, 2.5, 3]]
    assert repr(nn.Upsample(scale_factor=2, mode="bilinear")) == (
        "Upsample(scale_factor=2.0, mode='bilinear')"
    )
    with pytest.raises(ValueError, match="either size or scale_factor should be defin"):
        F.interpolate(x)
    with pytest.raises(ValueError, match="only one of size or scale_factor should be"):
        F.interpolate(x, 3, 2)
    with pytest.raises(
        NotImplementedError, match="Got 3D input, but bilinear mode nee"
    ):
        F.interpolate(x[0], 3, mode="bilinear")


def test_shapes():
    assert nn.Flatten()(rushlight.zeros(2, 3, 4)).shape == (2, 12)
    assert nn.Flatten(0)(rushlight.zeros(2, 3, 4)).shape == (24,)
    assert nn.Unflatten(1, (3, 4))(rushlight.zeros(2, 12)).shape == (2, 3, 4)
    assert nn.PixelShuffle(2)(rushlight.zeros(1, 8, 2, 3)).shape == (1, 2, 4, 6)
    x = rushlight.randn(1, 2, 4, 5)
    columns = nn.Unfold(2)(x)
    assert columns.shape == (1, 8, 12)
    counts = nn.Fold((4, 5), 2)(nn.Unfold(2)(rushlight.ones(1, 2, 4, 5)))
    close(nn.Fold((4, 5), 2)(columns) / counts, x.numpy())
    padded = nn.ZeroPad2d((1, 0, 2, 0))(x)
    assert padded.shape == (1, 2, 6, 6) and padded.sum().item() == pytest.approx(
        x.sum().item(), abs=1e-4
    )


def test_identity_takes_anything():
    assert nn.Identity(1, a=2)(3) == 3


def test_every_public_class_is_at_its_pytorch_path():
    for name in nn.modules.__all__:
        cls = getattr(nn, name)
        assert cls.__module__.startswith("rushlight.nn.modules."), name
        assert not cls.__module__.rpartition(".")[2].startswith("_"), name


def test_types_for_annotations():
    from rushlight.nn.common_types import _size_2_t, _size_any_t
    from rushlight.optim.optimizer import ParamsT

    assert get_args(_size_2_t) == (int, tuple[int, int])
    assert get_args(_size_any_t) == (int, tuple[int, ...])
    assert len(get_args(ParamsT)) == 3
