"""Products of vectors, matrices and batches; einsum; chains of them."""

from __future__ import annotations

from autograd.outcome import raised

LONG = 120


def of_vectors(t):
    a, b = t.tensor([2, 3]), t.tensor([2, 1])
    yield (
        t.dot(a, b),
        a.dot(b),
        a @ b,
        a * b,
        t.outer(a, b),
        t.inner(a, b),
        t.vdot(a, b),
    )
    yield raised(lambda: t.dot(t.ones(2, 2), t.ones(2, 2)), LONG)
    yield raised(lambda: t.dot(t.ones(2), t.ones(3)), LONG)
    yield raised(lambda: t.dot(t.ones(2), t.ones(2).double()), LONG)
    yield raised(lambda: a @ 2)


def of_matrices(t):
    m = t.arange(6).reshape(2, 3)
    yield (
        t.mm(m, m.t()),
        m @ m.T,
        m.matmul(m.T),
        t.mv(m, t.tensor([1, 0, 1])),
        t.addmm(m @ m.T, m, m.T),
    )
    for call in (
        lambda: t.mm(t.ones(2, 3), t.ones(4, 5)),
        lambda: t.mm(t.ones(2), t.ones(2, 2)),
        lambda: t.mm(t.ones(2, 2), t.ones(2)),
        lambda: t.mm(t.ones(2, 2), t.ones(2, 2).double()),
        lambda: t.bmm(t.ones(2, 2), t.ones(2, 2)),
        lambda: t.bmm(t.ones(2, 3, 4), t.ones(3, 4, 5)),
        lambda: t.matmul(t.ones(2, 3), t.ones(2, 3)),
        lambda: t.matmul(t.tensor(1.0), t.ones(2)),
        lambda: t.ones(2, 3) @ t.ones(4),
        lambda: t.matmul(t.ones(2, 2, 3), t.ones(3, 3, 2)),
    ):
        yield raised(call, LONG)


def of_shapes(t):
    for a, b in (
        ((3,), (3,)), ((2, 3), (3, 2)), ((4,), (4, 5)), ((4, 5), (5,)), ((10, 3, 4), (4,)),
        ((10, 3, 4), (10, 4, 5)), ((6,), (2, 6, 3)), ((10, 3, 4), (4, 2)), ((2, 5, 3), (1, 3, 4)),
        ((2, 1, 3, 4), (5, 4, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
    ):  # fmt: skip
        y = t.matmul(t.ones(a), t.ones(b))
        yield y.shape, y.stride(), y.sum()


def einsums(t):
    a, b = t.arange(6).reshape(2, 3), t.arange(15).reshape(3, 5)
    v, w = t.arange(3), t.arange(3, 7)
    for equation, operands in (
        ("ij->ji", [a]), ("ij->", [a]), ("ij->j", [a]), ("ij->i", [a]), ("ij,j->ij", [a, v]),
        ("ij,j->i", [a, v]), ("ik,k->i", [a, v]), ("ik,kj->ij", [a, b]), ("ij,ij->", [a, a]),
        ("i,j->ij", [v, w]), ("ii->i", [b[:, :3]]), ("...j->...", [a]), ("ij,kj", [a, a]),
        ("ijk,ikl->ijl", [t.arange(12).reshape(2, 2, 3), t.arange(12).reshape(2, 3, 2)]),
        ("bn,anm,bm->ba", [a, t.arange(18).reshape(2, 3, 3), a]),
    ):  # fmt: skip
        yield (
            equation,
            t.einsum(equation, *operands),
            t.einsum(equation, operands).shape,
        )
    for equation, operands in (
        ("ij->ik", [a]), ("ij,jk", [a]), ("ijk->i", [a]), ("ij,jk->ik", [a, a]), ("i1->i", [a]),
    ):  # fmt: skip
        yield raised(lambda e=equation, o=operands: t.einsum(e, *o))[0]


def chains(t):
    x = t.linspace(-1, 1, 24).reshape(2, 3, 2, 2)
    flat = x.reshape(2, 3, 4)
    pooled = t.bmm(flat, flat.transpose(1, 2)) / 4
    yield pooled.shape
    signed = t.sign(pooled.reshape(2, 9)) * t.sqrt(t.abs(pooled.reshape(2, 9)) + 1e-5)
    yield (
        t.nn.functional.normalize(signed),
        t.nn.functional.normalize(signed).norm(dim=1),
    )
    p, q = t.arange(4.0).reshape(2, 2), t.ones(3, 2)
    yield t.sqrt(t.sum((p[:, None, :] - q) ** 2, dim=2)), t.cdist(p, q)
    yield t.linalg.matrix_power(p, 3), t.linalg.multi_dot([p, p, q.t()])
