// Saving and checking tensors for backward.
#include "core/autograd/saved_tensor.h"

#include "core/autograd/grad_mode.h"

namespace rl {
namespace {

// Held for a few instructions: releasing a graph may race with another thread's backward over it.
class SpinGuard {
 public:
  explicit SpinGuard(std::atomic<bool>& flag) : flag_(flag) {
    while (flag_.exchange(true, std::memory_order_acquire)) {
    }
  }
  ~SpinGuard() { flag_.store(false, std::memory_order_release); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

struct SavedTensor::Packed {
  std::shared_ptr<SavedTensorHooks> hooks;
  std::shared_ptr<void> object;
  // Where the gradient of an input goes; an output's is its owner's.
  Edge history;
};

std::shared_ptr<SavedTensorHooks>& saved_tensor_hooks() {
  static thread_local std::shared_ptr<SavedTensorHooks> hooks;
  return hooks;
}

std::shared_ptr<const std::string>& saved_tensor_hooks_refusal() {
  static thread_local std::shared_ptr<const std::string> text;
  return text;
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
  RL_CHECK(!t.impl()->inference,
           "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
           "inference mode in computation tracked by autograd. To work around this, you can make a "
           "clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead "
           "of `torch.inference_mode()`.");
  defined_ = true;
  version_ = t.version();
  if (const AutogradMeta* meta = autograd_meta(t)) {
    output_nr_ = meta->output_nr;
    is_leaf_ = !meta->grad_fn;
    requires_grad_ = rl::requires_grad(t);
  }
  data_ = is_output ? detach(t) : t;
  if (saved_tensor_hooks()) [[unlikely]]
    pack(saved_tensor_hooks(), t);
}

SavedTensor::SavedTensor(SavedTensor&& o) noexcept { *this = std::move(o); }

SavedTensor& SavedTensor::operator=(SavedTensor&& o) noexcept {
  data_ = std::move(o.data_);
  packed_ = std::move(o.packed_);
  version_ = o.version_;
  output_nr_ = o.output_nr_;
  is_output_ = o.is_output_;
  is_leaf_ = o.is_leaf_;
  requires_grad_ = o.requires_grad_;
  defined_ = o.defined_;
  released_ = o.released_;
  return *this;
}

void SavedTensor::pack(std::shared_ptr<SavedTensorHooks> hooks, const Tensor& t) {
  auto packed = std::make_shared<Packed>();
  if (!is_output_ && requires_grad_) packed->history = gradient_edge(data_);
  const GradModeGuard no_grad(false);
  const uint32_t before = data_.version();
  packed->object = hooks->pack(t, is_output_);
  RL_CHECK(data_.version() == before,
           "A saved tensor pack hook is modifying its input in place. Tensors provided as input to "
           "pack hook can not be modified by in-place operations as this can lead to unexpected "
           "side-effects. Please open an issue if you need to perform in-place operations on the "
           "input to a pack hook.");
  packed->hooks = std::move(hooks);
  packed_ = std::move(packed);
  data_ = {};
}

void SavedTensor::register_hooks(std::shared_ptr<SavedTensorHooks> hooks) {
  RL_CHECK(!packed_,
           "Calling register_hooks on a saved tensor whose hooks have already been set. "
           "Hint: only one pair of hooks is allowed at a time.");
  if (released_) fail_backward_twice();
  RL_CHECK(defined_, "Calling register_hooks on a saved tensor with value None is forbidden");
  pack(std::move(hooks), Tensor(data_));
}

void SavedTensor::reset() {
  Tensor data;
  std::shared_ptr<Packed> packed;
  const SpinGuard guard(busy_);
  std::swap(data, data_);
  packed.swap(packed_);
  released_ = true;
  if (!defined_) defined_ = true;  // what held nothing is refused from now on as well
}

namespace {

// Names the operation that saved a tensor at version `saved` and the one that wrote it since, with
// their lines as far as anomaly mode saw them.
std::string who_clashed(const Node* owner, const VersionCounter& counter, uint32_t saved) {
  const auto at = [](const std::string& place) {
    return place.empty() ? std::string() : ", at " + place;
  };
  const uint32_t now = counter.current();
  const VersionCounter::PlacedWrite write = counter.first_place_after(saved);
  const std::string saved_at = owner && owner->trace ? owner->trace->place : std::string();
  std::string text;
  if (owner) {
    std::string operation = owner->operation();
    if (operation.starts_with('_')) operation = operation_name(*owner);  // not a public name
    text += str("\n  saved by: ", operation, " (", owner->name(), ")", at(saved_at));
  }
  text += str("\n  then changed by: ", write.place.empty() ? counter.last_writer() : write.writer);
  if (now > saved + 1) {
    const uint32_t which = write.place.empty() ? now - saved : write.version - saved;
    text += str(" (write ", static_cast<int64_t>(which), " of ", static_cast<int64_t>(now - saved),
                " since)");
  }
  text += at(write.place);
  if (saved_at.empty() || write.place.empty())
    text +=
        "\n  Run forward and backward under autograd.set_detect_anomaly(True) to see the lines of "
        "both.";
  return text;
}

}  // namespace

void SavedTensor::check_version(const Tensor& t, Node* owner) const {
  const uint32_t now = t.version();
  if (now == version_) [[likely]]
    return;
  // Indices, say, are an output of no node.
  const Ptr<Node> made_by = !is_output_                    ? grad_fn(t)
                            : is_differentiable(t.dtype()) ? Ptr<Node>::share(owner)
                                                           : nullptr;
  fail(ErrorType::Runtime,
       "one of the variables needed for gradient computation has been modified by an inplace "
       "operation: [torch.",
       legacy_name(t.dtype()), "Tensor ", IntList(t.sizes()), "]",
       made_by ? str(", which is output ", static_cast<int64_t>(output_nr_), " of ",
                     operation_name(*made_by), ",")
               : std::string(),
       " is at version ", static_cast<int64_t>(now), "; expected version ",
       static_cast<int64_t>(version_), " instead. Hint: ",
       thread_state().anomaly
           ? "the backtrace further above shows the operation that failed to compute its "
             "gradient. The variable in question was changed in there or anywhere later. Good "
             "luck!"
           : "enable anomaly detection to find the operation that failed to compute its "
             "gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).",
       who_clashed(owner, *t.impl()->shared_version(), version_));
}

Tensor SavedTensor::unpack(Node* owner) const {
  if (!defined_) return {};
  Tensor data;
  std::shared_ptr<Packed> packed;
  bool released;
  {
    const SpinGuard guard(busy_);
    released = released_;
    data = data_;
    packed = packed_;
  }
  if (released) fail_backward_twice();
  if (!packed) {
    check_version(data, owner);
    if (!is_output_) {
      RL_CHECK(
          is_leaf_ || autograd_meta(data)->grad_fn,
          "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_(). "
          "This is not supported, please use out-of-place `.detach()` instead");
      return data;
    }
  } else {
    data = packed->hooks->unpack(packed->object);
  }
  if (!requires_grad_) return data;
  // The history goes back on, for derivatives of derivatives.
  Tensor out = detach(data);
  AutogradMeta& meta = make_autograd_meta(out);
  if (is_output_) {
    meta.output_nr = output_nr_;
    if (owner) meta.grad_fn = owner->history_of(out, meta.output_nr);
  } else if (is_leaf_) {
    meta.requires_grad = true;
    meta.borrowed_accumulator = packed->history.node;
  } else {
    meta.grad_fn = packed->history.node;
    meta.output_nr = packed->history.slot;
  }
  meta.attr_version = out.version();
  return out;
}

}  // namespace rl
