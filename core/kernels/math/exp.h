// exp, exp2, expm1 for float and double. Coefficients: tools/minimax.py; the reduction
// x = n ln 2 + r with ln 2 in two parts is Cody and Waite's.
#pragma once
#include "core/kernels/math/base.h"

RL_MATH_BEGIN

namespace detail {

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float kLow = -104, kHigh = 90, kExpm1High = 88.8f;
  static constexpr float kLn2High = 0.693145751953125f, kLn2Low = 1.428606765330187e-6f;
  using Int = int32_t;
  static constexpr int kMantissa = 23;
};
template <>
struct ExpConstants<double> {
  static constexpr double kLow = -746, kHigh = 711, kExpm1High = 709.9;
  static constexpr double kLn2High = 6.93147180369123816490e-01;
  static constexpr double kLn2Low = 1.90821492927058770002e-10;
  using Int = int64_t;
  static constexpr int kMantissa = 52;
};

// exp(r) - 1 for |r| <= ln(2) / 2
RL_MATH_INLINE float expm1_reduced(float r) {
  float p = poly(r, 0.5, 0.166665316, 0.0416661724, 0.00836800039, 0.00139715348);
  return r * r * p + r;
}
RL_MATH_INLINE double expm1_reduced(double r) {
  double p = poly(r, 0.5, 0.16666666666666677, 0.041666666666666505, 0.0083333333333216082,
                  0.0013888888888962921, 0.00019841269886207669, 2.480158717181152e-5,
                  2.7557244104470398e-6, 2.7557402962513994e-7, 2.5109081319522539e-8,
                  2.0875322653647624e-9);
  return r * r * p + r;
}

// p * 2^n for `shifted` = kRoundMagic + n, in two steps: the result may be subnormal or overflow.
template <class T>
RL_MATH_INLINE T scale_by_power(T p, T shifted) {
  using Int = typename ExpConstants<T>::Int;
  using Unsigned = std::make_unsigned_t<Int>;
  constexpr int kMantissa = ExpConstants<T>::kMantissa;
  constexpr Unsigned kBias = (Unsigned(1) << (sizeof(T) * 8 - 2 - kMantissa));  // 128, 1024
  Unsigned n = Unsigned(bits(shifted)) - Unsigned(bits(kRoundMagic<T>)) + 2 * kBias;
  Unsigned half = n >> 1;
  T first = from_bits(Int((half - 1) << kMantissa));
  T second = from_bits(Int((n - half - 1) << kMantissa));
  return p * first * second;
}

// exp(x) 2^shift, with one rounding error even for subnormal results.
template <class T>
RL_MATH_INLINE T exp_shifted(T x, T shift) {
  using C = ExpConstants<T>;
  x = at_least(at_most(x, C::kHigh), C::kLow);
  T shifted = x * kLog2E<T> + kRoundMagic<T>;
  T n = shifted - kRoundMagic<T>;
  T r = x - n * C::kLn2High - n * C::kLn2Low;
  return scale_by_power(expm1_reduced(r) + 1, shifted + shift);
}

// 2^digits exp(x + low) for -104 <= x <= 0 in float, -746 <= x <= 0 in double, |low| small. Always
// a normal number: the caller's multiplication by kUnscale makes the subnormals, rounding once.
template <class T>
constexpr T kUnscale = std::numeric_limits<T>::epsilon() / 2;
template <class T>
RL_MATH_INLINE T exp_nonpositive(T x, T low) {
  using C = ExpConstants<T>;
  using Unsigned = std::make_unsigned_t<typename C::Int>;
  T shifted = x * kLog2E<T> + kRoundMagic<T>;
  T n = shifted - kRoundMagic<T>;
  T r = (x - n * C::kLn2High - n * C::kLn2Low) + low;
  constexpr int kDigits = std::numeric_limits<T>::digits;
  constexpr auto kBias = (typename C::Int(1) << (sizeof(T) * 8 - 2 - C::kMantissa)) - 1 + kDigits;
  T scale = from_bits(typename C::Int((Unsigned(bits(shifted)) + kBias) << C::kMantissa));
  return (expm1_reduced(r) + 1) * scale;
}

template <class T>
RL_MATH_INLINE T exp_minus_abs(T x) {
  return exp_nonpositive(at_least(-abs(x), ExpConstants<T>::kLow), T(0)) * kUnscale<T>;
}

// exp(x) for results that are normal numbers: |x| <= 87 in float, 708 in double.
template <class T>
RL_MATH_INLINE T exp_normal(T x) {
  using C = ExpConstants<T>;
  T shifted = x * kLog2E<T> + kRoundMagic<T>;
  T n = shifted - kRoundMagic<T>;
  T r = x - n * C::kLn2High - n * C::kLn2Low;
  constexpr auto kBias = (typename C::Int(1) << (sizeof(T) * 8 - 2 - C::kMantissa)) - 1;
  using Unsigned = std::make_unsigned_t<typename C::Int>;
  T scale = from_bits(typename C::Int((Unsigned(bits(shifted)) + kBias) << C::kMantissa));
  return (expm1_reduced(r) + 1) * scale;
}

template <class T>
RL_MATH_INLINE T expm1(T x) {
  using C = ExpConstants<T>;
  T y = at_least(at_most(x, C::kExpm1High), T(-40));
  T shifted = y * kLog2E<T> + kRoundMagic<T>;
  T n = shifted - kRoundMagic<T>;
  T r = y - n * C::kLn2High - n * C::kLn2Low;
  // 2^n exp(r) - 1 = 2 (2^(n-1) (exp(r) - 1) + (2^(n-1) - 1/2))
  constexpr auto kBias = (typename C::Int(1) << (sizeof(T) * 8 - 2 - C::kMantissa)) - 2;
  using Unsigned = std::make_unsigned_t<typename C::Int>;
  T half_scale = from_bits(typename C::Int((Unsigned(bits(shifted)) + kBias) << C::kMantissa));
  T result = 2 * (half_scale * expm1_reduced(r) + (half_scale - T(0.5)));
  return abs(x) < std::numeric_limits<T>::epsilon() / 4 ? x : result;  // keeps -0 and subnormals
}

}  // namespace detail

RL_MATH_INLINE float exp(float x) { return detail::exp_shifted(x, 0.0f); }
RL_MATH_INLINE double exp(double x) { return detail::exp_shifted(x, 0.0); }
RL_MATH_INLINE float expm1(float x) { return detail::expm1(x); }
RL_MATH_INLINE double expm1(double x) { return detail::expm1(x); }

RL_MATH_INLINE float exp2(float x) {
  x = at_least(at_most(x, 129.0f), -151.0f);
  float shifted = x + kRoundMagic<float>;
  float r = x - (shifted - kRoundMagic<float>);
  float p = r * poly(r, 0.693147182, 0.240225941, 0.0555036627, 0.00962543394, 0.00133879122,
                     0.000133376496) +
            1;
  return detail::scale_by_power(p, shifted);
}
RL_MATH_INLINE double exp2(double x) {
  x = at_least(at_most(x, 1025.0), -1076.0);
  double shifted = x + kRoundMagic<double>;
  double r = x - (shifted - kRoundMagic<double>);
  // r ln 2 in two parts, so that its rounding does not reach the result
  double high = leading(r) * 0.693147182464599609375;
  double low = (r - leading(r)) * 0.693147182464599609375 - r * 1.90465429995776804525e-09;
  double s = high + low;
  return detail::scale_by_power(detail::expm1_reduced(s) + 1, shifted);
}

RL_MATH_END
