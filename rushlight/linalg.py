"""Linear algebra by the names of ``torch.linalg``: norms and products.

Factorisations, solvers and what rests on singular values are not here: their names raise
``NotImplementedError``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rushlight import _C
from rushlight._out import deliver

if TYPE_CHECKING:
    from rushlight import Tensor, dtype

__all__ = [
    "cross",
    "diagonal",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "multi_dot",
    "norm",
    "vecdot",
    "vector_norm",
]

_ABSENT = frozenset(
    """cholesky cholesky_ex cond det eig eigh eigvals eigvalsh householder_product inv inv_ex
    ldl_factor ldl_factor_ex ldl_solve lstsq lu lu_factor lu_factor_ex lu_solve matrix_exp
    matrix_rank pinv qr slogdet solve solve_ex solve_triangular svd svdvals tensorinv
    tensorsolve vander""".split()
)


class LinAlgError(RuntimeError):
    """A matrix for which the result does not exist."""


def _absent(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"rushlight.linalg.{name} is not implemented")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def __getattr__(name: str) -> Any:
    if name in _ABSENT:
        return _absent(name)
    raise AttributeError(f"module 'rushlight.linalg' has no attribute '{name}'")


def _check_inexact(name: str, *tensors: Tensor) -> None:
    for tensor in tensors:
        if not isinstance(tensor, _C.Tensor):
            raise TypeError(
                f"linalg_{name}(): argument 'input' must be Tensor, not "
                f"{type(tensor).__name__}"
            )
        if not (tensor.is_floating_point() or tensor.is_complex()):
            raise RuntimeError(
                f"linalg.{name}: Expected a floating point or complex tensor as input. Got "
                f"{tensor.dtype._legacy_name}"
            )


def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """``sum(abs(x) ** ord) ** (1 / ord)`` over all elements, or over dimensions.

    ``ord`` may be infinite (largest or smallest magnitude) or 0 (count of non-zeros).
    """
    if isinstance(ord, str):
        raise TypeError("linalg_vector_norm(): argument 'ord' must be Number, not str")
    dims = [dim] if isinstance(dim, int) else dim
    return _C.ops.linalg_vector_norm(x, ord, dims, keepdim, dtype=dtype, out=out)


def matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """A norm of the matrices in two dimensions.

    ``"fro"``: root of the sum of squares. ``1``, ``-1``: largest, smallest sum of a column's
    magnitudes. ``inf``, ``-inf``: the same of rows.

    Raises:
        NotImplementedError: ``2``, ``-2`` and ``"nuc"``, which need singular values.
    """
    _check_inexact("matrix_norm", A)
    if A.dim() < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    if isinstance(dim, int):
        raise TypeError(
            "linalg_matrix_norm() received an invalid combination of arguments: 'dim' must be "
            "a tuple of two ints, not int"
        )
    if len(dim) != 2:
        raise RuntimeError(
            "linalg.matrix_norm: dim must be a 2-tuple. Got "
            + " ".join(str(d) for d in dim)
        )
    rows, columns = (_wrapped(d, A.dim()) for d in dim)
    if rows == columns:
        raise RuntimeError(
            f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})"
        )
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim, dtype=dtype, out=out)
    magnitude = abs(ord) if not isinstance(ord, str) else ord
    if magnitude in (2, "nuc"):
        raise NotImplementedError(
            f"rushlight.linalg.matrix_norm(ord={ord!r}) is not implemented: it needs singular "
            "values"
        )
    if magnitude not in (1, float("inf")):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    # Summed over one dimension, then the extremum of the other.
    summed, other = (rows, columns) if magnitude == 1 else (columns, rows)
    sums = vector_norm(A, 1, summed, True, dtype=dtype)
    if ord > 0 and not sums.size(other):  # type: ignore[operator]
        value = sums.new_zeros(
            [1 if d == other else n for d, n in enumerate(sums.shape)]
        )
    else:
        value = sums.amax(other, True) if ord > 0 else sums.amin(other, True)  # type: ignore[operator]
    if not keepdim:
        value = value.squeeze((rows, columns))
    return deliver("linalg.matrix_norm", value, out)


def _wrapped(dim: int, rank: int) -> int:
    if not -rank <= dim < rank:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but "
            f"got {dim})"
        )
    return dim % rank


def norm(
    A: Tensor,
    ord: float | str | None = None,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
) -> Tensor:
    """A vector or matrix norm, by the number of dimensions.

    Without ``ord`` the 2-norm of all elements (or over ``dim``). With ``ord`` the norm of a
    vector (one dimension) or of a matrix (two).
    """
    dims = [dim] if isinstance(dim, int) else dim
    if dims is not None and len(dims) not in (1, 2) and ord is not None:
        raise RuntimeError(
            "linalg.norm: If dim is specified, it must be of length 1 or 2. Got "
            f"{list(dims)}"
        )
    if dims is None and ord is not None and A.dim() not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{A.dim()}D."
        )
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype, out=out)
    rank = A.dim() if dims is None else len(dims)
    if rank == 2 or isinstance(ord, str):
        places = (0, 1) if dims is None and A.dim() == 2 else dims
        if places is None:
            places = (0,)
        return matrix_norm(A, ord, places, keepdim, dtype=dtype, out=out)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype, out=out)


def cross(
    input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None
) -> Tensor:
    """Vector product along a dimension of size 3."""
    return _C.ops.linalg_cross(input, other, dim=dim, out=out)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """``sum(conj(x) * y)`` along a dimension; the others broadcast."""
    _check_inexact("vecdot", x)
    if x.dtype is not y.dtype:
        raise RuntimeError(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{x.dtype._legacy_name} and y of type {y.dtype._legacy_name} instead"
        )
    if x.dim() == y.dim() == 1:
        value = _C.ops.vdot(x, y)
    else:
        value = (x.conj() * y).sum(dim)
    return deliver("linalg.vecdot", value, out)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A view of the diagonal of two dimensions, by default the last."""
    return _C.ops.diagonal(A, offset, dim1, dim2)


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product."""
    return _C.ops.matmul(input, other, out=out)


def matrix_power(A: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """Square matrices multiplied with themselves ``n`` times; integers stay integers.

    Raises:
        NotImplementedError: a negative ``n``, which needs an inverse.
    """
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(
            "linalg_matrix_power(): argument 'n' (position 2) must be int, not "
            f"{type(n).__name__}"
        )
    if n < 0:
        raise NotImplementedError(
            "rushlight.linalg.matrix_power with a negative exponent is not implemented: it "
            "needs an inverse"
        )
    return _C.ops.matrix_power(A, n, out=out)


def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of two or more matrices, in the cheapest order.

    The first may be a vector (a row) and the last one too (a column).
    """
    count = len(tensors)
    if count < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {count}")
    first, last = tensors[0], tensors[-1]
    for name, end in (("first", first), ("last", last)):
        if end.dim() not in (1, 2):
            raise RuntimeError(
                f"multi_dot(): the {name} tensor must be 1D or 2D but got {end.dim()}D"
            )
    for i, middle in enumerate(tensors[1:-1], 1):
        if middle.dim() != 2:
            raise RuntimeError(
                f"multi_dot(): tensor {i} must be 2D but got {middle.dim()}D"
            )
    for i, tensor in enumerate(tensors):
        if tensor.dtype is not first.dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{_C_name(first)} and tensor {i} {_C_name(tensor)}"
            )
    matrices = list(tensors)
    if first.dim() == 1:
        matrices[0] = first.unsqueeze(0)
    if last.dim() == 1:
        matrices[-1] = last.unsqueeze(-1)
    for i in range(count - 1):
        if matrices[i].size(1) != matrices[i + 1].size(0):
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes "
                f"{list(tensors[i].shape)} and {list(tensors[i + 1].shape)} cannot be "
                "multiplied"
            )
    value = _C.ops.chain_matmul(matrices)
    if last.dim() == 1:
        value = value.squeeze(-1)
    if first.dim() == 1:
        value = value.squeeze(0)
    return deliver("linalg.multi_dot", value, out)


def _C_name(tensor: Tensor) -> str:
    """The dtype in the words of C."""
    return {
        "Float": "float",
        "Double": "double",
        "Half": "c10::Half",
        "BFloat16": "c10::BFloat16",
        "Long": "long int",
        "Int": "int",
        "Short": "short int",
        "Char": "signed char",
        "Byte": "unsigned char",
        "Bool": "bool",
        "ComplexFloat": "c10::complex<float>",
        "ComplexDouble": "c10::complex<double>",
    }[tensor.dtype._legacy_name]
