"""Sparse tensors as far as files need them: indices, values and a size.

They can be made, inspected, printed, turned dense, saved and loaded. Nothing computes
with them: every other use raises an error that names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import rushlight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rushlight import Tensor


class _Layout:
    """A memory layout other than strided."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return layout_named, (self.name,)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Layout:
        return self


_LAYOUTS = {
    f"torch.sparse_{kind}": _Layout(f"torch.sparse_{kind}")
    for kind in ("coo", "csr", "csc", "bsr", "bsc")
}
sparse_coo, sparse_csr, sparse_csc, sparse_bsr, sparse_bsc = _LAYOUTS.values()
_BY_ROWS = (sparse_csr, sparse_bsr)
_BLOCKED = (sparse_bsr, sparse_bsc)


def layout_named(name: str) -> Any:
    """The layout of that name (`torch.strided`, `torch.sparse_coo`...), or None."""
    return rushlight.strided if name == "torch.strided" else _LAYOUTS.get(name)


class SparseTensor:
    """A tensor of which only the entries that are not zero are stored.

    Made by `sparse_coo_tensor`, `sparse_csr_tensor` and their like, or read from a
    file; unlike PyTorch's it is no `Tensor`, since no operator takes it.

    Args:
        layout: one of `rushlight.sparse_coo`, `sparse_csr`, `sparse_csc`,
            `sparse_bsr`, `sparse_bsc`.
        parts: (indices, values), or (compressed indices, plain indices, values).
        size: the size of the dense tensor.
        is_coalesced: whether COO indices are sorted and unique.
    """

    def __init__(
        self,
        layout: Any,
        parts: Sequence[Tensor],
        size: Sequence[int],
        is_coalesced: bool = False,
    ) -> None:
        self.layout = layout
        self._parts = tuple(parts)
        self.shape = rushlight.Size(size)
        self._coalesced = is_coalesced

    # What it is

    @property
    def is_sparse(self) -> bool:
        """Whether the layout is COO, as in PyTorch."""
        return self.layout is sparse_coo

    @property
    def is_sparse_csr(self) -> bool:
        """Whether the layout is CSR."""
        return self.layout is sparse_csr

    @property
    def dtype(self) -> Any:
        """The dtype of the values."""
        return self._parts[-1].dtype

    @property
    def device(self) -> Any:
        """The device of the values."""
        return self._parts[-1].device

    @property
    def requires_grad(self) -> bool:
        """False: nothing differentiates through sparse tensors."""
        return False

    @property
    def ndim(self) -> int:
        """The number of dimensions, sparse and dense ones."""
        return len(self.shape)

    def dim(self) -> int:
        """The number of dimensions, sparse and dense ones."""
        return len(self.shape)

    def size(self, dim: int | None = None) -> Any:
        """The size of the dense tensor, or of one dimension of it."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """The number of elements of the dense tensor."""
        return int(self.shape.numel())

    def sparse_dim(self) -> int:
        """The number of dimensions that the indices tell."""
        return self._indices().shape[0] if self.is_sparse else 2

    def dense_dim(self) -> int:
        """The number of dimensions that the values have besides."""
        if self.is_sparse:
            return self._values().ndim - 1
        return self._parts[2].ndim - self._batch_dim() - self._block_dims() - 1

    def is_coalesced(self) -> bool:
        """Whether COO indices are known to be sorted and unique."""
        self._need(sparse_coo, "is_coalesced")
        return self._coalesced

    def _nnz(self) -> int:
        return self._parts[-2].shape[-1]

    # Parts

    def _indices(self) -> Tensor:
        self._need(sparse_coo, "_indices")
        return self._parts[0]

    def _values(self) -> Tensor:
        self._need(sparse_coo, "_values")
        return self._parts[1]

    def indices(self) -> Tensor:
        """The positions, sparse_dim x nnz, of a coalesced COO tensor."""
        self._need(sparse_coo, "indices")
        self._need_coalesced("indices")
        return self._parts[0]

    def values(self) -> Tensor:
        """The stored elements."""
        if self.is_sparse:
            self._need_coalesced("values")
        return self._parts[-1]

    def crow_indices(self) -> Tensor:
        """Where each row begins among the values (CSR, BSR)."""
        self._need_in(_BY_ROWS, "crow_indices")
        return self._parts[0]

    def col_indices(self) -> Tensor:
        """The column of each value (CSR, BSR)."""
        self._need_in(_BY_ROWS, "col_indices")
        return self._parts[1]

    def ccol_indices(self) -> Tensor:
        """Where each column begins among the values (CSC, BSC)."""
        self._need_in((sparse_csc, sparse_bsc), "ccol_indices")
        return self._parts[0]

    def row_indices(self) -> Tensor:
        """The row of each value (CSC, BSC)."""
        self._need_in((sparse_csc, sparse_bsc), "row_indices")
        return self._parts[1]

    def _need(self, layout: Any, name: str) -> None:
        self._need_in((layout,), name)

    def _need_in(self, layouts: tuple[Any, ...], name: str) -> None:
        if self.layout not in layouts:
            wanted = " or ".join(map(str, layouts))
            raise RuntimeError(
                f"{name} expected tensor layout {wanted} but got {self.layout}"
            )

    def _need_coalesced(self, name: str) -> None:
        if not self._coalesced:
            raise RuntimeError(
                f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() "
                "first"
            )

    def _batch_dim(self) -> int:
        return self._parts[0].ndim - 1

    def _block_dims(self) -> int:
        return 2 if self.layout in _BLOCKED else 0

    # Checks

    def check_invariants(self) -> None:
        """Compares indices, values and size with each other.

        Raises:
            RuntimeError: if they do not make a sparse tensor.
        """
        if self.is_sparse:
            self._check_coo()
        else:
            self._check_compressed()

    def _check_coo(self) -> None:
        indices, values = self._parts
        whole = (rushlight.int64, rushlight.int32)
        if indices.ndim != 2 or indices.dtype not in whole or not values.ndim:
            raise RuntimeError("indices must be sparse_dim x nnz of integers")
        sparse, count = indices.shape
        dense = tuple(values.shape[1:])
        if values.shape[0] != count or sparse + len(dense) != self.ndim:
            raise RuntimeError(
                f"indices of size {tuple(indices.shape)} and values of size "
                f"{tuple(values.shape)} do not make a tensor of size {self.shape}"
            )
        if dense != tuple(self.shape[sparse:]):
            raise RuntimeError(f"values have size {dense} in the dense dimensions")
        for dim in range(sparse):
            _check_range(indices[dim], 0, self.shape[dim])
        if self._coalesced and count > 1:
            flat = self._flat_indices()
            if not bool((flat[1:] > flat[:-1]).all()):
                raise RuntimeError(
                    "indices are not coalesced: not sorted or not unique"
                )

    def _check_compressed(self) -> None:
        compressed, plain, values = self._parts
        if compressed.ndim != 1 or plain.ndim != 1 or not values.ndim:
            raise NotImplementedError("rushlight.sparse_compressed_tensor (batches)")
        whole = (rushlight.int64, rushlight.int32)
        if compressed.dtype not in whole or plain.dtype != compressed.dtype:
            raise RuntimeError("the indices must be integers, both of one dtype")
        if values.ndim != 1 + self._block_dims() + self.ndim - 2 or self.ndim < 2:
            raise RuntimeError(
                f"values of size {tuple(values.shape)} do not fit size {self.shape}"
            )
        rows, columns, (height, width) = *self.shape[:2], self._block()
        if not height or not width or rows % height or columns % width:
            raise RuntimeError("the size is no multiple of the block size")
        rows, columns = rows // height, columns // width
        along, across = (rows, columns) if self.layout in _BY_ROWS else (columns, rows)
        count = plain.shape[0]
        dense = tuple(values.shape[1 + self._block_dims() :])
        fits = values.shape[0] == count and compressed.shape[0] == along + 1
        if not fits or dense != tuple(self.shape[2:]):
            raise RuntimeError("indices and values do not have the lengths of the size")
        _check_range(plain, 0, across)
        steps = compressed[1:] - compressed[:-1]
        first, last = int(compressed[0]), int(compressed[-1])
        if first != 0 or last != count or (along and bool((steps < 0).any())):
            raise RuntimeError("the compressed indices do not rise from 0 to nnz")

    def _block(self) -> tuple[int, int]:
        height, width = self._parts[2].shape[1:3] if self._block_dims() else (1, 1)
        return int(height), int(width)

    # Conversions

    def to_dense(self, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
        """The tensor with its zeros; indices that repeat are added."""
        if masked_grad is not None:
            raise NotImplementedError("rushlight.sparse.to_dense(masked_grad=...)")
        made = self._dense_of_coo() if self.is_sparse else self._dense_of_compressed()
        return made if dtype is None else made.to(dtype)

    def _flat_indices(self) -> Tensor:
        indices = self._parts[0].to(rushlight.int64)
        flat = rushlight.zeros(indices.shape[1], dtype=rushlight.int64)
        for dim in range(indices.shape[0]):
            flat = flat * self.shape[dim] + indices[dim]
        return flat

    def _dense_of_coo(self) -> Tensor:
        values = self._parts[1].detach()
        sparse = self.sparse_dim()
        cells = rushlight.Size(self.shape[:sparse]).numel()
        made = rushlight.zeros((cells, *self.shape[sparse:]), dtype=self.dtype)
        made.index_add_(0, self._flat_indices(), values)
        return made.reshape(self.shape)

    def _dense_of_compressed(self) -> Tensor:
        compressed, plain, values = self._parts
        height, width = self._block()
        rows, columns = self.shape[0] // height, self.shape[1] // width
        counts = (compressed[1:] - compressed[:-1]).to(rushlight.int64)
        lines = rushlight.repeat_interleave(rushlight.arange(counts.shape[0]), counts)
        row, column = lines, plain.to(rushlight.int64)
        if self.layout not in _BY_ROWS:
            row, column = column, row
        blocks = values.detach().reshape(-1, height, width, *self.shape[2:])
        made = rushlight.zeros(
            (rows * columns, height, width, *self.shape[2:]), dtype=self.dtype
        )
        made.index_add_(0, row * columns + column, blocks)
        grid = made.reshape(rows, columns, height, width, *self.shape[2:])
        return grid.transpose(1, 2).reshape(self.shape)

    def coalesce(self) -> SparseTensor:
        """The same COO tensor with sorted indices, each once."""
        self._need(sparse_coo, "coalesce")
        if self._coalesced:
            return self
        indices, values = self._parts
        flat = self._flat_indices()
        unique, where = rushlight.unique(flat, return_inverse=True)
        summed = rushlight.zeros((unique.shape[0], *values.shape[1:]), dtype=self.dtype)
        summed.index_add_(0, where, values.detach())
        rows: list[Tensor] = []
        for size in reversed(self.shape[: indices.shape[0]]):
            rows.insert(0, unique % size)
            unique = rushlight.div(unique, size, rounding_mode="floor")
        positions = rushlight.stack(rows) if rows else indices[:, : len(unique)]
        return SparseTensor(sparse_coo, (positions, summed), self.shape, True)

    def to_sparse(self, sparse_dim: int | None = None) -> SparseTensor:
        """A COO tensor of the same elements."""
        if self.is_sparse and sparse_dim in (None, self.sparse_dim()):
            return self
        return dense_to_sparse(self.to_dense(), sparse_dim)

    def clone(self) -> SparseTensor:
        """A copy that shares no memory."""
        parts = [part.detach().clone() for part in self._parts]
        return SparseTensor(self.layout, parts, self.shape, self._coalesced)

    def detach(self) -> SparseTensor:
        """The tensor itself: nothing differentiates through it."""
        return self

    def cpu(self) -> SparseTensor:
        """The tensor itself, which is on the CPU."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> SparseTensor:
        return memo.setdefault(id(self), self.clone())

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild, (self.layout, self._parts, tuple(self.shape), self._coalesced)

    def file_parts(self) -> tuple[Any, ...]:
        """What a file holds after the layout."""
        tail = (self._coalesced,) if self.is_sparse else ()
        return (*self._parts, self.shape, *tail)

    # What it is not

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") or not hasattr(rushlight.Tensor, name):
            raise AttributeError(f"'SparseTensor' object has no attribute {name!r}")
        raise NotImplementedError(
            f"rushlight.Tensor.{name} with layout {self.layout}; call to_dense() first"
        )

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> NoReturn:
        name = getattr(func, "__name__", str(func))
        raise NotImplementedError(
            f"rushlight.{name} of a sparse tensor; call to_dense() first"
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __repr__(self) -> str:
        from rushlight._sparse_str import sparse_str

        return sparse_str(self)


def _rebuild(layout: Any, parts: Any, size: Any, coalesced: bool) -> SparseTensor:
    return SparseTensor(layout, parts, size, coalesced)


def _refuse_operator(name: str) -> Any:
    def operator(self: SparseTensor, *others: Any) -> NoReturn:
        raise NotImplementedError(
            f"rushlight.Tensor.{name} with layout {self.layout}; call to_dense() first"
        )

    return operator


for (
    _name
) in """add radd sub rsub mul rmul truediv rtruediv matmul rmatmul pow rpow neg abs
    getitem setitem iadd isub imul itruediv mod floordiv eq ne lt le gt ge bool float int
    invert and or xor iter""".split():
    setattr(SparseTensor, f"__{_name}__", _refuse_operator(f"__{_name}__"))
SparseTensor.__hash__ = object.__hash__  # type: ignore[method-assign]


def _check_range(indices: Tensor, low: int, high: int) -> None:
    if indices.numel() and (int(indices.min()) < low or int(indices.max()) >= high):
        raise RuntimeError(
            f"size is inconsistent with indices: an index lies outside of [{low}, "
            f"{high})"
        )


def dense_to_sparse(dense: Tensor, sparse_dim: int | None = None) -> SparseTensor:
    """The COO tensor of a dense tensor's elements that are not zero."""
    count = dense.ndim if sparse_dim is None else sparse_dim
    if not 0 < count <= max(dense.ndim, 1):
        raise RuntimeError(
            f"sparse_dim argument must be in >0 and <={dense.ndim}, but got {sparse_dim}"
        )
    values = dense.detach()
    mask = values != 0
    if count < dense.ndim:
        mask = mask.flatten(count).any(-1)
    indices = mask.nonzero().t().contiguous()
    return SparseTensor(
        sparse_coo, (indices, values[tuple(indices)]), dense.shape, True
    )
