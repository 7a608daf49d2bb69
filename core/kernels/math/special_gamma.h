// Gamma-family functions in double, scalar and branchy: lgamma, digamma, polygamma, zeta, igamma,
// igammac. Formulas are those of the NIST Digital Library of Mathematical Functions (DLMF).
#pragma once
#include <math.h>  // lgamma_r: POSIX, absent from namespace std

#include "core/kernels/math/base.h"

RL_MATH_BEGIN

// zeta(s, q) = sum 1/(q+k)^s for s > 1, by Euler-Maclaurin summation (DLMF 25.11.8).
inline double zeta(double s, double q) {
  // B(2j) / (2j)!
  constexpr double kBernoulli[] = {
      8.3333333333333333e-02,  -1.3888888888888889e-03, 3.3068783068783069e-05,
      -8.2671957671957672e-07, 2.0876756987868099e-08,  -5.2841901386874932e-10,
      1.3382536530684679e-11,  -3.3896802963225829e-13, 8.5860620562778446e-15,
      -2.1748686985580619e-16, 5.5090028283602295e-18,  -1.3954464685812523e-19};
  if (s == 1) return kInf<double>;
  if (!(s > 1) || std::isnan(q)) return kNan<double>;
  if (q <= 0) {
    if (q == std::floor(q)) return kInf<double>;
    if (s != std::floor(s)) return kNan<double>;  // a negative base to a real power
  }
  if (q > 1e8) return (1 / (s - 1) + 1 / (2 * q)) * std::pow(q, 1 - s);
  double sum = 0, term = 0;
  for (int k = 0; k < 9 || q <= 9; ++k, q += 1) {
    term = std::pow(q, -s);
    sum += term;
    if (q > 0 && term < sum * 1e-17) return sum;
  }
  term = std::pow(q, -s);
  sum += term * q / (s - 1) + 0.5 * term;
  double factor = s * term / q;
  double rising = s;
  for (double b : kBernoulli) {
    double step = factor * b;
    sum += step;
    if (std::abs(step) < std::abs(sum) * 1e-17) break;
    factor *= (rising + 1) * (rising + 2) / (q * q);
    rising += 2;
  }
  return sum;
}

inline double digamma(double x) {
  constexpr double kPi = 3.14159265358979323846;
  if (x == 0) return std::copysign(kInf<double>, -x);
  double result = 0;
  if (x < 0) {
    if (x == std::floor(x)) return kNan<double>;
    double fraction = x - std::round(x);  // tan has period pi; exact
    result = -kPi / std::tan(kPi * fraction);
    x = 1 - x;
  }
  // The zero of digamma, split in two: near it the value is formed from a Taylor series.
  constexpr double kRoot = 1.4616321449683622, kRootLow = 9.5499954299656977e-17;
  double d = x - kRoot;
  if (result == 0 && std::abs(d) < 0.2) {
    d -= kRootLow;
    constexpr double kTaylor[] = {
        -0.0003454680251063077, 0.00050495326583460204, -0.00073807093899600513,
        0.0010788252019162966,  -0.0015769367714301973, 0.0023051263267349278,
        -0.0033698016554393281, 0.0049267813957298534,  -0.0072045343863568682,
        0.010538791616612175,   -0.015424765904948959,  0.022597648232218105,
        -0.033161126474847359,  0.048804288164143107,   -0.072199561256454711,
        0.10782405069126237,    -0.16394270544240653,   0.25849976095565101,
        -0.44276316898359211,   0.96767224544762117};
    double p = 0;
    for (double c : kTaylor) p = p * d + c;
    return p * d;
  }
  for (; x < 10; x += 1) result -= 1 / x;
  double z = 1 / (x * x);
  double tail =
      ((((((z / 12 - 691.0 / 32760) * z + 1.0 / 132) * z - 1.0 / 240) * z + 1.0 / 252) * z -
        1.0 / 120) *
           z +
       1.0 / 12) *
      z;
  return result + (std::log(x) - 0.5 / x - tail);
}

// The n-th derivative of digamma: (-1)^(n+1) n! zeta(n+1, x) (DLMF 5.15).
inline double polygamma(int64_t n, double x) {
  if (n == 0) return digamma(x);
  double factor = std::exp(std::lgamma(static_cast<double>(n) + 1));
  if (n < 171) {
    factor = 1;
    for (int64_t k = 2; k <= n; ++k) factor *= static_cast<double>(k);
  }
  double s = static_cast<double>(n) + 1;
  if (x < 0 && n == 1 && x != std::floor(x)) {  // reflection, DLMF 5.15.6
    constexpr double kPi = 3.14159265358979323846;
    double sine = std::sin(kPi * (x - std::round(x)));
    return kPi * kPi / (sine * sine) - zeta(2, 1 - x);
  }
  return (n % 2 ? factor : -factor) * zeta(s, x);
}
inline double trigamma(double x) { return polygamma(1, x); }

namespace detail {

// log1p(x) - x without cancellation.
inline double log1p_minus(double x) {
  if (std::abs(x) > 0.3) return std::log1p(x) - x;
  // log1p(x) = 2 atanh(r), r = x / (2 + x); 2r - x = -x r.
  double r = x / (2 + x), r2 = r * r, sum = 0;
  for (int k = 31; k >= 3; k -= 2) sum = sum * r2 + 1.0 / k;
  return 2 * r * r2 * sum - x * r;
}

// x^a exp(-x) / Gamma(a + 1)
inline double igamma_prefix(double a, double x) {
  if (a < 8) return std::exp(a * std::log(x) - x - std::lgamma(a + 1));
  constexpr double kTwoPi = 6.28318530717958647693;
  double z = 1 / (a * a);
  double stirling =
      (((((691.0 / 360360 * -z + 1.0 / 1188) * z - 1.0 / 1680) * z + 1.0 / 1260) * z - 1.0 / 360) *
           z +
       1.0 / 12) /
      a;
  double mu = (x - a) / a;
  double log_ratio = mu < -0.999 || mu > 1e6 ? a * (std::log(x / a) - mu) : a * log1p_minus(mu);
  return std::exp(log_ratio - stirling) / std::sqrt(kTwoPi * a);
}

// Lower function by its power series (DLMF 8.11.4).
inline double igamma_series(double a, double x) {
  double term = 1, sum = 1;
  for (int k = 1; k < 20000; ++k) {
    term *= x / (a + k);
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return igamma_prefix(a, x) * sum;
}

// Upper function by its continued fraction (DLMF 8.9.2), evaluated by Lentz's method.
inline double igammac_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int k = 1; k < 20000; ++k) {
    double an = -k * (k - a);
    b += 2;
    d = an * d + b;
    if (d == 0) d = kTiny;
    c = b + an / c;
    if (c == 0) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return igamma_prefix(a, x) * a * h;
}

// Upper function for small a and x, where 1 - P would cancel.
inline double igammac_small(double a, double x) {
  // Q = 1 - x^a / Gamma(a+1) + x^a / Gamma(a) * sum_{k>=1} -(-x)^k / (k! (a+k))
  double term = 1, sum = 0;
  for (int k = 1; k < 200; ++k) {
    term *= -x / k;
    double step = term / (a + k);
    sum += step;
    if (std::abs(step) < std::abs(sum) * 1e-17) break;
  }
  double log_power = a * std::log(x);
  return -std::expm1(log_power - std::lgamma(1 + a)) - std::exp(log_power - std::lgamma(a)) * sum;
}

// Uniform expansion for large a (Temme; DLMF 8.12); lower = P, otherwise Q.
inline double igamma_uniform(double a, double x, bool lower) {
  constexpr double kCoefficients[4][16] = {
      {-0.333333333333333333, 0.0833333333333333333, -0.0148148148148148148, 0.00115740740740740741,
       0.0003527336860670194, -0.000178755144032921811, 0.0000391926317852243778,
       -2.18544851067999216e-6, -1.85406221071515996e-6, 8.29671134095308601e-7,
       -1.76659527368260793e-7, 6.70785354340149858e-9, 1.0261809784240308e-8,
       -4.38203601845335319e-9, 9.14769958223679023e-10, -2.55141939949462498e-11},
      {-0.00185185185185185185, -0.00347222222222222222, 0.0026455026455026455,
       -0.000990226337448559671, 0.000205761316872427984, -4.01877572016460905e-7,
       -0.0000180985503344899778, 7.64916091608111008e-6, -1.6120900894563446e-6,
       4.64712780280743434e-9, 1.37863344691572096e-7, -5.75254560351770496e-8,
       1.19516285997781473e-8, -1.75432417197476476e-11, -1.00915437106004126e-9,
       4.16279299184258264e-10},
      {0.0041335978835978836, -0.00268132716049382716, 0.000771604938271604938,
       2.00938786008230453e-6, -0.000107366532263651605, 0.0000529234488291201254,
       -0.0000127606351886187277, 3.42357873409613807e-8, 1.37219573090629332e-6,
       -6.29899213838005502e-7, 1.42806142060642418e-7, -2.0477098421990866e-10,
       -1.40925299108675211e-8, 6.22897408492202203e-9, -1.36704883966171135e-9,
       9.4283561590146782e-13},
      {0.000649434156378600823, 0.000229472093621399177, -0.000469189494395255712,
       0.000267720632062838853, -0.0000756180167188397641, -2.39650511386729665e-7,
       0.0000110826541153473024, -5.67495282699159657e-6, 1.42309007324358839e-6,
       -2.78610802915281422e-11, -1.69584040919302773e-7, 8.09946490538808236e-8,
       -1.91111684859736541e-8, 2.3928620439808118e-12, 2.06201318154887984e-9,
       -9.46049666185513217e-10}};
  double mu = (x - a) / a;
  double half_eta2 = -log1p_minus(mu);
  if (mu > 1e6) half_eta2 = mu - std::log(x / a);
  if (a * half_eta2 > 760) return lower == (x > a) ? 1 : 0;
  double eta = std::copysign(std::sqrt(2 * half_eta2), mu);
  double sum = 0;
  for (int k = 3; k >= 0; --k) {
    double c = 0;
    for (int n = 15; n >= 0; --n) c = c * eta + kCoefficients[k][n];
    sum = sum / a + c;
  }
  double sign = lower ? -1 : 1;
  constexpr double kTwoPi = 6.28318530717958647693;
  return 0.5 * std::erfc(sign * eta * std::sqrt(a / 2)) +
         sign * std::exp(-a * half_eta2) / std::sqrt(kTwoPi * a) * sum;
}

inline double igamma_either(double a, double x, bool lower) {
  if (std::isnan(a) || std::isnan(x) || a < 0 || x < 0) return kNan<double>;
  if (a == 0) return x > 0 ? double(lower) : kNan<double>;
  if (x == 0) return !lower;
  if (std::isinf(a)) return std::isinf(x) ? kNan<double> : !lower;
  if (std::isinf(x)) return lower;
  if (a > 1e4) return igamma_uniform(a, x, lower);
  if (x >= 1.1 && x >= a) {
    double q = igammac_fraction(a, x);
    return lower ? 1 - q : q;
  }
  if (!lower && x < 1.1 && a < 1.5) return igammac_small(a, x);
  double p = igamma_series(a, x);
  return lower ? p : 1 - p;
}

}  // namespace detail

// Regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P.
inline double igamma(double a, double x) { return detail::igamma_either(a, x, true); }
inline double igammac(double a, double x) { return detail::igamma_either(a, x, false); }

inline float zeta(float s, float q) { return float(zeta(double(s), double(q))); }
inline float polygamma(int64_t n, float x) { return float(polygamma(n, double(x))); }
inline float trigamma(float x) { return float(trigamma(double(x))); }
inline float igamma(float a, float x) { return float(igamma(double(a), double(x))); }
inline float igammac(float a, float x) { return float(igammac(double(a), double(x))); }
inline float digamma(float x) { return float(digamma(double(x))); }

// The reentrant forms: std::lgamma writes the global signgam.
inline double lgamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}
inline float lgamma(float x) {
  int sign;
  return ::lgammaf_r(x, &sign);
}

RL_MATH_END
