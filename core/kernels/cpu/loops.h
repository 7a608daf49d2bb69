// The one-dimensional loop that every scalar expression is compiled into, once an instruction set
// (RL_ISA_NAMESPACE is loops_baseline, loops_avx2 or loops_avx512).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/kernels/math/arithmetic.h"
#include "core/kernels/math/complex.h"
#include "core/kernels/math/math.h"
#include "core/kernels/math/select.h"
#include "core/op/pointwise.h"

#define RL_INLINE __attribute__((always_inline)) inline

namespace rl::RL_ISA_NAMESPACE {

// Operands that are not contiguous are gathered this many elements at a time.
inline constexpr int64_t kBlock = 256;

template <class T>
RL_INLINE void gather(T* to, const std::byte* from, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = *reinterpret_cast<const T*>(from + i * stride);
}

// Functions with a fast form for arguments of moderate size have it as `near`, of one of them, or
// as `near_span`, of many.
template <class Fn, class T>
inline constexpr bool has_near = std::is_floating_point_v<T>&& requires {
  &Fn::near;
};
template <class Fn, class T>
inline constexpr bool has_near_span = std::is_floating_point_v<T>&& requires {
  &Fn::near_span;
};

// --- contiguous operands
template <class Fn, class A, class R>
void span(const Fn& f, int64_t n, R* out, const A* a) {
  if constexpr (has_near<Fn, A> || has_near_span<Fn, A>) {
    constexpr int64_t kPiece = 1024;
    for (int64_t i = 0; i < n; i += kPiece) {
      const int64_t end = std::min(n, i + kPiece);
      if (math::in_near_range(a + i, end - i, A(Fn::kReach))) {
        if constexpr (has_near_span<Fn, A>) {
          f.near_span(a + i, out + i, end - i);
        } else {
#pragma GCC ivdep
          for (int64_t k = i; k < end; ++k) out[k] = f.near(a[k]);
        }
      } else {
        for (int64_t k = i; k < end; ++k) out[k] = f(a[k]);
      }
    }
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
  }
}
template <class Fn, class A, class B, class R>
void span(const Fn& f, int64_t n, R* out, const A* a, const B* b) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
}
template <class Fn, class A, class B, class R>
void span(const Fn& f, int64_t n, R* out, const A* a, const B* b, const B* c) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i], c[i]);
}
template <class Fn, class A, class B, class R>
void span(const Fn& f, int64_t n, R* out, const A* a, const B* b, const B* c, const B* d) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i], c[i], d[i]);
}

template <int N, class Fn, class A, class T, class R>
RL_INLINE void span_of(const Fn& f, int64_t n, R* out, const A* a, const T* const* rest) {
  if constexpr (N == 1)
    span(f, n, out, a);
  else if constexpr (N == 2)
    span(f, n, out, a, rest[0]);
  else if constexpr (N == 3)
    span(f, n, out, a, rest[0], rest[1]);
  else
    span(f, n, out, a, rest[0], rest[1], rest[2]);
}

// F: function object over T. The first of the N inputs is a bool mask when Mask.
template <template <class> class F, class T, int N, bool Mask>
void loop(std::byte* const* data, const int64_t* strides, int64_t n, const void* context) {
  using Fn = F<T>;
  using R = typename Fn::Out;
  using A = std::conditional_t<Mask, bool, T>;
  const Fn f(*static_cast<const LoopContext*>(context));
  R* const out = reinterpret_cast<R*>(data[0]);
  const A* const a = reinterpret_cast<const A*>(data[1]);
  const bool dense_out = strides[0] == sizeof(R);
  bool dense = dense_out && strides[1] == sizeof(A);
  for (int k = 2; k <= N; ++k) dense = dense && strides[k] == sizeof(T);
  if (dense) {
    const T* rest[3] = {};
    for (int k = 2; k <= N; ++k) rest[k - 2] = reinterpret_cast<const T*>(data[k]);
    return span_of<N>(f, n, out, a, rest);
  }
  if constexpr (N == 2 && !Mask) {
    // With a number on one side.
    const T* const b = reinterpret_cast<const T*>(data[2]);
    if (dense_out && strides[1] == sizeof(T) && strides[2] == 0) {
      const T y = *b;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], y);
      return;
    }
    if (dense_out && strides[1] == 0 && strides[2] == sizeof(T)) {
      const T x = *a;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) out[i] = f(x, b[i]);
      return;
    }
  }
  if constexpr (N == 3 && !Mask) {
    // With numbers for all but the first.
    if (dense_out && strides[1] == sizeof(T) && strides[2] == 0 && strides[3] == 0) {
      const T y = *reinterpret_cast<const T*>(data[2]), z = *reinterpret_cast<const T*>(data[3]);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], y, z);
      return;
    }
  }
  alignas(64) A first[kBlock];
  alignas(64) T buffers[N > 1 ? N - 1 : 1][kBlock];
  alignas(64) R results[kBlock];
  // Broadcast operands are spread out once.
  if (strides[1] == 0) gather(first, data[1], 0, std::min(n, kBlock));
  for (int k = 2; k <= N; ++k)
    if (strides[k] == 0) gather(buffers[k - 2], data[k], 0, std::min(n, kBlock));
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t m = std::min(kBlock, n - i);
    const A* x = first;
    if (strides[1] == sizeof(A))
      x = a + i;
    else if (strides[1] != 0)
      gather(first, data[1] + i * strides[1], strides[1], m);
    const T* rest[3] = {};
    for (int k = 2; k <= N; ++k) {
      rest[k - 2] = buffers[k - 2];
      if (strides[k] == sizeof(T))
        rest[k - 2] = reinterpret_cast<const T*>(data[k]) + i;
      else if (strides[k] != 0)
        gather(buffers[k - 2], data[k] + i * strides[k], strides[k], m);
    }
    if (dense_out) {
      span_of<N>(f, m, out + i, x, rest);
      continue;
    }
    span_of<N>(f, m, results, x, rest);
    for (int64_t k = 0; k < m; ++k)
      *reinterpret_cast<R*>(data[0] + (i + k) * strides[0]) = results[k];
  }
}

// A loop over 16-bit floats is the float loop between conversions.
struct ReducedLoop {
  Loop1d inner;  // over float
  Dtype dtype;
  int inputs;
  bool mask;          // input 0 is bool
  bool float_result;  // else the result is bool
};
void run_reduced(const ReducedLoop& loop, std::byte* const* data, const int64_t* strides, int64_t n,
                 const void* context);

template <template <class> class F, class T, int N, bool Mask>
void reduced_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void* context) {
  constexpr bool kFloat = std::is_same_v<typename F<float>::Out, float>;
  static_assert(kFloat || std::is_same_v<typename F<float>::Out, bool>);
  run_reduced({&loop<F, float, N, Mask>, dtype_of<T>, N, Mask, kFloat}, data, strides, n, context);
}

}  // namespace rl::RL_ISA_NAMESPACE
