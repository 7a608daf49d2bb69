// Normal-distribution and entropy functions, scalar: erfcx, erfinv, ndtr, ndtri, log_ndtr, entr,
// sinc, xlogy, xlog1py.
#pragma once
#include "core/kernels/math/activations.h"

RL_MATH_BEGIN

namespace detail {

// Wichura's algorithm AS 241 (Applied Statistics 37, 1988), PPND16: the quantile of the normal
// distribution at 1/2 + q. `tail` is min(p, 1 - p), given apart so that it keeps its precision.
inline double normal_quantile(double q, double tail) {
  if (std::abs(q) <= 0.425) {
    double r = 0.180625 - q * q;
    double p =
        ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r +
            45921.953931549871457) *
               r +
           13731.693765509461125) *
              r +
          1971.5909503065514427) *
             r +
         133.14166789178437745) *
            r +
        3.387132872796366608;
    double d =
        ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r +
            21213.794301586595867) *
               r +
           5394.1960214247511077) *
              r +
          687.1870074920579083) *
             r +
         42.313330701600911252) *
            r +
        1;
    return q * p / d;
  }
  double r = std::sqrt(-std::log(tail)), p, d;
  if (r <= 5) {
    r -= 1.6;
    p = ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r +
             0.24178072517745061177) *
                r +
            1.27045825245236838258) *
               r +
           3.64784832476320460504) *
              r +
          5.7694972214606914055) *
             r +
         4.6303378461565452959) *
            r +
        1.42343711074968357734;
    d = ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r +
             0.0151986665636164571966) *
                r +
            0.14810397642748007459) *
               r +
           0.68976733498510000455) *
              r +
          1.6763848301838038494) *
             r +
         2.05319162663775882187) *
            r +
        1;
  } else {
    r -= 5;
    p = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r +
             0.0012426609473880784386) *
                r +
            0.026532189526576123093) *
               r +
           0.29656057182850489123) *
              r +
          1.7848265399172913358) *
             r +
         5.4637849111641143699) *
            r +
        6.6579046435011037772;
    d = ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r +
             1.8463183175100546818e-5) *
                r +
            7.868691311456132591e-4) *
               r +
           0.0148753612908506148525) *
              r +
          0.13692988092273580531) *
             r +
         0.59983220655588793769) *
            r +
        1;
  }
  return std::copysign(p / d, q);
}

}  // namespace detail

inline double ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return kNan<double>;
  if (p == 0) return -kInf<double>;
  if (p == 1) return kInf<double>;
  return detail::normal_quantile(p - 0.5, p < 0.5 ? p : 1 - p);
}

inline double erfinv(double x) {
  if (!(std::abs(x) <= 1)) return kNan<double>;
  if (std::abs(x) == 1) return std::copysign(kInf<double>, x);
  double y = detail::normal_quantile(x / 2, (1 - std::abs(x)) / 2) * 0.70710678118654752440;
  if (std::abs(x) < 1e-8) return x * 0.88622692545275801365;
  return y;
}

// exp(x^2) erfc(x)
inline double erfcx(double x) {
  constexpr double kInvSqrtPi = 0.56418958354775628695;
  if (x < -26.7) return kInf<double>;
  if (x < 2) {
    double high = std::floor(x * 16) / 16, low = x - high;  // high^2 is exact
    return std::exp(high * high) * std::exp(low * (x + high)) * std::erfc(x);
  }
  if (x > 1e8) return kInvSqrtPi / x;
  // Laplace's continued fraction (DLMF 7.9.3), from far enough out.
  int terms = x < 4 ? 120 : x < 10 ? 40 : 14;
  double f = x;
  for (int k = terms; k >= 1; --k) f = x + 0.5 * k / f;
  return std::isnan(x) ? x : kInvSqrtPi / f;
}

// The distribution function of the standard normal, and its logarithm.
inline double ndtr(double x) {
  double tail = detail::normal_tail(x).tail;
  return x < 0 ? tail : 1 - tail;
}
inline double log_ndtr(double x) {
  if (x < -1) return std::log(erfcx(x * -0.70710678118654752440) / 2) - x * x / 2;
  return x < 0 ? std::log(ndtr(x)) : std::log1p(-detail::normal_tail(x).tail);
}

inline double entr(double x) {
  return x > 0 ? -x * std::log(x) : x == 0 ? 0 : x < 0 ? -kInf<double> : x;
}
inline double xlogy(double x, double y) { return std::isnan(y) ? y : x == 0 ? 0 : x * std::log(y); }
inline double xlog1py(double x, double y) {
  return std::isnan(y) ? y : x == 0 ? 0 : x * std::log1p(y);
}
// sin(pi x) / (pi x)
inline double sinc(double x) {
  constexpr double kPi = 3.14159265358979323846;
  if (x == 0) return 1;
  if (std::isinf(x)) return kNan<double>;
  double nearest = std::nearbyint(x), fraction = x - nearest;
  double sine = std::sin(kPi * fraction);
  bool odd = std::fmod(nearest, 2) != 0;
  return (odd ? -sine : sine) / (kPi * x);
}

inline float ndtri(float p) { return float(ndtri(double(p))); }
inline float erfinv(float x) { return float(erfinv(double(x))); }
inline float erfcx(float x) { return float(erfcx(double(x))); }
inline float ndtr(float x) { return float(ndtr(double(x))); }
inline float log_ndtr(float x) { return float(log_ndtr(double(x))); }
inline float entr(float x) { return float(entr(double(x))); }
inline float xlogy(float x, float y) { return float(xlogy(double(x), double(y))); }
inline float xlog1py(float x, float y) { return float(xlog1py(double(x), double(y))); }
inline float sinc(float x) { return float(sinc(double(x))); }

RL_MATH_END
