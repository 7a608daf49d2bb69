// Steps of optimizers over flat arrays: the inner loops, compiled once an instruction set, and the
// drivers that run one step over many tensors in a single parallel region.
#pragma once

#include <cstdint>
#include <span>

namespace rl::cpu {

template <class T>
struct SgdStep {
  T rate;  // -lr
  T momentum, undamped /* 1 - dampening */, decay;
  bool nesterov, maximize, first;  // first: the buffer becomes the gradient
};
template <class T>
struct SgdTensor {
  T* param;
  const T* grad;
  T* buffer;  // null without momentum
  int64_t count;
};

template <class T>
struct AdamStep {
  T lerp;  // 1 - beta1
  T beta2, rest2 /* 1 - beta2 */, eps;
  T decay;   // added to the gradient, times the parameter
  T shrink;  // the parameter is multiplied by it
  T rate;    // -lr / (1 - beta1^t)
  T root2;   // sqrt(1 - beta2^t)
  bool maximize;
};
template <class T>
struct AdamTensor {
  T* param;
  const T* grad;
  T* mean;
  T* square;
  T* largest;  // null without amsgrad
  int64_t count;
  AdamStep<T> step;
};

template <class T>
struct OptimLoops {
  // Elements [first, last) of one tensor.
  void (*sgd)(const SgdTensor<T>& t, const SgdStep<T>& step, int64_t first, int64_t last);
  void (*adam)(const AdamTensor<T>& t, int64_t first, int64_t last);
};
struct OptimTable {
  OptimLoops<float> of_float;
  OptimLoops<double> of_double;
};
const OptimTable& optim_table();

template <class T>
void sgd(std::span<const SgdTensor<T>> tensors, const SgdStep<T>& step);
template <class T>
void adam(std::span<const AdamTensor<T>> tensors);

}  // namespace rl::cpu
