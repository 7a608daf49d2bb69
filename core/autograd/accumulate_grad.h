// The last node of every path: adds the gradient to a leaf's `.grad`.
#pragma once

#include "core/autograd/variable.h"

namespace rl {

class AccumulateGrad final : public Node {
 public:
  explicit AccumulateGrad(const Tensor& leaf);
  ~AccumulateGrad() override;
  TensorVec apply(TensorVec&& grads) override;
  std::string name() const override { return "torch::autograd::AccumulateGrad"; }
  bool is_accumulator() const override { return true; }

  const Tensor variable;
};

}  // namespace rl
