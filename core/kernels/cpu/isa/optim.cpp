// Loops of optimizer steps, compiled once an instruction set. They round as PyTorch's for lists of
// tensors do, but for fused multiply-adds.
#include "core/kernels/cpu/optim_table.h"
#include "core/kernels/cpu/registers.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

using cpu::AdamStep;
using cpu::AdamTensor;
using cpu::OptimLoops;
using cpu::SgdStep;
using cpu::SgdTensor;

// A NaN in either argument wins.
template <class V>
RL_STEP_INLINE V larger(V a, V b) {
  const V most = a > b ? a : b;
  return a != a ? a : most;
}

template <class T>
void sgd(const SgdTensor<T>& t, const SgdStep<T>& step, int64_t first, int64_t last) {
  const SgdStep<T> s = step;
  T* const param = t.param + first;
  const T* const grad = t.grad + first;
  T* const buffer = t.buffer ? t.buffer + first : nullptr;
  each<T>(last - first, [&]<class V>(V, int64_t i) {
    const V p = load<V>(param + i);
    V g = load<V>(grad + i);
    if (s.maximize) g = -g;
    if (s.decay != 0) g = g + p * s.decay;
    if (buffer) {
      const V b = s.first ? g : load<V>(buffer + i) * s.momentum + g * s.undamped;
      store<V>(buffer + i, b);
      g = s.nesterov ? g + b * s.momentum : b;
    }
    store<V>(param + i, p + g * s.rate);
  });
}

template <class T>
void adam(const AdamTensor<T>& t, int64_t first, int64_t last) {
  const AdamStep<T> s = t.step;
  T* const param = t.param + first;
  const T* const grad = t.grad + first;
  T* const mean = t.mean + first;
  T* const square = t.square + first;
  T* const largest = t.largest ? t.largest + first : nullptr;
  const bool near = s.lerp < T(0.5);
  each<T>(last - first, [&]<class V>(V, int64_t i) {
    V p = load<V>(param + i), g = load<V>(grad + i);
    const V m = load<V>(mean + i);
    if (s.maximize) g = -g;
    if (s.decay != 0) g = g + p * s.decay;
    if (s.shrink != 1) p = p * s.shrink;
    // Interpolation from the nearer end.
    const V d = g - m;
    const V new_mean = near ? m + d * s.lerp : g - d * (T(1) - s.lerp);
    const V v = load<V>(square + i) * s.beta2 + g * s.rest2 * g;
    store<V>(mean + i, new_mean);
    store<V>(square + i, v);
    V most = v;
    if (largest) {
      most = larger(load<V>(largest + i), v);
      store<V>(largest + i, most);
    }
    store<V>(param + i, p + new_mean * s.rate / (root(most) / s.root2 + s.eps));
  });
}

template <class T>
constexpr OptimLoops<T> loops_of() {
  return {.sgd = &sgd<T>, .adam = &adam<T>};
}

}  // namespace

extern const cpu::OptimTable kOptimTable;
constinit const cpu::OptimTable kOptimTable = {loops_of<float>(), loops_of<double>()};

}  // namespace rl::RL_ISA_NAMESPACE
