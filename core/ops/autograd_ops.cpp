// The operations autograd asks for: accumulating and reducing gradients, in-place writes to views.
#include "core/ops/autograd_ops.h"

#include "core/autograd/grad_mode.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

// A complex tensor as the real numbers it consists of, and back, where a view looks at it so.
Tensor as_parts(const Tensor& base, Dtype view) {
  if (base.dtype() == view) return base;
  if (base.is_complex() && !is_complex(view)) return ops::view_as_real(base);
  RL_CHECK(!base.is_complex() && is_complex(view),
           "in-place writes through a view of another dtype have no derivative");
  return ops::view_as_complex(base);
}
int64_t offset_in(const TensorGeometry& base, Dtype view) {
  if (base.dtype == view) return base.offset;
  return is_complex(view) ? base.offset / 2 : base.offset * 2;
}

// History of a base after an in-place write through one of its views: outside the view the gradient
// passes unchanged, inside it goes through the written operation.
class CopySlices final : public Node {
 public:
  CopySlices(const Tensor& base, const Tensor& view, Ptr<Node> fn, size_t edge)
      : base_{base.sizes(), base.strides(), base.offset(), base.dtype(), base.device()},
        view_{view.sizes(), view.strides(), view.offset(), view.dtype(), view.device()},
        fn_(std::move(fn)),
        edge_(edge) {
    edges = fn_->edges;
    if (edges.size() <= edge_) edges.resize(edge_ + 1);
    edges[edge_] = gradient_edge(base);
    if (auto* op = dynamic_cast<OpNode*>(fn_.get())) op->outer = this;
  }
  std::string name() const override { return "torch::autograd::CopySlices"; }
  void release_saved() override {
    fn_->release_saved();
    released_ = true;
  }

  // A saved result of the write is this node's output, seen through the view.
  Ptr<Node> history_of(const Tensor& t, uint32_t& slot) override {
    const Tensor base = alias(t, base_.sizes, base_.strides, base_.offset);
    AutogradMeta& meta = make_autograd_meta(base);
    meta.grad_fn = Ptr<Node>::share(this);
    Ptr<Node> node =
        grad_ops.as_strided_node(base, alias(t, view_.sizes, view_.strides, view_.offset));
    slot = node->add_slot(t);
    return node;
  }

  TensorVec apply(TensorVec&& grads) override {
    if (released_) fail_backward_twice();
    if (!grads[0].defined()) return TensorVec(edges.size());
    Tensor whole = ops::_lay_out_like(grads[0], base_.strides);
    const Tensor seen = as_parts(whole, view_.dtype);
    const Tensor slice = ops::as_strided(seen, view_.sizes, view_.strides,
                                         view_.offset - offset_in(base_, view_.dtype));
    TensorVec out = fn_->apply({ops::clone(slice)});
    out.resize(edges.size());
    if (edges[edge_]) {
      if (out[edge_].defined())
        ops::copy_.inplace(slice, out[edge_]);
      else
        ops::zero_.inplace(slice);
      out[edge_] = std::move(whole);
    }
    return out;
  }

 private:
  const TensorGeometry base_, view_;
  const Ptr<Node> fn_;
  const size_t edge_;
  std::atomic<bool> released_{false};
};

Ptr<Node> copy_slices_node(const Tensor& base, const Tensor& view, Ptr<Node> fn, size_t edge) {
  return make_node<CopySlices>(base, view, std::move(fn), edge);
}

Ptr<Node> as_strided_node(const Tensor& base, const Tensor& view) {
  const GradModeGuard on(true);
  const Tensor from = as_parts(base, view.dtype());
  const Value args[] = {from, view.sizes(), view.strides(), view.offset()};
  const Call call{ops::as_strided, args, Mode::Functional, {}, {}};
  return begin_record(call);
}

bool has_nan(const Tensor& t) {
  const GradModeGuard off(false);
  return is_differentiable(t.dtype()) && item(ops::any(ops::isnan(t))).to_bool();
}

}  // namespace

void install_autograd_ops() {
  grad_ops = {
      .add = [](const Tensor& a, const Tensor& b) { return ops::add(a, b); },
      .add_ = [](const Tensor& a, const Tensor& b) { ops::add.inplace(a, b); },
      .sum_to_size = [](const Tensor& t, IntList sizes) { return ops::sum_to_size(t, sizes); },
      .cast = [](const Tensor& t, Dtype d) { return ops::_to_dtype(t, d); },
      .clone = [](const Tensor& t) { return ops::clone(t); },
      .has_nan = has_nan,
      .as_strided_node = as_strided_node,
      .copy_slices_node = copy_slices_node,
      .lay_out_like = [](const Tensor& t,
                         IntList strides) { return ops::_lay_out_like(t, strides); },
  };
}

}  // namespace rl
