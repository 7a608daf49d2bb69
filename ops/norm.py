"""Normalisation over batch, channels or trailing dimensions."""

from ops.table import op

# --- batch norm
op(
    "batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, "
    "Tensor? running_var, bool training, float momentum, float eps, bool cudnn_enabled) "
    "-> Tensor",
    "Normalises each channel (dimension 1) over the batch, or by running statistics.",
    composite="batch_norm",
    variants="function",
)
op(
    "native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, "
    "Tensor? running_var, bool training, float momentum, float eps) "
    "-> (Tensor, Tensor, Tensor)",
    "batch_norm; then, in training, the channels' means and 1 / sqrt(variance + eps).",
    dynamic="native_batch_norm",
    variants="function",
    differentiable="result0",
    vjp="native_batch_norm",
    saves="input weight running_mean running_var result1 result2",
)
op(
    "native_batch_norm_backward(Tensor grad_out, Tensor input, Tensor? weight, "
    "Tensor? running_mean, Tensor? running_var, Tensor? save_mean, "
    "Tensor? save_invstd, bool train, float eps, int[3] output_mask) "
    "-> (Tensor, Tensor, Tensor)",
    "Gradients of input, weight and bias; those not in the mask are None.",
    dynamic="native_batch_norm_backward",
    variants="",
)
op(
    "batch_norm_update_stats(Tensor input, Tensor? running_mean, Tensor? running_var, "
    "float momentum) -> (Tensor, Tensor)",
    "Means and biased variances of the channels, which also enter the running statistics.",
    composite="batch_norm_update_stats",
    variants="function",
)
op(
    "instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, "
    "Tensor? running_var, bool use_input_stats, float momentum, float eps, "
    "bool cudnn_enabled) -> Tensor",
    "batch_norm of each sample by itself.",
    composite="instance_norm",
    variants="function",
)

# --- layer norm and RMS norm
op(
    "layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, "
    "Tensor? bias=None, float eps=1e-05, bool cudnn_enable=True) -> Tensor",
    "Normalises over the trailing dimensions.",
    composite="ops::native_layer_norm(input, normalized_shape, weight, bias, eps)[0]",
    variants="function",
)
op(
    "native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, "
    "Tensor? bias, float eps) -> (Tensor, Tensor, Tensor)",
    "layer_norm, then the means and 1 / sqrt(variance + eps).",
    dynamic="native_layer_norm",
    variants="function",
    differentiable="result0",
    vjp="native_layer_norm",
    saves="input weight result1 result2",
)
op(
    "native_layer_norm_backward(Tensor grad_out, Tensor input, int[] normalized_shape, "
    "Tensor mean, Tensor rstd, Tensor? weight, Tensor? bias, int[3] output_mask) "
    "-> (Tensor, Tensor, Tensor)",
    "Gradients of input, weight and bias; those not in the mask are None.",
    dynamic="native_layer_norm_backward",
    variants="",
)
op(
    "rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, "
    "float? eps=None) -> Tensor",
    "Divides by the root of the mean square of the trailing dimensions.",
    composite="rms_norm",
    variants="function",
)
op(
    "_fused_rms_norm(Tensor input, int[] normalized_shape, Tensor? weight, float? eps) "
    "-> (Tensor, Tensor)",
    "rms_norm, then 1 / sqrt(mean square + eps).",
    dynamic="_fused_rms_norm",
    variants="function",
    differentiable="result0",
    vjp="_fused_rms_norm",
    saves="input weight result1",
)
op(
    "_fused_rms_norm_backward(Tensor grad_out, Tensor input, int[] normalized_shape, "
    "Tensor rstd, Tensor? weight, int[2] output_mask) -> (Tensor, Tensor)",
    "Gradients of input and weight; those not in the mask are None.",
    dynamic="_fused_rms_norm_backward",
    variants="",
)

# --- group norm
op(
    "group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, "
    "float eps=1e-05, bool cudnn_enabled=True) -> Tensor",
    "Normalises groups of channels of each sample.",
    composite="group_norm",
    variants="function",
)
op(
    "native_group_norm(Tensor input, Tensor? weight, Tensor? bias, int N, int C, "
    "int HxW, int group, float eps) -> (Tensor, Tensor, Tensor)",
    "group_norm, then the groups' means and 1 / sqrt(variance + eps).",
    dynamic="native_group_norm",
    variants="function",
    differentiable="result0",
    vjp="native_group_norm",
    saves="input weight result1 result2",
)
op(
    "native_group_norm_backward(Tensor grad_out, Tensor input, Tensor mean, Tensor rstd, "
    "Tensor? weight, int N, int C, int HxW, int group, int[3] output_mask) "
    "-> (Tensor, Tensor, Tensor)",
    "Gradients of input, weight and bias; those not in the mask are None.",
    dynamic="native_group_norm_backward",
    variants="",
)
