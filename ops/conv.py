"""Convolutions, their transposes and their gradients."""

from ops.table import op

GEOMETRY = (
    "int[] stride, int[] padding, int[] dilation, bool transposed, int[] output_padding, "
    "int groups"
)
ARGUMENTS = "stride, padding, dilation, transposed, output_padding, groups"

op(
    f"convolution(Tensor input, Tensor weight, Tensor? bias, {GEOMETRY}) -> Tensor",
    "Cross-correlation over 1 to 3 dimensions, or its transpose.",
    plan="convolution",
    kernel="convolution",
    variants="function",
    grad={
        "input": "ops::_convolution_input_gradient(grad, conj(weight), input_sizes, "
        f"{ARGUMENTS})",
        "weight": f"convolution_weight_gradient(v, grad, input, weight_sizes, {ARGUMENTS})",
        "bias": "convolution_bias_gradient(v, grad)",
    },
)
op(
    "_convolution_input_gradient(Tensor grad_output, Tensor weight, int[] input_size, "
    f"{GEOMETRY}) -> Tensor",
    "The transpose of a convolution as a map of its input.",
    plan="convolution_input_gradient",
    kernel="convolution_input_gradient",
    variants="",
    node="ConvolutionBackwardBackward0",
    grad={
        "grad_output": f"ops::convolution(grad, conj(weight), Tensor(), {ARGUMENTS})",
        "weight": "ops::_convolution_weight_gradient(conj(grad_output), grad, "
        f"weight_sizes, {ARGUMENTS}, false)[0]",
    },
)
op(
    "_convolution_weight_gradient(Tensor grad_output, Tensor input, int[] weight_size, "
    f"{GEOMETRY}, bool bias) -> (Tensor, Tensor)",
    "The transpose of a convolution as a map of its weight, and of its bias if asked.",
    plan="convolution_weight_gradient",
    kernel="convolution_weight_gradient",
    variants="",
    node="ConvolutionBackwardBackward0",
    grad={
        "grad_output": "ops::convolution(conj(input), grad_result0, "
        f"bias ? grad_result1 : Tensor(), {ARGUMENTS})",
        "input": "ops::_convolution_input_gradient(conj(grad_output), grad_result0, "
        f"input_sizes, {ARGUMENTS})",
    },
)
op(
    "convolution_backward(Tensor grad_output, Tensor input, Tensor weight, "
    f"int[]? bias_sizes, {GEOMETRY}, int[3] output_mask) -> (Tensor, Tensor, Tensor)",
    "Gradients of a convolution for those of input, weight and bias that are asked for.",
    composite="convolution_backward",
    variants="",
)
for n in (1, 2, 3):
    op(
        f"conv{n}d(Tensor input, Tensor weight, Tensor? bias=None, int[{n}] stride=1, "
        f"int[{n}] padding=0, int[{n}] dilation=1, int groups=1) -> Tensor",
        f"Cross-correlation over {n} dimensions.",
        composite=f'convolved("conv{n}d", {n}, input, weight, bias, stride, padding, '
        "dilation, groups)",
        variants="function",
    )
    op(
        f"conv{n}d.padding(Tensor input, Tensor weight, Tensor? bias=None, "
        f'int[{n}] stride=1, str padding="valid", int[{n}] dilation=1, int groups=1) '
        "-> Tensor",
        f"Cross-correlation over {n} dimensions; padding is 'valid' or 'same'.",
        composite=f'convolved_padded("conv{n}d", {n}, input, weight, bias, stride, '
        "padding, dilation, groups)",
        variants="function",
    )
    op(
        f"conv_transpose{n}d(Tensor input, Tensor weight, Tensor? bias=None, "
        f"int[{n}] stride=1, int[{n}] padding=0, "
        f"int[{n}] output_padding=0, int groups=1, int[{n}] dilation=1) -> Tensor",
        f"The transpose of a convolution over {n} dimensions.",
        composite=f'convolved_transposed("conv_transpose{n}d", {n}, input, weight, bias, '
        "stride, padding, output_padding, groups, dilation)",
        variants="function",
    )
op(
    "conv_tbc(Tensor self, Tensor weight, Tensor bias, int pad=0) -> Tensor",
    "Convolution of (time, batch, channels) with (width, channels, out channels).",
    composite="conv_tbc",
    variants="function",
)
