"""Tensors made from sizes and numbers."""

from ops.table import op

OPTIONS = (
    "ScalarType? dtype=None, Layout? layout=None, Device? device=None, "
    "bool? pin_memory=None"
)
LIKE = f"{OPTIONS}, MemoryFormat? memory_format=None"
GIVEN = "{dtype, device, pin_memory}"
GIVEN_LIKE = "{dtype, device, pin_memory, memory_format}"
FACTORY = "function factory out"

# --- one value everywhere
op(
    f"empty(int[] size, *, {LIKE}) -> Tensor",
    "A tensor whose elements are whatever was in memory.",
    dynamic=f"created_empty(size, {GIVEN_LIKE})",
    variants=FACTORY,
)
op(
    f"full(int[] size, Scalar fill_value, *, {OPTIONS}) -> Tensor",
    "A tensor of one value.",
    dynamic="created(size, fill_value, {dtype.value_or(fill_value.dtype()), device, "
    "pin_memory})",
    variants=FACTORY,
)
op(
    f"zeros(int[] size, *, {OPTIONS}) -> Tensor",
    "A tensor of zeros.",
    dynamic=f"rl::zeros(size, {GIVEN})",
    variants=FACTORY,
)
op(
    f"ones(int[] size, *, {OPTIONS}) -> Tensor",
    "A tensor of ones.",
    dynamic=f"created(size, Scalar(1), {GIVEN})",
    variants=FACTORY,
)
op(
    f"scalar_tensor(Scalar s, *, {OPTIONS}) -> Tensor",
    "A number as a 0-d tensor.",
    dynamic=f"created(IntList(), s, {GIVEN})",
    variants="function factory",
)
op(
    f"empty_strided(int[] size, int[] stride, *, {OPTIONS}) -> Tensor",
    "An unfilled tensor with these strides.",
    dynamic=f"rl::empty_strided(size, stride, {GIVEN})",
    variants="function factory",
)
op(
    f"empty_permuted(int[] size, int[] physical_layout, *, {OPTIONS}) -> Tensor",
    "An unfilled dense tensor whose dimensions lie in memory in this order.",
    dynamic=f"rl::empty_permuted(size, physical_layout, {GIVEN})",
    variants="function factory",
)

# --- like another tensor
op(
    f"empty_like(Tensor self, *, {LIKE}) -> Tensor",
    "An unfilled tensor with sizes, dtype and memory order of self.",
    dynamic=f"created_empty_like(self, {GIVEN_LIKE})",
    variants="function factory",
)
op(
    f"zeros_like(Tensor self, *, {LIKE}) -> Tensor",
    "Zeros with sizes, dtype and memory order of self.",
    dynamic=f"created_like(self, Scalar(0), {GIVEN_LIKE})",
    variants="function factory",
)
op(
    f"ones_like(Tensor self, *, {LIKE}) -> Tensor",
    "Ones with sizes, dtype and memory order of self.",
    dynamic=f"created_like(self, Scalar(1), {GIVEN_LIKE})",
    variants="function factory",
)
op(
    f"full_like(Tensor self, Scalar fill_value, *, {LIKE}) -> Tensor",
    "One value with sizes, dtype and memory order of self.",
    dynamic=f"created_like(self, fill_value, {GIVEN_LIKE})",
    variants="function factory",
)
for _name, _value in {"zeros": "0", "ones": "1"}.items():
    op(
        f"new_{_name}(Tensor self, int[] size, *, {OPTIONS}) -> Tensor",
        f"A tensor of {_name} with dtype and device of self.",
        dynamic=f"created(size, Scalar({_value}), options_of(self, {GIVEN}))",
        variants="method factory",
    )
op(
    f"new_empty(Tensor self, int[] size, *, {OPTIONS}) -> Tensor",
    "An unfilled tensor with dtype and device of self.",
    dynamic=f"created_empty(size, options_of(self, {GIVEN}))",
    variants="method factory",
)
op(
    f"new_full(Tensor self, int[] size, Scalar fill_value, *, {OPTIONS}) -> Tensor",
    "A tensor of one value with dtype and device of self.",
    dynamic=f"created(size, fill_value, options_of(self, {GIVEN}))",
    variants="method factory",
)
op(
    f"new_empty_strided(Tensor self, int[] size, int[] stride, *, {OPTIONS}) -> Tensor",
    "An unfilled tensor with these strides, and dtype and device of self.",
    dynamic=f"rl::empty_strided(size, stride, options_of(self, {GIVEN}))",
    variants="method factory",
)

# --- ranges
op(
    f"arange(Scalar end, *, {OPTIONS}) -> Tensor",
    "0, 1, ... up to end, which is left out.",
    dynamic=f"rl::arange(Scalar(0), end, Scalar(1), {GIVEN})",
    variants=FACTORY,
)
op(
    f"arange.start(Scalar start, Scalar end, *, {OPTIONS}) -> Tensor",
    "start, start + 1, ... up to end, which is left out.",
    dynamic=f"rl::arange(start, end, Scalar(1), {GIVEN})",
    variants=FACTORY,
)
op(
    f"arange.start_step(Scalar start, Scalar end, Scalar step=1, *, {OPTIONS}) -> Tensor",
    "start, start + step, ... up to end, which is left out.",
    dynamic=f"rl::arange(start, end, step, {GIVEN})",
    variants=FACTORY,
)
op(
    f"range(Scalar start, Scalar end, Scalar step=1, *, {OPTIONS}) -> Tensor",
    "start, start + step, ... up to end, which is included.",
    dynamic=f"rl::closed_range(start, end, step, {GIVEN})",
    variants=FACTORY,
)
op(
    f"linspace(Tensor|Scalar start, Tensor|Scalar end, int steps, *, {OPTIONS}) -> Tensor",
    "steps numbers from start to end, evenly spaced.",
    dynamic=f"rl::linspace(start, end, steps, {GIVEN})",
    variants=FACTORY,
)
op(
    "logspace(Tensor|Scalar start, Tensor|Scalar end, int steps, float base=10.0, *, "
    f"{OPTIONS}) -> Tensor",
    "Powers of base with exponents evenly spaced from start to end.",
    dynamic=f"rl::logspace(start, end, steps, base, {GIVEN})",
    variants=FACTORY,
)

# --- matrices
op(
    f"eye(int n, *, {OPTIONS}) -> Tensor",
    "The identity matrix.",
    dynamic=f"rl::eye(n, n, {GIVEN})",
    variants=FACTORY,
)
op(
    f"eye.m(int n, int m, *, {OPTIONS}) -> Tensor",
    "An (n, m) matrix with ones on its diagonal.",
    dynamic=f"rl::eye(n, m, {GIVEN})",
    variants=FACTORY,
)
for _name in ("tril", "triu"):
    op(
        f"{_name}_indices(int row, int col, int offset=0, *, {OPTIONS}) -> Tensor",
        f"Row and column indices of {_name}() of a (row, col) matrix, shape (2, n).",
        dynamic=f'rl::triangle_indices("{_name}_indices", row, col, offset, {GIVEN})',
        variants="function factory",
    )
op(
    "vander(Tensor x, int? N=None, bool increasing=False) -> Tensor",
    "Powers of the elements of a vector as the columns of a matrix.",
    composite="vander",
    variants="function",
)

# --- windows
for _name, _words in {
    "hann": "0.5 - 0.5 cos(2 pi n / N)",
    "blackman": "0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)",
    "bartlett": "1 - |2 n / N - 1|",
}.items():
    op(
        f"{_name}_window(int window_length, bool periodic=True, *, {OPTIONS}) -> Tensor",
        f"{_words}; N is window_length, less one where not periodic.",
        dynamic=f"rl::{_name}_window(window_length, periodic, {GIVEN})",
        variants="function factory",
    )
op(
    "hamming_window(int window_length, bool periodic=True, float alpha=0.54, "
    f"float beta=0.46, *, {OPTIONS}) -> Tensor",
    "alpha - beta cos(2 pi n / N); N is window_length, less one where not periodic.",
    dynamic='rl::cosine_window("hamming_window", window_length, periodic, alpha, beta, '
    f"{GIVEN})",
    variants="function factory",
)
op(
    "kaiser_window(int window_length, bool periodic=True, float beta=12.0, *, "
    f"{OPTIONS}) -> Tensor",
    "I0(beta sqrt(1 - (2 n / N - 1)^2)) / I0(beta), I0 the modified Bessel function.",
    dynamic=f"rl::kaiser_window(window_length, periodic, beta, {GIVEN})",
    variants="function factory",
)
