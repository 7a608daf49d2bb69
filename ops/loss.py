"""Losses. `reduction` is 0 (none), 1 (mean) or 2 (sum), as in PyTorch's operators; those that are
functions of `torch` itself, such as `torch.kl_div`, do not reduce unless they are told to."""

from ops.table import op

op(
    "mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor",
    "Squared differences.",
    dynamic="mse_loss",
    variants="out",
    grad={
        "self": "mse_gradient(grad, self, target, reduction)",
        "target": "mse_gradient(grad, target, self, reduction)",
    },
)
op(
    "l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor",
    "Absolute differences.",
    composite="reduced(ops::abs(self - target), reduction)",
    variants="",
)
op(
    "smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1.0) "
    "-> Tensor",
    "Squared below beta, linear above.",
    dynamic="smooth_l1_loss",
    variants="out",
    grad={
        "self": "smooth_l1_gradient(grad, self, target, reduction, beta)",
        "target": "-smooth_l1_gradient(grad, self, target, reduction, beta)",
    },
)
op(
    "huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1.0) -> Tensor",
    "delta times smooth_l1_loss.",
    dynamic="huber_loss",
    variants="out",
    grad={
        "self": "smooth_l1_gradient(grad, self, target, reduction, delta) * delta",
        "target": "-smooth_l1_gradient(grad, self, target, reduction, delta) * delta",
    },
)
op(
    "binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, "
    "int reduction=1) -> Tensor",
    "-(target log(self) + (1 - target) log(1 - self)), logarithms no less than -100.",
    dynamic="binary_cross_entropy",
    variants="out",
    grad={
        "self": "bce_gradient(grad, self, target, weight, reduction)",
        "target": "bce_target_gradient(grad, self, target, weight, reduction)",
    },
)
op(
    "binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, "
    "Tensor? pos_weight=None, int reduction=0) -> Tensor",
    "binary_cross_entropy of sigmoid(self), computed stably.",
    dynamic="bce_with_logits",
    variants="function",
    grad={
        "self": "bce_logits_gradient(grad, self, target, weight, pos_weight, reduction)",
        "target": "bce_logits_target_gradient(grad, self, target, weight, pos_weight, "
        "reduction)",
    },
)
op(
    "nll_loss_forward(Tensor self, Tensor target, Tensor? weight, int reduction, "
    "int ignore_index) -> (Tensor output, Tensor total_weight)",
    "-weight[t] self[t] for each sample's class t, and the sum of those weights.",
    dynamic="nll_loss_forward",
    variants="",
    differentiable="output",
    node="NllLossBackward0",
    grad={
        "self": "ops::nll_loss_backward(grad, self_sizes, target, weight, reduction, "
        "ignore_index, total_weight)"
    },
)
op(
    "nll_loss_backward(Tensor grad_output, int[] input_sizes, Tensor target, "
    "Tensor? weight, int reduction, int ignore_index, Tensor total_weight) -> Tensor",
    "The gradient of nll_loss_forward.",
    dynamic="nll_loss_backward",
    variants="",
    grad={
        "grad_output": "ops::nll_loss_nd(grad, target, weight, reduction, ignore_index)"
    },
)
op(
    "nll_loss2d_forward(Tensor self, Tensor target, Tensor? weight, int reduction, "
    "int ignore_index) -> (Tensor output, Tensor total_weight)",
    "nll_loss_forward with one class for each point of an image.",
    dynamic="nll_loss2d_forward",
    variants="",
    differentiable="output",
    node="NllLoss2DBackward0",
    grad={
        "self": "ops::nll_loss_backward(grad, self_sizes, target, weight, reduction, "
        "ignore_index, total_weight)"
    },
)
op(
    "nll_loss_nd(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, "
    "int ignore_index=-100) -> Tensor",
    "Negative log-likelihood over dimension 1 (0 for a single sample).",
    composite="nll_loss_nd",
    variants="",
)
op(
    "nll_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, "
    "int ignore_index=-100) -> Tensor",
    "Negative log-likelihood.",
    composite="nll_loss_nd",
    variants="out",
)
op(
    "cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, "
    "int ignore_index=-100, float label_smoothing=0.0) -> Tensor",
    "nll_loss of log_softmax; targets are classes or class probabilities.",
    composite="cross_entropy_loss",
    variants="",
)
op(
    "kl_div(Tensor self, Tensor target, int reduction=0, *, bool log_target=False) "
    "-> Tensor",
    "target (log(target) - self); self holds log-probabilities.",
    composite="kl_div",
    variants="function",
)
op(
    "soft_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor",
    "log(1 + exp(-target self)).",
    composite="reduced(ops::softplus(-(self * target)), reduction)",
    variants="",
)
op(
    "hinge_embedding_loss(Tensor self, Tensor target, float margin=1.0, "
    "int reduction=0) -> Tensor",
    "self where the target is 1, max(0, margin - self) where it is -1.",
    composite="hinge_embedding_loss",
    variants="function",
)
op(
    "margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin=0.0, "
    "int reduction=0) -> Tensor",
    "max(0, -target (input1 - input2) + margin).",
    composite="reduced(ops::clamp_min(-target * (input1 - input2) + margin, 0), reduction)",
    variants="function",
)
op(
    "cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, "
    "float margin=0.0, int reduction=0) -> Tensor",
    "1 - cos where the target is 1, max(0, cos - margin) where it is -1.",
    composite="cosine_embedding_loss",
    variants="function",
)
op(
    "triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, "
    "float margin=1.0, float p=2.0, float eps=1e-06, bool swap=False, int reduction=0) "
    "-> Tensor",
    "max(0, d(anchor, positive) - d(anchor, negative) + margin).",
    composite="triplet_margin_loss",
    variants="function",
)
op(
    "pairwise_distance(Tensor x1, Tensor x2, float p=2.0, float eps=1e-06, "
    "bool keepdim=False) -> Tensor",
    "p-norm of x1 - x2 + eps over the last dimension.",
    composite="pairwise_distance",
    variants="function",
)
op(
    "cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08) -> Tensor",
    "Cosine of the angle between vectors along a dimension.",
    composite="cosine_similarity",
    variants="function",
)
op(
    "poisson_nll_loss(Tensor input, Tensor target, bool log_input, bool full, float eps, "
    "int reduction) -> Tensor",
    "Negative log-likelihood of a Poisson distribution.",
    composite="poisson_nll_loss",
    variants="function",
)
op(
    "multi_margin_loss(Tensor self, Tensor target, Scalar p=1, Scalar margin=1, "
    "Tensor? weight=None, int reduction=1) -> Tensor",
    "Mean over wrong classes of max(0, margin - self[t] + self[j])^p.",
    composite="multi_margin_loss",
    variants="",
)
op(
    "multilabel_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor",
    "Mean over classes of max(0, 1 - self[label] + self[other]).",
    composite="multilabel_margin_loss",
    variants="",
)
