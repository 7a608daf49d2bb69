// Loops over blocks of attention scores, compiled once an instruction set.
#include "core/kernels/cpu/attention.h"

#include "core/kernels/cpu/registers.h"
#include "core/kernels/math/math.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

using cpu::AttentionLoops;
using cpu::Scores;

template <class V>
RL_STEP_INLINE V larger(V a, V b) {
  return a > b ? a : b;
}

// The first of these columns are seen by row r.
template <class T>
RL_STEP_INLINE int64_t seen(const Scores<T>& s, int64_t r) {
  return s.causal && s.first + r + 1 < s.cols ? s.first + r + 1 : s.cols;
}

template <class T>
RL_STEP_INLINE void add_bias(const Scores<T>& s, int64_t r, T* row, int64_t n) {
  const T* const bias = s.bias ? s.bias + r * s.bias_step : nullptr;
  each<T>(n, [&]<class V>(V, int64_t i) {
    V v = load<V>(row + i) * s.scale;
    if (bias) v = v + load<V>(bias + i);
    store<V>(row + i, v);
  });
}

template <class T>
RL_STEP_INLINE void exponentials(T* row, int64_t n, T shift) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) row[i] = math::exp(row[i] - shift);
}

template <class T>
void weigh(const Scores<T>& s, T* inverse, T* logsumexp) {
  for (int64_t r = 0; r < s.rows; ++r) {
    T* const row = s.data + r * s.cols;
    const int64_t n = seen(s, r);
    add_bias(s, r, row, n);
    Vec<T> tops = Vec<T>{} - math::kInf<T>;
    T top = -math::kInf<T>;
    each<T>(n, [&]<class V>(V, int64_t i) {
      if constexpr (sizeof(V) == sizeof(T))
        top = larger(top, load<V>(row + i));
      else
        tops = larger(tops, load<V>(row + i));
    });
    for (int64_t i = 0; i < kLanes<T>; ++i) top = larger(top, static_cast<T>(tops[i]));
    for (int64_t i = n; i < s.cols; ++i) row[i] = 0;
    if (top == -math::kInf<T>) top = 0;
    exponentials(row, n, top);
    Sums4<T> sums;
    each4<T>(n, [&]<class V>(V, int64_t i, int way) { sums.add(way, load<V>(row + i)); });
    const T sum = sums.sum();
    inverse[r] = sum == 0 ? T(0) : 1 / sum;
    logsumexp[r] = sum == 0 ? math::kInf<T> : top + math::log(sum);
  }
}

template <class T>
void weigh_again(const Scores<T>& s, const T* logsumexp) {
  for (int64_t r = 0; r < s.rows; ++r) {
    T* const row = s.data + r * s.cols;
    const int64_t n = seen(s, r);
    add_bias(s, r, row, n);
    exponentials(row, n, logsumexp[r]);
    for (int64_t i = n; i < s.cols; ++i) row[i] = 0;
  }
}

template <class T>
void weights_gradient(const Scores<T>& w, T* dw, const T* shift) {
  for (int64_t r = 0; r < w.rows; ++r) {
    const T* const weights = w.data + r * w.cols;
    T* const row = dw + r * w.cols;
    each<T>(w.cols, [&]<class V>(V, int64_t i) {
      store<V>(row + i, load<V>(weights + i) * (load<V>(row + i) - shift[r]) * w.scale);
    });
  }
}

template <class T>
T dot(const T* a, const T* b, int64_t n) {
  Sums4<T> sums;
  each4<T>(n,
           [&]<class V>(V, int64_t i, int way) { sums.add(way, load<V>(a + i) * load<V>(b + i)); });
  return sums.sum();
}

template <class T>
constexpr AttentionLoops<T> loops_of() {
  return {&weigh<T>, &weigh_again<T>, &weights_gradient<T>, &dot<T>};
}

}  // namespace

extern const cpu::AttentionTable kAttentionTable;
constinit const cpu::AttentionTable kAttentionTable = {loops_of<float>(), loops_of<double>()};

}  // namespace rl::RL_ISA_NAMESPACE
