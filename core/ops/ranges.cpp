// Evenly spaced numbers. PyTorch computes them in blocks of one vector register: the block's first
// element is rounded to the result's dtype, the others are counted up from it. We round alike.
#include <cmath>

#include "core/base/cpu_features.h"
#include "core/base/threads.h"
#include "core/ops/creation.h"

namespace rl {
namespace {

// Elements of T in a register of the widest instruction set.
template <class T>
int64_t register_width() {
  return (cpu_isa() == Isa::Avx512 ? 64 : 32) / static_cast<int64_t>(sizeof(T));
}

// The type PyTorch counts in.
template <class T>
using Counter = std::conditional_t<is_reduced_type<T>, float, double>;

double real_value(const Scalar& s) {
  RL_CHECK(!s.is_complex(), "value cannot be converted to type double without overflow");
  return s.to_double();
}

// out[i] = T(first + step * i), in blocks as said above. Step: the type of the inner count.
template <class T>
void count_up(T* out, int64_t n, const Scalar& first, const Scalar& step) {
  if constexpr (std::is_integral_v<T>) {
    const int64_t a = first.to_int(), by = step.to_int();
    parallel_for(0, n, 32768, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = static_cast<T>(a + by * i);
    });
  } else {
    using A = Counter<T>;
    const A a = static_cast<A>(first.to_double()), by = static_cast<A>(step.to_double());
    const int64_t width = register_width<T>();
    const int64_t blocks = n / (2 * width) * 2;
    parallel_for(0, blocks, 2048, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const A base = static_cast<A>(
            static_cast<T>(static_cast<Compute<T>>(a + by * static_cast<A>(b * width))));
        for (int64_t k = 0; k < width; ++k)
          out[b * width + k] =
              static_cast<T>(static_cast<Compute<T>>(base + static_cast<A>(k) * by));
      }
    });
    for (int64_t i = blocks * width; i < n; ++i)
      out[i] = static_cast<T>(static_cast<Compute<T>>(a + by * static_cast<A>(i)));
  }
}

Dtype range_dtype(const Scalar& start, const Scalar& end, const Scalar& step,
                  const TensorOptions& options) {
  const bool integral = start.is_integral() && end.is_integral() && step.is_integral();
  return options.dtype.value_or(integral ? Dtype::Int64 : default_dtype());
}

void check_range(double start, double end, double step) {
  RL_CHECK(step != 0, "step must be nonzero");
  RL_CHECK(std::isfinite(start) && std::isfinite(end), "unsupported range: ", start, " -> ", end);
  RL_CHECK((step > 0 && end >= start) || (step < 0 && end <= start),
           "upper bound and lower bound inconsistent with step sign");
}

int64_t checked_length(double n) {
  RL_CHECK(n >= 0 && n < 9.2e18, "invalid size, possible overflow?");
  return static_cast<int64_t>(n);
}

Tensor range_of(int64_t n, const Scalar& start, const Scalar& step, Dtype dtype, const char* name,
                TensorOptions options) {
  options.dtype = dtype;
  Tensor out = created_empty(Dims{n}, options);
  if (!out.is_meta())
    dispatch(RealTypes{}, dtype, name, [&]<class T>() { count_up(out.data<T>(), n, start, step); });
  return out;
}

}  // namespace

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step,
              const TensorOptions& options) {
  const Dtype dtype = range_dtype(start, end, step, options);
  check_range(real_value(start), real_value(end), real_value(step));
  int64_t n = 0;
  if (dtype == Dtype::Int64) {
    const int64_t by = step.to_int(), sign = by > 0 ? 1 : -1;
    RL_CHECK_VALUE(by != 0, "step must be nonzero");
    n = (end.to_int() - start.to_int() + by - sign) / by;
  } else {
    n = checked_length(std::ceil((end.to_double() - start.to_double()) / step.to_double()));
  }
  return range_of(n, start, step, dtype, "arange_cpu", options);
}

Tensor closed_range(const Scalar& start, const Scalar& end, const Scalar& step,
                    const TensorOptions& options) {
  warn(
      "torch.range is deprecated and will be removed in a future release because its behavior is "
      "inconsistent with Python's range builtin. Instead, use torch.arange, which produces values "
      "in [start, end).");
  check_range(real_value(start), real_value(end), real_value(step));
  const double n = std::floor((end.to_double() - start.to_double()) / step.to_double()) + 1;
  // Unlike arange(), whole numbers make a float tensor.
  return range_of(checked_length(n), start, step, options.dtype.value_or(default_dtype()),
                  "range_cpu", options);
}

namespace {

Scalar number_of(const Operand& o, const char* name, const char* which) {
  if (!o.is_tensor()) return o.scalar();
  RL_CHECK(o.tensor().dim() == 0, name,
           " only supports 0-dimensional start and end tensors, but got ", which, " with ",
           o.tensor().dim(), " dimension(s).");
  return item(o.tensor());
}

struct Space {
  Scalar start, end;
  Tensor out;
};

Space prepare_space(const char* name, const Operand& start, const Operand& end, int64_t steps,
                    TensorOptions options) {
  Space s{number_of(start, name, "start"), number_of(end, name, "end"), {}};
  RL_CHECK(steps >= 0, "number of steps must be non-negative");
  if (s.start.is_complex() || s.end.is_complex()) {
    const Dtype inferred = to_complex(default_dtype());
    RL_CHECK(!options.dtype || is_complex(*options.dtype), "torch.", name, "(): inferred dtype ",
             inferred == Dtype::Complex64 ? "c10::complex<float>" : "c10::complex<double>",
             " can't be safely cast to passed dtype ", options.dtype.value_or(inferred));
    options.dtype = options.dtype.value_or(inferred);
  }
  s.out = created_empty(Dims{steps}, options);
  return s;
}

// f(i, value) for `steps` values from start to end, each half counted from its own end.
template <class T, class Step, class F>
void for_each_step(T start, T end, Step step, int64_t steps, const F& f) {
  const int64_t half = steps / 2;
  parallel_for(0, steps, 16384, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      f(i, i < half ? static_cast<Step>(start) + step * static_cast<Real<Step>>(i)
                    : static_cast<Step>(end) - step * static_cast<Real<Step>>(steps - i - 1));
  });
}

}  // namespace

Tensor linspace(const Operand& start, const Operand& end, int64_t steps,
                const TensorOptions& options) {
  const Space s = prepare_space("linspace", start, end, steps, options);
  if (s.out.is_meta()) return s.out;
  dispatch(NumberTypes{}, s.out.dtype(), "linspace_cpu", [&]<class T>() {
    T* const out = s.out.data<T>();
    const T a = s.start.to<T>(), b = s.end.to<T>();
    if (steps == 1) {
      out[0] = a;
    } else if constexpr (std::is_integral_v<T>) {
      const double step =
          (static_cast<double>(b) - static_cast<double>(a)) / static_cast<double>(steps - 1);
      for_each_step(a, b, step, steps, [&](int64_t i, double v) { out[i] = static_cast<T>(v); });
    } else {
      using C = Compute<T>;
      const C step = static_cast<C>(static_cast<T>((static_cast<C>(b) - static_cast<C>(a)) /
                                                   static_cast<Real<C>>(steps - 1)));
      for_each_step(static_cast<C>(a), static_cast<C>(b), step, steps,
                    [&](int64_t i, C v) { out[i] = static_cast<T>(v); });
    }
  });
  return s.out;
}

Tensor logspace(const Operand& start, const Operand& end, int64_t steps, double base,
                const TensorOptions& options) {
  const Space s = prepare_space("logspace", start, end, steps, options);
  if (s.out.is_meta()) return s.out;
  dispatch(NumberTypes{}, s.out.dtype(), "logspace_cpu", [&]<class T>() {
    T* const out = s.out.data<T>();
    using C = std::conditional_t<std::is_integral_v<T>, double, Compute<T>>;
    const C a = static_cast<C>(s.start.to<T>()), b = static_cast<C>(s.end.to<T>());
    const C radix = static_cast<C>(base);
    if (steps == 1) {
      out[0] = static_cast<T>(std::pow(radix, a));
      return;
    }
    const C step = (b - a) / static_cast<Real<C>>(steps - 1);
    for_each_step(a, b, step, steps, [&](int64_t i, C exponent) {
      out[i] = static_cast<T>(std::pow(radix, exponent));
    });
  });
  return s.out;
}

}  // namespace rl
