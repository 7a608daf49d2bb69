"""Random numbers beside PyTorch's: same seed, same bits, same state afterwards."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

SIZES = [0, 1, 2, 15, 16, 17, 31, 32, 100, 1000, 4097, 300_000]
SEEDS = [0, 7, 2**32 + 5, 2**64 - 1]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
INTS = ["uint8", "int8", "int16", "int32", "int64"]


@pytest.fixture(params=[1, 2], autouse=True)
def threads(request):
    before = rushlight.get_num_threads()
    rushlight.set_num_threads(request.param)
    yield
    rushlight.set_num_threads(before)


def bits(t) -> bytes:
    if str(t.dtype).endswith("bfloat16"):
        t = t.float()
    return np.ascontiguousarray(t.detach().numpy()).tobytes()


def state(lib) -> bytes:
    return bytes(lib.get_rng_state().numpy())


def both(seed, draw):
    """Draws twice from each library: a second call starts from what the first left."""
    torch.manual_seed(seed)
    rushlight.manual_seed(seed)
    for turn in range(2):
        want, got = draw(torch), draw(rushlight)
        assert want.shape == tuple(got.shape)
        assert str(want.dtype).split(".")[1] == str(got.dtype).split(".")[1]
        assert bits(want) == bits(got), f"turn {turn}"
        assert state(torch) == state(rushlight), f"state after turn {turn}"


def empty(lib, n, dtype):
    return lib.empty(n, dtype=getattr(lib, dtype))


def rates(lib, scale):
    return lib.from_numpy(np.linspace(0, scale, 3000, dtype=np.float32))


FILLS = {
    "uniform": lambda t: t.uniform_(),
    "uniform range": lambda t: t.uniform_(-1.3, 2.9),
    "uniform narrow": lambda t: t.uniform_(5, 5.03),
    "normal": lambda t: t.normal_(),
    "normal scaled": lambda t: t.normal_(1.5, 0.3),
    "exponential": lambda t: t.exponential_(1.7),
    "log normal": lambda t: t.log_normal_(0.3, 0.7),
    "cauchy": lambda t: t.cauchy_(0.3, 0.7),
    "geometric": lambda t: t.geometric_(0.3),
    "bernoulli": lambda t: t.bernoulli_(0.3),
    "random": lambda t: t.random_(),
    "random below": lambda t: t.random_(100),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", FILLS)
def test_float_fills(name, dtype):
    for n in SIZES:
        for seed in SEEDS if n < 5000 else SEEDS[:1]:
            both(seed, lambda lib, n=n: FILLS[name](empty(lib, n, dtype)))


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize("name", ["geometric", "bernoulli", "random", "random below"])
def test_integer_fills(name, dtype):
    for n in SIZES:
        both(7, lambda lib, n=n: FILLS[name](empty(lib, n, dtype)))


@pytest.mark.parametrize("name", ["bernoulli", "random"])
def test_bool_fills(name):
    for n in SIZES:
        both(7, lambda lib, n=n: FILLS[name](empty(lib, n, "bool")))


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", ["rand", "randn"])
def test_complex(name, dtype):
    for n in SIZES:
        both(7, lambda lib, n=n: getattr(lib, name)(n, dtype=getattr(lib, dtype)))


RANGES = [
    (0, 2**28 - 1),
    (0, 2**28),
    (5, 2**28 + 5),
    (-(2**31), 2**31 - 1),
    (0, 2**32),
    (-(2**40), 2**63 - 1),
    (-(2**63), 2**63 - 1),
    (-5, None),
    (-(2**63), None),
]


@pytest.mark.parametrize("low, high", RANGES)
def test_integer_ranges(low, high):
    both(3, lambda lib: empty(lib, 1001, "int64").random_(low, high))


@pytest.mark.parametrize("dtype", [*FLOATS, "int32", "int64"])
def test_randint_and_randperm(dtype):
    kind = {"dtype": dtype}
    for n in (1, 2, 17, 1000, 2048):
        both(1, lambda lib, n=n: lib.randperm(n, dtype=getattr(lib, kind["dtype"])))
    both(1, lambda lib: lib.randint(-7, 90, (33, 3), dtype=getattr(lib, dtype)))
    both(1, lambda lib: lib.randperm(100_000))


@pytest.mark.parametrize("p_dtype", FLOATS)
@pytest.mark.parametrize("dtype", [*FLOATS, *INTS, "bool"])
def test_bernoulli_with_tensor(dtype, p_dtype):
    def draw(lib):
        p = rates(lib, 1).to(getattr(lib, p_dtype))
        return empty(lib, 3000, dtype).bernoulli_(p)

    both(5, draw)


LAYOUTS = {
    "transposed": lambda lib: lib.empty(20, 30).t(),
    "permuted": lambda lib: lib.empty(4, 5, 6).permute(2, 0, 1),
    "channels last": lambda lib: lib.empty(2, 4, 5, 3).permute(0, 3, 1, 2),
    "columns": lambda lib: lib.empty(20, 40)[:, 3:33],
    "steps": lambda lib: lib.empty(20, 60)[:, ::2],
    "permuted steps": lambda lib: lib.empty(4, 5, 9).permute(2, 0, 1)[::3],
    "short": lambda lib: lib.empty(3, 9)[:, ::2],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", FILLS)
def test_layouts_fill_in_memory_order(name, layout):
    both(11, lambda lib: FILLS[name](LAYOUTS[layout](lib)))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("samples", [1, 2, 10])
def test_multinomial(samples, replacement, dtype):
    def draw(lib):
        weights = (lib.arange(50) % 7 + 1).to(getattr(lib, dtype))
        rows = lib.stack([weights, weights.flip(0)])
        return lib.multinomial(rows, samples, replacement)

    both(2, draw)


@pytest.mark.parametrize("scale", [3, 30, 500])
def test_variates_by_rejection(scale):
    both(4, lambda lib: lib.poisson(rates(lib, scale)))
    both(4, lambda lib: lib.binomial(rates(lib, scale).round(), rates(lib, 1)))
    both(4, lambda lib: lib._standard_gamma(rates(lib, scale)))
    both(4, lambda lib: lib._sample_dirichlet(rates(lib, scale).view(-1, 3) + 0.1))


def test_normal_with_tensors():
    both(4, lambda lib: lib.normal(rates(lib, 2), rates(lib, 3)))
    both(4, lambda lib: lib.normal(rates(lib, 2), 2.3))
    both(4, lambda lib: lib.normal(0.7, rates(lib, 3)))
    both(4, lambda lib: lib.normal(0.7, 1.2, (3, 50)))


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_dropout(p):
    both(6, lambda lib: lib.nn.functional.dropout(rates(lib, 1), p))
    both(6, lambda lib: lib.native_dropout(rates(lib, 1), p, True)[1])
    both(6, lambda lib: lib.nn.functional.dropout2d(lib.ones(4, 5, 6, 7), p))
    both(6, lambda lib: lib.nn.functional.alpha_dropout(rates(lib, 1), p))


def test_like():
    both(6, lambda lib: lib.rand_like(lib.empty(20, 30).t()))
    both(6, lambda lib: lib.randn_like(lib.empty(20, 30).t()))
    both(6, lambda lib: lib.randint_like(lib.empty(20, 30), 3, 50))


def test_state_moves_between_the_libraries():
    torch.manual_seed(9)
    torch.randn(3), torch.rand(1000)
    rushlight.set_rng_state(rushlight.from_numpy(torch.get_rng_state().numpy()))
    assert bits(torch.randn(4)) == bits(rushlight.randn(4))
    torch.set_rng_state(torch.from_numpy(rushlight.get_rng_state().numpy()))
    assert bits(torch.randn(40)) == bits(rushlight.randn(40))
    assert torch.initial_seed() == rushlight.initial_seed()


def test_generators_are_independent():
    ours, theirs = rushlight.Generator(), torch.Generator()
    assert ours.initial_seed() == theirs.initial_seed()
    for g in (ours, theirs):
        g.manual_seed(-3)
    before = state(rushlight)
    want = torch.rand(4, 3, generator=theirs)
    assert bits(want) == bits(rushlight.rand(4, 3, generator=ours))
    assert bytes(theirs.get_state().numpy()) == bytes(ours.get_state().numpy())
    assert state(rushlight) == before


@pytest.mark.parametrize("size", [5055, 5056])
def test_bad_states_are_refused(size):
    for lib in (torch, rushlight):
        with pytest.raises(RuntimeError, match="RNG state size|Invalid mt19937"):
            lib.Generator().set_state(lib.zeros(size, dtype=lib.uint8))
