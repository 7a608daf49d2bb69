// Activation functions and their derivatives for float and double. `name_grad(x)` is the
// derivative at x. All are formed without cancellation, from exp(-|x|) or the normal tail.
#pragma once
#include "core/kernels/math/error_function.h"
#include "core/kernels/math/hyperbolic.h"

RL_MATH_BEGIN

namespace detail {

template <class T>
RL_MATH_INLINE T sigmoid(T x) {
  T e = exp_minus_abs(x);
  return (x < 0 ? e : T(1)) / (1 + e);
}

// P(Z > |x|) for a standard normal Z, and 2^digits exp(-x^2 / 2).
template <class T>
struct NormalTail {
  T tail, scaled_density;
};
template <class T>
RL_MATH_INLINE NormalTail<T> normal_tail(T x) {
  T a = at_most(abs(x), sizeof(T) == 4 ? T(14.4) : T(38.6));
  auto [high, low] = square_parts(a);
  T density = exp_nonpositive(T(-0.5) * high, T(-0.5) * low);
  // erfc(a / sqrt(2)) / 2: the mapping of a / sqrt(2) about c is that of a about sqrt(2) c.
  auto mapped = map_argument(a, kErfcCenter<T> * T(1.41421356237309504880));
  return {density * scaled_erfc(mapped, 0.70710678118654752440 * kUnscale<T>), density};
}

template <class T>
RL_MATH_INLINE T gelu(T x) {
  T tail = normal_tail(x).tail;
  return x * (x < 0 ? tail : 1 - tail);
}

template <class T>
RL_MATH_INLINE T gelu_grad(T x) {
  auto [tail, density] = normal_tail(x);
  T bounded = at_least(at_most(x, T(40)), T(-40));  // infinity * 0
  return (x < 0 ? tail : 1 - tail) + bounded * density * (T(0.39894228040143267794) * kUnscale<T>);
}

// gelu_tanh(x) = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
template <class T>
RL_MATH_INLINE T gelu_tanh(T x) {
  T twice = x * (T(1.59576912160573071176) + T(0.071354816272600252) * (x * x));
  return x * sigmoid(twice);
}

template <class T>
RL_MATH_INLINE T gelu_tanh_grad(T x) {
  T y = at_least(at_most(x, T(1000)), T(-1000));
  T square = y * y;
  T twice = y * (T(1.59576912160573071176) + T(0.071354816272600252) * square);
  T slope = T(1.59576912160573071176) + T(0.214064448817800756) * square;
  T e = exp_minus_abs(twice), inverse = 1 / (1 + e);
  return (twice < 0 ? e * inverse : inverse) + y * slope * (e * inverse) * inverse;
}

template <class T>
RL_MATH_INLINE T silu_grad(T x) {
  T e = exp_minus_abs(x), inverse = 1 / (1 + e);
  T bounded = at_least(at_most(x, T(1000)), T(-1000));
  return (x < 0 ? e * inverse : inverse) + bounded * (e * inverse) * inverse;
}

template <class T>
RL_MATH_INLINE T softplus(T x) {
  return at_least(x, T(0)) + log1p_unit(exp_minus_abs(x));
}

// tanh(softplus(x)) = n / d, from e = exp(-|x|)
template <class T>
RL_MATH_INLINE T mish(T x) {
  T e = exp_minus_abs(x);
  T n = x < 0 ? e * (e + 2) : 1 + 2 * e;
  T d = x < 0 ? n + 2 : n + 2 * e * e;
  return x * (n / d);
}

template <class T>
RL_MATH_INLINE T mish_grad(T x) {
  T e = exp_minus_abs(x);
  T n = x < 0 ? e * (e + 2) : 1 + 2 * e;
  T d = x < 0 ? n + 2 : n + 2 * e * e;
  T bounded = at_least(at_most(x, T(1000)), T(-1000));
  T inverse = 1 / d;
  // x sigmoid(x) (1 - (n / d)^2)
  return n * inverse + 4 * bounded * (e * (x < 0 ? T(1) : e)) * (1 + e) * inverse * inverse;
}

}  // namespace detail

#define RL_ACTIVATION(name)                                      \
  RL_MATH_INLINE float name(float x) { return detail::name(x); } \
  RL_MATH_INLINE double name(double x) { return detail::name(x); }
RL_ACTIVATION(sigmoid)
RL_ACTIVATION(softplus)
RL_ACTIVATION(gelu)
RL_ACTIVATION(gelu_grad)
RL_ACTIVATION(gelu_tanh)
RL_ACTIVATION(gelu_tanh_grad)
RL_ACTIVATION(silu_grad)
RL_ACTIVATION(mish)
RL_ACTIVATION(mish_grad)
#undef RL_ACTIVATION

// gelu(x) of `size` arguments with |x| <= kGeluReach: nearly all arguments, at a third of the time.
// The tail is 2^q with q = p(a) - a^2 log2(e) / 2 (coefficients: a weighted fit of log2 of the
// tail, rounded one after the other). Within 6 ulp. Without FMA q would lose too much. Stages of
// short chains of dependent operations let the processor work on more vectors at a time. `out` may
// be `in`.
inline constexpr double kGeluReach = 5;
inline void gelu_near(const float* in, float* out, int64_t size) {
#ifdef __FMA__
  constexpr int64_t kPiece = 512;
  constexpr float kScale = -0.72134752f;
  alignas(64) float rest[kPiece], shifts[kPiece];
  for (int64_t begin = 0; begin < size; begin += kPiece, in += kPiece, out += kPiece) {
    const int64_t n = size - begin < kPiece ? size - begin : kPiece;
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i)
      rest[i] = poly(abs(in[i]), -1.0, -1.15110636, 0.262147933, -0.0525077768, 0.00704321591,
                     -7.50880135e-05, -0.000245855423, 6.74542098e-05, -9.57812881e-06,
                     7.45080797e-07, -2.50586716e-08);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) {
      auto [high, low] = square_parts(in[i]);
      float p = rest[i];
      float shifted = high * kScale + p + kRoundMagic<float>;
      rest[i] = (high * kScale - (shifted - kRoundMagic<float>)) + p + low * kScale;
      shifts[i] = shifted;
    }
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) {
      float r = rest[i];
      float power = r * poly(r, 0.693147182, 0.240225941, 0.0555036627, 0.00962543394,
                             0.00133879122, 0.000133376496) +
                    1;
      float tail = from_bits(int32_t(uint32_t(bits(power)) + (uint32_t(bits(shifts[i])) << 23)));
      out[i] = at_least(in[i], 0.0f) - abs(in[i]) * tail;
    }
  }
#else
  for (int64_t i = 0; i < size; ++i) out[i] = gelu(in[i]);
#endif
}
inline void gelu_near(const double* in, double* out, int64_t size) {
  for (int64_t i = 0; i < size; ++i) out[i] = gelu(in[i]);
}

// log(x / (1 - x))
template <class T>
RL_MATH_INLINE T logit(T x) {
  return log(x / (1 - x));
}

template <class T>
RL_MATH_INLINE T silu(T x) {
  return x * sigmoid(x);
}

template <class T>
RL_MATH_INLINE T log_sigmoid(T x) {
  return at_most(x, T(0)) - detail::log1p_unit(detail::exp_minus_abs(x));
}
template <class T>
RL_MATH_INLINE T log_sigmoid_grad(T x) {
  return sigmoid(-x);
}

template <class T>
RL_MATH_INLINE T softplus(T x, T beta, T threshold) {
  T scaled = x * beta;
  return scaled > threshold ? x : softplus(scaled) / beta;
}
template <class T>
RL_MATH_INLINE T softplus_grad(T x, T beta, T threshold) {
  T scaled = x * beta;
  return scaled > threshold ? T(1) : sigmoid(scaled);
}

// log(exp(a) + exp(b))
template <class T>
RL_MATH_INLINE T logaddexp(T a, T b) {
  T most = a < b ? b : a;
  T value = most + detail::log1p_unit(detail::exp_minus_abs(a - b));
  return a == b ? a + kLn2<T> : a != a ? a : value;
}
template <class T>
RL_MATH_INLINE T logaddexp2(T a, T b) {
  T most = a < b ? b : a;
  T value = most + detail::log1p_unit(exp2(-abs(a - b))) * kLog2E<T>;
  return a == b ? a + 1 : a != a ? a : value;
}

RL_MATH_END
