"""Bad calls of the view operators."""

from collections.abc import Iterable
from typing import Any

from .table import ErrorInput, error


def view_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3, 4), "float32")
    yield error(
        RuntimeError, "shape '[5, 2]' is invalid for input of size 12", x, (5, 2)
    )
    yield error(RuntimeError, "only one dimension can be inferred", x, (-1, -1))
    yield error(RuntimeError, "invalid shape dimension -2", x, (-2, 6))


def tensor_view_errors(make: Any) -> Iterable[ErrorInput]:
    yield from view_errors(make)
    text = "view size is not compatible with input tensor's size and stride"
    yield error(RuntimeError, text, make((3, 4), "float32").t(), (12,))


def expand_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = (
        "The expanded size of the tensor (4) must match the existing size (2) "
        "at non-singleton dimension 0"
    )
    yield error(RuntimeError, text, x, (4, 3))
    text = "must be greater or equal to the number of dimensions in the tensor (2)"
    yield error(RuntimeError, text, x, (3,))


def transpose_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    yield error(IndexError, "Dimension out of range", x, 0, 2)


def permute_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    yield error(RuntimeError, "duplicate dim", x, (0, 0))
    text = "number of dimensions in the tensor input does not match"
    yield error(RuntimeError, text, x, (0, 1, 2))


def t_errors(make: Any) -> Iterable[ErrorInput]:
    text = "t() expects a tensor with <= 2 dimensions, but self is 3D"
    yield error(RuntimeError, text, make((2, 3, 4), "float32"))


def unsqueeze_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((4,), "float32")
    text = "Dimension out of range (expected to be in range of [-2, 1], but got "
    yield error(IndexError, text + "-3)", x, -3)
    yield error(IndexError, text + "2)", x, 2)


def select_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = "select(): index 3 out of range for tensor of size [2, 3] at dimension 1"
    yield error(IndexError, text, x, 1, 3)
    yield error(IndexError, "Dimension out of range", x, 2, 0)


def narrow_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    yield error(RuntimeError, "exceeds dimension size (3)", x, 0, 1, 3)
    yield error(RuntimeError, "length must be non-negative", x, 0, 1, -1)


def split_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((5,), "float32")
    yield error(RuntimeError, "split_size", x, (2, 2))
    yield error(RuntimeError, "split expects split_size be non-negative", x, -1)


def chunk_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((5,), "float32")
    yield error(
        RuntimeError, "chunk expects `chunks` to be greater than 0, got: 0", x, 0
    )


def unfold_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((5,), "float32")
    yield error(RuntimeError, "maximum size for tensor at dimension 0 is 5", x, 0, 6, 1)
    yield error(RuntimeError, "step is 0 but must be > 0", x, 0, 2, 0)


def diagonal_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3, 3), "float32")
    text = "diagonal dimensions cannot be identical"
    yield error(RuntimeError, text, x, 0, 1, 1)


def as_strided_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((4,), "float32")
    text = "are out of bounds for storage of size 16"
    yield error(RuntimeError, text, x, (3, 2), (4, 1))
    yield error(
        RuntimeError, "mismatch in length of strides and shape", x, (2,), (1, 1)
    )
