// Extrema with their places, compiled once an instruction set.
#include "core/kernels/cpu/arg_loops.h"
#include "core/kernels/cpu/reduce_kernel.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

template <class T, bool kLargest>
Compute<T> best_of(const T* p, int64_t n) {
  using A = Compute<T>;
  constexpr int64_t kCount = 256 / static_cast<int64_t>(sizeof(A));
  A best = widen(p[0]);
  int64_t k = 1;
  if (n >= kCount) {
    alignas(64) A lanes[kCount];
    for (int64_t j = 0; j < kCount; ++j) lanes[j] = widen(p[j]);
    for (k = kCount; k + kCount <= n; k += kCount)
      for (int64_t j = 0; j < kCount; ++j)
        lanes[j] = extremum<A, kLargest>(lanes[j], widen(p[k + j]));
    best = lanes[0];
    for (int64_t j = 1; j < kCount; ++j) best = extremum<A, kLargest>(best, lanes[j]);
  }
  for (; k < n; ++k) best = extremum<A, kLargest>(best, widen(p[k]));
  return best;
}

template <class A>
RL_INLINE bool same(A a, A b) {
  return a == b || (is_nan(a) && is_nan(b));
}

template <class A, bool kLargest>
RL_INLINE bool beats(A x, A best) {
  return !is_nan(best) && !(kLargest ? best >= x : best <= x);
}

template <class T, bool kLargest>
void row(const void* data, int64_t n, void* value, int64_t* index) {
  using A = Compute<T>;
  constexpr int64_t kChunk = 2048;
  const T* const p = static_cast<const T*>(data);
  A best{};
  int64_t at = -1;
  for (int64_t first = 0; first < n; first += kChunk) {
    const A x = best_of<T, kLargest>(p + first, n - first < kChunk ? n - first : kChunk);
    if (at >= 0 && !beats<A, kLargest>(x, best)) continue;
    best = x;
    at = first;
  }
  while (!same<A>(widen(p[at]), best)) ++at;
  *index = at;
  *static_cast<T*>(value) = p[at];
}

template <class T, bool kLargest>
void columns(const void* data, int64_t m, int64_t n, int64_t stride, void* values,
             int64_t* indices) {
  using A = Compute<T>;
  constexpr int64_t kSegment = int64_t{1} << 30;  // places within a segment fit 32 bits
  alignas(64) A best[cpu::kArgColumns];
  alignas(64) int32_t place[cpu::kArgColumns];
  const T* p = static_cast<const T*>(data);
  for (int64_t j = 0; j < m; ++j) best[j] = widen(p[j]);
  for (int64_t j = 0; j < m; ++j) indices[j] = 0;
  for (int64_t first = 0; first < n; first += kSegment, p += kSegment * stride) {
    const auto count = static_cast<int32_t>(n - first < kSegment ? n - first : kSegment);
    for (int64_t j = 0; j < m; ++j) place[j] = -1;
    for (int32_t r = 0; r < count; ++r) {
      const T* const x = p + r * stride;
#pragma GCC ivdep
      for (int64_t j = 0; j < m; ++j) {
        const A v = widen(x[j]);
        const bool take = beats<A, kLargest>(v, best[j]);
        best[j] = take ? v : best[j];
        place[j] = take ? r : place[j];
      }
    }
    for (int64_t j = 0; j < m; ++j)
      if (place[j] >= 0) indices[j] = first + place[j];
  }
  const T* const all = static_cast<const T*>(data);
  for (int64_t j = 0; j < m; ++j) static_cast<T*>(values)[j] = all[j + indices[j] * stride];
}

template <class T, bool kLargest>
constexpr cpu::ArgLoops kArgLoops = {row<T, kLargest>, columns<T, kLargest>};

template <bool kLargest, class... T>
constexpr void fill(const cpu::ArgLoops* (&to)[kDtypeCount], Types<T...>) {
  ((to[static_cast<int>(dtype_of<T>)] = &kArgLoops<T, kLargest>), ...);
  to[static_cast<int>(Dtype::Bool)] = &kArgLoops<uint8_t, kLargest>;
}

}  // namespace

extern const cpu::ArgTable kArgTable;
constinit const cpu::ArgTable kArgTable = [] {
  cpu::ArgTable t{};
  fill<true>(t.largest, RealTypes{});
  fill<false>(t.smallest, RealTypes{});
  return t;
}();

}  // namespace rl::RL_ISA_NAMESPACE
