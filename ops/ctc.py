"""Connectionist temporal classification (Graves et al., ICML 2006)."""

from ops.table import op

_LENGTHS = "int[] input_lengths, int[] target_lengths, int blank=0"
op(
    f"ctc_loss.IntList(Tensor log_probs, Tensor targets, {_LENGTHS}, int reduction=1, "
    "bool zero_infinity=False) -> Tensor",
    "Negative log-likelihood of targets under (T, N, C) log-probabilities, aligned anyhow.",
    composite="ctc_loss",
    variants="function",
)
op(
    "ctc_loss.Tensor(Tensor log_probs, Tensor targets, Tensor input_lengths, "
    "Tensor target_lengths, int blank=0, int reduction=1, bool zero_infinity=False) "
    "-> Tensor",
    "Negative log-likelihood of targets, with lengths as tensors.",
    composite="ctc_loss_tensors",
    variants="function",
)
op(
    f"_ctc_loss(Tensor log_probs, Tensor targets, {_LENGTHS}, bool zero_infinity=False) "
    "-> (Tensor, Tensor)",
    "The loss of each sample, and the logarithms of the forward variables.",
    dynamic="ctc_forward",
    variants="function",
    differentiable="result0",
    node="CtcLossBackward0",
    grad={
        "log_probs": "ops::_ctc_loss_backward(grad, log_probs, targets, input_lengths, "
        "target_lengths, result0, result1, blank, zero_infinity)"
    },
)
op(
    "_ctc_loss_backward(Tensor grad, Tensor log_probs, Tensor targets, "
    "int[] input_lengths, int[] target_lengths, Tensor neg_log_likelihood, "
    "Tensor log_alpha, int blank, bool zero_infinity=False) -> Tensor",
    "The gradient of log_probs.",
    dynamic="ctc_backward",
    variants="",
    grad={
        name: 'no_second_derivative("_ctc_loss_backward")'
        for name in ("grad", "log_probs")
    },
)
