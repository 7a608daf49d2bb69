// Division, remainders, powers and shifts with Python's and PyTorch's rules, for every dtype.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <type_traits>

#include "core/base/error.h"
#include "core/kernels/math/base.h"

RL_MATH_BEGIN

template <class T>
inline T conj(T x) {
  return x;
}
template <class T>
inline std::complex<T> conj(std::complex<T> z) {
  return std::conj(z);
}

[[noreturn]] inline void fail_zero_division() { fail(ErrorType::Runtime, "ZeroDivisionError"); }

// Rounds towards minus infinity.
template <class T>
inline T div_floor(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) fail_zero_division();
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return static_cast<T>(-a);
      const T q = static_cast<T>(a / b);
      return (a % b != 0 && ((a < 0) != (b < 0))) ? static_cast<T>(q - 1) : q;
    } else {
      return static_cast<T>(a / b);
    }
  } else {
    // As CPython's float floordiv: the remainder decides, so that q * b + mod gives a back.
    if (b == 0) return a / b;
    T mod = std::fmod(a, b);
    T div = (a - mod) / b;
    if (mod != 0 && ((b < 0) != (mod < 0))) div -= 1;
    if (div == 0) return std::copysign(T(0), a / b);
    T rounded = std::floor(div);
    return div - rounded > T(0.5) ? rounded + 1 : rounded;
  }
}

template <class T>
inline T div_trunc(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) fail_zero_division();
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return static_cast<T>(-a);
    return static_cast<T>(a / b);
  } else {
    return std::trunc(a / b);
  }
}

// Sign of the divisor (Python's %).
template <class T>
inline T remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) fail_zero_division();
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return 0;
      const T r = static_cast<T>(a % b);
      return r != 0 && ((r < 0) != (b < 0)) ? static_cast<T>(r + b) : r;
    } else {
      return static_cast<T>(a % b);
    }
  } else {
    const T mod = std::fmod(a, b);
    return mod != 0 && ((b < 0) != (mod < 0)) ? mod + b : mod;
  }
}

// Sign of the dividend (C's fmod).
template <class T>
inline T fmod(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) fail_zero_division();
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return 0;
    return static_cast<T>(a % b);
  } else {
    return std::fmod(a, b);
  }
}

// Negative exponents give the truncated value: 1 and -1 keep their powers, the rest are 0.
template <class T>
inline T pow_int(T base, T exponent) {
  if constexpr (std::is_signed_v<T>) {
    if (exponent < 0) {
      if (base == 1) return 1;
      if (base == -1) return exponent % 2 ? T(-1) : T(1);
      return 0;
    }
  }
  T out = 1;
  while (exponent) {
    if (exponent & 1) out = static_cast<T>(out * base);
    base = static_cast<T>(base * base);
    exponent = static_cast<T>(exponent >> 1);
  }
  return out;
}

template <class T>
inline T gcd(T a, T b) {
  while (b != 0) {
    const T r = static_cast<T>(b == static_cast<T>(-1) ? 0 : a % b);
    a = b;
    b = r;
  }
  return a < 0 ? static_cast<T>(-a) : a;
}

template <class T>
inline T lcm(T a, T b) {
  const T g = gcd(a, b);
  if (g == 0) return 0;
  const T m = static_cast<T>(a / g * b);
  return m < 0 ? static_cast<T>(-m) : m;
}

// Shifts by a count outside the width give 0 (left) or the sign (right).
template <class T>
inline T shift_left(T a, T n) {
  constexpr int kBits = sizeof(T) * 8;
  if (n < 0 || static_cast<int64_t>(n) >= kBits) return 0;
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) << n);
}
template <class T>
inline T shift_right(T a, T n) {
  constexpr int kBits = sizeof(T) * 8;
  if (n < 0 || static_cast<int64_t>(n) >= kBits) return a < 0 ? T(-1) : T(0);
  return static_cast<T>(a >> n);
}

RL_MATH_END
