// Normalisation kernels. Data is float or double, all of one dtype and dense; undefined tensors are
// options not taken. Statistics are merged in double.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

// x is (batch, channels, inner), or (batch * inner, channels) where channels_last.
struct BatchShape {
  int64_t batch, channels, inner;
  bool channels_last;
};

struct BatchNorm {
  Tensor weight, bias, running_mean, running_var;
  bool training;
  double momentum, eps;
};

// Fills y and, in training, mean and invstd (one a channel), and updates the running statistics.
void batch_norm(const BatchShape& shape, const BatchNorm& norm, const Tensor& x, const Tensor& y,
                const Tensor& mean, const Tensor& invstd);
// mean and invstd are those that forward normalised with.
void batch_norm_backward(const BatchShape& shape, const Tensor& dy, const Tensor& x,
                         const Tensor& weight, const Tensor& mean, const Tensor& invstd,
                         bool training, const Tensor& dx, const Tensor& dweight,
                         const Tensor& dbias);

// Layer norm over rows of `length`; an undefined mean makes it RMS norm.
void row_norm(int64_t rows, int64_t length, const Tensor& x, const Tensor& weight,
              const Tensor& bias, double eps, const Tensor& y, const Tensor& mean,
              const Tensor& rstd);
void row_norm_backward(int64_t rows, int64_t length, const Tensor& dy, const Tensor& x,
                       const Tensor& weight, const Tensor& mean, const Tensor& rstd,
                       const Tensor& dx, const Tensor& dweight, const Tensor& dbias);

// x is (batch, groups, width, inner) and parameters (groups * width).
struct GroupShape {
  int64_t batch, groups, width, inner;
};
void group_norm(const GroupShape& shape, const Tensor& x, const Tensor& weight, const Tensor& bias,
                double eps, const Tensor& y, const Tensor& mean, const Tensor& rstd);
void group_norm_backward(const GroupShape& shape, const Tensor& dy, const Tensor& x,
                         const Tensor& weight, const Tensor& mean, const Tensor& rstd,
                         const Tensor& dx, const Tensor& dweight, const Tensor& dbias);

template <class T>
T* data_or_null(const Tensor& t) {
  return t.defined() ? t.data<T>() : nullptr;
}

}  // namespace rl::cpu
