// The operations autograd asks for: accumulating and reducing gradients, in-place writes to views.
#include "core/ops/autograd_ops.h"

#include "core/autograd/grad_mode.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

// History of a base after an in-place write through one of its views: outside the view the gradient
// passes unchanged, inside it goes through the written operation.
class CopySlices final : public Node {
 public:
  CopySlices(const Tensor& base, const Tensor& view, Ptr<Node> fn)
      : base_{base.sizes(), base.strides(), base.offset(), base.dtype(), base.device()},
        view_{view.sizes(), view.strides(), view.offset(), view.dtype(), view.device()},
        fn_(std::move(fn)) {
    edges = fn_->edges;
    if (edges.empty()) edges.emplace_back();
    edges[0] = gradient_edge(base);
  }
  std::string name() const override { return "CopySlices"; }
  void release_saved() override { fn_->release_saved(); }

  TensorVec apply(TensorVec&& grads) override {
    if (!grads[0].defined()) return TensorVec(edges.size());
    const Tensor whole = ops::_lay_out_like(grads[0], base_.strides);
    const bool parts = view_.dtype != base_.dtype;  // real numbers within complex ones
    const int64_t at = view_.offset - (parts ? 2 : 1) * base_.offset;
    const Tensor slice = ops::as_strided(parts ? ops::view_as_real(whole) : whole, view_.sizes,
                                         view_.strides, at);
    TensorVec out = fn_->apply({ops::clone(slice)});
    out.resize(edges.size());
    if (out[0].defined()) ops::copy_.inplace(slice, out[0]);
    else ops::zero_.inplace(slice);
    out[0] = whole;
    return out;
  }

 private:
  const Geometry base_, view_;
  const Ptr<Node> fn_;
};

Ptr<Node> copy_slices_node(const Tensor& base, const Tensor& view, Ptr<Node> fn) {
  return make_node<CopySlices>(base, view, std::move(fn));
}

Ptr<Node> as_strided_node(const Tensor& base, const Tensor& view) {
  const GradModeGuard on(true);
  const Tensor from = base.is_complex() && !view.is_complex() ? ops::view_as_real(base) : base;
  RL_CHECK(from.dtype() == view.dtype(), "in-place writes through a view of another dtype have no derivative");
  const Value args[] = {from, view.sizes(), view.strides(), view.offset()};
  const Call call{ops::as_strided, args, Mode::Functional, {}, {}};
  return begin_record(call);
}

bool has_nan(const Tensor& t) {
  const GradModeGuard off(false);
  return item(ops::sum(ops::isnan(t))).to_int() != 0;
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
  };
}

}  // namespace rl
