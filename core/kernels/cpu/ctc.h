// Connectionist temporal classification: forward and backward variables of alignments.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

// Labels of all samples one after another; sample n has target_lengths[n] from target_starts[n] on.
struct CtcTargets {
  const int64_t* labels;
  IntList starts, input_lengths, lengths;
  int64_t blank;
};

// log_probs (T, N, C), contiguous. Fills loss (N) and log_alpha (N, T, 2 S + 1).
void ctc_loss(const CtcTargets& targets, const Tensor& log_probs, const Tensor& loss,
              const Tensor& log_alpha);
// The gradient by the logits that log_probs are the log_softmax of.
void ctc_loss_backward(const CtcTargets& targets, const Tensor& grad, const Tensor& log_probs,
                       const Tensor& loss, const Tensor& log_alpha, bool zero_infinity,
                       const Tensor& out);

}  // namespace rl::cpu
