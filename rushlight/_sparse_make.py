"""The functions that make sparse tensors from indices and values."""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight._sparse import (
    SparseTensor,
    _Layout,
    sparse_bsc,
    sparse_bsr,
    sparse_coo,
    sparse_csc,
    sparse_csr,
)


def _as_tensor(data: Any, dtype: Any = None) -> Any:
    if isinstance(data, rushlight.Tensor):
        data = data.detach()
        return data if dtype is None else data.to(dtype)
    return rushlight.tensor(data, dtype=dtype)


def _check_options(name: str, device: Any, pin_memory: bool, grad: bool) -> None:
    if device is not None and rushlight.device(device).type != "cpu":
        raise NotImplementedError(f"rushlight.{name}(device={device})")
    if pin_memory:
        raise RuntimeError("Need to provide pin_memory allocator to use pin memory.")
    if grad:
        raise NotImplementedError(f"rushlight.{name}(requires_grad=True)")


def sparse_coo_tensor(
    indices: Any = None,
    values: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A sparse tensor of coordinates and their values.

    Args:
        indices: sparse_dim x nnz integers; None for a tensor without values.
        values: nnz elements, each a number or a tensor of the dense dimensions.
        size: the size of the tensor; None takes the smallest that fits.
        dtype: of the values.
        device: only the CPU.
        pin_memory: must be False.
        requires_grad: must be False; nothing differentiates through it.
        check_invariants: False accepts whatever it is given; the default checks.
        is_coalesced: whether the indices are sorted, each once.

    Raises:
        RuntimeError: if indices, values and size do not fit.
        NotImplementedError: if `requires_grad` is wanted, or another device.
    """
    _check_options("sparse_coo_tensor", device, pin_memory, requires_grad)
    if values is None:
        size = indices if size is None else size
        if size is None:
            raise TypeError("sparse_coo_tensor: expected indices and values, or a size")
        indices = rushlight.empty((len(size), 0), dtype=rushlight.int64)
        values = rushlight.empty(0, dtype=dtype)
    indices = _as_tensor(indices, rushlight.int64)
    values = _as_tensor(values, dtype)
    if indices.ndim != 2:
        raise RuntimeError(
            "indices must be sparse_dim x nnz, but got: " + str(list(indices.shape))
        )
    if not values.ndim or values.shape[0] != indices.shape[1]:
        got = values.shape[0] if values.ndim else 0
        raise RuntimeError(
            "indices and values must have same nnz, but got nnz from indices: "
            f"{indices.shape[1]}, nnz from values: {got}"
        )
    if size is None:
        if not indices.shape[1]:
            raise RuntimeError("sparse_coo_tensor: no indices tell the size")
        tops = [int(row.max()) + 1 for row in indices]
        size = (*tops, *values.shape[1:])
    made = SparseTensor(sparse_coo, (indices, values), size, bool(is_coalesced))
    if check_invariants is not False:
        made.check_invariants()
    return made


def sparse_compressed_tensor(
    compressed_indices: Any,
    plain_indices: Any,
    values: Any,
    size: Any = None,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> SparseTensor:
    """A sparse tensor by rows (CSR, BSR) or by columns (CSC, BSC).

    Args:
        compressed_indices: where each row (column) begins among the values; one
            more than there are rows.
        plain_indices: the column (row) of each value.
        values: nnz elements, or nnz blocks.
        size: the size of the tensor; None takes the smallest that fits.
        dtype: of the values.
        layout: `rushlight.sparse_csr`, `sparse_csc`, `sparse_bsr` or `sparse_bsc`.
        device: only the CPU.
        pin_memory: must be False.
        requires_grad: must be False; nothing differentiates through it.
        check_invariants: False accepts whatever it is given; the default checks.

    Raises:
        RuntimeError: if the parts do not fit, or the layout is none of these.
        NotImplementedError: if `requires_grad` is wanted, another device, or batches.
    """
    _check_options("sparse_compressed_tensor", device, pin_memory, requires_grad)
    if not isinstance(layout, _Layout) or layout is sparse_coo:
        raise RuntimeError(
            "expected sparse compressed tensor layout, one of torch.sparse_csr, "
            f"torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc, but got {layout}"
        )
    compressed = _as_tensor(compressed_indices)
    plain = _as_tensor(plain_indices)
    values = _as_tensor(values, dtype)
    if compressed.ndim != 1:
        raise NotImplementedError("rushlight.sparse_compressed_tensor (batches)")
    if size is None:
        blocked = layout in (sparse_bsr, sparse_bsc)
        height, width = values.shape[1:3] if blocked else (1, 1)
        across = int(plain.max()) + 1 if plain.numel() else 0
        rows, columns = len(compressed) - 1, across
        if layout in (sparse_csc, sparse_bsc):
            rows, columns = columns, rows
        dense = values.shape[3:] if blocked else values.shape[1:]
        size = (rows * height, columns * width, *dense)
    made = SparseTensor(layout, (compressed, plain, values), size)
    if check_invariants is not False:
        made.check_invariants()
    return made


def _of_layout(name: str, layout: Any, first: str, second: str) -> Any:
    def make(
        compressed: Any, plain: Any, values: Any, size: Any = None, **options: Any
    ) -> SparseTensor:
        return sparse_compressed_tensor(
            compressed, plain, values, size, layout=layout, **options
        )

    def with_names(*args: Any, **kwargs: Any) -> SparseTensor:
        parts = [kwargs.pop(part) for part in (first, second) if part in kwargs]
        return make(*args[:2], *parts, *args[2:], **kwargs)

    with_names.__name__ = with_names.__qualname__ = name
    with_names.__doc__ = f"""A sparse tensor of layout {layout}.

    The arguments are those of `sparse_compressed_tensor` without `layout`; the first
    two are called `{first}` and `{second}`.

    Raises:
        RuntimeError: if the parts do not fit.
        NotImplementedError: if `requires_grad` is wanted, another device, or batches.
    """
    return with_names


_ROWS, _COLUMNS = ("crow_indices", "col_indices"), ("ccol_indices", "row_indices")
sparse_csr_tensor = _of_layout("sparse_csr_tensor", sparse_csr, *_ROWS)
sparse_csc_tensor = _of_layout("sparse_csc_tensor", sparse_csc, *_COLUMNS)
sparse_bsr_tensor = _of_layout("sparse_bsr_tensor", sparse_bsr, *_ROWS)
sparse_bsc_tensor = _of_layout("sparse_bsc_tensor", sparse_bsc, *_COLUMNS)
