// Modified Bessel functions of the second kind, Airy's function, the multivariate gamma function;
// scalar. Formulas are those of the NIST Digital Library of Mathematical Functions (DLMF).
#pragma once

#include "core/kernels/math/special_gamma.h"

RL_MATH_BEGIN

namespace detail {

// exp(x) K_nu(x) = integral over t >= 0 of exp(-x (cosh t - 1)) cosh(nu t) (DLMF 10.32.9). The
// trapezoidal rule is exact to exp(-pi^2 / step).
inline double scaled_bessel_k(double nu, double x) {
  constexpr double kStep = 0.25;
  double sum = 0.5;
  for (double t = kStep;; t += kStep) {
    const double half = std::sinh(t / 2);
    const double decay = 2 * x * half * half;  // x (cosh t - 1)
    if (!(decay < 745 + nu * t)) break;
    sum += std::exp(-decay) * std::cosh(nu * t);
  }
  return sum * kStep;
}

inline double bessel_k(double nu, double x, bool scaled) {
  if (x == 0) return kInf<double>;
  if (!(x > 0)) return kNan<double>;
  if (x == kInf<double>) return 0;
  const double value = scaled_bessel_k(nu, x);
  return scaled ? value : std::exp(-x) * value;
}

// The two Maclaurin series (DLMF 9.4.1), in long double against cancellation.
inline double airy_series(double x) {
  const long double cube = static_cast<long double>(x) * x * x;
  long double f = 1, g = x, a = 1, b = x;
  for (int k = 1; k < 100; ++k) {
    a *= cube / ((3 * k - 1) * (3 * k));
    b *= cube / ((3 * k) * (3 * k + 1));
    f += a;
    g += b;
  }
  return static_cast<double>(0.355028053887817239260063186004183L * f -
                             0.258819403792806798405183560189204L * g);
}

// DLMF 9.7.9: a sine and a cosine with asymptotic series in 1 / zeta.
inline double airy_oscillating(double x) {
  const double zeta = 2.0 / 3 * x * std::sqrt(x);
  double even = 0, odd = 0, term = 1, least = kInf<double>;
  for (int k = 0; k < 40 && std::abs(term) <= least; ++k) {
    least = std::abs(term);
    const double signed_term = k / 2 % 2 ? -term : term;
    (k % 2 ? odd : even) += signed_term;
    term *=
        (6.0 * k + 5) * (6.0 * k + 3) * (6.0 * k + 1) / (216.0 * (k + 1) * (2.0 * k + 1)) / zeta;
  }
  constexpr double kQuarterPi = 0.78539816339744830962;
  return (std::cos(zeta - kQuarterPi) * even + std::sin(zeta - kQuarterPi) * odd) *
         0.56418958354775628695 / std::sqrt(std::sqrt(x));
}

}  // namespace detail

inline double modified_bessel_k0(double x) { return detail::bessel_k(0, x, false); }
inline double modified_bessel_k1(double x) { return detail::bessel_k(1, x, false); }
inline double scaled_modified_bessel_k0(double x) { return detail::bessel_k(0, x, true); }
inline double scaled_modified_bessel_k1(double x) { return detail::bessel_k(1, x, true); }

inline double spherical_bessel_j0(double x) {
  if (std::isinf(x)) return 0;
  return std::abs(x) < 1e-8 ? 1 : std::sin(x) / x;
}

inline double airy_ai(double x) {
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return 0;
  if (x > 2) {  // DLMF 9.6.2
    const double zeta = 2.0 / 3 * x * std::sqrt(x);
    return std::sqrt(x / 3) * detail::bessel_k(1.0 / 3, zeta, false) * 0.31830988618379067154;
  }
  return x > -8 ? detail::airy_series(x) : detail::airy_oscillating(-x);
}

// log of the p-variate gamma function (DLMF 35.3.4).
inline double multigammaln(double x, int p) {
  double sum = 0.25 * p * (p - 1) * 1.14472988584940017414;  // log(pi)
  for (int j = 0; j < p; ++j) sum += lgamma(x - 0.5 * j);
  return sum;
}
inline float multigammaln(float x, int p) { return float(multigammaln(double(x), p)); }

#define RL_FLOAT_FORM(name) \
  inline float name(float x) { return float(name(double(x))); }
RL_FLOAT_FORM(modified_bessel_k0)
RL_FLOAT_FORM(modified_bessel_k1)
RL_FLOAT_FORM(scaled_modified_bessel_k0)
RL_FLOAT_FORM(scaled_modified_bessel_k1)
RL_FLOAT_FORM(spherical_bessel_j0)
RL_FLOAT_FORM(airy_ai)
#undef RL_FLOAT_FORM

RL_MATH_END
