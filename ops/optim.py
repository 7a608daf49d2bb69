"""Steps of optimizers over all parameters at once."""

from ops.table import op

op(
    "_fused_sgd_(Tensor[] params, Tensor[] grads, Tensor[] momentum_buffers, *, float lr, "
    "float momentum, float dampening, float weight_decay, bool nesterov, bool maximize, "
    "bool first_step) -> ()",
    "A step of gradient descent; no buffers without momentum.",
    composite="_fused_sgd_",
    variants="",
)
_ADAM = (
    "(Tensor[] params, Tensor[] grads, Tensor[] exp_avgs, Tensor[] exp_avg_sqs, "
    "Tensor[] max_exp_avg_sqs, Tensor[] state_steps, *, float lr, float beta1, "
    "float beta2, float weight_decay, float eps, bool amsgrad, bool maximize) -> ()"
)
op(
    f"_fused_adam_{_ADAM}",
    "A step of Adam; state_steps count this one.",
    composite="_fused_adam_",
    variants="",
)
op(
    f"_fused_adamw_{_ADAM}",
    "A step of Adam with decoupled weight decay.",
    composite="_fused_adamw_",
    variants="",
)
