// Accuracy of core/kernels/math: prints the largest error of every function in ulps and fails
// above its bound. Usage: math_accuracy [step] (default 2003: every 2003rd float bit pattern).
#include <cstdlib>
#include <cstring>

#include "core/kernels/math/math.h"
#include "tests/cpp/math_check.h"

namespace {

using namespace rl;
using check::Report;
using Real = long double;

Report report;
uint32_t step = 2003;
const char* only = nullptr;

// Float references are computed in double where that is precise enough: it is much faster.
template <class T, class F, class R>
void one(const char* name, F f, R reference, double bound, T low, T high, Real floor,
         T domain = 0) {
  std::vector<T> in = check::samples(check::Sampler<T>{low, high}, step * (sizeof(T) == 8 ? 4 : 1));
  check::add_edges(in);
  std::vector<T> out(in.size());
  const T* source = in.data();
  T* target = out.data();
  int64_t size = static_cast<int64_t>(in.size());
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) target[i] = f(source[i]);
  double worst = 0;
  T where = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    if (domain != 0 && std::abs(in[i]) > domain) continue;
    double error = check::error_in_ulps(out[i], static_cast<Real>(reference(in[i])), floor);
    if (error > worst) {
      worst = error;
      where = in[i];
    }
  }
  report.line(name, sizeof(T) == 4 ? "float" : "double", worst, bound, where, 0);
}

template <class T, class F, class R>
void two(const char* name, F f, R reference, double bound) {
  std::vector<T> x, y;
  std::mt19937_64 random(11);
  std::uniform_real_distribution<T> uniform(-8, 8);
  auto pattern = [&] {
    if constexpr (sizeof(T) == 4)
      return std::bit_cast<float>(static_cast<uint32_t>(random()));
    else
      return std::bit_cast<double>(random());
  };
  for (uint64_t i = 0; i < (1ull << 31) / step; ++i) {
    x.push_back(i % 3 ? uniform(random) : pattern());
    y.push_back(i % 4 ? uniform(random) : pattern());
    if (i % 16 == 0) y.back() = std::round(y.back());
    if (i % 7 == 1) {  // results over the whole range
      x.back() = std::abs(x.back());
      y.back() = uniform(random) * (sizeof(T) == 4 ? 12 : 90) / std::log2(x.back());
    }
  }
  std::vector<T> edges;
  check::add_edges(edges);
  for (T a : {T(3), T(-3), T(2.5), T(-2.5), T(16777217), T(-7)}) edges.push_back(a);
  for (T a : edges) {
    for (T b : edges) {
      x.push_back(a);
      y.push_back(b);
    }
  }
  std::vector<T> out(x.size());
  const T *px = x.data(), *py = y.data();
  T* target = out.data();
  int64_t size = static_cast<int64_t>(x.size());
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) target[i] = f(px[i], py[i]);
  double worst = 0;
  size_t where = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double error = check::error_in_ulps(out[i], reference(Real(x[i]), Real(y[i])), 0);
    if (error > worst) {
      worst = error;
      where = i;
    }
  }
  report.line(name, sizeof(T) == 4 ? "float" : "double", worst, bound, x[where], y[where]);
}

#define ONE(name, reference, float_bound, double_bound, low, high, floor)               \
  if (!only || !std::strcmp(only, #name)) {                                             \
    auto exact_f = [](auto x_) {                                                        \
      double x = double(x_);                                                            \
      return reference;                                                                 \
    };                                                                                  \
    auto exact_d = [](auto x_) {                                                        \
      Real x = Real(x_);                                                                \
      return reference;                                                                 \
    };                                                                                  \
    one<float>(                                                                         \
        #name, [] [[gnu::always_inline]] (float x) { return math::name(x); }, exact_f,  \
        float_bound, low, high, floor);                                                 \
    one<double>(                                                                        \
        #name, [] [[gnu::always_inline]] (double x) { return math::name(x); }, exact_d, \
        double_bound, low, high, floor);                                                \
  }

// Near-range trigonometry, and the full-range form beyond it.
#define TRIG(name, float_bound, double_bound)                                                 \
  if (!only || !std::strcmp(only, #name)) {                                                   \
    auto exact_f = [](float x) { return std::name(double(x)); };                              \
    auto exact_d = [](double x) { return std::name(Real(x)); };                               \
    one<float>(                                                                               \
        #name "_near", [] [[gnu::always_inline]] (float x) { return math::name##_near(x); },  \
        exact_f, float_bound, -100, 100, 0, 1e6f);                                            \
    one<double>(                                                                              \
        #name "_near", [] [[gnu::always_inline]] (double x) { return math::name##_near(x); }, \
        exact_d, double_bound, -100, 100, 0, 1e6);                                            \
    one<float>(                                                                               \
        #name, [](float x) { return math::name(x); }, exact_f, float_bound, -1e5f, 1e5f, 0);  \
    one<double>(                                                                              \
        #name, [](double x) { return math::name(x); }, exact_d, double_bound, -1e5, 1e5, 0);  \
  }

#define TWO(name, reference, float_bound, double_bound)                                            \
  if (!only || !std::strcmp(only, #name)) {                                                        \
    auto exact = [](Real x, Real y) { return reference; };                                         \
    two<float>(                                                                                    \
        #name, [] [[gnu::always_inline]] (float x, float y) { return math::name(x, y); }, exact,   \
        float_bound);                                                                              \
    two<double>(                                                                                   \
        #name, [] [[gnu::always_inline]] (double x, double y) { return math::name(x, y); }, exact, \
        double_bound);                                                                             \
  }

// A product with a subnormal factor has lost bits: there the error counts as absolute.
constexpr Real kSmall = 1e-34L;

template <class R>
R phi(R x) {
  return std::exp(-x * x / 2) * R(0.398942280401432677939946L);
}
template <class R>
R tail(R x) {
  return std::erfc(-x * R(0.707106781186547524400844L)) / 2;
}
template <class R>
R logistic(R x) {
  R e = std::exp(-std::abs(x));
  return (x < 0 ? e : R(1)) / (1 + e);
}
template <class R>
R softplus(R x) {
  return (x > 0 ? x : R(0)) + std::log1p(std::exp(-std::abs(x)));
}
template <class R>
R gelu_inner(R x) {
  return 2 * R(0.797884560802865355879892L) * (x + R(0.044715L) * x * x * x);
}
template <class R>
R limited(R x) {
  return x > 1000 ? 1000 : x < -1000 ? -1000 : x;
}

}  // namespace

// Above 2: products and quotients of several rounded factors, where more would cost speed.
int main(int argc, char** argv) {
  if (argc > 1) step = static_cast<uint32_t>(std::atoi(argv[1]));
  if (argc > 2) only = argv[2];
  ONE(exp, std::exp(x), 1.1, 1, -90, 90, 0)
  ONE(exp2, std::exp2(x), 1.5, 1, -128, 128, 0)
  ONE(expm1, std::expm1(x), 1.8, 2, -2, 2, 0)
  ONE(log, std::log(x), 1, 1, 0, 3, 0)
  ONE(log2, std::log2(x), 1.5, 1, 0, 3, 0)
  ONE(log10, std::log10(x), 2, 1, 0, 3, 0)
  ONE(log1p, std::log1p(x), 1.5, 1.5, -1, 3, 0)
  TRIG(sin, 1.7, 1)
  TRIG(cos, 1.7, 1)
  TRIG(tan, 1, 2.5)
  ONE(asin, std::asin(x), 2.2, 2.2, -1, 1, 0)
  ONE(acos, std::acos(x), 1.5, 1.5, -1, 1, 0)
  ONE(atan, std::atan(x), 1.8, 1.8, -4, 4, 0)
  TWO(atan2, std::atan2(x, y), 2, 2)
  ONE(sinh, std::sinh(x), 2, 2, -5, 5, 0)
  ONE(cosh, std::cosh(x), 2, 2, -5, 5, 0)
  ONE(tanh, std::tanh(x), 1.5, 2.5, -5, 5, 0)
  ONE(asinh, std::asinh(x), 1, 2.5, -5, 5, 0)
  ONE(acosh, std::acosh(x), 1, 2.5, 1, 5, 0)
  ONE(atanh, std::atanh(x), 1, 2.5, -1, 1, 0)
  ONE(erf, std::erf(x), 1.5, 1.5, -4, 4, 0)
  ONE(erfc, std::erfc(x), 5.2, 5.2, -4, 10, 0)
  TWO(pow, std::pow(x, y), 1, 1.2)
  ONE(cbrt, std::cbrt(x), 1, 1, -9, 9, 0)
  TWO(hypot, std::hypot(x, y), 1, 1.5)
  ONE(rsqrt, 1 / std::sqrt(x), 1.5, 1.5, 0, 9, 0)
  ONE(sigmoid, logistic(x), 2.5, 2.5, -100, 100, 0)
  ONE(log_sigmoid, -softplus(-x), 2, 2, -20, 20, kSmall)
  ONE(softplus, softplus(x), 2, 2, -20, 20, kSmall)
  ONE(silu, x * logistic(x), 3.3, 3.3, -20, 20, kSmall)
  ONE(silu_grad, logistic(x) * (1 + limited(x) * logistic(-x)), 2.5, 2.5, -20, 20, 0.5)
  ONE(mish, x * std::tanh(softplus(x)), 5, 5, -20, 20, kSmall)
  ONE(mish_grad,
      std::tanh(softplus(x)) +
          limited(x) * logistic(x) * (1 / std::cosh(softplus(x)) / std::cosh(softplus(x))),
      3, 3, -20, 20, 0.5)
  ONE(gelu, x * tail(x), 6, 6, -10, 10, kSmall)
  ONE(gelu_grad, tail(x) + limited(x) * phi(limited(x)), 3.6, 3.3, -6, 6, 0.5)
  ONE(gelu_tanh, x * logistic(gelu_inner(x)), 2.5, 2.5, -6, 6, 0.5)
  ONE(gelu_tanh_grad,
      logistic(gelu_inner(x)) + limited(x) * logistic(gelu_inner(x)) * logistic(-gelu_inner(x)) *
                                    2 * decltype(x)(0.797884560802865355879892L) *
                                    (1 + 3 * decltype(x)(0.044715L) * limited(x) * limited(x)),
      3, 3, -6, 6, 0.5)
  return report.failures != 0;
}
