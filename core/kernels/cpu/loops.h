// The one-dimensional loop that every scalar expression is compiled into, once an instruction set
// (RL_ISA_NAMESPACE is loops_baseline, loops_avx2 or loops_avx512).
#pragma once

#include <cmath>
#include <limits>

#include "core/kernels/math/complex.h"
#include "core/kernels/math/arithmetic.h"
#include "core/kernels/math/math.h"
#include "core/kernels/math/special.h"
#include "core/op/pointwise.h"

#define RL_INLINE __attribute__((always_inline)) inline

namespace rl::RL_ISA_NAMESPACE {

template <class T>
RL_INLINE Compute<T> load(const std::byte* p) {
  return static_cast<Compute<T>>(*reinterpret_cast<const T*>(p));
}

// Where the result is the compute dtype itself it is stored in 16 bits again.
template <class T, class Out>
using Stored = std::conditional_t<is_reduced_type<T> && std::is_same_v<Out, float>, T, Out>;

// F: function object over the arithmetic type. The first input is a bool mask when Mask.
template <template <class> class F, class T, int N, bool Mask>
void loop(std::byte* const* data, const int64_t* strides, int64_t n, const void* context) {
  using A = Compute<T>;
  using Fn = F<A>;
  using R = Stored<T, typename Fn::Out>;
  using First = std::conditional_t<Mask, bool, T>;
  const Fn f(*static_cast<const LoopContext*>(context));
  constexpr int64_t kFirst = sizeof(First), kStep = sizeof(T), kOut = sizeof(R);
  R* const out = reinterpret_cast<R*>(data[0]);
  if constexpr (N == 1) {
    if (strides[0] == kOut && strides[1] == kFirst) {
      const First* const a = reinterpret_cast<const First*>(data[1]);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<R>(f(static_cast<Compute<First>>(a[i])));
      return;
    }
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<R*>(data[0] + i * strides[0]) =
          static_cast<R>(f(load<First>(data[1] + i * strides[1])));
  } else if constexpr (N == 2) {
    const First* const a = reinterpret_cast<const First*>(data[1]);
    const T* const b = reinterpret_cast<const T*>(data[2]);
    if (strides[0] == kOut && strides[1] == kFirst && strides[2] == kStep) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i)
        out[i] = static_cast<R>(f(static_cast<Compute<First>>(a[i]), static_cast<A>(b[i])));
    } else if (strides[0] == kOut && strides[1] == kFirst && strides[2] == 0) {
      const A y = static_cast<A>(*b);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i)
        out[i] = static_cast<R>(f(static_cast<Compute<First>>(a[i]), y));
    } else if (strides[0] == kOut && strides[1] == 0 && strides[2] == kStep) {
      const auto x = static_cast<Compute<First>>(*a);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<R>(f(x, static_cast<A>(b[i])));
    } else {
      for (int64_t i = 0; i < n; ++i)
        *reinterpret_cast<R*>(data[0] + i * strides[0]) = static_cast<R>(
            f(load<First>(data[1] + i * strides[1]), load<T>(data[2] + i * strides[2])));
    }
  } else if constexpr (N == 3) {
    const First* const a = reinterpret_cast<const First*>(data[1]);
    const T* const b = reinterpret_cast<const T*>(data[2]);
    const T* const c = reinterpret_cast<const T*>(data[3]);
    if (strides[0] == kOut && strides[1] == kFirst && strides[2] == kStep && strides[3] == kStep) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i)
        out[i] = static_cast<R>(f(static_cast<Compute<First>>(a[i]), static_cast<A>(b[i]),
                                  static_cast<A>(c[i])));
    } else {
      for (int64_t i = 0; i < n; ++i)
        *reinterpret_cast<R*>(data[0] + i * strides[0]) = static_cast<R>(
            f(load<First>(data[1] + i * strides[1]), load<T>(data[2] + i * strides[2]),
              load<T>(data[3] + i * strides[3])));
    }
  } else {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<R*>(data[0] + i * strides[0]) = static_cast<R>(
          f(load<First>(data[1] + i * strides[1]), load<T>(data[2] + i * strides[2]),
            load<T>(data[3] + i * strides[3]), load<T>(data[4] + i * strides[4])));
  }
}

}  // namespace rl::RL_ISA_NAMESPACE
