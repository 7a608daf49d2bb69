// Saving and checking tensors for backward.
#include "core/autograd/saved_tensor.h"

#include "core/autograd/grad_mode.h"

namespace rl {

std::shared_ptr<SavedTensorHooks>& saved_tensor_hooks() {
  static thread_local std::shared_ptr<SavedTensorHooks> hooks;
  return hooks;
}

void fail_backward_twice() {
  fail(ErrorType::Runtime,
       "Trying to backward through the graph a second time (or directly access saved tensors after "
       "they have already been freed). Saved intermediate values of the graph are freed when you "
       "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
       "through the graph a second time or if you need to access saved tensors after calling "
       "backward.");
}

SavedTensor::SavedTensor(const Tensor& t, bool is_output) : is_output_(is_output) {
  if (!t.defined()) return;
  was_defined_ = true;
  version_ = t.version();
  if (const AutogradMeta* meta = autograd_meta(t)) {
    output_nr_ = meta->output_nr;
    requires_grad_ = meta->requires_grad || meta->grad_fn;
  }
  data_ = t;
  if (is_output) {
    data_ = alias(t);
    data_.impl()->version_counter = t.impl()->shared_version();
  }
  if (saved_tensor_hooks()) {
    hooks_ = saved_tensor_hooks();
    counter_ = t.impl()->shared_version();
    packed_ = hooks_->pack(is_output ? data_ : t);
    data_ = {};
  }
}

Tensor SavedTensor::unpack(const Ptr<Node>& owner) const {
  if (!was_defined_) return {};
  if (released_) fail_backward_twice();
  Tensor t = hooks_ ? hooks_->unpack(packed_) : data_;
  if (!hooks_) {
    const uint32_t now = t.version();
    if (now != version_) {
      const Ptr<Node> by = is_output_ ? owner : grad_fn(t);
      const uint32_t nr = is_output_ ? output_nr_ : (autograd_meta(t) ? autograd_meta(t)->output_nr : 0);
      fail(ErrorType::Runtime,
           "one of the variables needed for gradient computation has been modified by an inplace "
           "operation: [torch.",
           legacy_name(t.dtype()), "Tensor ", IntList(t.sizes()), "]",
           by ? str(", which is output ", static_cast<int64_t>(nr), " of ", by->name(), ",")
              : std::string(),
           " is at version ", static_cast<int64_t>(now), "; expected version ",
           static_cast<int64_t>(version_), " instead. Hint: ",
           thread_state().anomaly
               ? "the backtrace further above shows the operation that failed to compute its "
                 "gradient. The variable in question was changed in there or anywhere later. Good "
                 "luck!"
               : "enable anomaly detection to find the operation that failed to compute its "
                 "gradient, with torch.autograd.set_detect_anomaly(True).");
    }
  }
  if (is_output_ && requires_grad_ && owner) {
    // The history goes back on: this very node.
    Tensor out = alias(t);
    out.impl()->version_counter = t.impl()->version_counter;
    AutogradMeta& meta = make_autograd_meta(out);
    meta.grad_fn = owner;
    meta.output_nr = output_nr_;
    meta.attr_version = out.version();
    return out;
  }
  return t;
}

}  // namespace rl
