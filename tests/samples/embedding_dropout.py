"""Samples of embeddings, one-hot codes and dropout."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, FLOATS, INEXACT
from .table import ErrorInput, OpSamples, SampleInput, error, sample


def embedding_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((), (4,), (2, 3), (0,)):
        weight = make((5, 3), dtype)
        index = make.indices(shape, 5)
        yield sample(index, weight).but(grad=0 not in shape)
    weight = make((5, 3), dtype, layout="transposed")
    yield sample(make.indices((4,), 5, "int32"), weight)
    yield sample(make.value([0, 2, 2, 1], "int64"), weight, padding_idx=2).but(
        grad=False
    )
    yield sample(make.value([0, 2, 1, 2], "int64"), weight, -3).but(grad=False)
    index = make.value([0, 2, 2, 1], "int64")
    yield sample(index, weight, scale_grad_by_freq=True).but(grad=False)


def embedding(index: Any, weight: Any, padding_idx: Any = None, **options: Any) -> Any:
    return weight[index]


def embedding_errors(make: Any) -> Iterable[ErrorInput]:
    weight = make((5, 3), "float32")
    yield error(
        IndexError, "index out of range in self", make.value([5], "int64"), weight
    )
    text = "Expected tensor for argument #1 'indices' to have one of the following"
    yield error(RuntimeError, text, make((2,), "float32"), weight)
    text = "Padding_idx must be within num_embeddings"
    yield error(AssertionError, text, make.indices((2,), 5), weight, 5)


def bag_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for mode in ("sum", "mean", "max"):
        weight = make.distinct((5, 3), dtype)
        yield sample(make.indices((2, 3), 5), weight, mode=mode)
        index = make.value([0, 2, 1, 4, 4], "int64")
        offsets = make.value([0, 3], "int64")
        yield sample(index, weight, offsets, mode=mode).but(grad=mode != "max")
    weights = make((2, 3), dtype)
    index = make.indices((2, 3), 5)
    yield sample(index, make((5, 3), dtype), mode="sum", per_sample_weights=weights)


def embedding_bag(
    index: Any,
    weight: Any,
    offsets: Any = None,
    mode: str = "mean",
    per_sample_weights: Any = None,
) -> Any:
    reduce: Callable[..., Any] = {"sum": np.sum, "mean": np.mean, "max": np.max}[mode]
    if offsets is None:
        rows = weight[index]
        if per_sample_weights is not None:
            rows = rows * per_sample_weights[..., None]
        return reduce(rows, axis=1)
    ends = [*offsets[1:], len(index)]
    bags = [index[a:b] for a, b in zip(offsets, ends, strict=True)]
    return np.stack([reduce(weight[bag], axis=0) for bag in bags])


def one_hot_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make.value([0, 2, 1, 3], dtype))
    yield sample(make.value([[0, 2], [1, 1]], dtype), 5)
    yield sample(make.value(1, dtype), 3)


def one_hot(x: Any, num_classes: int = -1) -> Any:
    count = int(x.max()) + 1 if num_classes < 0 else num_classes
    return np.eye(count, dtype=np.int64)[x]


def one_hot_errors(make: Any) -> Iterable[ErrorInput]:
    text = "Class values must be non-negative."
    yield error(RuntimeError, text, make.value([-1, 1], "int64"))
    text = "Class values must be smaller than num_classes."
    yield error(RuntimeError, text, make.value([0, 3], "int64"), 3)
    text = "one_hot is only applicable to index tensor of type LongTensor"
    yield error(RuntimeError, text, make((2,), "float32"))


def still_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    """Dropout without chance: not training, or with probability 0 or 1."""
    for shape in ((4,), (2, 3), (2, 3, 2, 2)):
        x = make(shape, dtype)
        yield sample(x, 0.5, False)
        yield sample(x, 0.0, True)
        yield sample(x, 1.0, True)


def channels(*shape: int) -> Callable[[Any, str], Iterable[SampleInput]]:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for p, training in ((0.5, False), (0.0, True), (1.0, True)):
            yield sample(make(shape, dtype), p, training)

    return inputs


def still(x: Any, p: float, training: bool) -> Any:
    return x * 0 if training and p == 1.0 else x


def random_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for p in (0.2, 0.5):
        yield sample(make((31, 17), dtype), p, True).but(grad=False)
    yield sample(make((6, 5), dtype, layout="transposed"), 0.5, True)


def random_channel_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((4, 6, 3, 3), dtype), 0.5, True).but(grad=False)


def dropout_errors(make: Any) -> Iterable[ErrorInput]:
    text = "dropout probability has to be between 0 and 1, but got 1.5"
    yield error(ValueError, text, make((3,), "float32"), 1.5)


def random_row(name: str, channels: bool = False, **fields: Any) -> OpSamples:
    inputs = random_channel_inputs if channels else random_inputs
    return OpSamples(
        f"nn.functional.{name}", inputs=inputs, label="random", seeded=True, **fields
    )


TABLE: list[OpSamples] = [
    OpSamples(
        "nn.functional.embedding",
        ALL,
        embedding_inputs,
        embedding,
        errors=embedding_errors,
        records=("embedding_dense_backward",),
        complex_grad=False,
        result="same",
    ),
    OpSamples(
        "nn.functional.embedding_bag",
        FLOATS,
        bag_inputs,
        embedding_bag,
        records=("_embedding_bag", "embedding_bag"),
        gradgrad=False,
        result="same",
    ),
    OpSamples(
        "nn.functional.one_hot",
        (INEXACT | {"int64"}) - INEXACT,
        one_hot_inputs,
        one_hot,
        errors=one_hot_errors,
        grad=False,
        result="same",
    ),
    OpSamples(
        "nn.functional.dropout",
        ALL,
        still_inputs,
        still,
        errors=dropout_errors,
        records=("native_dropout",),
        result="same",
    ),
    OpSamples("nn.functional.dropout1d", ALL, channels(2, 3, 4), still, result="same"),
    OpSamples(
        "nn.functional.dropout2d", ALL, channels(2, 3, 2, 2), still, result="same"
    ),
    OpSamples(
        "nn.functional.dropout3d", ALL, channels(1, 2, 2, 2, 2), still, result="same"
    ),
    OpSamples("nn.functional.alpha_dropout", ALL, still_inputs, None, result="same"),
    random_row("dropout", dtypes=FLOATS, result="same"),
    random_row("dropout2d", channels=True, dtypes=FLOATS, result="same", grad=False),
    random_row("alpha_dropout", dtypes=FLOATS, result="same"),
    random_row(
        "feature_alpha_dropout", channels=True, dtypes=FLOATS, result="same", grad=False
    ),
]
