// Orthogonal polynomials by their three-term recurrences (DLMF 18.9), in double, scalar.
#pragma once

#include "core/kernels/math/base.h"

RL_MATH_BEGIN

namespace detail {

// p(0) = 1, p(1) = first, p(k+1) = next(k, p(k), p(k-1)).
template <class F>
inline double recurrence(double first, double degree, F next) {
  if (!(degree > -1)) return degree != degree ? degree : 0;
  if (degree < 1) return 1;
  double before = 1, now = first;
  const auto n = static_cast<int64_t>(degree);
  for (int64_t k = 1; k < n && now == now; ++k) {
    const double after = next(static_cast<double>(k), now, before);
    before = now;
    now = after;
  }
  return now;
}
inline double chebyshev(double x, double first, double n) {
  return recurrence(first, n,
                    [x](double, double now, double before) { return 2 * x * now - before; });
}

}  // namespace detail

#define RL_POLYNOMIAL(name, value)                         \
  inline double name(double x, double n) { return value; } \
  inline float name(float x, float n) { return float(name(double(x), double(n))); }
RL_POLYNOMIAL(chebyshev_polynomial_t, detail::chebyshev(x, x, n))
RL_POLYNOMIAL(chebyshev_polynomial_u, detail::chebyshev(x, 2 * x, n))
RL_POLYNOMIAL(chebyshev_polynomial_v, detail::chebyshev(x, 2 * x - 1, n))
RL_POLYNOMIAL(chebyshev_polynomial_w, detail::chebyshev(x, 2 * x + 1, n))
RL_POLYNOMIAL(shifted_chebyshev_polynomial_t, chebyshev_polynomial_t(2 * x - 1, n))
RL_POLYNOMIAL(shifted_chebyshev_polynomial_u, chebyshev_polynomial_u(2 * x - 1, n))
RL_POLYNOMIAL(shifted_chebyshev_polynomial_v, chebyshev_polynomial_v(2 * x - 1, n))
RL_POLYNOMIAL(shifted_chebyshev_polynomial_w, chebyshev_polynomial_w(2 * x - 1, n))
RL_POLYNOMIAL(hermite_polynomial_h,
              detail::recurrence(2 * x, n, [x](double k, double now, double before) {
                return 2 * (x * now - k * before);
              }))
RL_POLYNOMIAL(hermite_polynomial_he,
              detail::recurrence(x, n, [x](double k, double now, double before) {
                return x * now - k * before;
              }))
RL_POLYNOMIAL(laguerre_polynomial_l,
              detail::recurrence(1 - x, n, [x](double k, double now, double before) {
                return ((2 * k + 1 - x) * now - k * before) / (k + 1);
              }))
RL_POLYNOMIAL(legendre_polynomial_p,
              detail::recurrence(x, n, [x](double k, double now, double before) {
                return ((2 * k + 1) * x * now - k * before) / (k + 1);
              }))
#undef RL_POLYNOMIAL

RL_MATH_END
