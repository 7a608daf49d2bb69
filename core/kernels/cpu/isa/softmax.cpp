// softmax and log_softmax with their gradients, compiled once an instruction set. Sums run in fixed
// lanes, so the results depend on the length of the dimension alone.
#include "core/kernels/cpu/reduce_kernel.h"
#include "core/kernels/cpu/softmax_loops.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

using cpu::kSoftmaxColumns;

template <class A>
constexpr int64_t kWidth = 256 / static_cast<int64_t>(sizeof(A));

template <class T, class A>
RL_INLINE T rounded(A x) {
  return static_cast<T>(x);
}

// Merges value(k), k < n, in fixed lanes.
template <class A, class Value, class Merge>
RL_INLINE A in_lanes(int64_t n, A start, const Value& value, const Merge& merge) {
  alignas(64) A lanes[kWidth<A>];
  for (int64_t j = 0; j < kWidth<A>; ++j) lanes[j] = start;
  int64_t k = 0;
  for (; k + kWidth<A> <= n; k += kWidth<A>) {
#pragma GCC ivdep
    for (int64_t j = 0; j < kWidth<A>; ++j) lanes[j] = merge(lanes[j], value(k + j));
  }
#pragma GCC ivdep
  for (int64_t j = 0; j < n - k; ++j) lanes[j] = merge(lanes[j], value(k + j));
  for (int64_t w = kWidth<A> / 2; w > 0; w /= 2)
    for (int64_t j = 0; j < w; ++j) lanes[j] = merge(lanes[j], lanes[j + w]);
  return lanes[0];
}

template <class A>
RL_INLINE A largest(A a, A b) {
  const auto most = a >= b ? a : b;
  return is_nan(a) ? a : most;
}
template <class A>
RL_INLINE A plus(A a, A b) {
  return a + b;
}

template <class T, bool kLog>
void rows(const void* in, void* out, int64_t count, int64_t n, float* scratch) {
  using A = Compute<T>;
  const T* p = static_cast<const T*>(in);
  T* to = static_cast<T*>(out);
  for (int64_t i = 0; i < count; ++i, p += n, to += n) {
    const A top = in_lanes<A>(
        n, -math::kInf<A>, [&](int64_t k) { return widen(p[k]); }, largest<A>);
    if constexpr (kLog) {
      const A sum = in_lanes<A>(
          n, A(0), [&](int64_t k) { return math::exp(widen(p[k]) - top); }, plus<A>);
      const A log_sum = math::log(sum);
#pragma GCC ivdep
      for (int64_t k = 0; k < n; ++k) to[k] = rounded<T>(widen(p[k]) - top - log_sum);
    } else {
      A* e;
      if constexpr (is_reduced_type<T>)
        e = scratch;
      else
        e = to;
      const A sum = in_lanes<A>(
          n, A(0), [&](int64_t k) { return e[k] = math::exp(widen(p[k]) - top); }, plus<A>);
      const A scale = A(1) / sum;
#pragma GCC ivdep
      for (int64_t k = 0; k < n; ++k) to[k] = rounded<T>(e[k] * scale);
    }
  }
}

template <class T, bool kLog>
void columns(const void* in, void* out, int64_t m, int64_t n, int64_t stride) {
  using A = Compute<T>;
  const T* const p = static_cast<const T*>(in);
  T* const to = static_cast<T*>(out);
  alignas(64) A top[kSoftmaxColumns], sum[kSoftmaxColumns];
  for (int64_t j = 0; j < m; ++j) top[j] = widen(p[j]);
  for (int64_t j = 0; j < m; ++j) sum[j] = 0;
  for (int64_t k = 1; k < n; ++k) {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j) top[j] = largest<A>(top[j], widen(p[k * stride + j]));
  }
  for (int64_t k = 0; k < n; ++k) {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j) {
      const A e = math::exp(widen(p[k * stride + j]) - top[j]);
      sum[j] += e;
      if constexpr (!kLog && !is_reduced_type<T>) to[k * stride + j] = e;
    }
  }
  for (int64_t j = 0; j < m; ++j) sum[j] = kLog ? math::log(sum[j]) : A(1) / sum[j];
  for (int64_t k = 0; k < n; ++k) {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j) {
      const int64_t at = k * stride + j;
      if constexpr (kLog)
        to[at] = rounded<T>(widen(p[at]) - top[j] - sum[j]);
      else if constexpr (is_reduced_type<T>)
        to[at] = rounded<T>(math::exp(widen(p[at]) - top[j]) * sum[j]);
      else
        to[at] *= sum[j];
    }
  }
}

// One element of the gradient, and what is summed for it.
template <class A, bool kLog>
RL_INLINE A term(A grad, A result) {
  return kLog ? grad : grad * result;
}
template <class A, bool kLog>
RL_INLINE A gradient(A grad, A result, A sum) {
  return kLog ? grad - math::exp(result) * sum : (grad - sum) * result;
}

template <class T, bool kLog>
void backward_rows(const void* grad, const void* result, void* out, int64_t count, int64_t n) {
  using A = Compute<T>;
  const T* g = static_cast<const T*>(grad);
  const T* y = static_cast<const T*>(result);
  T* to = static_cast<T*>(out);
  for (int64_t i = 0; i < count; ++i, g += n, y += n, to += n) {
    const A sum = in_lanes<A>(
        n, A(0), [&](int64_t k) { return term<A, kLog>(widen(g[k]), widen(y[k])); }, plus<A>);
#pragma GCC ivdep
    for (int64_t k = 0; k < n; ++k)
      to[k] = rounded<T>(gradient<A, kLog>(widen(g[k]), widen(y[k]), sum));
  }
}

template <class T, bool kLog>
void backward_columns(const void* grad, const void* result, void* out, int64_t m, int64_t n,
                      int64_t stride) {
  using A = Compute<T>;
  const T* const g = static_cast<const T*>(grad);
  const T* const y = static_cast<const T*>(result);
  T* const to = static_cast<T*>(out);
  alignas(64) A sum[kSoftmaxColumns];
  for (int64_t j = 0; j < m; ++j) sum[j] = 0;
  for (int64_t k = 0; k < n * stride; k += stride) {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j) sum[j] += term<A, kLog>(widen(g[k + j]), widen(y[k + j]));
  }
  for (int64_t k = 0; k < n * stride; k += stride) {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j)
      to[k + j] = rounded<T>(gradient<A, kLog>(widen(g[k + j]), widen(y[k + j]), sum[j]));
  }
}

template <class T, bool kLog>
constexpr cpu::SoftmaxLoops kLoops = {rows<T, kLog>, columns<T, kLog>, backward_rows<T, kLog>,
                                      backward_columns<T, kLog>};

template <class... T>
constexpr cpu::SoftmaxTable make_table(Types<T...>) {
  cpu::SoftmaxTable t{};
  ((t.plain[static_cast<int>(dtype_of<T>)] = &kLoops<T, false>), ...);
  ((t.log[static_cast<int>(dtype_of<T>)] = &kLoops<T, true>), ...);
  return t;
}

}  // namespace

extern const cpu::SoftmaxTable kSoftmaxTable;
constinit const cpu::SoftmaxTable kSoftmaxTable = make_table(Floats{});

}  // namespace rl::RL_ISA_NAMESPACE
