// Complex functions for kernels: thin over std::, with the cases it leaves inaccurate.
#pragma once
#include <complex>

#include "core/kernels/math/inverse_trig.h"
#include "core/kernels/math/power.h"

RL_MATH_BEGIN

#define RL_FROM_STD(name)                          \
  template <class T>                               \
  std::complex<T> name(const std::complex<T>& z) { \
    return std::name(z);                           \
  }
RL_FROM_STD(exp)
RL_FROM_STD(log)
RL_FROM_STD(log10)
RL_FROM_STD(sqrt)
RL_FROM_STD(sin)
RL_FROM_STD(cos)
RL_FROM_STD(tan)
RL_FROM_STD(asin)
RL_FROM_STD(acos)
RL_FROM_STD(atan)
RL_FROM_STD(sinh)
RL_FROM_STD(cosh)
RL_FROM_STD(tanh)
RL_FROM_STD(asinh)
RL_FROM_STD(acosh)
RL_FROM_STD(atanh)
#undef RL_FROM_STD

template <class T>
T abs(const std::complex<T>& z) {
  return math::hypot(z.real(), z.imag());
}

template <class T>
T angle(const std::complex<T>& z) {
  return math::atan2(z.imag(), z.real());
}

// z / |z|, zero at zero.
template <class T>
std::complex<T> sgn(const std::complex<T>& z) {
  T length = math::abs(z);
  if (length == 0) return {0, 0};
  return {z.real() / length, z.imag() / length};
}

// 1 / z by Smith's method: no overflow or underflow on the way.
template <class T>
std::complex<T> reciprocal(const std::complex<T>& z) {
  T re = z.real(), im = z.imag();
  if (std::isinf(re) || std::isinf(im)) {
    if (std::isnan(re) || std::isnan(im)) return {0, 0};
    return {std::copysign(T(0), re), std::copysign(T(0), -im)};
  }
  if (re == 0 && im == 0) return {kInf<T>, kNan<T>};
  if (std::abs(re) >= std::abs(im)) {
    T ratio = im / re, d = re + im * ratio;
    return {1 / d, -ratio / d};
  }
  T ratio = re / im, d = im + re * ratio;
  return {ratio / d, T(-1) / d};
}

template <class T>
std::complex<T> rsqrt(const std::complex<T>& z) {
  return reciprocal(std::sqrt(z));
}

template <class T>
std::complex<T> exp2(const std::complex<T>& z) {
  T length = std::exp2(z.real()), turn = z.imag() * T(0.69314718055994530942);
  if (z.imag() == 0) return {length, z.imag()};
  return {length * std::cos(turn), length * std::sin(turn)};
}

// exp(z) - 1: Re = expm1(x) cos(y) - 2 sin(y/2)^2.
template <class T>
std::complex<T> expm1(const std::complex<T>& z) {
  T x = z.real(), y = z.imag();
  if (y == 0) return {std::expm1(x), y};
  if (!std::isfinite(x) || !std::isfinite(y)) return std::exp(z) - T(1);
  T half = std::sin(y / 2);
  return {std::expm1(x) * std::cos(y) - 2 * half * half, std::exp(x) * std::sin(y)};
}

// log(1 + z): Re = log1p(x (2 + x) + y^2) / 2 near zero.
template <class T>
std::complex<T> log1p(const std::complex<T>& z) {
  T x = z.real(), y = z.imag();
  if (!(std::abs(x) < T(0.5) && std::abs(y) < T(0.5))) return std::log(T(1) + z);
  return {std::log1p(x * (2 + x) + y * y) / 2, std::atan2(y, 1 + x)};
}

template <class T>
std::complex<T> log2(const std::complex<T>& z) {
  std::complex<T> w = std::log(z);
  return {std::log2(math::abs(z)), w.imag() * T(1.44269504088896340736)};
}

template <class T>
std::complex<T> sigmoid(const std::complex<T>& z) {
  if (z.real() < 0) {  // exp(-z) could overflow
    std::complex<T> e = std::exp(z);
    return e / (T(1) + e);
  }
  return reciprocal(T(1) + std::exp(-z));
}

template <class T>
std::complex<T> pow(const std::complex<T>& z, const std::complex<T>& w) {
  T n = w.real();
  if (w.imag() == 0 && std::abs(n) <= 16 && n == std::floor(n)) {
    int count = static_cast<int>(std::abs(n));
    std::complex<T> result = 1, square = z;
    for (; count; count >>= 1) {
      if (count & 1) result *= square;
      if (count > 1) square *= square;
    }
    return n < 0 ? reciprocal(result) : result;
  }
  if (z == T(0) && n > 0) return {0, 0};
  return std::exp(w * std::log(z));
}

RL_MATH_END
