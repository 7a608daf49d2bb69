// sinh, cosh, tanh and their inverses for float and double. Coefficients: tools/minimax.py.
#pragma once
#include "core/kernels/math/exp.h"
#include "core/kernels/math/log.h"

RL_MATH_BEGIN

namespace detail {

// (sinh(x) - x) / x for s = x^2 <= 1
RL_MATH_INLINE float sinh_tail(float s) {
  return s * poly(s, 0.166666672, 0.00833331048, 0.000198428956, 2.78221319e-6);
}
RL_MATH_INLINE double sinh_tail(double s) {
  return s * poly(s, 0.16666666666666666, 0.0083333333333333332, 0.000198412698412696,
                  2.7557319224116297e-6, 2.5052108346507374e-8, 1.6059050601486467e-10,
                  7.6464828802710529e-13, 2.8482334301392808e-15);
}

template <class T>
RL_MATH_INLINE T sinh(T x) {
  T a = abs(x);
  T half = exp_shifted(a, T(-1));  // exp(a) / 2, where exp(a) may overflow
  T small = a + a * sinh_tail(a * a);
  return copysign(a < 1 ? small : half - T(0.25) / half, x);
}

template <class T>
RL_MATH_INLINE T cosh(T x) {
  T half = exp_shifted(abs(x), T(-1));
  return half + T(0.25) / half;
}

// asinh(a) = log1p(a + a^2 / (1 + sqrt(1 + a^2)))
template <class T>
RL_MATH_INLINE T asinh(T x) {
  T a = abs(x);
  bool large = a > T(1e150);
  T square = a * a;
  T value = log1p(large ? a : a + square / (1 + sqrt(1 + square)));
  return copysign(large ? value + kLn2<T> : value, x);
}

// acosh(x) = log1p(t + sqrt(2 t + t^2)), t = x - 1
template <class T>
RL_MATH_INLINE T acosh(T x) {
  T t = x - 1;
  bool large = x > T(1e150);
  T value = log1p(large ? x : t + sqrt(2 * t + t * t));
  value = large ? value + kLn2<T> : value;
  return x < 1 ? kNan<T> : value;
}

// atanh(a) = log1p(2 a / (1 - a)) / 2
template <class T>
RL_MATH_INLINE T atanh(T x) {
  T a = abs(x);
  return copysign(T(0.5) * log1p(2 * a / (1 - a)), x);
}

}  // namespace detail

RL_MATH_INLINE float sinh(float x) { return detail::sinh(x); }
RL_MATH_INLINE double sinh(double x) { return detail::sinh(x); }
RL_MATH_INLINE float cosh(float x) { return detail::cosh(x); }
RL_MATH_INLINE double cosh(double x) { return detail::cosh(x); }

RL_MATH_INLINE float tanh(float x) {
  float a = abs(x), s = a * a;
  float small = a * (s * poly(s, -0.333333313, 0.133332118, -0.0539463758, 0.021694554,
                              -0.00815515406, 0.002117811)) +
                a;
  float large = 1 - 2 / (detail::exp_normal(2 * at_most(a, 10.0f)) + 1);
  return copysign(a < 0.625f ? small : large, x);
}
RL_MATH_INLINE double tanh(double x) {
  double a = abs(x);
  double t = expm1(2 * at_most(a, 22.0));
  return copysign(t / (t + 2), x);
}

// The rarer inverse functions go through double for float too.
RL_MATH_INLINE float asinh(float x) { return float(detail::asinh(double(x))); }
RL_MATH_INLINE double asinh(double x) { return detail::asinh(x); }
RL_MATH_INLINE float acosh(float x) { return float(detail::acosh(double(x))); }
RL_MATH_INLINE double acosh(double x) { return detail::acosh(x); }
RL_MATH_INLINE float atanh(float x) { return float(detail::atanh(double(x))); }
RL_MATH_INLINE double atanh(double x) { return detail::atanh(x); }

RL_MATH_END
