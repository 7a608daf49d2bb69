// Bessel functions, scalar. The modified ones use Chebyshev series computed with mpmath in 40
// digits (tools/minimax.py): exp(-x) I(x) on [0, 8], sqrt(x) exp(-x) I(x) in 16/x - 1 beyond.
#pragma once
#include <math.h>  // j0, j1, y0, y1: POSIX, absent from namespace std

#include "core/kernels/math/base.h"

RL_MATH_BEGIN

namespace detail {

// Clenshaw's recurrence.
template <int N>
inline double chebyshev(const double (&c)[N], double t) {
  double b1 = 0, b2 = 0;
  for (int k = N - 1; k > 0; --k) {
    double b0 = 2 * t * b1 - b2 + c[k];
    b2 = b1;
    b1 = b0;
  }
  return t * b1 - b2 + c[0];
}

constexpr double kI0Small[] = {
    0.3383976372047380425,      -0.30468267234319839868,    0.17162090152220877535,
    -0.094901097048047644421,   0.049305284239670708488,    -0.023737414805899468816,
    0.010546460394594998318,    -0.0043243099950505759443,  0.0016394756169413357984,
    -0.00057637557453858236588, 0.00018850288509584165573,  -0.00005754195010082103704,
    0.000016448448070728897089, -4.4167383584587505636e-6,  1.1173875391201037182e-6,
    -2.6707938539406117339e-7,  6.0469950225419189493e-8,   -1.3000250099862480421e-8,
    2.6598237246823866503e-9,   -5.1897956016352629067e-10, 9.6758090353732369122e-11,
    -1.7268262914415557072e-11, 2.9550526631296398346e-12,  -4.8564467831119294609e-13,
    7.6761854986049356169e-14,  -1.1685332877993451681e-14, 1.7153912855551330306e-15,
    -2.4312798465479546936e-16, 3.3307945188222380978e-17,  -4.4153416464793393795e-18};
constexpr double kI0Large[] = {
    0.4022452055070544158,      0.0033691164782556940899,   0.000068897583469168239843,
    2.891370520834756483e-6,    2.0489185894690637418e-7,   2.2666689904981780646e-8,
    3.3962320257083863452e-9,   4.9406023882249695891e-10,  1.1889147107846438342e-11,
    -3.1499165279632413645e-11, -1.3215811840447713119e-11, -1.7941785315068061178e-12,
    7.1801244513836662337e-13,  3.8527783827421427011e-13,  1.5400862175214098269e-14,
    -4.1505693472872220866e-14, -9.5548466988283076487e-15, 3.8116806693526224207e-15,
    1.7725601330565263836e-15,  -3.4254856196772191346e-16, -2.8276239805165834849e-16,
    3.4612228676974610931e-17,  4.465621420296759999e-17,   -4.8305044859441820713e-18,
    -7.2331804878747539546e-18, 9.9214754121736985989e-19};
constexpr double kI1Small[] = {
    0.12629359322181682741,     -0.17641651835783405515,    0.10264365868984709538,
    -0.052945981208094991427,   0.024726449030626516828,    -0.010564084894626198156,
    0.0041564229443128881567,   -0.001513572450631253149,   0.0005122859561685757729,
    -0.00016176081582589674559, 0.000047815651075500542264, -0.000013273163656039435828,
    3.4702513081376784767e-6,   -8.5687202646954547407e-7,  2.0032947535521352623e-7,
    -4.4450591287963280807e-8,  9.3815373864957717839e-9,   -1.8872497517228292879e-9,
    3.625590281552117037e-10,   -6.6634897235020277422e-11, 1.1736186298890901631e-11,
    -1.9839743977649437152e-12, 3.2237933659455747098e-13,  -5.0421855047279116871e-14,
    7.6006842947354069341e-15,  -1.105596947735386308e-15,  1.5536319577362004689e-16,
    -2.1114212143581660782e-17, 2.7779141127610463705e-18,  -3.5415817725421362052e-19};
constexpr double kI1Large[] = {
    0.38928811750914006024,     -0.0097610974913614684078,  -0.00011058893876262371629,
    -3.8825648088776903935e-6,  -2.5122362378702089253e-7,  -2.6314688468895195068e-8,
    -3.835380385964237022e-9,   -5.5897434621965838069e-10, -1.8974958123505412345e-11,
    3.2526035830154882386e-11,  1.4125807436613781332e-11,  2.0356285441470895072e-12,
    -7.1985517762459085121e-13, -4.0835511110921973182e-13, -2.101541842772664313e-14,
    4.2724400167119513543e-14,  1.0420276984128802764e-14,  -3.8144030724370078048e-15,
    -1.8803547755107824485e-15, 3.3082023109209282827e-16,  2.9626289976459501391e-16,
    -3.2095259219934239588e-17, -4.6503053684893583256e-17, 4.4143483230717079499e-18,
    7.5172963108421048054e-18,  -9.3141788673268833757e-19};

}  // namespace detail

// exp(-|x|) I0(x) and exp(-|x|) I1(x).
inline double i0e(double x) {
  x = std::abs(x);
  if (x <= 8) return detail::chebyshev(detail::kI0Small, x / 4 - 1);
  return detail::chebyshev(detail::kI0Large, 16 / x - 1) / std::sqrt(x);
}
inline double i1e(double x) {
  double y = std::abs(x);
  double value = y <= 8 ? detail::chebyshev(detail::kI1Small, y / 4 - 1) * y
                        : detail::chebyshev(detail::kI1Large, 16 / y - 1) / std::sqrt(y);
  return std::copysign(value, x);
}

namespace detail {
// exp(x) * scaled, where exp(x) alone may overflow.
inline double unscale(double x, double scaled) {
  x = std::abs(x);
  if (x < 700) return std::exp(x) * scaled;
  double half = std::exp(x / 2);
  return half * scaled * half;
}
}  // namespace detail

inline double i0(double x) {
  // NaN at infinity, as NumPy and PyTorch have it.
  return std::isinf(x) ? kNan<double> : detail::unscale(x, i0e(x));
}
inline double i1(double x) { return std::isinf(x) ? kNan<double> : detail::unscale(x, i1e(x)); }

inline double bessel_j0(double x) { return ::j0(x); }
inline double bessel_j1(double x) { return ::j1(x); }
inline double bessel_y0(double x) { return x < 0 ? kNan<double> : ::y0(x); }
inline double bessel_y1(double x) { return x < 0 ? kNan<double> : ::y1(x); }

inline float i0e(float x) { return float(i0e(double(x))); }
inline float i1e(float x) { return float(i1e(double(x))); }
inline float i0(float x) { return float(i0(double(x))); }
inline float i1(float x) { return float(i1(double(x))); }
inline float bessel_j0(float x) { return float(bessel_j0(double(x))); }
inline float bessel_j1(float x) { return float(bessel_j1(double(x))); }
inline float bessel_y0(float x) { return float(bessel_y0(double(x))); }
inline float bessel_y1(float x) { return float(bessel_y1(double(x))); }

RL_MATH_END
