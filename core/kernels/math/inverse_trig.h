// asin, acos, atan, atan2 for float and double. Coefficients: tools/minimax.py.
#pragma once
#include "core/kernels/math/base.h"

RL_MATH_BEGIN

namespace detail {

template <class T>
constexpr T kPi = T(3.14159265358979323846);
// What the rounded pi lacks.
template <class T>
constexpr T kPiLow = T(1.22464679914735317636e-16);
template <>
inline constexpr float kPiLow<float> = -8.74227800037248566e-8f;

// (asin(r) - r) / r for s = r^2 <= 1/4
RL_MATH_INLINE float asin_tail(float s) {
  return s * poly(s, 0.166667521, 0.0749530941, 0.0454691537, 0.0241847336, 0.0421584286);
}
RL_MATH_INLINE double asin_tail(double s) {
  return s * poly(s, 0.1666666666666676, 0.074999999999707967, 0.044642857174614893,
                  0.030381942707661452, 0.022372214990544589, 0.017351611969872737,
                  0.013980820989888416, 0.011398909136337428, 0.01078026784116376,
                  0.0037063583325486998, 0.021707557502959756, -0.020999204929682245,
                  0.032628705782894382);
}

// asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2)) for a > 1/2
template <class T>
RL_MATH_INLINE T asin(T x) {
  T a = abs(x);
  bool large = a > T(0.5);
  T s = large ? (1 - a) * T(0.5) : a * a;
  T r = large ? sqrt(s) : a;
  T tail = r * asin_tail(s);
  T value = large ? (kPi<T> / 2 - 2 * r) - (2 * tail - kPiLow<T> / 2) : r + tail;
  return copysign(value, x);
}

template <class T>
RL_MATH_INLINE T acos(T x) {
  T a = abs(x);
  bool large = a > T(0.5);
  T s = large ? (1 - a) * T(0.5) : a * a;
  T r = large ? sqrt(s) : x;
  T tail = r * asin_tail(s);
  T outer = 2 * (r + tail);
  outer = x < 0 ? (kPi<T> - 2 * r) - (2 * tail - kPiLow<T>) : outer;
  T inner = kPi<T> / 2 - (r - (kPiLow<T> / 2 - tail));
  return large ? outer : inner;
}

// atan(least / most) for 0 <= least <= most
RL_MATH_INLINE float atan_ratio(float least, float most) {
  float z = least / most, s = z * z;
  return z * (s * poly(s, -0.333332986, 0.199985296, -0.142640397, 0.10951151, -0.0840051845,
                       0.0579090305, -0.0311310086, 0.0108902333, -0.00178833178)) +
         z;
}
RL_MATH_INLINE double atan_ratio(double least, double most) {
  double scale = most > 1e300 ? 0.25 : most < 1e-290 ? 0x1p100 : 1.0;
  least *= scale;
  most *= scale;
  bool upper = least > 0.41421356237309503 * most;  // beyond tan(pi/8), about pi/4
  double num = upper ? least - most : least;
  double den = upper ? least + most : most;
  double z = num / den, s = z * z;
  double tail = z * (s * poly(s, -0.33333333333333198, 0.19999999999953177, -0.14285714280159234,
                              0.11111110781774361, -0.090908977139345315, 0.076920595101269043,
                              -0.066630967850085168, 0.058478412550390775, -0.050391074822048375,
                              0.038059990724874385, -0.017902642750159674));
  return upper ? kPi<double> / 4 + (z + (tail + kPiLow<double> / 4)) : z + tail;
}

template <class T>
RL_MATH_INLINE T atan(T x) {
  T a = abs(x);
  bool inverse = a > 1;
  T value = atan_ratio(inverse ? T(1) : a, inverse ? a : T(1));
  value = inverse ? (kPi<T> / 2 - value) + kPiLow<T> / 2 : value;
  return copysign(value, x);
}

template <class T>
RL_MATH_INLINE T atan2(T y, T x) {
  T ax = abs(x), ay = abs(y);
  bool steep = ay > ax;
  T most = steep ? ay : ax, least = steep ? ax : ay;
  bool both_infinite = least == kInf<T>;
  least = both_infinite ? T(1) : least;
  most = both_infinite || most == 0 ? T(1) : most;
  T value = atan_ratio(least, most);
  value = steep ? (kPi<T> / 2 - value) + kPiLow<T> / 2 : value;
  value = copysign(T(1), x) < 0 ? (kPi<T> - value) + kPiLow<T> : value;
  value = x != x || y != y ? x + y : value;
  return copysign(value, y);
}

}  // namespace detail

RL_MATH_INLINE float asin(float x) { return detail::asin(x); }
RL_MATH_INLINE double asin(double x) { return detail::asin(x); }
RL_MATH_INLINE float acos(float x) { return detail::acos(x); }
RL_MATH_INLINE double acos(double x) { return detail::acos(x); }
RL_MATH_INLINE float atan(float x) { return detail::atan(x); }
RL_MATH_INLINE double atan(double x) { return detail::atan(x); }
RL_MATH_INLINE float atan2(float y, float x) { return detail::atan2(y, x); }
RL_MATH_INLINE double atan2(double y, double x) { return detail::atan2(y, x); }

RL_MATH_END
