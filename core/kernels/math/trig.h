// sin, cos, tan for float and double.
//
// sin_near, cos_near, tan_near are branch-free and right for |x| <= kNearRange; use them in simd
// loops over blocks that in_near_range() accepts. sin, cos, tan are right for every x, but a loop
// over them does not vectorise. sin_n, cos_n, tan_n do both: whole arrays, fast where possible.
// (Reducing every argument exactly costs two gathers a vector: it would halve the usual speed.)
#pragma once
#include "core/kernels/math/base.h"

RL_MATH_BEGIN

constexpr double kNearRange = 1e6;

namespace detail {

// pi/2 in parts of 33 bits (fdlibm's e_rem_pio2.c): products with n < 2^20 are exact.
constexpr double kHalfPi1 = 1.57079632673412561417e+00;
constexpr double kHalfPi1Rest = 6.07710050650619224932e-11;
constexpr double kHalfPi2 = 6.07710050630396597660e-11;
constexpr double kHalfPi2Rest = 2.02226624879595063154e-21;
constexpr double kTwoOverPi = 6.36619772367581382433e-01;

// x = n pi/2 + r + low
template <class T>
struct Reduced {
  T r, low;
  int32_t n;
};

RL_MATH_INLINE Reduced<float> reduce(float x) {
  double y = x;
  double shifted = y * kTwoOverPi + kRoundMagic<double>;
  double n = shifted - kRoundMagic<double>;
  return {float((y - n * kHalfPi1) - n * kHalfPi1Rest), 0, int32_t(bits(shifted))};
}

RL_MATH_INLINE Reduced<double> reduce(double x) {
  double shifted = x * kTwoOverPi + kRoundMagic<double>;
  double n = shifted - kRoundMagic<double>;
  double a = x - n * kHalfPi1;
  double p2 = n * kHalfPi2;
  double b = a - p2;
  double rest = ((a - b) - p2) - n * kHalfPi2Rest;
  double r = b + rest;
  return {r, (b - r) + rest, int32_t(bits(shifted))};
}

// sin and cos of r + low, |r| <= pi/4
RL_MATH_INLINE float sin_reduced(float r, float) {
  float s = r * r;
  return r * (s * poly(s, -0.166666552, 0.00833218731, -0.000195178989)) + r;
}
RL_MATH_INLINE float cos_reduced(float r, float) {
  float s = r * r;
  return s * s * poly(s, 0.0416666456, -0.00138873095, 2.44323292e-5) - 0.5f * s + 1;
}
RL_MATH_INLINE double sin_reduced(double r, double low) {
  double s = r * r, cube = s * r;
  double p = poly(s, 0.0083333333333220072, -0.00019841269829496254, 2.7557313587845263e-6,
                  -2.5050742338357436e-8, 1.5895906262654635e-10);
  return r - ((s * (0.5 * low - cube * p) - low) + cube * 0.1666666666666663);
}
RL_MATH_INLINE double cos_reduced(double r, double low) {
  double s = r * r, half = 0.5 * s, w = 1 - half;
  double p = poly(s, 0.041666666666666595, -0.0013888888888872895, 2.4801587288748373e-5,
                  -2.7557314148664842e-7, 2.0875696576767369e-9, -1.1358310643888173e-11);
  return w + (((1 - w) - half) + (s * s * p - r * low));
}

RL_MATH_INLINE float flip_sign(float x, int32_t top) {
  return from_bits(int32_t(uint32_t(bits(x)) ^ (uint32_t(top) & 0x80000000u)));
}
RL_MATH_INLINE double flip_sign(double x, int32_t top) {
  return from_bits(int64_t(uint64_t(bits(x)) ^ (uint64_t(uint32_t(top) & 0x80000000u) << 32)));
}

template <class T>
RL_MATH_INLINE T sin_near(T x) {
  auto [r, low, n] = reduce(abs(x));
  T s = sin_reduced(r, low), c = cos_reduced(r, low);
  T value = flip_sign(n & 1 ? c : s, int32_t(uint32_t(n) << 30));
  return x < 0 ? -value : x == 0 ? x : value;
}

template <class T>
RL_MATH_INLINE T cos_near(T x) {
  auto [r, low, n] = reduce(abs(x));
  T s = sin_reduced(r, low), c = cos_reduced(r, low);
  return flip_sign(n & 1 ? s : c, int32_t(uint32_t(n + 1) << 30));
}

template <class T>
RL_MATH_INLINE T tan_near(T x) {
  auto [r, low, n] = reduce(double(abs(x)));
  double s = sin_reduced(r, low), c = cos_reduced(r, low);
  T value = T(n & 1 ? -c / s : s / c);
  return x < 0 ? -value : x == 0 ? x : value;
}

}  // namespace detail

RL_MATH_INLINE float sin_near(float x) { return detail::sin_near(x); }
RL_MATH_INLINE double sin_near(double x) { return detail::sin_near(x); }
RL_MATH_INLINE float cos_near(float x) { return detail::cos_near(x); }
RL_MATH_INLINE double cos_near(double x) { return detail::cos_near(x); }
RL_MATH_INLINE float tan_near(float x) { return detail::tan_near(x); }
RL_MATH_INLINE double tan_near(double x) { return detail::tan_near(x); }

#define RL_TRIG_ANY(name)                                                              \
  inline float name(float x) {                                                         \
    return abs(x) <= float(kNearRange) ? name##_near(x) : float(std::name(double(x))); \
  }                                                                                    \
  inline double name(double x) { return abs(x) <= kNearRange ? name##_near(x) : std::name(x); }
RL_TRIG_ANY(sin)
RL_TRIG_ANY(cos)
RL_TRIG_ANY(tan)
#undef RL_TRIG_ANY

// No value beyond `reach` or NaN.
template <class T>
inline bool in_near_range(const T* x, int64_t size, T reach = T(kNearRange)) {
  int outside = 0;
#pragma omp simd reduction(| : outside)
  for (int64_t i = 0; i < size; ++i) outside |= !(abs(x[i]) <= reach);
  return !outside;
}

namespace detail {
// `near` where a block allows it, otherwise `any`; `out` may be `in`.
template <class T, class Near, class Any>
inline void map_trig(const T* in, T* out, int64_t size, Near near, Any any) {
  constexpr int64_t kBlock = 1024;
  for (int64_t begin = 0; begin < size; begin += kBlock) {
    int64_t end = begin + kBlock < size ? begin + kBlock : size;
    if (in_near_range(in + begin, end - begin)) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) out[i] = near(in[i]);
    } else {
      for (int64_t i = begin; i < end; ++i) out[i] = any(in[i]);
    }
  }
}
}  // namespace detail

#define RL_TRIG_ARRAY(name)                                                        \
  template <class T>                                                               \
  inline void name##_n(const T* in, T* out, int64_t size) {                        \
    detail::map_trig(                                                              \
        in, out, size, [] [[gnu::always_inline]] (T x) { return name##_near(x); }, \
        [](T x) { return name(x); });                                              \
  }
RL_TRIG_ARRAY(sin)
RL_TRIG_ARRAY(cos)
RL_TRIG_ARRAY(tan)
#undef RL_TRIG_ARRAY

RL_MATH_END
