"""The sample table: for every operator its inputs, reference, errors and variants."""

from . import (
    activation,
    comparison,
    conv,
    creation,
    embedding_dropout,
    index_scatter,
    inplace,
    interpolate,
    linalg,
    loss,
    matmul,
    norm,
    pointwise_binary,
    pointwise_unary,
    pool,
    random,
    reduce,
    scan_sort,
    shape_copy,
    shape_view,
    softmax,
)
from .table import OpSamples

_FAMILIES = (
    pointwise_unary,
    pointwise_binary,
    comparison,
    reduce,
    scan_sort,
    shape_view,
    shape_copy,
    index_scatter,
    matmul,
    conv,
    pool,
    norm,
    softmax,
    activation,
    loss,
    embedding_dropout,
    interpolate,
    random,
    creation,
    inplace,
    linalg,
)

ALL_ROWS: list[OpSamples] = [row for family in _FAMILIES for row in family.TABLE]
