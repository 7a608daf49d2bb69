// Weighted sums along one dimension, and their transpose; compiled once an instruction set.
#include "core/kernels/cpu/resample_table.h"

#include <cstring>

namespace rl::RL_ISA_NAMESPACE {
namespace {

using cpu::Taps;

// Neighbours in memory: every output gathers.
template <class T, class N>
[[gnu::always_inline]] inline void gather_sum(const Taps<T>& t, N count, const T* in, T* out) {
  for (int64_t o = 0; o < t.out; ++o) {
    const int64_t* const at = t.index + o * count;
    const T* const w = t.weight + o * count;
    T sum = in[at[0]] * w[0];
    for (int64_t k = 1; k < count; ++k) sum += in[at[k]] * w[k];
    out[o] = sum;
  }
}

template <class T>
void row_sum(int64_t n, int64_t count, const T* in, int64_t inner, const int64_t* at, const T* w,
             T* out) {
  const T* const a = in + at[0] * inner;
  if (count == 2) {
    const T* const b = in + at[1] * inner;
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] = a[i] * w[0] + b[i] * w[1];
    return;
  }
  if (count == 4) {
    const T *const b = in + at[1] * inner, *const c = in + at[2] * inner,
                   *const d = in + at[3] * inner;
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] = a[i] * w[0] + b[i] * w[1] + c[i] * w[2] + d[i] * w[3];
    return;
  }
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = a[i] * w[0];
  for (int64_t k = 1; k < count; ++k) {
    const T* const b = in + at[k] * inner;
    const T by = w[k];
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] += b[i] * by;
  }
}

template <class T>
void apply(const Taps<T>& t, int64_t outer, int64_t inner, const T* in, T* out) {
  for (int64_t j = 0; j < outer; ++j, in += t.in * inner, out += t.out * inner) {
    if (inner == 1) {
      if (t.count == 2)
        gather_sum(t, 2, in, out);
      else if (t.count == 4)
        gather_sum(t, 4, in, out);
      else
        gather_sum(t, t.count, in, out);
      continue;
    }
    for (int64_t o = 0; o < t.out; ++o)
      row_sum(inner, t.count, in, inner, t.index + o * t.count, t.weight + o * t.count,
              out + o * inner);
  }
}

template <class T>
void transposed(const Taps<T>& t, int64_t outer, int64_t inner, const T* grad, T* out) {
  for (int64_t j = 0; j < outer; ++j, grad += t.out * inner, out += t.in * inner) {
    std::memset(out, 0, static_cast<size_t>(t.in * inner) * sizeof(T));
    for (int64_t o = 0; o < t.out; ++o)
      for (int64_t k = 0; k < t.count; ++k) {
        const T by = t.weight[o * t.count + k];
        const T* const from = grad + o * inner;
        T* const to = out + t.index[o * t.count + k] * inner;
        if (inner == 1) {
          *to += *from * by;
          continue;
        }
#pragma GCC ivdep
        for (int64_t i = 0; i < inner; ++i) to[i] += from[i] * by;
      }
  }
}

}  // namespace

extern const cpu::ResampleTable kResampleTable;
constinit const cpu::ResampleTable kResampleTable = {{&apply<float>, &transposed<float>},
                                                     {&apply<double>, &transposed<double>}};

}  // namespace rl::RL_ISA_NAMESPACE
