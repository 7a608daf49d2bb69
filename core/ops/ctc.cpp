// Connectionist temporal classification: checks, lengths, reduction.
#include <algorithm>
#include <limits>
#include <numeric>

#include "core/kernels/cpu/ctc.h"
#include "core/op/op_node.h"
#include "core/ops/loss.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

// Where each sample's labels start, in targets (N, S) or joined in one line.
Dims target_starts(const Tensor& targets, IntList lengths) {
  Dims starts;
  int64_t at = 0;
  for (const int64_t length : lengths) {
    starts.push_back(at);
    at += targets.dim() == 1 ? length : targets.size(1);
  }
  return starts;
}

void check_operands(const Tensor& log_probs, const Tensor& targets, IntList input_lengths,
                    IntList target_lengths, int64_t blank) {
  if (!log_probs.is_floating() || is_reduced(log_probs.dtype()))
    throw_not_implemented_for("ctc_loss_cpu", log_probs.dtype());
  RL_CHECK(log_probs.dim() == 3, "Expected 3-dimensional tensor, but got ", log_probs.dim(),
           "-dimensional tensor for argument #1 'log_probs' (while checking arguments for "
           "ctc_loss_allocate_outputs)");
  RL_CHECK(log_probs.numel() > 0, "log_probs tensor must not be empty");
  RL_CHECK(targets.dim() == 1 || targets.dim() == 2, "Expected 1 to 2 dimensions, but got ",
           targets.dim(),
           "-dimensional tensor for argument #2 'targets' (while checking arguments for "
           "ctc_loss_allocate_outputs)");
  const int64_t times = log_probs.size(0), batch = log_probs.size(1);
  const auto count = [](IntList v) { return static_cast<int64_t>(v.size()); };
  RL_CHECK(blank >= 0 && blank < log_probs.size(2), "blank must be in label range");
  RL_CHECK(count(input_lengths) == batch, "input_lengths must be of size batch_size");
  RL_CHECK(count(target_lengths) == batch, "target_lengths must be of size batch_size");
  for (const int64_t length : input_lengths)
    RL_CHECK(length >= 0 && length <= times, "Expected input_lengths to have value at most ", times,
             ", but got value ", length,
             " (while checking arguments for ctc_loss_allocate_outputs)");
  for (const int64_t length : target_lengths)
    RL_CHECK(length >= 0, "Expected target_lengths to have value at least 0, but got value ",
             length, " (while checking arguments for ctc_loss_allocate_outputs)");
  const int64_t given = targets.size(-1);
  const int64_t sum = std::accumulate(target_lengths.begin(), target_lengths.end(), int64_t{0});
  const int64_t longest = *std::max_element(target_lengths.begin(), target_lengths.end());
  if (targets.dim() == 1)
    RL_CHECK(given == sum, "Expected tensor to have size ", sum, " at dimension 0, but got size ",
             given,
             " for argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)");
  else
    RL_CHECK(targets.size(0) == batch && given >= longest, "Expected tensor to have size at least ",
             longest, " at dimension 1, but got size ", given,
             " for argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)");
}

void check_labels(const Tensor& labels, IntList starts, IntList lengths, int64_t classes) {
  for (size_t n = 0; n < lengths.size(); ++n)
    for (int64_t i = 0; i < lengths[n]; ++i) {
      const int64_t label = labels.data<int64_t>()[starts[n] + i];
      RL_CHECK(label >= 0 && label < classes, "ctc_loss: expected labels in [0, ", classes,
               "), but got ", label);
    }
}

Dims lengths_of(const char* name, const Tensor& t) {
  RL_CHECK(is_integral(t.dtype(), false), name, " must be integral");
  const Tensor wide = as_contiguous(t, Dtype::Int64);
  Dims out;
  for (int64_t i = 0; i < wide.numel(); ++i) out.push_back(wide.data<int64_t>()[i]);
  return out;
}

}  // namespace

namespace impl {

std::array<Tensor, 2> ctc_loss_forward(const Tensor& log_probs, const Tensor& targets,
                                       IntList input_lengths, IntList target_lengths, int64_t blank,
                                       bool) {
  check_operands(log_probs, targets, input_lengths, target_lengths, blank);
  const int64_t batch = log_probs.size(1);
  const int64_t longest = *std::max_element(target_lengths.begin(), target_lengths.end());
  const Tensor labels = as_contiguous(targets, Dtype::Int64), probs = as_contiguous(log_probs);
  const Dims starts = target_starts(targets, target_lengths);
  check_labels(labels, starts, target_lengths, log_probs.size(2));
  const Tensor loss = rl::empty(Dims{batch}, log_probs.dtype());
  const Tensor alpha =
      rl::empty(Dims{batch, log_probs.size(0), 2 * longest + 1}, log_probs.dtype());
  cpu::ctc_loss({labels.data<int64_t>(), starts, input_lengths, target_lengths, blank}, probs, loss,
                alpha);
  return {loss, alpha};
}

Tensor ctc_loss_backward(const Tensor& grad, const Tensor& log_probs, const Tensor& targets,
                         IntList input_lengths, IntList target_lengths, const Tensor& loss,
                         const Tensor& log_alpha, int64_t blank, bool zero_infinity) {
  const Tensor labels = as_contiguous(targets, Dtype::Int64), probs = as_contiguous(log_probs);
  const Dims starts = target_starts(targets, target_lengths);
  const Tensor out = rl::empty(log_probs.sizes(), log_probs.dtype());
  cpu::ctc_loss_backward({labels.data<int64_t>(), starts, input_lengths, target_lengths, blank},
                         as_contiguous(grad), probs, loss, log_alpha, zero_infinity, out);
  return out;
}

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, IntList input_lengths,
                IntList target_lengths, int64_t blank, int64_t reduction, bool zero_infinity) {
  const bool batched = log_probs.dim() == 3;
  const Tensor probs = batched ? log_probs : ops::unsqueeze(log_probs, 1);
  const Tensor labels = batched ? targets : ops::unsqueeze(targets, 0);
  Tensor loss =
      ops::_ctc_loss(probs, labels, input_lengths, target_lengths, blank, zero_infinity)[0];
  if (zero_infinity)
    loss = ops::where(ops::eq(loss, std::numeric_limits<double>::infinity()),
                      ops::zeros(Dims{}, loss.dtype()), loss);
  if (reduction == static_cast<int64_t>(Reduction::Mean)) {
    const Tensor lengths = rl::empty(loss.sizes(), Dtype::Int64);
    std::transform(target_lengths.begin(), target_lengths.end(), lengths.data<int64_t>(),
                   [](int64_t n) { return std::max<int64_t>(n, 1); });
    return ops::mean(loss / ops::_to_dtype(lengths, loss.dtype()));
  }
  if (reduction == static_cast<int64_t>(Reduction::Sum)) return ops::sum(loss);
  return batched ? loss : ops::squeeze_dim(loss, 0);
}

Tensor ctc_loss_lengths(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                        const Tensor& target_lengths, int64_t blank, int64_t reduction,
                        bool zero_infinity) {
  const Dims inputs = lengths_of("input_lengths", input_lengths),
             labels = lengths_of("target_lengths", target_lengths);
  return ctc_loss(log_probs, targets, inputs, labels, blank, reduction, zero_infinity);
}

}  // namespace impl

void vjp::ctc_loss(Vjp& v) {
  v.set(0, ops::_ctc_loss_backward(v.grad(), v.tensor(0), v.tensor(1), v.arg(2).ints(),
                                   v.arg(3).ints(), v.result(0), v.result(1), v.arg(4).to_int(),
                                   v.arg(5).to_bool()));
}

}  // namespace rl
