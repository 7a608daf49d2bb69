// The loops of one reduction over one dtype, from a type that says how elements are read, merged
// and finished. Included by the files in isa/ only.
#pragma once

#include <bit>
#include <limits>

#include "core/kernels/cpu/reduce_loops.h"
#include "core/kernels/math/math.h"

#define RL_INLINE __attribute__((always_inline)) inline

namespace rl::RL_ISA_NAMESPACE {

using cpu::Finish;
using cpu::kBlockRows;
using cpu::ReduceContext;
using cpu::ReduceLoops;

// --- elements as numbers to compute with. The 16-bit types are widened by integer arithmetic,
// which vectorises without any instruction of its own.
template <class T>
RL_INLINE T widen(T x) {
  return x;
}
RL_INLINE float widen(Half x) {
  const uint32_t sign = (static_cast<uint32_t>(x.bits) & 0x8000u) << 16;
  const uint32_t shifted = (static_cast<uint32_t>(x.bits) & 0x7fffu) << 13;
  const float scaled = std::bit_cast<float>(shifted) * 0x1p112f;  // moves the exponent bias
  const uint32_t special = shifted >= 0x0f800000u ? 0x7f800000u : 0u;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(scaled) | special | sign);
}
RL_INLINE float widen(BFloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
}

template <class A>
RL_INLINE bool is_nan(A x) {
  if constexpr (std::is_floating_point_v<A>)
    return x != x;
  else
    return false;
}

// NaN wins over everything, the earlier of equals over the later.
template <class A, bool kLargest>
RL_INLINE A extremum(A a, A b) {
  // One comparison a step: a condition of two becomes branches, and the loop no vectors.
  const A chosen = (kLargest ? a >= b : a <= b) ? a : b;
  return is_nan(a) ? a : chosen;
}

// |x|, for complex numbers without overflow on the way.
template <class A>
RL_INLINE Real<A> magnitude(A x) {
  if constexpr (is_complex_type<A>)
    return math::hypot(x.real(), x.imag());
  else if constexpr (std::is_floating_point_v<A>)
    return math::abs(x);
  else
    return x < 0 ? static_cast<A>(-x) : x;
}

// --- the loops. An Op has In, Acc, Shift, load(x, shift), merge(a, b), zero() and
// store(out, place, acc, shift).
template <class Op>
constexpr int64_t kLanes = 256 / static_cast<int64_t>(sizeof(typename Op::Acc));

// Up to kBlockRows rows, eight at a time as a tree where loading is cheap. Columns share one shift
// where kOneShift. Never inlined: one copy an operation keeps the compile time down.
template <class Op, bool kOneShift>
__attribute__((noinline)) void reduce_block(const typename Op::In* __restrict p, int64_t m,
                                            int64_t n, int64_t stride,
                                            const typename Op::Shift* __restrict shift,
                                            const ReduceContext& context,
                                            typename Op::Acc* __restrict acc) {
  const Op op(context);
  const auto at = [&](int64_t row, int64_t j) __attribute__((always_inline)) {
    return op.load(p[row * stride + j], kOneShift ? shift[0] : shift[j]);
  };
  const auto eight = [&](int64_t r, int64_t j) __attribute__((always_inline)) {
    const auto a = op.merge(op.merge(at(r, j), at(r + 1, j)), op.merge(at(r + 2, j), at(r + 3, j)));
    const auto b =
        op.merge(op.merge(at(r + 4, j), at(r + 5, j)), op.merge(at(r + 6, j), at(r + 7, j)));
    return op.merge(a, b);
  };
  int64_t r = Op::kCheap && n >= 8 ? 8 : 1;
  if (r == 8) {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j) acc[j] = eight(0, j);
  } else {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j) acc[j] = at(0, j);
  }
  if constexpr (Op::kCheap) {
    // The processor's own prefetching stops at the end of a page, and short runs end often.
    constexpr int64_t kAhead = 16384 / static_cast<int64_t>(sizeof(typename Op::In));
    constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(typename Op::In));
    for (; r + 8 <= n; r += 8) {
      if (stride == m)
        for (int64_t j = 0; j < 8 * m; j += kLine) __builtin_prefetch(p + r * stride + j + kAhead);
#pragma GCC ivdep
      for (int64_t j = 0; j < m; ++j) acc[j] = op.merge(acc[j], eight(r, j));
    }
  }
  for (; r < n; ++r) {
#pragma GCC ivdep
    for (int64_t j = 0; j < m; ++j) acc[j] = op.merge(acc[j], at(r, j));
  }
}

template <class Op>
RL_INLINE void merge_lanes(typename Op::Acc* __restrict a, const typename Op::Acc* __restrict b,
                           int64_t m) {
#pragma GCC ivdep
  for (int64_t j = 0; j < m; ++j) a[j] = Op::merge(a[j], b[j]);
}

// Blocks are merged in pairs, then pairs of pairs, as a binary counter carries: level k of the
// stack holds a run of 2^k blocks.
template <class Op, bool kOneShift>
void reduce_columns(const typename Op::In* p, int64_t m, int64_t n, int64_t stride,
                    const typename Op::Shift* shift, const ReduceContext& context,
                    typename Op::Acc* acc, typename Op::Acc* scratch) {
  int64_t height = 0;
  const auto level = [&](int64_t k) { return k == 0 ? acc : scratch + (k - 1) * m; };
  for (int64_t first = 0, block = 1; first < n; first += kBlockRows, ++block) {
    const int64_t rows = n - first < kBlockRows ? n - first : kBlockRows;
    reduce_block<Op, kOneShift>(p + first * stride, m, rows, stride, shift, context,
                                level(height++));
    for (int64_t carry = block; !(carry & 1); carry >>= 1, --height)
      merge_lanes<Op>(level(height - 2), level(height - 1), m);
  }
  for (; height > 1; --height) merge_lanes<Op>(level(height - 2), level(height - 1), m);
}

template <class Op>
void columns(const void* data, int64_t m, int64_t n, int64_t stride, const void* shift,
             const ReduceContext& context, void* acc, void* scratch) {
  using Acc = typename Op::Acc;
  reduce_columns<Op, !Op::kHasShift>(static_cast<const typename Op::In*>(data), m, n, stride,
                                     static_cast<const typename Op::Shift*>(shift), context,
                                     static_cast<Acc*>(acc), static_cast<Acc*>(scratch));
}

template <class Op, int64_t kCount>
RL_INLINE typename Op::Acc fold_lanes(typename Op::Acc* lanes) {
  constexpr int64_t kLast = kCount < 16 ? kCount : 16;
#pragma GCC unroll 8
  for (int64_t width = kCount / 2; width >= kLast; width /= 2) {
#pragma GCC ivdep
    for (int64_t j = 0; j < width; ++j) lanes[j] = Op::merge(lanes[j], lanes[j + width]);
  }
  // The last ones in registers: through memory, each round would wait for the one before.
  typename Op::Acc last[kLast];
#pragma GCC unroll 16
  for (int64_t j = 0; j < kLast; ++j) last[j] = lanes[j];
#pragma GCC unroll 8
  for (int64_t width = kLast / 2; width > 0; width /= 2) {
#pragma GCC unroll 16
    for (int64_t j = 0; j < width; ++j) last[j] = Op::merge(last[j], last[j + width]);
  }
  return last[0];
}

// A contiguous run as rows of lanes.
template <class Op>
typename Op::Acc reduce_lanes(const typename Op::In* p, int64_t n, const typename Op::Shift* shift,
                              const ReduceContext& context) {
  constexpr int64_t kCount = kLanes<Op>, kLevels = 40;
  alignas(64) typename Op::Acc lanes[kCount], scratch[kLevels * kCount];
  const int64_t rows = n / kCount;
  reduce_columns<Op, true>(p, kCount, rows, kCount, shift, context, lanes, scratch);
  const Op op(context);
  for (int64_t k = rows * kCount, j = 0; k < n; ++k, ++j)
    lanes[j] = op.merge(lanes[j], op.load(p[k], shift[0]));
  return fold_lanes<Op, kCount>(lanes);
}

// The same with few lanes, for runs too short to fill all.
template <class Op>
typename Op::Acc reduce_short(const typename Op::In* p, int64_t n, const typename Op::Shift* shift,
                              const ReduceContext& context) {
  constexpr int64_t kCount = 16;
  alignas(64) typename Op::Acc lanes[kCount];
  const Op op(context);
  for (int64_t j = 0; j < kCount; ++j) lanes[j] = op.load(p[j], shift[0]);
  int64_t k = kCount;
  for (; k + kCount <= n; k += kCount)
    for (int64_t j = 0; j < kCount; ++j) lanes[j] = op.merge(lanes[j], op.load(p[k + j], shift[0]));
  for (int64_t j = 0; k < n; ++k, ++j) lanes[j] = op.merge(lanes[j], op.load(p[k], shift[0]));
  return fold_lanes<Op, kCount>(lanes);
}

// A run with any stride: four chains within a block, blocks in pairs.
template <class Op>
__attribute__((noinline)) typename Op::Acc reduce_strided(const typename Op::In* p, int64_t n,
                                                          int64_t stride,
                                                          const typename Op::Shift* shift,
                                                          const ReduceContext& context) {
  const Op op(context);
  if (n > kBlockRows) {
    const int64_t half = (n / 2 + kBlockRows - 1) / kBlockRows * kBlockRows;
    return op.merge(reduce_strided<Op>(p, half, stride, shift, context),
                    reduce_strided<Op>(p + half * stride, n - half, stride, shift, context));
  }
  const auto at = [&](int64_t k) { return op.load(p[k * stride], shift[0]); };
  if (n < 4) {
    auto acc = at(0);
    for (int64_t k = 1; k < n; ++k) acc = op.merge(acc, at(k));
    return acc;
  }
  auto a = at(0), b = at(1), c = at(2), d = at(3);
  int64_t k = 4;
  for (; k + 4 <= n; k += 4) {
    a = op.merge(a, at(k));
    b = op.merge(b, at(k + 1));
    c = op.merge(c, at(k + 2));
    d = op.merge(d, at(k + 3));
  }
  for (int left = static_cast<int>(n & 3); left > 0; --left, ++k) a = op.merge(a, at(k));
  return op.merge(op.merge(a, b), op.merge(c, d));
}

template <class Op>
void rows(const void* data, int64_t count, int64_t step, int64_t n, int64_t stride,
          const void* shift, const ReduceContext& context, void* acc) {
  const auto* p = static_cast<const typename Op::In*>(data);
  const auto* shifts = static_cast<const typename Op::Shift*>(shift);
  auto* to = static_cast<typename Op::Acc*>(acc);
  for (int64_t i = 0; i < count; ++i, p += step, shifts += Op::kHasShift) {
    if (stride != 1 || n < 16)
      to[i] = reduce_strided<Op>(p, n, stride, shifts, context);
    else if (n < 4 * kLanes<Op>)
      to[i] = reduce_short<Op>(p, n, shifts, context);
    else
      to[i] = reduce_lanes<Op>(p, n, shifts, context);
  }
}

template <class Op>
void merge(void* acc, const void* other, int64_t m) {
  using Acc = typename Op::Acc;
  merge_lanes<Op>(static_cast<Acc*>(acc), static_cast<const Acc*>(other), m);
}

template <class Op>
void clear(void* acc, int64_t m) {
  auto* to = static_cast<typename Op::Acc*>(acc);
  for (int64_t j = 0; j < m; ++j) to[j] = Op::zero();
}

template <class Op>
void finish(const void* acc, int64_t m, const void* shift, const ReduceContext& context, void* out,
            int64_t out_step) {
  const Op op(context);
  const auto* from = static_cast<const typename Op::Acc*>(acc);
  const auto* shifts = static_cast<const typename Op::Shift*>(shift);
  for (int64_t j = 0; j < m; ++j, shifts += Op::kHasShift)
    op.store(out, j * out_step, from[j], shifts[0]);
}

template <class Op>
constexpr ReduceLoops kReduceLoops = {sizeof(typename Op::Acc),
                                      Op::kHasShift ? sizeof(typename Op::Shift) : 0,
                                      rows<Op>,
                                      columns<Op>,
                                      merge<Op>,
                                      clear<Op>,
                                      finish<Op>};

// --- the base of operations without a shift
struct NoShift {};

template <class T, class A>
struct PlainOp {
  using In = T;
  using Acc = A;
  using Shift = NoShift;
  static constexpr bool kHasShift = false;
  static constexpr bool kCheap = true;
  const ReduceContext& context;
  RL_INLINE explicit PlainOp(const ReduceContext& c) : context(c) {}
  template <class Out>
  RL_INLINE static void put(void* out, int64_t at, Out value) {
    static_cast<Out*>(out)[at] = value;
  }
};

// A sum or mean as it is stored.
template <class Out, class Acc>
RL_INLINE Out divided(Acc acc, double divisor) {
  if constexpr (std::is_integral_v<Acc>)
    return static_cast<Out>(acc);
  else if constexpr (is_complex_type<Acc>) {
    const auto part = static_cast<Real<Acc>>(divisor);
    return Out(acc.real() / part, acc.imag() / part);
  } else if constexpr (is_reduced_type<Out>)
    return Out(static_cast<float>(acc / divisor));
  else
    return static_cast<Out>(acc / divisor);
}

// Pointers to the loops of an operation for a list of types, to place in a table row.
template <template <class> class Op, class... T>
constexpr void fill_row(const ReduceLoops* (&row)[kDtypeCount], Types<T...>) {
  ((row[static_cast<int>(dtype_of<T>)] = &kReduceLoops<Op<T>>), ...);
}

}  // namespace rl::RL_ISA_NAMESPACE
