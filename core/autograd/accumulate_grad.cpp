// Accumulation into `.grad`, safe from several threads at once.
#include "core/autograd/accumulate_grad.h"

#include <limits>
#include <mutex>

#include "core/autograd/grad_mode.h"
#include "core/base/fork.h"

namespace rl {
namespace {
// Few locks for many leaves: a leaf's address picks one.
ForkMutex& lock_for(const TensorImpl* impl) {
  static constinit ForkMutex locks[64];
  return locks[(reinterpret_cast<uintptr_t>(impl) / kAlignment) % 64];
}

// A gradient lies in memory as its leaf does, where the leaf is dense, else row by row.
bool laid_out_like(const Tensor& grad, const Tensor& leaf) {
  if (!is_non_overlapping_and_dense(leaf.sizes(), leaf.strides())) return grad.is_contiguous();
  for (size_t i = 0; i < leaf.sizes().size(); ++i)
    if (leaf.sizes()[i] != 1 && leaf.strides()[i] != grad.strides()[i]) return false;
  return true;
}

// Whether nobody else can see the buffer: neither through this tensor nor through what it views.
bool is_sole_owner(const Tensor& grad) {
  if (grad.ptr()->use_count() != 1) return false;
  if (!is_view(grad)) return grad.storage()->use_count() == 1;
  const Tensor& base = autograd_meta(grad)->base;
  return base.ptr()->use_count() == 1 && grad.storage()->use_count() == 2 &&
         base.numel() == grad.numel();
}

Tensor own_copy(const Tensor& grad, const Tensor& leaf) {
  const Tensor from = thread_state().grad_enabled ? grad : detach(grad);
  if (is_non_overlapping_and_dense(leaf.sizes(), leaf.strides()))
    return laid_out_like(from, leaf) ? grad_ops.clone(from)
                                     : grad_ops.lay_out_like(from, leaf.strides());
  return grad_ops.lay_out_like(from, contiguous_strides(leaf.sizes()));
}

}  // namespace

AccumulateGrad::AccumulateGrad(const Tensor& leaf) : variable(leaf) {
  sequence = std::numeric_limits<uint64_t>::max();
  add_slot(leaf);
}

AccumulateGrad::~AccumulateGrad() { forget_accumulator(variable, this); }

TensorVec AccumulateGrad::apply(TensorVec&& grads) {
  Tensor grad = std::move(grads[0]);
  if (!grad.defined() || !requires_grad(variable)) return {};
  AutogradMeta& meta = *autograd_meta(variable);
  {
    const std::lock_guard lock(lock_for(variable.impl()));
    if (!meta.grad.defined()) {
      // Taking the buffer saves a copy.
      if (!thread_state().grad_enabled && is_sole_owner(grad) && laid_out_like(grad, variable))
        meta.grad = autograd_meta(grad) ? alias(grad) : std::move(grad);
      else
        meta.grad = own_copy(grad, variable);
    } else if (!thread_state().grad_enabled) {
      grad_ops.add_(meta.grad, grad);
    } else {
      meta.grad = grad_ops.add(meta.grad, grad);
    }
  }
  if (meta.post_accumulate_hooks.empty()) return {};
  for (const auto& hook : copy_hooks(meta.post_accumulate_hooks)) {
    TensorVec argument{variable};
    hook->run(argument, nullptr);
  }
  return {};
}

}  // namespace rl
