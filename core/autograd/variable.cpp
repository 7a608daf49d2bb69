// History of tensors: setting it, rebasing it after in-place writes, remaking it for views.
#include "core/autograd/variable.h"

#include <mutex>

#include "core/autograd/accumulate_grad.h"
#include "core/autograd/engine.h"
#include "core/autograd/grad_mode.h"
#include "core/base/fork.h"

namespace rl {

GradOps grad_ops{};

AutogradMeta& make_autograd_meta(const Tensor& t) {
  TensorImpl* impl = t.impl();
  if (!impl->autograd) impl->autograd = std::make_unique<AutogradMeta>();
  return *autograd_meta(t);
}

void set_requires_grad(const Tensor& t, bool value) {
  RL_CHECK(!value || is_differentiable(t.dtype()),
           "Only Tensors of floating point and complex dtype can require gradients");
  if (!value && !autograd_meta(t)) return;
  RL_CHECK(!(value && t.impl()->inference && !thread_state().inference),
           "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.");
  make_autograd_meta(t).requires_grad = value;
}

namespace {

// Refuses to rewrite the history of a view that must keep the one it has. `indirect`: its base or
// another view of it was written, not the view itself.
void check_rewritable(const AutogradMeta& meta, bool indirect) {
  if (meta.view_kind == ViewKind::Default) return;
  std::string subject;
  if (meta.grad_fn)
    subject = str("Output ", static_cast<int64_t>(meta.output_nr), " of ",
                  operation_name(*meta.grad_fn), " is a view and ");
  else
    subject =
        str("A view was created in ",
            meta.view_kind == ViewKind::Inference ? "inference mode" : "no_grad mode", " and ");
  subject += indirect ? "its base or another view of its base has been modified inplace"
                      : "is being modified inplace";
  const char* reason = "";
  switch (meta.view_kind) {
    case ViewKind::MultiOutput:
      reason =
          ". This view is the output of a function that returns multiple views. Such functions "
          "do not allow the output views to be modified inplace. You should replace the inplace "
          "operation by an out-of-place one.";
      break;
    case ViewKind::Custom:
      reason =
          ". This view was created inside a custom Function (or because an input was returned "
          "as-is), whose backward would be lost: clone the output of the custom Function first.";
      break;
    default:
      reason =
          " with grad mode enabled. It is unclear whether the write is to be recorded: put both "
          "the view and the write inside the block, or both outside.";
      break;
  }
  fail(ErrorType::Runtime, subject, reason);
}

constinit ForkMutex view_mutex;         // while a view's history is remade
constinit ForkMutex accumulator_mutex;  // between finding a live accumulator and its death

// The hooks that store `.grad` follow the tensor to its new node.
void move_retain_hooks(AutogradMeta& meta, Node* from, uint32_t from_slot, Node& to);

}  // namespace

Ptr<Node> grad_fn(const Tensor& t) {
  AutogradMeta* meta = autograd_meta(t);
  if (!meta) return nullptr;
  if (meta->base.defined() && meta->attr_version != t.version() &&
      (meta->grad_fn || requires_grad(meta->base))) {
    check_rewritable(*meta, true);
    // Made outside the lock: in anomaly mode a new node waits for Python.
    Ptr<Node> node = grad_ops.as_strided_node(meta->base, t);
    const uint32_t slot = node->add_slot(t);
    const std::lock_guard lock(view_mutex);
    if (meta->attr_version == t.version()) return meta->grad_fn;
    move_retain_hooks(*meta, meta->grad_fn.get(), meta->output_nr, *node);
    meta->output_nr = slot;
    meta->grad_fn = std::move(node);
    meta->attr_version = t.version();
  }
  return meta->grad_fn;
}

void forget_accumulator(const Tensor& t, Node* node) {
  const std::lock_guard lock(accumulator_mutex);
  if (AutogradMeta* meta = autograd_meta(t))
    meta->accumulator.compare_exchange_strong(node, nullptr);
}

Ptr<Node> grad_accumulator(const Tensor& t) {
  AutogradMeta* meta = autograd_meta(t);
  if (!meta || meta->grad_fn || !meta->requires_grad) return nullptr;
  if (meta->borrowed_accumulator) return meta->borrowed_accumulator;
  const auto live = [&]() -> Ptr<Node> {
    Node* node = meta->accumulator.load();
    return node && node->try_retain() ? Ptr<Node>::adopt(node) : nullptr;
  };
  {
    const std::lock_guard lock(accumulator_mutex);
    if (Ptr<Node> node = live()) return node;
  }
  // Made outside the lock: in anomaly mode a new node waits for Python.
  Ptr<Node> made = make_node<AccumulateGrad>(t);
  Ptr<Node> node;
  {
    const std::lock_guard lock(accumulator_mutex);
    node = live();
    if (!node) {
      meta->accumulator = made.get();
      node = made;
    }
  }
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

void rebase_history(const Tensor& t, Ptr<Node> node, size_t edge) {
  AutogradMeta& meta = make_autograd_meta(t);
  if (meta.base.defined()) {
    // The base's history absorbs the write; this view's history is remade from it.
    const Tensor base = meta.base;
    node->add_slot(t);
    Ptr<Node> slices = grad_ops.copy_slices_node(base, t, std::move(node), edge);
    AutogradMeta& base_meta = make_autograd_meta(base);
    const uint32_t slot = slices->add_slot(base);
    move_retain_hooks(base_meta, base_meta.grad_fn.get(), base_meta.output_nr, *slices);
    base_meta.output_nr = slot;
    base_meta.grad_fn = std::move(slices);
    base_meta.requires_grad = false;
    base_meta.attr_version = base.version();
    if (meta.attr_version == t.version()) --meta.attr_version;  // stale on purpose
    grad_fn(t);
    return;
  }
  const uint32_t slot = node->add_slot(t);
  move_retain_hooks(meta, meta.grad_fn.get(), meta.output_nr, *node);
  meta.output_nr = slot;
  meta.grad_fn = std::move(node);
  meta.requires_grad = false;
  meta.attr_version = t.version();
}

void note_write(const Tensor& t, const char* writer, WriteForm form) {
  VersionCounter& counter = *t.impl()->shared_version();
  counter.bump(writer, form);
  if (thread_state().anomaly && engine_callbacks.program_line) [[unlikely]]
    counter.note_place(engine_callbacks.program_line());
}

void check_inplace(const Tensor& t, bool needs_grad) {
  RL_CHECK(!t.impl()->inference || thread_state().inference,
           "Inplace update to inference tensor outside InferenceMode is not allowed. "
           "You can make a clone to get a normal tensor before doing inplace update. "
           "See https://github.com/pytorch/rfcs/pull/17 for more details.");
  AutogradMeta* meta = autograd_meta(t);
  if (!needs_grad || !meta) return;
  if (meta->base.defined()) {
    check_rewritable(*meta, false);
    RL_CHECK(
        !(requires_grad(t) && is_leaf(meta->base)),
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

void drop_history(const Tensor& t) {
  AutogradMeta* meta = autograd_meta(t);
  if (!meta) return;
  RL_CHECK(!meta->base.defined(), "Can't detach views in-place. Use detach() instead.");
  meta->requires_grad = false;
  meta->grad_fn = nullptr;
  meta->output_nr = 0;
}

Tensor variable_data(const Tensor& t) { return alias(t); }

namespace {

// Stores the gradient that reaches a non-leaf into its `.grad`, holding the tensor weakly: the hook
// belongs to the tensor's own grad_fn.
struct RetainGradHook final : NodeHook {
  explicit RetainGradHook(std::shared_ptr<TensorImpl*> cell) : cell_(std::move(cell)) {}
  void run(TensorVec& grads, const TensorVec*) override {
    const Tensor& grad = grads[0];
    if (!grad.defined() || !*cell_ || !(*cell_)->try_retain()) return;
    const Tensor t(Ptr<TensorImpl>::adopt(*cell_));
    AutogradMeta& meta = *autograd_meta(t);
    meta.grad = meta.grad.defined() ? grad_ops.add(meta.grad, grad) : grad_ops.clone(grad);
  }
  std::shared_ptr<TensorImpl*> cell_;
};

HookList& hooks_of(std::vector<HookList>& by_output, size_t slot) {
  if (by_output.size() <= slot) by_output.resize(slot + 1);
  return by_output[slot];
}

void move_retain_hooks(AutogradMeta& meta, Node* from, uint32_t from_slot, Node& to) {
  if (!meta.retains_grad || !from || !from->hooks_) return;
  auto& by_output = from->hooks_->retain_grad;
  if (by_output.size() <= from_slot) return;
  const HookList old = std::exchange(by_output[from_slot], {});
  for (const auto& hook : old) {
    const bool ours = static_cast<RetainGradHook&>(*hook).cell_ == meta.self_cell;
    add_hook(ours ? hooks_of(to.hooks().retain_grad, to.slots.size() - 1) : by_output[from_slot],
             hook);
  }
}

}  // namespace

void add_tensor_hook(const Tensor& t, std::shared_ptr<NodeHook> hook) {
  RL_CHECK(requires_grad(t), "cannot register a hook on a tensor that doesn't require gradient");
  if (const Ptr<Node> node = grad_fn(t))
    add_hook(hooks_of(node->hooks().tensor, autograd_meta(t)->output_nr), std::move(hook));
  else
    add_hook(autograd_meta(t)->hooks, std::move(hook));
}

void retain_grad(const Tensor& t) {
  RL_CHECK(requires_grad(t), "can't retain_grad on Tensor that has requires_grad=False");
  const Ptr<Node> node = grad_fn(t);
  AutogradMeta& meta = *autograd_meta(t);
  if (!node || meta.retains_grad) return;
  meta.retains_grad = true;
  if (!meta.self_cell) meta.self_cell = std::make_shared<TensorImpl*>(t.impl());
  add_hook(hooks_of(node->hooks().retain_grad, meta.output_nr),
           std::make_shared<RetainGradHook>(meta.self_cell));
}

}  // namespace rl
