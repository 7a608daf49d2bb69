// log, log2, log10, log1p for float and double. Float coefficients: tools/minimax.py; the double
// kernel and its constants follow fdlibm's e_log.c (Sun Microsystems, 1993).
#pragma once
#include "core/kernels/math/base.h"

RL_MATH_BEGIN

namespace detail {

// x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for x > 0, subnormal or not.
template <class T>
struct LogParts {
  T k, f;
};

RL_MATH_INLINE LogParts<float> log_parts(float x) {
  bool tiny = x < 1.17549435e-38f;
  x = tiny ? x * 8388608.0f : x;
  uint32_t pattern = uint32_t(bits(x));
  int32_t k = int32_t(pattern - 0x3f3504f3) >> 23;
  float m = from_bits(int32_t(pattern - (uint32_t(k) << 23)));
  return {float(k) - (tiny ? 23.0f : 0.0f), m - 1};
}

RL_MATH_INLINE LogParts<double> log_parts(double x) {
  bool tiny = x < 2.2250738585072014e-308;
  x = tiny ? x * 18014398509481984.0 : x;
  constexpr uint64_t kRootHalf = 0x3fe6a09e667f3bcd, kOne = 0x3ff0000000000000;
  uint64_t ix = uint64_t(bits(x)) + (kOne - kRootHalf);
  double m = from_bits(int64_t((ix & 0x000fffffffffffff) + kRootHalf));
  // The biased exponent as a double: or-ed into the low bits of 2^52.
  double biased = from_bits(int64_t((ix >> 52) | 0x4330000000000000)) - 4503599627370496.0;
  return {biased - (tiny ? 1023.0 + 54.0 : 1023.0), m - 1};
}

// log(1 + f) - f + f^2 / 2
RL_MATH_INLINE float log_tail(float f) {
  return f * f * f *
         poly(f, 0.333333313, -0.250008225, 0.200012594, -0.16623342, 0.142010346, -0.13159509,
              0.127661139, -0.0764191151);
}
RL_MATH_INLINE double log_tail(double f) {
  double s = f / (2 + f), z = s * s;
  double r = z * poly(z, 6.666666666666735130e-01, 3.999999999940941908e-01,
                      2.857142874366239149e-01, 2.222219843214978396e-01, 1.818357216161805012e-01,
                      1.531383769920937332e-01, 1.479819860511658591e-01);
  return s * (0.5 * f * f + r);
}

// The value for the domain, and its edges: -inf at 0, NaN below, x at +inf and NaN.
template <class T>
RL_MATH_INLINE T log_edges(T x, T value) {
  value = x < kInf<T> ? value : x;
  return x > 0 ? value : x == 0 ? -kInf<T> : kNan<T>;
}

template <class T>
RL_MATH_INLINE T log_sum(T k, T f) {
  constexpr T kHigh = sizeof(T) == 4 ? T(0.693145751953125) : T(6.93147180369123816490e-01);
  constexpr T kLow = sizeof(T) == 4 ? T(1.428606765330187e-6) : T(1.90821492927058770002e-10);
  return (f - (T(0.5) * f * f - (log_tail(f) + k * kLow))) + k * kHigh;
}

template <class T>
RL_MATH_INLINE T log(T x) {
  auto [k, f] = log_parts(x);
  return log_edges(x, log_sum(k, f));
}

// log(1 + e) for 0 <= e <= 1
template <class T>
RL_MATH_INLINE T log1p_unit(T e) {
  bool upper = e > T(0.41421356);
  T f = upper ? T(0.5) * e - T(0.5) : e;
  return log_sum(upper ? T(1) : T(0), f);
}

template <class T>
RL_MATH_INLINE T log1p(T x) {
  T u = 1 + x;
  auto [k, f] = log_parts(u);
  // 1 + f = 2^-k (1 + x) without the rounding of 1 + x; where k is large that does not matter.
  bool large = k > 60;
  T scale;
  if constexpr (sizeof(T) == 4) {
    scale = from_bits((127 - int32_t(large ? T(0) : k)) << 23);
  } else {
    T shifted = (large ? T(0) : -k) + kRoundMagic<T>;
    scale = from_bits(int64_t((uint64_t(bits(shifted)) + 1023) << 52));
  }
  f = large ? f : x * scale + (scale - 1);
  T result = log_edges(u, log_sum(k, f));
  return abs(x) < std::numeric_limits<T>::epsilon() / 4 ? x : result;
}

}  // namespace detail

RL_MATH_INLINE float log(float x) { return detail::log(x); }
RL_MATH_INLINE double log(double x) { return detail::log(x); }
RL_MATH_INLINE float log1p(float x) { return detail::log1p(x); }
RL_MATH_INLINE double log1p(double x) { return detail::log1p(x); }

RL_MATH_INLINE float log2(float x) {
  auto [k, f] = detail::log_parts(x);
  float y = detail::log_tail(f) - 0.5f * f * f;
  constexpr float kLog2EMinus1 = 0.44269504088896340736f;
  float value = y * kLog2EMinus1 + f * kLog2EMinus1 + y + f + k;
  return detail::log_edges(x, value);
}

RL_MATH_INLINE float log10(float x) {
  auto [k, f] = detail::log_parts(x);
  float y = detail::log_tail(f) - 0.5f * f * f;
  // log10(e) and log10(2) in two parts each (Cephes)
  float value = (f + y) * 7.00731903251827651129e-4f + y * 4.3359375e-1f + f * 4.3359375e-1f;
  value = value + k * 2.48745663981195213739e-4f + k * 3.0078125e-1f;
  return detail::log_edges(x, value);
}

namespace detail {
// log(1 + f) / ln(base) + k log_base(2), as in fdlibm's e_log2.c and e_log10.c: the leading part
// of log(1 + f) has few enough bits for its product with `inverse_high` to be exact.
RL_MATH_INLINE double log_base(double x, double inverse_high, double inverse_low, double two_high,
                               double two_low) {
  auto [k, f] = log_parts(x);
  double half_square = 0.5 * f * f;
  double high = leading(f - half_square);
  double low = (f - high) - half_square + log_tail(f);
  double value_high = high * inverse_high;
  double value_low = k * two_low + (low + high) * inverse_low + low * inverse_high;
  double base = k * two_high;
  double sum = base + value_high;
  return log_edges(x, value_low + ((base - sum) + value_high) + sum);
}
}  // namespace detail

RL_MATH_INLINE double log2(double x) {
  return detail::log_base(x, 1.44269504072144627571e+00, 1.67517131648865118353e-10, 1, 0);
}
RL_MATH_INLINE double log10(double x) {
  return detail::log_base(x, 4.34294481878168880939e-01, 2.50829467116452752298e-11,
                          3.01029995663611771306e-01, 3.69423907715893078616e-13);
}

RL_MATH_END
