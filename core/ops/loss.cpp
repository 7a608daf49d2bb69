// Losses made of pointwise operators, and their gradients.
#include "core/ops/loss.h"

#include "core/autograd/grad_mode.h"
#include "core/ops/memory.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

bool is(int64_t reduction, Reduction r) { return reduction == static_cast<int64_t>(r); }

// The gradient of the reduction itself, over `x`.
Tensor spread(const Tensor& grad, const Tensor& x, int64_t reduction) {
  return is(reduction, Reduction::Mean)
             ? grad / static_cast<double>(std::max<int64_t>(x.numel(), 1))
             : grad;
}

// a - b, where either may be boolean: masks as targets.
Tensor difference(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return a - b;
  if (a.dtype() == Dtype::Bool) return cast(a, b.dtype()) - b;
  return a - (b.dtype() == Dtype::Bool ? cast(b, a.dtype()) : b);
}

Tensor weighted(const Tensor& t, const Tensor& weight) { return weight.defined() ? t * weight : t; }

}  // namespace

Tensor reduced(const Tensor& t, int64_t reduction) {
  if (is(reduction, Reduction::Mean)) return ops::mean(t);
  return is(reduction, Reduction::Sum) ? ops::sum(t) : t;
}

Tensor mse_gradient(const Tensor& grad, const Tensor& x, const Tensor& target, int64_t reduction) {
  const Tensor d = difference(x, target);
  return d * (spread(grad, d, reduction) * 2);
}

Tensor smooth_l1_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                          int64_t reduction, double beta) {
  const Tensor d = difference(x, target);
  const Tensor slope = beta == 0 ? ops::sign(d) : ops::clamp(d / beta, Scalar(-1.0), Scalar(1.0));
  return slope * spread(grad, d, reduction);
}

Tensor bce_gradient(const Tensor& grad, const Tensor& x, const Tensor& target, const Tensor& weight,
                    int64_t reduction) {
  const Tensor denominator = ops::clamp_min(x * (1.0 - x), Scalar(1e-12));
  return weighted(spread(grad, x, reduction) * ((x - target) / denominator), weight);
}

Tensor bce_target_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                           const Tensor& weight, int64_t reduction) {
  (void)target;
  const Tensor d = ops::log1p(-x) - ops::log(x);
  return weighted(spread(grad, x, reduction) * d, weight);
}

Tensor bce_logits_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                           const Tensor& weight, const Tensor& pos_weight, int64_t reduction) {
  const Tensor s = ops::sigmoid(x);
  const Tensor slope = pos_weight.defined()
                           ? (pos_weight * target + 1.0 - target) * s - pos_weight * target
                           : s - target;
  return weighted(slope * spread(grad, slope, reduction), weight);
}

Tensor bce_logits_target_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                                  const Tensor& weight, const Tensor& pos_weight,
                                  int64_t reduction) {
  (void)target;
  const Tensor slope =
      pos_weight.defined() ? ops::log_sigmoid(-x) - pos_weight * ops::log_sigmoid(x) : -x;
  return weighted(slope * spread(grad, slope, reduction), weight);
}

namespace {

void check_floating(const char* name, const Tensor& a, const Tensor& b) {
  const Dtype common = promote(a.dtype(), b.dtype());
  if (!is_floating(common)) throw_not_implemented_for(name, common);
}

}  // namespace

namespace impl {

Tensor mse_loss(const Tensor& self, const Tensor& target, int64_t reduction) {
  check_floating("mse_cpu", self, target);
  const Tensor d = difference(self, target);
  return reduced(d * d, reduction);
}

Tensor smooth_l1_loss(const Tensor& self, const Tensor& target, int64_t reduction, double beta) {
  RL_CHECK(beta >= 0, "smooth_l1_loss does not support negative values for beta.");
  check_floating("smooth_l1_cpu", self, target);
  const Tensor d = ops::abs(difference(self, target));
  if (beta == 0) return reduced(d, reduction);
  return reduced(ops::where(ops::lt(d, beta), d * d * (0.5 / beta), d - 0.5 * beta), reduction);
}

Tensor huber_loss(const Tensor& self, const Tensor& target, int64_t reduction, double delta) {
  RL_CHECK(delta > 0, "huber_loss does not support non-positive values for delta.");
  check_floating("huber_cpu", self, target);
  RL_CHECK(self.is_floating(), "result type ", target.dtype(),
           " can't be cast to the desired output type ", self.dtype());
  const Tensor d = ops::abs(difference(self, target));
  const Tensor loss = ops::where(ops::lt(d, delta), d * d * 0.5, (d - 0.5 * delta) * delta);
  return reduced(cast(loss, self.dtype()), reduction);
}

Tensor binary_cross_entropy(const Tensor& self, const Tensor& target, const Tensor& weight,
                            int64_t reduction) {
  if (!self.is_floating()) throw_not_implemented_for("binary_cross_entropy", self.dtype());
  RL_CHECK(self.dtype() == target.dtype(), "Found dtype ", target.dtype(), " but expected ",
           self.dtype());
  const auto inside = [](const Tensor& t) {
    return t.numel() == 0 ||
           item(ops::all(ops::logical_and(ops::ge(t, 0), ops::le(t, 1)))).to_bool();
  };
  RL_CHECK(inside(self), "all elements of input should be between 0 and 1");
  RL_CHECK(inside(target), "all elements of target should be between 0 and 1");
  const Tensor log0 = ops::clamp_min(ops::log1p(-self), Scalar(-100.0));
  const Tensor log1 = ops::clamp_min(ops::log(self), Scalar(-100.0));
  const Tensor loss = weighted((target - 1.0) * log0 - target * log1, weight);
  return reduced(loss.dtype() == self.dtype() ? loss : ops::_to_dtype(loss, self.dtype()),
                 reduction);
}

Tensor bce_with_logits(const Tensor& self, const Tensor& target, const Tensor& weight,
                       const Tensor& pos_weight, int64_t reduction) {
  RL_CHECK(target.is_floating() || !self.is_floating(), "result type ", self.dtype(),
           " can't be cast to the desired output type ", target.dtype());
  const Tensor log_s = ops::log_sigmoid(self);
  const Tensor loss = pos_weight.defined()
                          ? (1.0 - target) * self - ((pos_weight - 1.0) * target + 1.0) * log_s
                          : (1.0 - target) * self - log_s;
  const Tensor values = weighted(loss, weight);
  // The target's dtype is that of the result, when the two differ.
  const bool same = values.dtype() == target.dtype() || !target.is_floating();
  return reduced(same ? values : ops::_to_dtype(values, target.dtype()), reduction);
}

Tensor kl_div(const Tensor& self, const Tensor& target, int64_t reduction, bool log_target) {
  RL_CHECK(!self.is_complex() && !target.is_complex(), "kl_div: Complex inputs not supported.");
  RL_CHECK(!is_integral(self.dtype(), true) && !is_integral(target.dtype(), true),
           "kl_div: Integral inputs not supported.");
  const Tensor t =
      log_target ? ops::exp(target) * (target - self) : ops::xlogy(target, target) - target * self;
  return reduced(t, reduction);
}

Tensor hinge_embedding_loss(const Tensor& self, const Tensor& target, double margin,
                            int64_t reduction) {
  const Tensor zeros = ops::zeros_like(self);
  const Tensor far = ops::where(ops::ne(target, 1), ops::clamp_min(margin - self, 0), zeros);
  const Tensor near = ops::where(ops::ne(target, -1), self, zeros);
  return reduced(far + near, reduction);
}

Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim, double eps) {
  RL_CHECK(eps >= 0, "eps must be non-negative, got: ", eps);
  const Dims shape = broadcast_sizes(x1.sizes(), x2.sizes());
  const Dtype dtype = promote(x1.dtype(), x2.dtype());
  RL_CHECK(is_floating(dtype), "expected common dtype to be floating point, yet common dtype is ",
           dtype);
  const auto unit = [&](const Tensor& x) {
    const Tensor t = ops::expand(x.dtype() == dtype ? x : ops::_to_dtype(x, dtype), shape);
    const Tensor norm = ops::linalg_vector_norm(t, Scalar(2), Dims{dim}, true);
    const Tensor bounded = ops::clone(norm);
    {
      const GradModeGuard no_grad(false);  // the bound takes no part in the derivative
      ops::clamp_min.inplace(bounded, Scalar(eps));
    }
    return t / bounded;
  };
  return ops::sum_dim(unit(x1) * unit(x2), Dims{dim}, false);
}

Tensor cosine_embedding_loss(const Tensor& x1, const Tensor& x2, const Tensor& target,
                             double margin, int64_t reduction) {
  RL_CHECK(x1.sizes() == x2.sizes() || x1.dim() == x2.dim(), target.dim(),
           "D target tensor expects inputs of equal rank, found inputs of sizes ",
           IntList(x1.sizes()), " and ", IntList(x2.sizes()));
  RL_CHECK(target.dim() <= 1 && x1.dim() == target.dim() + 1, target.dim(),
           "D target tensor expects ", target.dim() + 1,
           "D input tensors, but found inputs with sizes ", IntList(x1.sizes()), " and ",
           IntList(x2.sizes()), ".");
  constexpr double kEps = 1e-12;
  const Dims last{target.dim()};
  const Tensor product = ops::sum_dim(x1 * x2, last, false);
  const Tensor square1 = ops::sum_dim(x1 * x1, last, false) + kEps,
               square2 = ops::sum_dim(x2 * x2, last, false) + kEps;
  const Tensor cosine = product / ops::sqrt(square1 * square2);
  const Tensor zeros = ops::zeros_like(cosine);
  const Tensor near = ops::where(ops::eq(target, 1), 1.0 - cosine, zeros);
  const Tensor far = ops::where(ops::eq(target, -1), ops::clamp_min(cosine - margin, 0), zeros);
  return reduced(near + far, reduction);
}

Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim) {
  const int64_t dims = std::max(x1.dim(), x2.dim());
  return ops::linalg_vector_norm(x1 - x2 + eps, Scalar(p), Dims{dims ? dims - 1 : 0}, keepdim);
}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           double margin, double p, double eps, bool swap, int64_t reduction) {
  RL_CHECK(anchor.dim() == positive.dim() && positive.dim() == negative.dim(),
           "The anchor, positive, and negative tensors are expected to have the same number of "
           "dimensions, but got: "
           "anchor ",
           anchor.dim(), "D, positive ", positive.dim(), "D, and negative ", negative.dim(),
           "D inputs");
  const Tensor near = pairwise_distance(anchor, positive, p, eps, false);
  Tensor far = pairwise_distance(anchor, negative, p, eps, false);
  if (swap) far = ops::minimum(far, pairwise_distance(positive, negative, p, eps, false));
  return reduced(ops::clamp_min(near - far + margin, 0), reduction);
}

Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, bool log_input, bool full,
                        double eps, int64_t reduction) {
  Tensor loss =
      log_input ? ops::exp(input) - target * input : input - target * ops::log(input + eps);
  if (full) {
    // Stirling's approximation of log(target!), where it exceeds 1.
    const Tensor stirling =
        target * ops::log(target) - target + 0.5 * ops::log(target * (2 * M_PI));
    loss = loss + ops::where(ops::le(target, 1), ops::zeros_like(stirling), stirling);
  }
  return reduced(loss, reduction);
}

Tensor multi_margin_loss(const Tensor& self, const Tensor& target, const Scalar& p,
                         const Scalar& margin, const Tensor& weight, int64_t reduction) {
  if (!self.is_floating()) throw_not_implemented_for("multi_margin_loss_cpu_kernel", self.dtype());
  RL_CHECK(p.equals(1) || p.equals(2), "only p == 1 and p == 2 supported");
  RL_CHECK(self.dim() >= 1 && self.dim() <= 2 && self.numel() > 0,
           "Expected non-empty vector or matrix with optional 0-dim batch size, but got: ",
           IntList(self.sizes()));
  const Tensor x = self.dim() == 1 ? ops::unsqueeze(self, 0) : self;
  const Tensor t = ops::reshape(target, Dims{-1, 1});
  RL_CHECK(t.size(0) == x.size(0), "inconsistent target size, expected ", x.size(0), " but got ",
           IntList(target.sizes()));
  RL_CHECK(!weight.defined() || weight.numel() == x.size(1), "inconsistent weight size, expected ",
           x.size(1), " but got ", IntList(weight.sizes()));
  Tensor gap = ops::clamp_min(x - ops::gather(x, 1, t) + Operand(margin), 0);
  if (p.equals(2)) gap = gap * gap;
  if (weight.defined())
    gap = gap * ops::unsqueeze(ops::index_select(weight, 0, ops::reshape(t, Dims{-1})), 1);
  const Tensor classes = ops::arange(x.size(1));
  const Tensor others = ops::where(ops::eq(classes, t), ops::zeros_like(gap), gap);
  const Tensor rows = ops::sum_dim(others, Dims{1}, false) / static_cast<double>(x.size(1));
  return reduced(is(reduction, Reduction::None) && self.dim() == 1 ? ops::squeeze(rows) : rows,
                 reduction);
}

Tensor multilabel_margin_loss(const Tensor& self, const Tensor& target, int64_t reduction) {
  RL_CHECK(self.sizes() == target.sizes(), "inconsistent target size: ", IntList(target.sizes()),
           " for input of size: ", IntList(self.sizes()));
  const Tensor x = self.dim() <= 1 ? ops::reshape(self, Dims{1, -1}) : self;
  const Tensor t = self.dim() <= 1 ? ops::reshape(target, Dims{1, -1}) : target;
  const int64_t n = x.size(0), classes = x.size(1);
  // Labels count up to the first -1.
  const Tensor valid = ops::eq(ops::cumsum(ops::_to_dtype(ops::lt(t, 0), Dtype::Int64), 1), 0);
  const Tensor labels = ops::where(valid, t, ops::zeros_like(t));
  const Tensor is_label = ops::gt(ops::scatter_add(ops::zeros(Dims{n, classes}, Dtype::Int64), 1,
                                                   labels, ops::_to_dtype(valid, Dtype::Int64)),
                                  0);
  const Tensor at_labels = ops::gather(x, 1, labels);
  const Tensor gap = ops::clamp_min(1.0 - ops::unsqueeze(at_labels, 2) + ops::unsqueeze(x, 1), 0);
  const Tensor counts =
      ops::logical_and(ops::unsqueeze(valid, 2), ops::unsqueeze(ops::logical_not(is_label), 1));
  const Tensor rows =
      ops::sum_dim(ops::where(counts, gap, ops::zeros_like(gap)), Dims{1, 2}, false) /
      static_cast<double>(classes);
  return reduced(self.dim() <= 1 && is(reduction, Reduction::None) ? ops::squeeze(rows) : rows,
                 reduction);
}

Tensor nll_loss_nd(const Tensor& self, const Tensor& target, const Tensor& weight,
                   int64_t reduction, int64_t ignore_index) {
  RL_CHECK_VALUE(self.dim() >= 1, "Expected 1 or more dimensions (got ", self.dim(), ")");
  RL_CHECK_VALUE(self.dim() == 1 || (target.dim() > 0 && self.size(0) == target.size(0)),
                 "Expected input batch_size (", self.size(0), ") to match target batch_size (",
                 target.dim() ? target.size(0) : 0, ").");
  if (self.dim() <= 2)
    return ops::nll_loss_forward(self, target, weight, reduction, ignore_index)[0];
  return ops::nll_loss2d_forward(self, target, weight, reduction, ignore_index)[0];
}

namespace {

Tensor soft_cross_entropy(const Tensor& log_p, const Tensor& target, const Tensor& weight,
                          int64_t reduction, double smoothing, int64_t class_dim) {
  const int64_t classes = log_p.size(class_dim);
  const Tensor t =
      smoothing > 0 ? target * (1 - smoothing) + smoothing / static_cast<double>(classes) : target;
  Tensor terms = log_p * t;
  if (weight.defined()) {
    Dims shape(log_p.sizes().size(), 1);
    shape[static_cast<size_t>(class_dim)] = weight.numel();
    terms = terms * ops::view(weight, shape);
  }
  if (is(reduction, Reduction::None)) return -ops::sum_dim(terms, Dims{class_dim}, false);
  if (is(reduction, Reduction::Sum)) return -ops::sum(terms);
  const int64_t samples = std::max<int64_t>(log_p.numel() / std::max<int64_t>(classes, 1), 0);
  return -ops::sum(terms) / static_cast<double>(samples);
}

Tensor smoothed_cross_entropy(const Tensor& log_p, const Tensor& target, const Tensor& weight,
                              int64_t reduction, int64_t ignore_index, double smoothing,
                              int64_t class_dim) {
  const int64_t classes = log_p.size(class_dim);
  const Tensor nll = nll_loss_nd(log_p, target, weight, reduction, ignore_index);
  Tensor terms = log_p;
  if (weight.defined()) {
    Dims shape(log_p.sizes().size(), 1);
    shape[static_cast<size_t>(class_dim)] = weight.numel();
    terms = terms * ops::view(weight, shape);
  }
  Tensor smooth = -ops::sum_dim(terms, Dims{class_dim}, false);
  const Tensor ignored = ops::eq(target, ignore_index);
  smooth = ops::where(ignored, ops::zeros_like(smooth), smooth);
  if (is(reduction, Reduction::Sum)) {
    smooth = ops::sum(smooth);
  } else if (is(reduction, Reduction::Mean)) {
    const Tensor kept = ops::logical_not(ignored);
    Tensor total;
    if (weight.defined()) {
      const Tensor classes_of = ops::where(ignored, ops::zeros_like(target), target);
      const Tensor w = ops::reshape(
          ops::index_select(weight, 0, ops::reshape(classes_of, Dims{-1})), target.sizes());
      total = ops::sum(ops::where(kept, w, ops::zeros_like(w)));
    } else {
      total = ops::sum(kept);
    }
    smooth = ops::sum(smooth) / total;
  }
  return nll * (1 - smoothing) + smooth * (smoothing / static_cast<double>(classes));
}

}  // namespace

Tensor cross_entropy_loss(const Tensor& self, const Tensor& target, const Tensor& weight,
                          int64_t reduction, int64_t ignore_index, double smoothing) {
  RL_CHECK(smoothing >= 0 && smoothing <= 1,
           "label_smoothing must be between 0.0 and 1.0. Got: ", smoothing);
  RL_CHECK(self.dim() >= 1, "Expected 1 or more dimensions (got ", self.dim(), ")");
  const int64_t class_dim = self.dim() == 1 ? 0 : 1;
  const Tensor log_p = ops::log_softmax(self, class_dim);
  if (self.sizes() == target.sizes()) {
    RL_CHECK(target.is_floating(),
             "Expected floating point type for target with class probabilities, got ",
             target.dtype());
    RL_CHECK(ignore_index < 0, "ignore_index is not supported for floating point target");
    RL_CHECK(!weight.defined() || (weight.dim() == 1 && weight.numel() == self.size(class_dim)),
             "cross_entropy: weight tensor should be defined either for all ", self.size(class_dim),
             " classes or no classes but got weight tensor of shape: ",
             weight.defined() ? IntList(weight.sizes()) : IntList());
    return soft_cross_entropy(log_p, target, weight, reduction, smoothing, class_dim);
  }
  if (smoothing > 0)
    return smoothed_cross_entropy(log_p, target, weight, reduction, ignore_index, smoothing,
                                  class_dim);
  return nll_loss_nd(log_p, target, weight, reduction, ignore_index);
}

}  // namespace impl
}  // namespace rl
