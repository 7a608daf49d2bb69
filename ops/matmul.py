"""Products of vectors, matrices and batches of matrices."""

from ops.table import op

op(
    "mm(Tensor self, Tensor mat2) -> Tensor",
    "Product of two matrices.",
    plan="mm",
    kernel="mm",
    variants="function method out",
    grad={
        "self": "ops::mm(grad, conj(ops::t(mat2)))",
        "mat2": "ops::mm(conj(ops::t(self)), grad)",
    },
)
op(
    "bmm(Tensor self, Tensor mat2) -> Tensor",
    "Products of two batches of matrices.",
    plan="bmm",
    kernel="bmm",
    variants="function method out",
    grad={
        "self": "ops::bmm(grad, conj(ops::transpose(mat2, 1, 2)))",
        "mat2": "ops::bmm(conj(ops::transpose(self, 1, 2)), grad)",
    },
)
op(
    "mv(Tensor self, Tensor vec) -> Tensor",
    "Product of a matrix and a vector.",
    plan="mv",
    kernel="mv",
    variants="function method out",
    grad={
        "self": "ops::outer(grad, conj(vec))",
        "vec": "ops::mv(conj(ops::t(self)), grad)",
    },
)
op(
    "dot(Tensor self, Tensor tensor) -> Tensor",
    "Product of two vectors.",
    plan="dot",
    kernel="dot",
    variants="function method out",
    grad={"self": "grad * conj(tensor)", "tensor": "grad * conj(self)"},
)
op(
    "vdot(Tensor self, Tensor other) -> Tensor",
    "Product of the conjugate of a vector and another.",
    composite="ops::dot(conj(self), other)",
    variants="function method out",
)
op(
    "addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) "
    "-> Tensor",
    "beta * self + alpha * mat1 @ mat2.",
    plan="addmm",
    kernel="addmm",
    variants="function method inplace out",
    grad={
        "self": "scaled(grad, beta)",
        "mat1": "scaled(ops::mm(grad, conj(ops::t(mat2))), alpha)",
        "mat2": "scaled(ops::mm(conj(ops::t(mat1)), grad), alpha)",
    },
)
op(
    "addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) "
    "-> Tensor",
    "beta * self + alpha * mat @ vec.",
    plan="addmv",
    kernel="addmv",
    variants="function method inplace out",
    grad={
        "self": "scaled(grad, beta)",
        "mat": "scaled(ops::outer(grad, conj(vec)), alpha)",
        "vec": "scaled(ops::mv(conj(ops::t(mat)), grad), alpha)",
    },
)
op(
    "baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, "
    "Scalar alpha=1) -> Tensor",
    "beta * self + alpha * batch1 @ batch2.",
    plan="baddbmm",
    kernel="baddbmm",
    variants="function method inplace out",
    grad={
        "self": "scaled(grad, beta)",
        "batch1": "scaled(ops::bmm(grad, conj(ops::transpose(batch2, 1, 2))), alpha)",
        "batch2": "scaled(ops::bmm(conj(ops::transpose(batch1, 1, 2)), grad), alpha)",
    },
)
op(
    "addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, "
    "Scalar alpha=1) -> Tensor",
    "beta * self + alpha * the sum of batch1 @ batch2 over the batch.",
    composite="addbmm",
    variants="function method inplace out",
)
op(
    "addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) "
    "-> Tensor",
    "beta * self + alpha * the outer product of two vectors.",
    composite="addr",
    variants="function method inplace out casts",
)
op(
    "matmul(Tensor self, Tensor other) -> Tensor",
    "Matrix product of the last two dimensions; the others broadcast.",
    composite="matmul",
    variants="function method out",
)
op(
    "__matmul__(Tensor self, Tensor other) -> Tensor",
    "self @ other.",
    composite="matmul",
    variants="method",
)
op(
    "linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor",
    "input @ weight^T + bias over the last dimension; weight is (out, in).",
    composite="linear",
    variants="",
)
op(
    "bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None) -> Tensor",
    "input1^T weight[k] input2 + bias[k]; weight is (out, in1, in2).",
    composite="bilinear",
    variants="function",
)
op(
    "outer(Tensor self, Tensor vec2) -> Tensor",
    "Outer product of two vectors.",
    composite="outer",
    variants="function method out casts",
)
op(
    "ger(Tensor self, Tensor vec2) -> Tensor",
    "Outer product of two vectors.",
    composite="outer",
    variants="function method out casts",
)
op(
    "inner(Tensor self, Tensor other) -> Tensor",
    "Sums of products over the last dimensions.",
    composite="inner",
    variants="function method out",
)
op(
    "kron(Tensor self, Tensor other) -> Tensor",
    "Kronecker product.",
    composite="kron",
    variants="function method out casts",
)
op(
    "cross(Tensor self, Tensor other, int? dim=None) -> Tensor",
    "Vector product along a dimension of size 3 (default: the first such).",
    composite="cross",
    variants="function method out",
)
op(
    "linalg_cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor",
    "Vector product along a dimension of size 3.",
    composite="linalg_cross",
    variants="out",
)
op(
    "chain_matmul(Tensor[] matrices) -> Tensor",
    "Product of a list of matrices, in the cheapest order.",
    composite="chain_matmul",
    variants="",
)
op(
    "matrix_power(Tensor self, int n) -> Tensor",
    "A square matrix multiplied with itself n >= 0 times.",
    composite="matrix_power",
    variants="function method out",
)
