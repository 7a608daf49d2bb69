// Autograd's side of a tensor: leaf or result, gradient, hooks, and what a view is a view of.
#pragma once

#include "core/autograd/node.h"

namespace rl {

// Note [Versions]
// Every in-place write adds one to the version counter that a tensor shares with its views. Saving
// a tensor for backward notes the version; a different one at backward time is an error. A view
// also notes the version at which its `grad_fn` was set: when the base was written since, the
// view's history is remade from the base's on the next look.

// How a differentiable view came to be; all but Default forbid writing through it.
enum class ViewKind : uint8_t { Default, NoGrad, MultiOutput, Custom, Inference };

struct AutogradMeta final : TensorExtension {
  ~AutogradMeta() override {
    if (self_cell) *self_cell = nullptr;
  }

  bool requires_grad = false;  // set by the user on a leaf
  bool retains_grad = false;
  ViewKind view_kind = ViewKind::Default;
  uint32_t output_nr = 0;
  uint32_t attr_version = 0;
  Ptr<Node> grad_fn;
  std::atomic<Node*> accumulator{nullptr};  // weak: the accumulator holds the tensor
  Ptr<Node> borrowed_accumulator;           // of the leaf whose unpacked copy this is
  std::shared_ptr<TensorImpl*> self_cell;   // lets hooks of grad_fn refer to the tensor weakly
  Tensor grad;
  Tensor base;                     // defined for differentiable views
  HookList hooks;                  // of a leaf
  HookList post_accumulate_hooks;  // of a leaf
};

inline AutogradMeta* autograd_meta(const Tensor& t) {
  return static_cast<AutogradMeta*>(t.impl()->autograd.get());
}
AutogradMeta& make_autograd_meta(const Tensor& t);

// True for leaves that ask for a gradient, for results of recorded operations, and for their views.
inline bool requires_grad(const Tensor& t) {
  const AutogradMeta* meta = autograd_meta(t);
  if (!meta) return false;
  if (meta->requires_grad || meta->grad_fn) return true;
  return meta->base.defined() && requires_grad(meta->base);
}
inline bool is_leaf(const Tensor& t) {
  const AutogradMeta* meta = autograd_meta(t);
  return !meta || !meta->grad_fn;
}
inline bool is_view(const Tensor& t) {
  const AutogradMeta* meta = autograd_meta(t);
  return meta && meta->base.defined();
}

void set_requires_grad(const Tensor& t, bool value);
// Null for leaves. Remakes the history of a view whose base was written.
Ptr<Node> grad_fn(const Tensor& t);
// The node that adds gradients to a leaf's `.grad`, one a leaf.
Ptr<Node> grad_accumulator(const Tensor& t);
// Called by a dying accumulator.
void forget_accumulator(const Tensor& t, Node* node);
// Where the gradient of `t` goes; empty when it needs none.
Edge gradient_edge(const Tensor& t);
// Makes `t` the output `slot` of `node` (first recording of a fresh result).
void set_history(const Tensor& t, const Ptr<Node>& node);
// The same after an in-place write into `t`, views included. `edge` of the node is the one that
// leads to what `t` was before.
void rebase_history(const Tensor& t, Ptr<Node> node, size_t edge = 0);
// Counts a write into `t` by the operation `writer` (text that lives as long as the program).
void note_write(const Tensor& t, const char* writer, WriteForm form = WriteForm::Named);
// Refuses in-place writes autograd cannot express.
void check_inplace(const Tensor& t, bool needs_grad);
// Records that `view` shares memory with `base` (or with what `base` is a view of).
void set_view(const Tensor& view, const Tensor& base, ViewKind kind);
// Shares data and version, drops history.
Tensor detach(const Tensor& t);
// Drops the history of `t` itself.
void drop_history(const Tensor& t);
// Shares data only (`.data`).
Tensor variable_data(const Tensor& t);
void add_tensor_hook(const Tensor& t, std::shared_ptr<NodeHook> hook);
void retain_grad(const Tensor& t);

// The few differentiable operations autograd itself needs, installed by core/op.
struct GradOps {
  Tensor (*add)(const Tensor&, const Tensor&);
  void (*add_)(const Tensor& self, const Tensor& other);
  Tensor (*sum_to_size)(const Tensor&, IntList);
  Tensor (*cast)(const Tensor&, Dtype);
  Tensor (*clone)(const Tensor&);
  bool (*has_nan)(const Tensor&);
  // d/d(base) of base.as_strided(...), as a node on top of `next`.
  Ptr<Node> (*as_strided_node)(const Tensor& base, const Tensor& view);
  // Applies `fn` to the part of the base's gradient that `view` covers; `edge` of `fn` leads to the
  // view as it was.
  Ptr<Node> (*copy_slices_node)(const Tensor& base, const Tensor& view, Ptr<Node> fn, size_t edge);
  // A copy of `t` in memory laid out by `strides`.
  Tensor (*lay_out_like)(const Tensor& t, IntList strides);
};
extern GradOps grad_ops;

}  // namespace rl
