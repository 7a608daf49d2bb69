// History of tensors: setting it, rebasing it after in-place writes, remaking it for views.
#include "core/autograd/variable.h"

#include <mutex>

#include "core/autograd/accumulate_grad.h"
#include "core/autograd/grad_mode.h"

namespace rl {

GradOps grad_ops{};

AutogradMeta& make_autograd_meta(const Tensor& t) {
  TensorImpl* impl = t.impl();
  if (!impl->autograd) impl->autograd = std::make_unique<AutogradMeta>();
  return *autograd_meta(t);
}

void set_requires_grad(const Tensor& t, bool value) {
  RL_CHECK(!value || is_differentiable(t.dtype()),
           "only Tensors of floating point and complex dtype can require gradients");
  if (!value && !autograd_meta(t)) return;
  RL_CHECK(!(value && t.impl()->inference && !thread_state().inference),
           "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.");
  make_autograd_meta(t).requires_grad = value;
}

Ptr<Node> grad_fn(const Tensor& t) {
  AutogradMeta* meta = autograd_meta(t);
  if (!meta) return nullptr;
  if (meta->base.defined() && meta->attr_version != t.version() &&
      (meta->grad_fn || requires_grad(meta->base))) {
    RL_CHECK(meta->view_kind != ViewKind::MultiOutput,
             "Output ", static_cast<int64_t>(meta->output_nr),
             " of ", meta->grad_fn ? meta->grad_fn->name() : std::string("a view"),
             " is a view and its base or another view of its base has been modified inplace. "
             "This view is the output of a function that returns multiple views. Such functions do "
             "not allow the output views to be modified inplace. You should replace the inplace "
             "operation by an out-of-place one.");
    if (requires_grad(meta->base)) {
      Ptr<Node> node = grad_ops.as_strided_node(meta->base, t);
      meta->output_nr = node->add_slot(t);
      meta->grad_fn = std::move(node);
    }
    meta->attr_version = t.version();
  }
  return meta->grad_fn;
}

namespace {
std::mutex accumulator_mutex;  // between finding a live accumulator and its death
}

void forget_accumulator(const Tensor& t, Node* node) {
  const std::lock_guard lock(accumulator_mutex);
  if (AutogradMeta* meta = autograd_meta(t)) meta->accumulator.compare_exchange_strong(node, nullptr);
}

Ptr<Node> grad_accumulator(const Tensor& t) {
  AutogradMeta* meta = autograd_meta(t);
  if (!meta || meta->grad_fn || !meta->requires_grad) return nullptr;
  const std::lock_guard lock(accumulator_mutex);
  if (Node* node = meta->accumulator.load(); node && node->try_retain())
    return Ptr<Node>::adopt(node);
  auto node = make_node<AccumulateGrad>(t);
  meta->accumulator = node.get();
  return node;
}

Edge gradient_edge(const Tensor& t) {
  if (!t.defined()) return {};
  if (Ptr<Node> node = grad_fn(t)) return {std::move(node), autograd_meta(t)->output_nr};
  return {grad_accumulator(t), 0};
}

void set_history(const Tensor& t, const Ptr<Node>& node) {
  AutogradMeta& meta = make_autograd_meta(t);
  meta.output_nr = node->add_slot(t);
  meta.grad_fn = node;
  meta.attr_version = t.version();
}

void rebase_history(const Tensor& t, Ptr<Node> node) {
  AutogradMeta& meta = make_autograd_meta(t);
  if (meta.base.defined()) {
    // The base's history absorbs the write; this view's history is remade from it.
    const Tensor base = meta.base;
    node->add_slot(t);
    Ptr<Node> slices = grad_ops.copy_slices_node(base, t, std::move(node));
    AutogradMeta& base_meta = make_autograd_meta(base);
    base_meta.output_nr = slices->add_slot(base);
    base_meta.grad_fn = std::move(slices);
    base_meta.attr_version = base.version();
    if (!meta.grad_fn) meta.attr_version = t.version() - 1;  // stale on purpose
    grad_fn(t);
    return;
  }
  Ptr<Node> before = meta.grad_fn;
  meta.output_nr = node->add_slot(t);
  if (meta.retains_grad && before && before->hooks_) {
    auto& from = before->hooks_->retain_grad;
    auto& to = node->hooks().retain_grad;
    for (auto& [slot, hook] : from) to.emplace_back(meta.output_nr, hook);
    from.clear();
  }
  meta.grad_fn = std::move(node);
  meta.attr_version = t.version();
}

void check_inplace(const Tensor& t, bool needs_grad) {
  RL_CHECK(!t.impl()->inference || thread_state().inference,
           "Inplace update to inference tensor outside InferenceMode is not allowed."
           "You can make a clone to get a normal tensor before doing inplace update."
           "See https://github.com/pytorch/rfcs/pull/17 for more details.");
  AutogradMeta* meta = autograd_meta(t);
  if (!needs_grad || !meta) return;
  if (meta->base.defined()) {
    RL_CHECK(meta->view_kind == ViewKind::Default, "A view was created in ",
             meta->view_kind == ViewKind::NoGrad       ? "no_grad mode"
             : meta->view_kind == ViewKind::Inference  ? "inference mode"
             : meta->view_kind == ViewKind::MultiOutput ? "a function that returns multiple views"
                                                        : "a custom Function",
             " and is being modified inplace with grad mode enabled. This view "
             "does not allow being modified inplace: replace the inplace operation by an "
             "out-of-place one, or clone the view first.");
    RL_CHECK(!(requires_grad(meta->base) && is_leaf(meta->base)),
             "a view of a leaf Variable that requires grad is being used in an in-place operation.");
  }
  RL_CHECK(!(meta->requires_grad && !meta->grad_fn),
           "a leaf Variable that requires grad is being used in an in-place operation.");
}

void set_view(const Tensor& view, const Tensor& base, ViewKind kind) {
  AutogradMeta& meta = make_autograd_meta(view);
  const AutogradMeta* from = autograd_meta(base);
  if (from && from->base.defined()) {
    meta.base = from->base;
    meta.view_kind = kind != ViewKind::Default ? kind : from->view_kind;
  } else {
    meta.base = base;
    meta.view_kind = kind;
  }
  view.impl()->version_counter = base.impl()->shared_version();
  meta.attr_version = view.version();
}

Tensor detach(const Tensor& t) {
  Tensor out = alias(t);
  out.impl()->version_counter = t.impl()->shared_version();
  return out;
}

Tensor variable_data(const Tensor& t) { return alias(t); }

namespace {

// Stores the gradient that reaches a non-leaf into its `.grad`, holding the tensor weakly: the hook
// belongs to the tensor's own grad_fn.
struct RetainGradHook final : NodeHook {
  RetainGradHook(std::shared_ptr<TensorImpl*> cell, uint32_t slot)
      : cell_(std::move(cell)), slot_(slot) {}
  void run(TensorVec& grads, const TensorVec*) override {
    const Tensor& grad = grads[slot_];
    if (!grad.defined() || !*cell_ || !(*cell_)->try_retain()) return;
    const Tensor t(Ptr<TensorImpl>::adopt(*cell_));
    AutogradMeta& meta = *autograd_meta(t);
    meta.grad = meta.grad.defined() ? grad_ops.add(meta.grad, grad) : grad_ops.clone(grad);
  }
  std::shared_ptr<TensorImpl*> cell_;
  uint32_t slot_;
};

}  // namespace

void add_tensor_hook(const Tensor& t, std::shared_ptr<NodeHook> hook) {
  RL_CHECK(requires_grad(t), "cannot register a hook on a tensor that doesn't require gradient");
  if (const Ptr<Node> node = grad_fn(t))
    node->hooks().tensor.emplace_back(autograd_meta(t)->output_nr, std::move(hook));
  else
    autograd_meta(t)->hooks.push_back(std::move(hook));
}

void retain_grad(const Tensor& t) {
  RL_CHECK(requires_grad(t), "can't retain_grad on Tensor that has requires_grad=False");
  const Ptr<Node> node = grad_fn(t);
  AutogradMeta& meta = *autograd_meta(t);
  if (!node || meta.retains_grad) return;
  meta.retains_grad = true;
  if (!meta.self_cell) meta.self_cell = std::make_shared<TensorImpl*>(t.impl());
  node->hooks().retain_grad.emplace_back(
      meta.output_nr, std::make_shared<RetainGradHook>(meta.self_cell, meta.output_nr));
}

}  // namespace rl
