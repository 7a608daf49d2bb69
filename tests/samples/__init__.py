"""The sample table: for every operator its inputs, reference, errors and variants."""

from . import (
    comparison,
    index_scatter,
    matmul,
    pointwise_binary,
    pointwise_unary,
    reduce,
    scan_sort,
    shape_copy,
    shape_view,
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
)

ALL_ROWS: list[OpSamples] = [row for family in _FAMILIES for row in family.TABLE]
