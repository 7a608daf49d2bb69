"""Grids, combinations and other arrangements of whole tensors."""

from ops.table import op

op(
    "broadcast_tensors(Tensor[] tensors) -> Tensor[]",
    "All tensors expanded to their common shape.",
    composite="broadcast_tensors",
    variants="",
)
op(
    "meshgrid(Tensor[] tensors) -> Tensor[]",
    "Coordinates of a grid: output i varies along dimension i as vector i does.",
    composite='ops::meshgrid_indexing(tensors, "ij")',
    variants="",
)
op(
    "meshgrid.indexing(Tensor[] tensors, *, str indexing) -> Tensor[]",
    "meshgrid() with the first two dimensions as 'ij' or, as in plots, 'xy'.",
    composite="meshgrid",
    variants="",
)
op(
    "cartesian_prod(Tensor[] tensors) -> Tensor",
    "Rows of all combinations of one element each.",
    composite="cartesian_prod",
    variants="",
)
op(
    "combinations(Tensor self, int r=2, bool with_replacement=False) -> Tensor",
    "Rows of all choices of r elements of a vector.",
    composite="combinations",
    variants="function",
)
op(
    "block_diag(Tensor[] tensors) -> Tensor",
    "A matrix with these blocks on its diagonal.",
    composite="block_diag",
    variants="",
)
for _n in (1, 2, 3):
    op(
        f"atleast_{_n}d(Tensor self) -> Tensor",
        f"self with dimensions of size 1 added until there are {_n}.",
        composite=f"atleast(self, {_n})",
        variants="",
    )
    op(
        f"atleast_{_n}d.Sequence(Tensor[] tensors) -> Tensor[]",
        f"Each tensor with dimensions of size 1 added until there are {_n}.",
        composite=f"atleast_all(tensors, {_n})",
        variants="",
    )
