"""Random numbers: the streams of PyTorch's CPU generator, number by number."""

from ops.creation import GIVEN, GIVEN_LIKE, LIKE, OPTIONS
from ops.table import FLOATS, op

_G = "Generator? generator=None"
_FACTORY = "function factory out"

# --- tensors of samples
op(
    f"rand(int[] size, *, {_G}, {OPTIONS}) -> Tensor",
    "Uniform numbers in [0, 1).",
    dynamic=f"uniform_sample(created_empty(size, {GIVEN}), generator)",
    variants=_FACTORY,
)
op(
    f"randn(int[] size, *, {_G}, {OPTIONS}) -> Tensor",
    "Standard normal numbers.",
    dynamic=f"normal_sample(created_empty(size, {GIVEN}), generator)",
    variants=_FACTORY,
)
op(
    f"randint(int high, int[] size, *, {_G}, {OPTIONS}) -> Tensor",
    "Whole numbers in [0, high).",
    dynamic="integer_sample(created_empty(size, {dtype.value_or(Dtype::Int64), device, "
    "pin_memory}), 0, high, generator)",
    variants=_FACTORY,
)
op(
    f"randint.low(int low, int high, int[] size, *, {_G}, {OPTIONS}) -> Tensor",
    "Whole numbers in [low, high).",
    dynamic="integer_sample(created_empty(size, {dtype.value_or(Dtype::Int64), device, "
    "pin_memory}), low, high, generator)",
    variants=_FACTORY,
)
op(
    f"randperm(int n, *, {_G}, {OPTIONS}) -> Tensor",
    "A random order of 0 .. n - 1.",
    dynamic=f"permutation_sample(n, generator, {GIVEN})",
    variants=_FACTORY,
)
op(
    f"rand_like(Tensor self, *, {_G}, {LIKE}) -> Tensor",
    "Uniform numbers in [0, 1), of self's sizes and dtype.",
    dynamic=f"uniform_sample(created_empty_like(self, {GIVEN_LIKE}), generator)",
    variants="function factory",
)
op(
    f"randn_like(Tensor self, *, {_G}, {LIKE}) -> Tensor",
    "Standard normal numbers, of self's sizes and dtype.",
    dynamic=f"normal_sample(created_empty_like(self, {GIVEN_LIKE}), generator)",
    variants="function factory",
)
op(
    f"randint_like(Tensor self, int high, *, {_G}, {LIKE}) -> Tensor",
    "Whole numbers in [0, high), of self's sizes and dtype.",
    dynamic=f"integer_sample(created_empty_like(self, {GIVEN_LIKE}), 0, high, generator)",
    variants="function factory",
)
op(
    f"randint_like.low(Tensor self, int low, int high, *, {_G}, {LIKE}) -> Tensor",
    "Whole numbers in [low, high), of self's sizes and dtype.",
    dynamic=f"integer_sample(created_empty_like(self, {GIVEN_LIKE}), low, high, generator)",
    variants="function factory",
)
op(
    f"normal(Tensor mean, Tensor std, *, {_G}) -> Tensor",
    "Normal numbers with a mean and a deviation each.",
    dynamic="normal_tensors",
    variants="function out",
    grad={"mean": "ops::zeros(mean_sizes)", "std": "ops::zeros(std_sizes)"},
)
op(
    f"normal.Tensor_float(Tensor mean, float std=1.0, *, {_G}) -> Tensor",
    "Normal numbers with a mean each.",
    dynamic="normal_mean",
    variants="function out",
    grad={"mean": "ops::zeros(mean_sizes)"},
)
op(
    f"normal.float_Tensor(float mean, Tensor std, *, {_G}) -> Tensor",
    "Normal numbers with a deviation each.",
    dynamic="normal_std",
    variants="function out",
    grad={"std": "ops::zeros(std_sizes)"},
)
op(
    f"normal.float_float(float mean, float std, int[] size, *, {_G}, {OPTIONS}) -> Tensor",
    "Normal numbers.",
    dynamic=f"normal_sample(created_empty(size, {GIVEN}), generator, mean, std)",
    variants=_FACTORY,
)
op(
    f"bernoulli(Tensor self, *, {_G}) -> Tensor",
    "1 with the probability self says, else 0.",
    dynamic="bernoulli_each",
    variants="function method out",
    grad={"self": "ops::zeros_like(grad)"},
)
op(
    f"bernoulli.p(Tensor self, float p, *, {_G}) -> Tensor",
    "1 with probability p, else 0, of self's sizes.",
    dynamic="bernoulli_all",
    variants="function method out",
    grad={"self": "ops::zeros_like(grad)"},
)
op(
    f"multinomial(Tensor self, int num_samples, bool replacement=False, *, {_G}) "
    "-> Tensor",
    "Indices drawn with the weights in each row of self.",
    dynamic="multinomial",
    variants="function method out",
)
op(
    f"poisson(Tensor self, {_G}) -> Tensor",
    "Poisson counts of the rates in self.",
    dynamic="poisson",
    variants="function",
    grad={"self": "ops::zeros_like(grad)"},
)
op(
    f"binomial(Tensor count, Tensor prob, {_G}) -> Tensor",
    "Successes in count trials of probability prob.",
    dynamic="binomial",
    variants="function",
    grad={
        "count": "ops::zeros(count_sizes, grad.dtype())",
        "prob": "ops::zeros(prob_sizes, grad.dtype())",
    },
)
for _name, _doc in {
    "_standard_gamma": "Gamma numbers of the shapes in self.",
    "_sample_dirichlet": "Dirichlet vectors of the concentrations in self's last dimension.",
}.items():
    op(
        f"{_name}(Tensor self, {_G}) -> Tensor",
        _doc,
        dynamic=_name.lstrip("_"),
        variants="function",
        grad={"self": f'no_derivative("{_name}")'},
    )

# --- in-place fills
for _schema, _doc in {
    "uniform_(Tensor self, float from=0.0, float to=1.0": "uniform numbers in [from, to)",
    "normal_(Tensor self, float mean=0.0, float std=1.0": "normal numbers",
    "exponential_(Tensor self, float lambd=1.0": "exponential numbers",
    "geometric_(Tensor self, float p": "numbers of trials up to the first success",
    "cauchy_(Tensor self, float median=0.0, float sigma=1.0": "Cauchy numbers",
    "log_normal_(Tensor self, float mean=1.0, float std=2.0": (
        "exponentials of normal numbers"
    ),
}.items():
    op(
        f"{_schema}, *, {_G}) -> Tensor",
        f"Fills self with {_doc}.",
        mutate=_schema.partition("(")[0],
        variants="method",
        grad={"self": "zeros"},
    )
op(
    f"random_(Tensor self, *, {_G}) -> Tensor",
    "Fills self with whole numbers from 0 to the largest the dtype holds exactly.",
    mutate="random_",
    variants="method",
    grad={"self": "zeros"},
)
op(
    f"random_.from(Tensor self, int from, int? to, *, {_G}) -> Tensor",
    "Fills self with whole numbers in [from, to); None: to the largest.",
    mutate="random_range_",
    variants="method",
    grad={"self": "zeros"},
)
op(
    f"random_.to(Tensor self, int to, *, {_G}) -> Tensor",
    "Fills self with whole numbers in [0, to).",
    mutate="random_below_",
    variants="method",
    grad={"self": "zeros"},
)
op(
    f"bernoulli_.Tensor(Tensor self, Tensor p, *, {_G}) -> Tensor",
    "Fills self with 1 where a draw falls below p, else 0.",
    mutate="bernoulli_each_",
    variants="method",
    grad={"self": "zeros", "p": "ops::zeros(p_sizes)"},
)
op(
    f"bernoulli_.float(Tensor self, float p=0.5, *, {_G}) -> Tensor",
    "Fills self with 1 with probability p, else 0.",
    mutate="bernoulli_",
    variants="method",
    grad={"self": "zeros"},
)

# --- dropout
op(
    "_kept(Tensor self, float p) -> Tensor",
    "A mask of self's sizes and memory order, true with probability p.",
    dynamic="kept",
    variants="",
)
op(
    "_scale_kept(Tensor self, Tensor mask, float scale) -> Tensor",
    "self times scale where mask is true, times 0 elsewhere.",
    expr="y * math::kept_if(x, scale)",
    on=FLOATS,
    inputs="mask self",
    mask_first=True,
    promote="self",
    scalars="scale",
    variants="",
    node="MulBackward0",
    grad={"self": "ops::_scale_kept(grad, mask, scale)"},
)
op(
    "native_dropout(Tensor input, float p, bool? train) -> (Tensor, Tensor)",
    "dropout(), with the mask of what was kept.",
    composite="native_dropout",
    variants="function",
)
op(
    "dropout(Tensor input, float p, bool train) -> Tensor",
    "Zeroes elements with probability p and scales the others by 1 / (1 - p).",
    composite="rl::dropout(input, p, train)",
    variants="function inplace_function",
)
for _name, _feature, _alpha, _doc in (
    ("alpha_dropout", "false", "true", "Dropout that keeps SELU's mean and variance."),
    ("feature_dropout", "true", "false", "Dropout of whole channels."),
    ("feature_alpha_dropout", "true", "true", "alpha_dropout() of whole channels."),
):
    op(
        f"{_name}(Tensor input, float p, bool train) -> Tensor",
        _doc,
        composite=f'masked_dropout("{_name}", input, p, train, {_feature}, {_alpha})',
        variants="function inplace_function",
    )
