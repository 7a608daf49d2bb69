// Random fills and samples: argument checks, layouts, dtypes. The numbers come from random_fill.h.
#include "core/ops/random.h"

#include <bit>
#include <cmath>

#include "core/kernels/cpu/random_fill.h"
#include "core/kernels/cpu/random_sample.h"
#include "core/ops/operators.h"

namespace rl {
namespace {

// The largest and smallest number of a dtype; for floats, of whole numbers they hold exactly.
struct Bounds {
  double low, high;
};
template <class T>
constexpr Bounds bounds_of() {
  if constexpr (std::is_same_v<T, bool>)
    return {0, 1};
  else if constexpr (std::is_integral_v<T>)
    return {static_cast<double>(std::numeric_limits<T>::lowest()),
            static_cast<double>(std::numeric_limits<T>::max())};
  else if constexpr (std::is_same_v<T, Half>)
    return {-65504, 65504};
  else if constexpr (std::is_same_v<T, BFloat16>)
    return {-3.3895313892515355e38, 3.3895313892515355e38};
  else
    return {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()};
}

void uniform_fill(const Tensor& self, double from, double to, Generator* g) {
  const bool known = is_differentiable(self.dtype());
  if (!known) throw_not_implemented_for("check_uniform_bounds", self.dtype());
  dispatch(Floats{}, to_real(self.dtype()), "check_uniform_bounds", [&]<class T>() {
    constexpr Bounds b = bounds_of<T>();
    RL_CHECK(from >= b.low && from <= b.high, "from is out of bounds for ", type_name(dtype_of<T>));
    RL_CHECK(to >= b.low && to <= b.high, "to is out of bounds for ", type_name(dtype_of<T>));
    RL_CHECK(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from,
             " > to=", to);
    RL_CHECK(to - from <= b.high, "uniform_ expects to-from <= std::numeric_limits<", dtype_of<T>,
             ">::max(), but found to=", to, " and from=", from,
             " which result in to-from to exceed the limit");
  });
  fill_in_memory_order(self, [&](const Tensor& t) {
    dispatch(FloatsAndComplex{}, t.dtype(), "uniform_", [&]<class T>() {
      cpu::fill_uniform(or_default(g), t.data<T>(), t.numel(), from, to);
    });
  });
}

void normal_fill(const Tensor& self, double mean, double std, Generator* g) {
  RL_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  if (!is_differentiable(self.dtype()))
    throw_not_implemented_for("normal_kernel_cpu", self.dtype());
  const bool plain = self.is_contiguous();
  fill_in_memory_order(self, [&](const Tensor& t) {
    dispatch(FloatsAndComplex{}, t.dtype(), "normal_kernel_cpu", [&]<class T>() {
      const auto fill = plain ? &cpu::fill_normal<T> : &cpu::fill_normal_serial<T>;
      fill(or_default(g), t.data<T>(), t.numel(), mean, std);
    });
  });
}

// Draws of a float dtype must not round up to `to` or down below `from`: the bounds move inwards to
// the next numbers it holds.
template <class T>
void narrow_to_exact(int64_t& from, int64_t& to) {
  constexpr int kDigits = std::is_same_v<T, Half>       ? 11
                          : std::is_same_v<T, BFloat16> ? 8
                                                        : std::numeric_limits<Compute<T>>::digits;
  const auto rounded = [](int64_t v) {
    return static_cast<int64_t>(static_cast<Compute<T>>(T(static_cast<Compute<T>>(v))));
  };
  const auto step = [](int64_t v) {
    return int64_t{1} << (std::bit_width(static_cast<uint64_t>(std::abs(v))) - kDigits);
  };
  if (rounded(from + 1) < from) from = rounded(from + 1) + step(from + 1);
  if (rounded(to - 1) >= to) to -= step(to - 1);
  RL_CHECK(from < to,
           "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
           "but got from=",
           from, " >= to=", to);
}

// Whole numbers in [from, to).
void integer_fill(const Tensor& self, int64_t from, int64_t to, Generator* g) {
  RL_CHECK(from < to, "random_ expects 'from' to be less than 'to', but got from=", from,
           " >= to=", to);
  RL_CHECK(!self.is_complex(),
           "check_random_bounds handles only integral, floating-point and boolean types");
  const auto check = [&](int64_t v, const char* name) {
    dispatch(RealAndBool{}, self.dtype(), "random_", [&]<class T>() {
      constexpr Bounds b = bounds_of<T>();
      RL_CHECK(static_cast<double>(v) >= b.low && static_cast<double>(v) <= b.high, name,
               " is out of bounds for ", type_name(self.dtype()));
    });
  };
  check(from, "from");
  check(to - 1, "to - 1");
  if (self.is_floating())
    dispatch(Floats{}, self.dtype(), "random_", [&]<class T>() { narrow_to_exact<T>(from, to); });
  fill_in_memory_order(self, [&](const Tensor& t) {
    dispatch(RealAndBool{}, t.dtype(), "random_", [&]<class T>() {
      cpu::fill_random_range(or_default(g), t.data<T>(), t.numel(),
                             static_cast<uint64_t>(to) - static_cast<uint64_t>(from), from);
    });
  });
}

// The kernels of the distributions that need an argument or two.
template <class List, class F>
void fill_with(const Tensor& self, const char* name, const F& f) {
  dispatch(List{}, self.dtype(), name, [&]<class T>() {});
  fill_in_memory_order(self, [&](const Tensor& t) {
    dispatch(List{}, t.dtype(), name,
             [&]<class T>() { f.template operator()<T>(t.data<T>(), t.numel()); });
  });
}

}  // namespace

Tensor uniform_sample(Tensor out, Generator* g) {
  uniform_fill(out, 0, 1, g);
  return out;
}
Tensor normal_sample(Tensor out, Generator* g, double mean, double std) {
  normal_fill(out, mean, std, g);
  return out;
}
Tensor integer_sample(Tensor out, int64_t low, int64_t high, Generator* g) {
  integer_fill(out, low, high, g);
  return out;
}

Tensor permutation_sample(int64_t n, Generator* g, TensorOptions options) {
  options.dtype = options.dtype.value_or(Dtype::Int64);
  const Dtype d = *options.dtype;
  check_sizes_nonnegative(Dims{n});
  if (d == Dtype::Bool || is_complex(d)) throw_not_implemented_for("randperm", d);
  const int64_t exact = d == Dtype::Float16   ? 1 << 11
                        : d == Dtype::Float32 ? 1 << 24
                                              : int64_t{1} << 53;
  if (!is_floating(d))
    check_number_fits(Scalar(n), d);
  else if (d != Dtype::BFloat16)  // PyTorch lets those round
    RL_CHECK(n <= exact + 1, "n cannot be greater than ", exact + 1, " for ", d, " type.");
  Tensor out = created_empty(Dims{n}, options);
  if (!out.is_meta())
    dispatch(RealTypes{}, d, "randperm",
             [&]<class T>() { cpu::fill_randperm(or_default(g), out.data<T>(), n); });
  return out;
}

Tensor no_derivative(const char* name) {
  fail(ErrorType::NotImplemented, "the derivative for aten::", name, " is not implemented");
}

namespace cpu {

void uniform_(const Tensor& self, double from, double to, Generator* g) {
  uniform_fill(self, from, to, g);
}
void normal_(const Tensor& self, double mean, double std, Generator* g) {
  normal_fill(self, mean, std, g);
}

void random_(const Tensor& self, Generator* g) {
  fill_with<RealAndBool>(self, "random_",
                         [&]<class T>(T* p, int64_t n) { fill_random(or_default(g), p, n); });
}
void random_below_(const Tensor& self, int64_t to, Generator* g) { integer_fill(self, 0, to, g); }

void random_range_(const Tensor& self, int64_t from, std::optional<int64_t> to, Generator* g) {
  if (to) return integer_fill(self, from, *to, g);
  if (from == std::numeric_limits<int64_t>::lowest()) {
    return fill_in_memory_order(self, [&](const Tensor& t) {
      const Tensor wide = t.dtype() == Dtype::Int64 ? t : rl::empty(Dims{t.numel()}, Dtype::Int64);
      fill_random_bits(or_default(g), wide.data<int64_t>(), wide.numel());
      if (!wide.is_same(t)) copy_into(rl::alias(t, Dims{t.numel()}, Dims{1}, t.offset()), wide);
    });
  }
  // To the largest value: inclusive, for floats the largest whole number they count to.
  fill_with<RealAndBool>(self, "random_", [&]<class T>(T* p, int64_t n) {
    uint64_t last = 1;
    if constexpr (std::is_integral_v<T>)
      last = static_cast<uint64_t>(std::numeric_limits<T>::max());
    else if constexpr (std::is_same_v<T, Half>)
      last = uint64_t{1} << 11;
    else if constexpr (std::is_same_v<T, BFloat16>)
      last = uint64_t{1} << 8;
    else
      last = uint64_t{1} << std::numeric_limits<T>::digits;
    const auto offset = static_cast<uint64_t>(from);
    RL_CHECK(from <= static_cast<int64_t>(last),
             "random_ expects 'from' to be less than or equal to 'to_inc', but got from=", from,
             " > to_inc=", static_cast<int64_t>(last));
    fill_random_range(or_default(g), p, n, last - offset + 1, from);
  });
}

void exponential_(const Tensor& self, double lambda, Generator* g) {
  RL_CHECK(self.is_floating(),
           "Exponential distribution is a continuous probability distribution. dtype must be a "
           "floating point but you specified ",
           self.dtype());
  RL_CHECK(lambda > 0, "exponential_ expects lambda > 0.0, but found lambda=", lambda);
  fill_with<Floats>(self, "exponential_", [&]<class T>(T* p, int64_t n) {
    fill_exponential(or_default(g), p, n, lambda);
  });
}

void geometric_(const Tensor& self, double p, Generator* g) {
  RL_CHECK(p > 0 && p < 1, "geometric_ expects p to be in (0, 1), but got p=", p);
  fill_with<RealTypes>(self, "geometric_cpu", [&]<class T>(T* out, int64_t n) {
    fill_geometric(or_default(g), out, n, p);
  });
}

void cauchy_(const Tensor& self, double median, double sigma, Generator* g) {
  RL_CHECK(sigma > 0, "cauchy_ expects sigma > 0.0, but found sigma=", sigma);
  RL_CHECK(self.is_floating(),
           "Cauchy distribution is a continuous probability distribution. dtype must be a "
           "floating point but you specified ",
           type_name(self.dtype()));
  fill_with<Floats>(self, "cauchy_", [&]<class T>(T* p, int64_t n) {
    fill_cauchy(or_default(g), p, n, median, sigma);
  });
}

void log_normal_(const Tensor& self, double mean, double std, Generator* g) {
  RL_CHECK(std > 0, "log_normal_ expects std > 0.0, but found std=", std);
  fill_with<Floats>(self, "log_normal_cpu", [&]<class T>(T* p, int64_t n) {
    fill_log_normal(or_default(g), p, n, mean, std);
  });
}

void bernoulli_(const Tensor& self, double p, Generator* g) {
  RL_CHECK(p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  fill_with<RealAndBool>(self, "bernoulli_scalar_cpu_", [&]<class T>(T* out, int64_t n) {
    fill_bernoulli(or_default(g), out, n, p);
  });
}

void bernoulli_each_(const Tensor& self, const Tensor& p, Generator* g) {
  if (self.is_complex()) throw_not_implemented_for("bernoulli_tensor_cpu_self_", self.dtype());
  if (!p.is_floating()) throw_not_implemented_for("bernoulli_tensor_cpu_p_", p.dtype());
  const Tensor full = impl::expand(p, self.sizes(), false);
  if (self.is_meta()) return;
  // Both sides are walked in self's memory order.
  fill_in_memory_order(self, [&](const Tensor& t) {
    const Tensor chance = empty_strided(t.sizes(), t.strides(), p.dtype());
    copy_into(chance, full);
    dispatch(RealAndBool{}, t.dtype(), "bernoulli_tensor_cpu_self_", [&]<class T>() {
      dispatch(Floats{}, p.dtype(), "bernoulli_tensor_cpu_p_", [&]<class P>() {
        fill_bernoulli(or_default(g), t.data<T>(), t.numel(),
                       static_cast<const P*>(chance.data<P>()));
      });
    });
  });
}

}  // namespace cpu

namespace impl {

namespace {
void check_deviations(const Tensor& std) {
  RL_CHECK(!std.is_complex(), "normal expects standard deviation to be non-complex");
  if (std.is_meta() || std.numel() == 0) return;
  const Tensor values = as_contiguous(std, Dtype::Float64);
  bool good = true;
  for (int64_t i = 0; i < values.numel(); ++i) good &= values.data<double>()[i] >= 0;
  RL_CHECK(good, "normal expects all elements of std >= 0.0");
}

// Standard normal numbers times std plus mean, rounded after each step.
Tensor scaled_normals(IntList sizes, Dtype dtype, const Operand& mean, const Tensor* std,
                      double plain_std, Generator* g) {
  Tensor out = normal_sample(rl::empty(sizes, dtype), g, 0, plain_std);
  if (std) out = ops::mul(out, rl::alias(converted(*std, dtype, {}, false, {})));
  return ops::add(out, mean);
}
}  // namespace

Tensor normal_tensors(const Tensor& mean, const Tensor& std, Generator* g) {
  check_deviations(std);
  const Dims sizes = broadcast_sizes(mean.sizes(), std.sizes());
  return scaled_normals(sizes, mean.dtype(), rl::alias(mean), &std, 1, g);
}

Tensor normal_mean(const Tensor& mean, double std, Generator* g) {
  RL_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  return scaled_normals(mean.sizes(), mean.dtype(), rl::alias(mean), nullptr, std, g);
}

Tensor normal_std(double mean, const Tensor& std, Generator* g) {
  check_deviations(std);
  return scaled_normals(std.sizes(), std.dtype(), scalar_tensor(Scalar(mean), std.dtype()), &std, 1,
                        g);
}

Tensor bernoulli_each(const Tensor& self, Generator* g) {
  Tensor out = rl::empty(self.sizes(), self.dtype(), self.device());
  cpu::bernoulli_each_(out, self, g);
  return out;
}

Tensor bernoulli_all(const Tensor& self, double p, Generator* g) {
  Tensor out = rl::empty(self.sizes(), self.dtype(), self.device());
  cpu::bernoulli_(out, p, g);
  return out;
}

Tensor poisson(const Tensor& self, Generator* g) {
  Tensor out = rl::empty(self.sizes(), self.dtype());
  const Tensor rate = as_contiguous(self);
  dispatch(Floats{}, self.dtype(), "poisson_cpu", [&]<class T>() {
    cpu::sample_poisson<T>(or_default(g), out.data<T>(), rate.data<T>(), out.numel());
  });
  return out;
}

Tensor binomial(const Tensor& count, const Tensor& prob, Generator* g) {
  RL_CHECK_VALUE(count.is_floating(),
                 "binomial only supports floating-point dtypes for count, got: ", count.dtype());
  RL_CHECK_VALUE(prob.is_floating(),
                 "binomial only supports floating-point dtypes for prob, got: ", prob.dtype());
  RL_CHECK(count.dtype() == prob.dtype(), "Found dtype ", prob.dtype(), " but expected ",
           count.dtype());
  const Dims sizes = broadcast_sizes(count.sizes(), prob.sizes());
  const Tensor n = as_contiguous(expand(count, sizes, false)),
               p = as_contiguous(expand(prob, sizes, false));
  Tensor out = rl::empty(sizes, count.dtype());
  dispatch(WideFloats{}, count.dtype(), "binomial_cpu", [&]<class T>() {
    cpu::sample_binomial<T>(or_default(g), out.data<T>(), n.data<T>(), p.data<T>(), out.numel());
  });
  return out;
}

Tensor standard_gamma(const Tensor& self, Generator* g) {
  Tensor out = rl::empty(self.sizes(), self.dtype());
  const Tensor alpha = as_contiguous(self);
  dispatch(WideFloats{}, self.dtype(), "gamma_cpu", [&]<class T>() {
    cpu::sample_gamma<T>(or_default(g), out.data<T>(), alpha.data<T>(), out.numel());
  });
  return out;
}

Tensor sample_dirichlet(const Tensor& self, Generator* g) {
  if (self.dtype() != Dtype::Float32 && self.dtype() != Dtype::Float64)
    throw_not_implemented_for("dirichlet", self.dtype());
  // In double, whatever self is; never 0, as a logarithm usually follows.
  const Tensor gamma = standard_gamma(as_contiguous(self, Dtype::Float64), g);
  const Tensor wide = gamma / ops::sum_dim(gamma, Dims{-1}, true);
  double smallest = std::numeric_limits<double>::min();
  if (self.dtype() == Dtype::Float32)
    smallest = static_cast<double>(std::numeric_limits<float>::min());
  for (int64_t i = 0; i < wide.numel(); ++i)
    wide.data<double>()[i] = std::max(wide.data<double>()[i], smallest);
  return contiguous_copy(wide, self.dtype());
}

}  // namespace impl
}  // namespace rl
