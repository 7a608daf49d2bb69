// Shared pieces of the scalar maths headers: bit access, polynomials, selection of a namespace.
//
// Everything here is written for `#pragma omp simd` loops: no branches (conditional expressions
// become blends), no calls, no table look-ups. Compile with -fno-math-errno -fno-trapping-math;
// -ffast-math would break NaN, infinities and the exact subtractions.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

// Every kernel file is compiled once per instruction set. The inline namespace keeps those copies
// apart: without it the linker would merge them and could run AVX-512 code on an older processor.
#if defined(__AVX512F__)
#define RL_MATH_BEGIN  \
  namespace rl::math { \
  inline namespace avx512 {
#elif defined(__AVX2__)
#define RL_MATH_BEGIN  \
  namespace rl::math { \
  inline namespace avx2 {
#else
#define RL_MATH_BEGIN  \
  namespace rl::math { \
  inline namespace baseline {
#endif
#define RL_MATH_END \
  }                 \
  }

#define RL_MATH_INLINE [[gnu::always_inline]] inline

RL_MATH_BEGIN

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T kLn2 = T(0.69314718055994530942);
template <class T>
constexpr T kLog2E = T(1.44269504088896340736);

// Adding 1.5 * 2^(mantissa bits) rounds to an integer and leaves it in the low bits.
template <class T>
constexpr T kRoundMagic = T(6755399441055744.0);
template <>
inline constexpr float kRoundMagic<float> = 12582912.0f;

RL_MATH_INLINE int32_t bits(float x) { return __builtin_bit_cast(int32_t, x); }
RL_MATH_INLINE int64_t bits(double x) { return __builtin_bit_cast(int64_t, x); }
RL_MATH_INLINE float from_bits(int32_t x) { return __builtin_bit_cast(float, x); }
RL_MATH_INLINE double from_bits(int64_t x) { return __builtin_bit_cast(double, x); }

RL_MATH_INLINE float abs(float x) { return __builtin_fabsf(x); }
RL_MATH_INLINE double abs(double x) { return __builtin_fabs(x); }
RL_MATH_INLINE float copysign(float x, float sign) { return __builtin_copysignf(x, sign); }
RL_MATH_INLINE double copysign(double x, double sign) { return __builtin_copysign(x, sign); }
RL_MATH_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
RL_MATH_INLINE double sqrt(double x) { return __builtin_sqrt(x); }

// min and max that hand on a NaN in the first argument.
template <class T>
RL_MATH_INLINE T at_most(T x, T limit) {
  return limit < x ? limit : x;
}
template <class T>
RL_MATH_INLINE T at_least(T x, T limit) {
  return limit > x ? limit : x;
}

// The leading half of the mantissa, whose square is exact.
RL_MATH_INLINE float leading(float x) { return from_bits(bits(x) & int32_t(0xfffff000)); }
RL_MATH_INLINE double leading(double x) {
  return from_bits(bits(x) & static_cast<int64_t>(0xffffffff00000000));
}

// high + low = x^2. A fused multiply-add gives the rounding error itself.
template <class T>
struct Square {
  T high, low;
};
#ifdef __FMA__
RL_MATH_INLINE Square<float> square_parts(float x) {
  return {x * x, __builtin_fmaf(x, x, -(x * x))};
}
RL_MATH_INLINE Square<double> square_parts(double x) {
  return {x * x, __builtin_fma(x, x, -(x * x))};
}
#else
template <class T>
RL_MATH_INLINE Square<T> square_parts(T x) {
  T half = leading(x);
  return {half * half, (x - half) * (x + half)};
}
#endif

namespace detail {
template <class T>
RL_MATH_INLINE T poly_pairs(T, T, double c) {
  return T(c);
}
template <class T>
RL_MATH_INLINE T poly_pairs(T x, T, double c0, double c1) {
  return T(c1) * x + T(c0);
}
template <class T, class... Rest>
RL_MATH_INLINE T poly_pairs(T x, T square, double c0, double c1, Rest... rest) {
  return poly_pairs(x, square, rest...) * square + (T(c1) * x + T(c0));
}
}  // namespace detail

// c0 + c1 x + c2 x^2 + ..., by Horner's rule on pairs: one operation more than the plain rule, but
// half as long a chain of dependent ones (5 to 15 % of the time of these functions).
template <class T, class... Rest>
RL_MATH_INLINE T poly(T x, Rest... coefficients) {
  return detail::poly_pairs(x, x * x, coefficients...);
}

RL_MATH_END
