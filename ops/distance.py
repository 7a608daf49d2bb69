"""Distances between rows, and the alignment loss of sequences."""

from ops.table import op

op(
    "cdist(Tensor x1, Tensor x2, float p=2, int? compute_mode=None) -> Tensor",
    "p-norm distances between all rows of x1 and x2; mode 1 takes matrix products for p = 2, "
    "mode 2 never does, None does for more than 25 rows.",
    composite="cdist",
    variants="",
)
op(
    "_cdist_forward(Tensor x1, Tensor x2, float p, int? compute_mode) -> Tensor",
    "cdist() of contiguous (batch, rows, columns).",
    dynamic="cdist_forward",
    variants="",
    node="CdistBackward0",
    vjp="cdist",
    saves="x1 x2 result",
)
op(
    "_cdist_backward(Tensor grad, Tensor x1, Tensor x2, float p, Tensor cdist) -> Tensor",
    "The gradient of x1.",
    dynamic="cdist_backward",
    variants="",
    vjp="not_implemented",
)
op(
    "pdist(Tensor self, float p=2) -> Tensor",
    "p-norm distances between the rows of self, each pair once.",
    composite="pdist",
    variants="function",
)
op(
    "ctc_loss.IntList(Tensor log_probs, Tensor targets, int[] input_lengths, "
    "int[] target_lengths, int blank=0, int reduction=0, bool zero_infinity=False) -> Tensor",
    "Negative log-likelihood of labels, summed over their alignments with log_probs.",
    composite="ctc_loss",
    variants="function",
)
op(
    "ctc_loss.Tensor(Tensor log_probs, Tensor targets, Tensor input_lengths, "
    "Tensor target_lengths, int blank=0, int reduction=0, bool zero_infinity=False) -> Tensor",
    "ctc_loss() with its lengths in tensors.",
    composite="ctc_loss_lengths",
    variants="function",
)
op(
    "_ctc_loss(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, "
    "int blank=0, bool zero_infinity=False) -> (Tensor neg_log_likelihood, Tensor log_alpha)",
    "The loss of each sample, and the forward variables that its gradient reads.",
    dynamic="ctc_loss_forward",
    variants="",
    differentiable="neg_log_likelihood",
    node="CtcLossBackward0",
    vjp="ctc_loss",
    saves="log_probs targets neg_log_likelihood log_alpha",
)
op(
    "_ctc_loss_backward(Tensor grad, Tensor log_probs, Tensor targets, int[] input_lengths, "
    "int[] target_lengths, Tensor neg_log_likelihood, Tensor log_alpha, int blank, "
    "bool zero_infinity=False) -> Tensor",
    "The gradient of log_probs, for log_probs that a log_softmax made.",
    dynamic="ctc_loss_backward",
    variants="",
    vjp="not_implemented",
)
