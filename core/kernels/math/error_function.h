// erf, erfc and the tail of the normal distribution, for float and double.
//
// erfc(a) = exp(-a^2) p(t) / (a + c) with t = (a - c) / (a + c), which maps a >= 0 to a short
// interval (after the form of M. Shepherd and J. Laframboise, Math. Comp. 36, 1981). Coefficients:
// tools/minimax.py.
#pragma once
#include "core/kernels/math/exp.h"

RL_MATH_BEGIN

namespace detail {

// t = (a - center) / (a + center), its rounding error put back, and 1 / (a + center).
template <class T>
struct Mapped {
  T t, inverse;
};
template <class T>
constexpr T kErfcCenter = T(4);
template <>
inline constexpr float kErfcCenter<float> = 2.375f;

template <class T>
RL_MATH_INLINE Mapped<T> map_argument(T a, T center) {
  T inverse = 1 / (a + center);
  T t = (a - center) * inverse;
  T error = (a - center * (t + 1)) - t * a;
  return {t + error * inverse, inverse};
}
// k * exp(a^2) erfc(a) for 0 <= a <= 10.25 in float, 27.35 in double, from a mapped about
// kErfcCenter; a constant k disappears into the coefficients.
RL_MATH_INLINE float scaled_erfc(Mapped<float> mapped, double k) {
  auto [t, inverse] = mapped;
  return inverse * poly(t, k * 1.04740202, k * -0.77964443, k * 0.413950562, k * -0.135907382,
                        k * 0.0108320452, k * 0.0112206182, k * -0.00296046329, k * -0.00123796263,
                        k * 0.000372070266, k * 0.000165363774);
}
RL_MATH_INLINE double scaled_erfc(Mapped<double> mapped, double k) {
  auto [t, inverse] = mapped;
  return inverse *
         poly(t, k * 1.0959956610004911, k * -0.97654872908088208, k * 0.77320870226523686,
              k * -0.54085383131322495, k * 0.33085158787802366, k * -0.17401093724028963,
              k * 0.076381514909144091, k * -0.026370053334623503, k * 0.0061120556568230108,
              k * -0.00028095891582448308, k * -0.00045505268914345373, k * 0.00017681308632175278,
              k * -3.6351486059566443e-6, k * -1.8861782727671423e-5, k * 4.6943293974946917e-6,
              k * 1.4260865090527291e-6, k * -8.4600707097332921e-7, k * -7.7966687452454668e-8,
              k * 1.2394119015282887e-7, k * 2.5995391540218163e-9, k * -1.5395354766781519e-8,
              k * -3.7901579632862751e-10, k * 1.0189632276275799e-9);
}

// erfc(a), a >= 0 or NaN
template <class T>
RL_MATH_INLINE T erfc_positive(T a) {
  a = at_most(a, sizeof(T) == 4 ? T(10.2) : T(27.3));
  auto [high, low] = square_parts(a);
  return exp_nonpositive(-high, -low) * scaled_erfc(map_argument(a, kErfcCenter<T>), kUnscale<T>);
}

template <class T>
RL_MATH_INLINE T erfc(T x) {
  T tail = erfc_positive(abs(x));
  return x < 0 ? 2 - tail : tail;
}

}  // namespace detail

RL_MATH_INLINE float erfc(float x) { return detail::erfc(x); }
RL_MATH_INLINE double erfc(double x) { return detail::erfc(x); }

RL_MATH_INLINE float erf(float x) {
  float a = abs(x), s = a * a;
  float small = a * poly(s, 0.128379166, -0.376126289, 0.112836257, -0.0268557314, 0.00519240508,
                         -0.000804976968, 7.99664995e-5) +
                a;
  // erfc(a) = exp(q(a))
  float b = at_most(a, 3.95f);
  float q = poly(b, 0.000175875815, -1.12952077, -0.633334875, -0.108293556, 0.0251282677,
                 -0.00417446345, 0.000435171532, -2.11567967e-5);
  float large = 1 - detail::exp_normal(q);
  return copysign(a < 0.925f ? small : large, x);
}

RL_MATH_INLINE double erf(double x) {
  double a = abs(x), s = a * a;
  double small = a * poly(s, 0.12837916709551259, -0.37612638903183748, 0.11283791670954857,
                          -0.026866170645072896, 0.0052239776247808749, -0.00085483269787426318,
                          0.00012055331036913775, -1.492559350719025e-5, 1.6460972821178658e-6,
                          -1.6350025259996423e-7, 1.4657880051627199e-8, -1.1365666623242848e-9,
                          5.9452626386454571e-11) +
                 a;
  double large = 1 - detail::erfc_positive(a);
  return copysign(a < 1 ? small : large, x);
}

RL_MATH_END
