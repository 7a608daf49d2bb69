// Negative log-likelihood: one class per sample, or per point of an image.
#include "core/ops/loss.h"

#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

// (samples, classes, points) over the input, whatever its rank.
struct ClassLayout {
  int64_t samples, classes, points;
};

ClassLayout layout_of(IntList sizes) {
  if (sizes.size() == 1) return {1, sizes[0], 1};
  return {sizes[0], sizes[1], product(sizes.subspan(2))};
}

void check_target(const Tensor& target) {
  RL_CHECK(target.dtype() == Dtype::Int64 || target.dtype() == Dtype::UInt8,
           "expected target dtype to be Long or Byte, but got ", target.dtype());
}

void check_weight(const Tensor& weight, const ClassLayout& l, Dtype dtype) {
  if (!weight.defined()) return;
  RL_CHECK(weight.dim() == 1 && weight.numel() == l.classes,
           "weight tensor should be defined either for all ", l.classes,
           " classes or no classes but got weight tensor of shape: ", IntList(weight.sizes()));
  RL_CHECK(weight.dtype() == dtype, "expected scalar type ", dtype, " but found ", weight.dtype());
}

// Calls f(sample, point, class, weight of the class) for each target that is not ignored.
template <class T, class F>
void for_targets(const Tensor& target, const Tensor& weight, const ClassLayout& l,
                 int64_t ignore_index, F&& f) {
  const Tensor classes = as_contiguous(target, Dtype::Int64);
  const int64_t* const t = classes.data<int64_t>();
  const Tensor held = weight.defined() ? as_contiguous(weight) : Tensor();
  const T* const w = held.defined() ? held.data<T>() : nullptr;
  for (int64_t i = 0; i < l.samples; ++i) {
    for (int64_t p = 0; p < l.points; ++p) {
      const int64_t c = t[i * l.points + p];
      if (c == ignore_index) continue;
      RL_CHECK_INDEX(c >= 0 && c < l.classes, "Target ", c, " is out of bounds.");
      f(i, p, c, w ? static_cast<Compute<T>>(w[c]) : Compute<T>(1));
    }
  }
}

std::array<Tensor, 2> forward(const Tensor& self, const Tensor& target, const Tensor& weight,
                              int64_t reduction, int64_t ignore_index) {
  const ClassLayout l = layout_of(self.sizes());
  check_target(target);
  check_weight(weight, l, self.dtype());
  const bool none = reduction == static_cast<int64_t>(Reduction::None);
  const Tensor x = as_contiguous(self);
  Tensor out = none ? rl::empty(target.sizes(), self.dtype()) : rl::empty({}, self.dtype());
  Tensor total = rl::empty({}, self.dtype());
  cpu::zero_(out);
  dispatch(Floats{}, self.dtype(), "nll_loss_out_frame", [&]<class T>() {
    const T* const p = x.data<T>();
    double sum = 0, weights = 0;
    const auto at = [&](int64_t i, int64_t q, int64_t c) {
      return (i * l.classes + c) * l.points + q;
    };
    for_targets<T>(target, weight, l, ignore_index,
                   [&](int64_t i, int64_t q, int64_t c, Compute<T> w) {
                     const auto loss = -w * static_cast<Compute<T>>(p[at(i, q, c)]);
                     if (none) out.data<T>()[i * l.points + q] = static_cast<T>(loss);
                     sum += loss;
                     weights += w;
                   });
    *total.data<T>() = static_cast<T>(static_cast<Compute<T>>(none ? 0 : weights));
    if (!none)
      *out.data<T>() = static_cast<T>(static_cast<Compute<T>>(
          reduction == static_cast<int64_t>(Reduction::Mean) ? sum / weights : sum));
  });
  return {out, total};
}

}  // namespace

namespace impl {

std::array<Tensor, 2> nll_loss_forward(const Tensor& self, const Tensor& target,
                                       const Tensor& weight, int64_t reduction,
                                       int64_t ignore_index) {
  RL_CHECK(self.dim() > 0 && self.dim() <= 2, "input tensor should be 1D or 2D");
  RL_CHECK(target.dim() <= 1, "0D or 1D target tensor expected, multi-target not supported");
  if (self.dim() == 1) {
    RL_CHECK_VALUE(
        target.dim() == 0 || target.numel() == 1,
        "For 1D input, 1D target must have size 1, but got target size: ", target.numel());
  } else {
    RL_CHECK(target.dim() == 1 && self.size(0) == target.size(0),
             "size mismatch (got input: ", IntList(self.sizes()),
             ", target: ", IntList(target.sizes()), ")");
  }
  return forward(self, target, weight, reduction, ignore_index);
}

std::array<Tensor, 2> nll_loss2d_forward(const Tensor& self, const Tensor& target,
                                         const Tensor& weight, int64_t reduction,
                                         int64_t ignore_index) {
  Dims expected = self.sizes();
  expected.erase(1);
  if (self.dim() == 4) {
    RL_CHECK(
        target.dim() == 3,
        "only batches of spatial targets supported (3D tensors) but got targets of dimension: ",
        target.dim());
    RL_CHECK(target.sizes() == expected, "size mismatch (got input: ", IntList(self.sizes()),
             " , target: ", IntList(target.sizes()));
  }
  RL_CHECK(target.sizes() == expected, "Expected target size ", IntList(expected), ", got ",
           IntList(target.sizes()));
  return forward(self, target, weight, reduction, ignore_index);
}

Tensor nll_loss_backward(const Tensor& grad, IntList sizes, const Tensor& target,
                         const Tensor& weight, int64_t reduction, int64_t ignore_index,
                         const Tensor& total_weight) {
  const ClassLayout l = layout_of(sizes);
  Tensor out = rl::empty(sizes, grad.dtype());
  cpu::zero_(out);
  const Tensor g = as_contiguous(grad);
  const bool none = reduction == static_cast<int64_t>(Reduction::None);
  dispatch(Floats{}, grad.dtype(), "nll_loss_backward_out_frame", [&]<class T>() {
    const T* const p = g.data<T>();
    T* const to = out.data<T>();
    const Compute<T> scale = reduction == static_cast<int64_t>(Reduction::Mean)
                                 ? 1 / static_cast<Compute<T>>(*total_weight.data<T>())
                                 : Compute<T>(1);
    for_targets<T>(target, weight, l, ignore_index,
                   [&](int64_t i, int64_t q, int64_t c, Compute<T> w) {
                     const auto from = static_cast<Compute<T>>(p[none ? i * l.points + q : 0]);
                     to[(i * l.classes + c) * l.points + q] = static_cast<T>(-w * from * scale);
                   });
  });
  return out;
}

}  // namespace impl
}  // namespace rl
