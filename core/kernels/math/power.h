// pow, cbrt, rsqrt, hypot for float and double.
#pragma once
#include "core/kernels/math/exp.h"
#include "core/kernels/math/log.h"

RL_MATH_BEGIN

namespace detail {

// The tests read `a` = |y|; infinity counts as an even integer.
template <class T>
RL_MATH_INLINE bool is_integer(T a) {
  constexpr T kFirst = 1 / std::numeric_limits<T>::epsilon();
  T bounded = a < kFirst ? a : kFirst;
  return (bounded + kFirst) - kFirst == bounded;
}

// IEEE 754's pow from `value` = |x|^y, which need only be right for finite x != 0; a bounded y may
// stand for an infinite one.
template <class T>
RL_MATH_INLINE T pow_edges(T x, T y, T value) {
  T a = abs(x), b = abs(y);
  T extreme = (a == 0 ? -y : y) > 0 ? kInf<T> : T(0);
  value = a == 0 || a == kInf<T> ? extreme : value;
  value = a == 1 ? T(1) : value;  // to an infinite power too
  T odd_sign = is_integer(b * T(0.5)) ? T(1) : x;
  T whole = copysign(value, odd_sign);
  T fraction = x < 0 && a != kInf<T> ? kNan<T> : value;
  value = is_integer(b) ? whole : fraction;
  value = x != x || y != y ? x + y : value;
  return y == 0 || x == 1 ? T(1) : value;
}

}  // namespace detail

// Through double: log2 to 2^-38, exp2 to 2^-29 (tools/minimax.py), so one rounding error.
RL_MATH_INLINE float pow(float x, float y) {
  double a = abs(double(x));
  auto [k, f] = detail::log_parts(a);
  double log2 =
      f * poly(f, 1.4426950408865746, -0.72134752032755844, 0.48089834880295346,
               -0.36067379313828685, 0.28853879572151059, -0.24044643347205602, 0.20610712318474528,
               -0.18043675376405485, 0.1602166684072181, -0.14249860191086872, 0.13027557023114086,
               -0.13462943090401552, 0.13251231245200262, -0.069739271523760693) +
      k;
  double t = at_least(at_most(y * log2, 300.0), -300.0);
  double shifted = t + kRoundMagic<double>;
  double r = t - (shifted - kRoundMagic<double>);
  double p =
      poly(r, 1.0000000005581593, 0.69314720588915268, 0.24022646868749442, 0.05550328448622309,
           0.0096184903316478623, 0.0013400063906624062, 0.00015345710707500993);
  p = from_bits(int64_t(uint64_t(bits(p)) + (uint64_t(bits(shifted)) << 52)));
  return detail::pow_edges(x, y, float(p));
}

// log2(x) in two parts after fdlibm's e_pow.c (Sun Microsystems, 2004), whose products of leading
// halves are exact; one longer polynomial instead of two intervals.
RL_MATH_INLINE double pow(double x, double y) {
  double a = abs(x);
  auto [exponent, u] = detail::log_parts(a);
  double m = u + 1, v = 1 / (m + 1);
  double ss = u * v;
  double s_high = leading(ss);
  double t_high = leading(m + 1);
  double t_low = m - (t_high - 1);
  double s_low = v * ((u - s_high * t_high) - s_high * t_low);
  double s2 = ss * ss;
  double r = s2 * s2 *
             poly(s2, 0.59999999999999998, 0.42857142857142849, 0.33333333333342768,
                  0.27272727269450209, 0.23076923646613093, 0.19999944437799111, 0.176502347624649,
                  0.1568416575185228, 0.16146481890688416);
  r += s_low * (s_high + ss);
  s2 = s_high * s_high;
  t_high = leading(3.0 + s2 + r);
  t_low = r - ((t_high - 3.0) - s2);
  u = s_high * t_high;
  v = s_low * t_high + t_low * ss;
  double p_high = leading(u + v);
  double p_low = v - (p_high - u);
  double z_high = 9.61796700954437255859e-01 * p_high;
  double z_low = -7.02846165095275826516e-09 * p_high + p_low * 9.61796693925975554329e-01;
  double log_high = leading((z_high + z_low) + exponent);
  double log_low = z_low - ((log_high - exponent) - z_high);

  double bounded = at_least(at_most(y, 0x1p80), -0x1p80);  // its products must stay finite
  double y_high = leading(bounded);
  p_low = (bounded - y_high) * log_high + bounded * log_low;
  p_high = y_high * log_high;
  double z = p_low + p_high;
  double shifted = at_least(at_most(z, 1100.0), -1100.0) + kRoundMagic<double>;
  double n = shifted - kRoundMagic<double>;
  // Out of range (z beyond the bounds) the fraction is meaningless but must stay small.
  bool in_range = abs(z) < 1100;
  p_high = in_range ? p_high - n : 0;
  p_low = in_range ? p_low : 0;
  double t = leading(p_low + p_high);
  u = t * 6.93147182464599609375e-01;
  v = (p_low - (t - p_high)) * kLn2<double> + t * -1.90465429995776804525e-09;
  double e = u + v;
  double rest = v - (e - u);
  double power = detail::expm1_reduced(e);
  power = detail::scale_by_power(1 + (power + (rest + rest * e)), shifted);
  return detail::pow_edges(x, y, power);
}

namespace detail {
// A guess to 2^-22, then one step of Halley's method, the guess rounded so that its square is
// exact.
RL_MATH_INLINE double cbrt_positive(double a) {
  constexpr double kCbrt2 = 1.25992104989487316477, kCbrt4 = 1.58740105196819947475;
  auto [k, f] = log_parts(a);
  double m = f + 1;
  bool below = m < 1;
  m = below ? 2 * m : m;
  k = below ? k - 1 : k;
  double third = (k - 1) * 0.33333333333333331 + kRoundMagic<double>;  // floor(k / 3)
  double left = k - 3 * (third - kRoundMagic<double>);
  double guess =
      poly(m, 0.44714095107267693, 0.9501009433146167, -0.66618078843002348, 0.38536662071014133,
           -0.14447249366251244, 0.030904623755100946, -0.0028596855782284766);
  guess *= left == 0 ? 1.0 : left == 1 ? kCbrt2 : kCbrt4;
  double value = m * (left == 0 ? 1.0 : left == 1 ? 2.0 : 4.0);
  guess = from_bits((bits(guess) + 0x40000000) & static_cast<int64_t>(0xffffffff80000000));
  double r = value / (guess * guess);
  guess += guess * ((r - guess) / (2 * guess + r));
  double scale = from_bits(int64_t((uint64_t(bits(third)) + 1023) << 52));
  return a == 0 || !(a < kInf<double>) ? a : guess * scale;
}
}  // namespace detail

RL_MATH_INLINE double cbrt(double x) { return copysign(detail::cbrt_positive(abs(x)), x); }
RL_MATH_INLINE float cbrt(float x) { return float(cbrt(double(x))); }

RL_MATH_INLINE float rsqrt(float x) { return 1 / sqrt(x); }
RL_MATH_INLINE double rsqrt(double x) { return 1 / sqrt(x); }

RL_MATH_INLINE float hypot(float x, float y) {
  float value = float(sqrt(double(x) * x + double(y) * y));
  return abs(x) == kInf<float> || abs(y) == kInf<float> ? kInf<float> : value;
}
RL_MATH_INLINE double hypot(double x, double y) {
  double a = abs(x), b = abs(y);
  double most = a > b ? a : b;
  // Powers of two, so that no square overflows or loses bits.
  double scale = most > 1e150 ? 0x1p-600 : most < 1e-150 ? 0x1p600 : 1.0;
  double back = most > 1e150 ? 0x1p600 : most < 1e-150 ? 0x1p-600 : 1.0;
  a *= scale;
  b *= scale;
  double value = sqrt(a * a + b * b) * back;
  return a == kInf<double> || b == kInf<double> ? kInf<double> : value;
}

RL_MATH_END
