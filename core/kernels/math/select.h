// Comparison, selection, rounding and bit tricks for scalar loops, for every dtype they make sense
// for. NaN is handed on where PyTorch does.
#pragma once

#include <complex>
#include <type_traits>

#include "core/base/half.h"
#include "core/kernels/math/activations.h"
#include "core/kernels/math/arithmetic.h"
#include "core/kernels/math/complex.h"

RL_MATH_BEGIN

template <class T>
inline constexpr bool is_complex_number = false;
template <class T>
inline constexpr bool is_complex_number<std::complex<T>> = true;

// --- classification
template <class T>
RL_MATH_INLINE bool is_nan(T x) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else
    return x != x;
}
template <class T>
RL_MATH_INLINE bool is_inf(T x) {
  if constexpr (is_complex_number<T>)
    return is_inf(x.real()) || is_inf(x.imag());
  else if constexpr (std::is_integral_v<T>)
    return false;
  else
    return abs(x) == kInf<T>;
}
template <class T>
RL_MATH_INLINE bool is_finite(T x) {
  if constexpr (is_complex_number<T>)
    return is_finite(x.real()) && is_finite(x.imag());
  else if constexpr (std::is_integral_v<T>)
    return true;
  else
    return abs(x) < kInf<T>;
}
template <class T>
RL_MATH_INLINE bool equals_infinity(T x, bool negative) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else
    return x == (negative ? -kInf<T> : kInf<T>);
}
template <class T>
RL_MATH_INLINE bool is_real(T x) {
  if constexpr (is_complex_number<T>)
    return x.imag() == 0;
  else
    return true;
}
template <class T>
RL_MATH_INLINE bool sign_bit(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return bits(x) < 0;
  else
    return x < T(0);
}

// --- choosing one of two; `largest` and `smallest` hand on NaN, `fmax` and `fmin` avoid it.
// One comparison a step: a condition of two becomes branches, and the loop no vectors.
template <class T>
RL_MATH_INLINE T largest(T x, T y) {
  T most = x > y ? x : y;
  return x != x ? x : most;
}
template <class T>
RL_MATH_INLINE T smallest(T x, T y) {
  T least = x < y ? x : y;
  return x != x ? x : least;
}
// x or zero by its bits: a blend would widen the condition to lanes in many steps.
RL_MATH_INLINE float kept_if(bool condition, float x) {
  return from_bits(bits(x) & -int32_t(condition));
}
RL_MATH_INLINE double kept_if(bool condition, double x) {
  return from_bits(bits(x) & -int64_t(condition));
}

// smallest(largest(x, y), z), in fewer steps where the bounds are the same for a whole loop.
template <class T>
RL_MATH_INLINE T clamped(T x, T y, T z) {
  T low = x < y ? y : x;
  T both = low > z ? z : low;
  T least = y != y ? y : both;
  return z != z ? z : least;
}
template <class T>
RL_MATH_INLINE T fmax(T x, T y) {
  T most = y > x ? y : x;
  return x != x ? y : most;
}
template <class T>
RL_MATH_INLINE T fmin(T x, T y) {
  T least = y < x ? y : x;
  return x != x ? y : least;
}

// --- parts and signs
template <class T>
RL_MATH_INLINE T sign(T x) {
  if constexpr (std::is_same_v<T, bool>)
    return x;
  else
    return static_cast<T>((T(0) < x) - (x < T(0)));
}
template <class T>
RL_MATH_INLINE T magnitude(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return abs(x);
  else if constexpr (std::is_unsigned_v<T>)
    return x;
  else
    return static_cast<T>(x < 0 ? -x : x);
}
template <class T>
inline T magnitude(std::complex<T> z) {
  return math::abs(z);
}
template <class T>
RL_MATH_INLINE T sgn(T x) {
  return sign(x);
}
template <class T>
RL_MATH_INLINE T angle(T x) {
  return x != x ? x : x < 0 ? T(3.14159265358979323846) : T(0);
}

// --- products: complex ones by the textbook formula, without the C standard's rescue of infinities
template <class T>
RL_MATH_INLINE T multiply(T x, T y) {
  return static_cast<T>(x * y);
}
template <class T>
RL_MATH_INLINE std::complex<T> multiply(std::complex<T> x, std::complex<T> y) {
  return {x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real()};
}
template <class T>
RL_MATH_INLINE T divide(T x, T y) {
  return x / y;
}
// Smith's method: scaled by the larger part of the divisor, so that nothing overflows early.
template <class T>
RL_MATH_INLINE std::complex<T> divide(std::complex<T> x, std::complex<T> y) {
  const T a = abs(y.real()), b = abs(y.imag());
  if (a == 0 && b == 0) return {x.real() / a, x.imag() / b};
  if (a >= b) {
    const T ratio = y.imag() / y.real(), scale = 1 / (y.real() + y.imag() * ratio);
    return {(x.real() + x.imag() * ratio) * scale, (x.imag() - x.real() * ratio) * scale};
  }
  const T ratio = y.real() / y.imag(), scale = 1 / (y.real() * ratio + y.imag());
  return {(x.real() * ratio + x.imag()) * scale, (x.imag() * ratio - x.real()) * scale};
}
template <class T>
RL_MATH_INLINE T reciprocal(T x) {
  return 1 / x;
}
// From whichever end is nearer, so that both ends are exact.
template <class T>
RL_MATH_INLINE T lerp(T start, T end, T weight) {
  if constexpr (is_complex_number<T>) {
    const auto square = weight.real() * weight.real() + weight.imag() * weight.imag();
    return square < decltype(square)(0.25) ? start + multiply(weight, end - start)
                                           : end - multiply(end - start, T(1) - weight);
  } else {
    return abs(weight) < T(0.5) ? start + weight * (end - start)
                                : end - (end - start) * (1 - weight);
  }
}

template <class T>
RL_MATH_INLINE T power(T base, T exponent) {
  if constexpr (std::is_integral_v<T>)
    return pow_int(base, exponent);
  else
    return math::pow(base, exponent);
}

// --- complex forms of functions that have real ones elsewhere
template <class T>
inline std::complex<T> sinc(std::complex<T> z) {
  const std::complex<T> turn = z * T(3.14159265358979323846);
  return z == T(0) ? std::complex<T>(1) : std::sin(turn) / turn;
}
// Both terms are scaled by the larger one.
template <class T>
inline std::complex<T> logaddexp(std::complex<T> a, std::complex<T> b) {
  const bool swap = a.real() < b.real() || a.real() != a.real();
  const std::complex<T> most = swap ? b : a, least = swap ? a : b;
  if (most == least && std::isinf(most.real())) return most.real() < 0 ? most : most + kLn2<T>;
  return most + log1p(std::exp(least - most));
}
// The derivative of x sigmoid(x).
RL_MATH_INLINE float silu_slope(float x) { return silu_grad(x); }
RL_MATH_INLINE double silu_slope(double x) { return silu_grad(x); }
template <class T>
inline std::complex<T> silu_slope(std::complex<T> z) {
  const std::complex<T> s = sigmoid(z);
  return multiply(s, T(1) + multiply(z, T(1) - s));
}

// --- rounding; integers are whole already
#define RL_ROUNDING(name, builtin)       \
  template <class T>                     \
  RL_MATH_INLINE T name(T x) {           \
    if constexpr (std::is_integral_v<T>) \
      return x;                          \
    else if constexpr (sizeof(T) == 4)   \
      return __builtin_##builtin##f(x);  \
    else                                 \
      return __builtin_##builtin(x);     \
  }
RL_ROUNDING(floor, floor)
RL_ROUNDING(ceil, ceil)
RL_ROUNDING(trunc, trunc)
RL_ROUNDING(round_even, nearbyint)
#undef RL_ROUNDING

// To `decimals` places; negative ones round to tens, hundreds, ...
template <class T>
RL_MATH_INLINE T round_to(T x, T scale, bool negative) {
  return negative ? round_even(x / scale) * scale : round_even(x * scale) / scale;
}

// --- bits and truth
template <class T>
RL_MATH_INLINE T bit_not(T x) {
  if constexpr (std::is_same_v<T, bool>)
    return !x;
  else
    return static_cast<T>(~x);
}
template <class T>
RL_MATH_INLINE bool truth(T x) {
  return x != T(0);
}

// --- the next representable number from x towards y
template <class T>
RL_MATH_INLINE T next_after(T x, T y) {
  return std::nextafter(x, y);
}
template <class T>
inline T next_reduced(T x, T y) {
  const float a = x, b = y;
  if (a != a || b != b) return T(a + b);
  if (a == b) return y;
  if (a == 0) return T::from_bits(static_cast<uint16_t>(b > 0 ? 1 : 0x8001));
  return T::from_bits(static_cast<uint16_t>((a > 0) == (b > a) ? x.bits + 1 : x.bits - 1));
}
inline Half next_after(Half x, Half y) { return next_reduced(x, y); }
inline BFloat16 next_after(BFloat16 x, BFloat16 y) { return next_reduced(x, y); }

// Replacements for NaN and the infinities.
template <class T>
RL_MATH_INLINE T replace_nonfinite(T x, T nan, T positive, T negative) {
  if constexpr (is_complex_number<T>) {
    return {replace_nonfinite(x.real(), nan.real(), positive.real(), negative.real()),
            replace_nonfinite(x.imag(), nan.real(), positive.real(), negative.real())};
  } else if constexpr (std::is_integral_v<T>) {
    return x;
  } else {
    return x != x ? nan : x == kInf<T> ? positive : x == -kInf<T> ? negative : x;
  }
}

RL_MATH_END
