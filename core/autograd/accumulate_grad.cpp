// Accumulation into `.grad`, safe from several threads at once.
#include "core/autograd/accumulate_grad.h"

#include <limits>
#include <mutex>

#include "core/autograd/grad_mode.h"

namespace rl {
namespace {
// Few locks for many leaves: a leaf's address picks one.
std::mutex& lock_for(const TensorImpl* impl) {
  static std::mutex locks[64];
  return locks[(reinterpret_cast<uintptr_t>(impl) / kAlignment) % 64];
}
}  // namespace

AccumulateGrad::AccumulateGrad(const Tensor& leaf) : variable(leaf) {
  sequence = std::numeric_limits<uint64_t>::max();
  add_slot(leaf);
}

AccumulateGrad::~AccumulateGrad() { forget_accumulator(variable, this); }

TensorVec AccumulateGrad::apply(TensorVec&& grads) {
  Tensor grad = std::move(grads[0]);
  if (!grad.defined()) return {};
  AutogradMeta& meta = *autograd_meta(variable);
  {
    const std::lock_guard lock(lock_for(variable.impl()));
    if (!meta.grad.defined()) {
      // Taking the buffer saves a copy when nobody else can see it.
      const bool sole = !thread_state().grad_enabled && grad.ptr()->use_count() == 1 &&
                        grad.storage()->use_count() == 1 && grad.is_contiguous() &&
                        !is_view(grad);
      meta.grad = sole ? grad : grad_ops.clone(thread_state().grad_enabled ? grad : detach(grad));
    } else if (!thread_state().grad_enabled && !requires_grad(meta.grad)) {
      grad_ops.add_(meta.grad, grad);
    } else {
      meta.grad = grad_ops.add(meta.grad, grad);
    }
  }
  for (const auto& hook : std::vector(meta.post_accumulate_hooks)) {
    TensorVec argument{variable};
    hook->run(argument, nullptr);
  }
  return {};
}

}  // namespace rl
