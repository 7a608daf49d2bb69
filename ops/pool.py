"""Pooling: maxima and means of windows, fixed, adaptive or at random places, and unpooling."""

from ops.table import op

# --- windows of fixed size
for n in (1, 2, 3):
    window = (
        f"Tensor self, int[{n}] kernel_size, int[{n}] stride=[], int[{n}] padding=0, "
        f"int[{n}] dilation=1, bool ceil_mode=False"
    )
    arguments = "kernel_size, stride, padding, dilation, ceil_mode"
    op(
        f"max_pool{n}d({window}) -> Tensor",
        f"Maxima of windows over {n} dimensions.",
        composite=f"max_pooled({n}, self, {arguments})",
        variants="function",
    )
    if n == 1:
        op(
            f"max_pool1d_with_indices({window}) -> (Tensor, Tensor)",
            "Maxima of windows over a dimension, and their places.",
            composite=f"max_pooled1d_with_places(self, {arguments})",
            variants="function",
        )
        op(
            "avg_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], "
            "int[1] padding=0, bool ceil_mode=False, bool count_include_pad=True) "
            "-> Tensor",
            "Means of windows over a dimension.",
            composite="avg_pool1d",
            variants="function",
        )
        continue
    op(
        f"max_pool{n}d_with_indices({window}) -> (Tensor, Tensor)",
        f"Maxima of windows over {n} dimensions, and their places in the input's plane.",
        plan=f"max_pool{n}d",
        kernel=f"max_pool{n}d",
        variants="function out",
        differentiable="result0",
        node=f"MaxPool{n}DWithIndicesBackward0",
        grad={"self": f"ops::_from_places(grad, result1, self_sizes, {n})"},
    )
    # What max_pool runs: winners are kept for backward in one byte each, or not at all.
    op(
        f"_max_pool{n}d({window}, bool keep=True) -> (Tensor, Tensor)",
        "Maxima of windows, and which element of the window each is.",
        plan=f"max_pool{n}d_positions",
        kernel=f"max_pool{n}d_positions",
        variants="",
        differentiable="result0",
        node=f"MaxPool{n}DWithIndicesBackward0",
        grad={
            "self": "ops::_max_pool_gradient(grad, result1, self_sizes, kernel_size, "
            f"stride, padding, dilation, ceil_mode, {n})"
        },
    )
    window = (
        f"Tensor self, int[{n}] kernel_size, int[{n}] stride=[], int[{n}] padding=0, "
        "bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None"
    )
    arguments = (
        "kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override"
    )
    op(
        f"avg_pool{n}d({window}) -> Tensor",
        f"Means of windows over {n} dimensions.",
        plan=f"avg_pool{n}d",
        kernel=f"avg_pool{n}d",
        variants="function out",
        node=f"AvgPool{n}DBackward0",
        grad={
            "self": f"ops::_avg_pool{n}d_gradient(grad, self_sizes, {arguments})",
        },
    )
    op(
        f"_avg_pool{n}d_gradient(Tensor grad_output, int[] input_size, "
        f"int[{n}] kernel_size, int[{n}] stride, int[{n}] padding, bool ceil_mode, "
        "bool count_include_pad, int? divisor_override) -> Tensor",
        "Spreads each window's gradient over its elements.",
        plan="pool_gradient",
        kernel=f"avg_pool{n}d_gradient",
        variants="",
        node=f"AvgPool{n}DBackwardBackward0",
        grad={"grad_output": f"ops::avg_pool{n}d(grad, {arguments})"},
    )

op(
    "_max_pool_gradient(Tensor grad_output, Tensor positions, int[] input_size, "
    "int[] kernel_size, int[] stride, int[] padding, int[] dilation, bool ceil_mode, "
    "int spatial) -> Tensor",
    "Adds each window's gradient to the element that was the largest.",
    plan="max_pool_gradient",
    kernel="max_pool_gradient",
    variants="",
    node="MaxPool2DWithIndicesBackwardBackward0",
    grad={
        "grad_output": "ops::_at_places(grad, ops::_pool_places(positions, input_size, "
        "kernel_size, stride, padding, dilation, ceil_mode, spatial), spatial)"
    },
)
op(
    "_pool_places(Tensor positions, int[] input_size, int[] kernel_size, int[] stride, "
    "int[] padding, int[] dilation, bool ceil_mode, int spatial) -> Tensor",
    "Places in the input's plane from elements of windows.",
    plan="pool_places",
    kernel="pool_places",
    variants="",
)

# --- by places in the last `spatial` dimensions, taken as one
op(
    "_from_places(Tensor grad_output, Tensor indices, int[] input_size, int spatial) "
    "-> Tensor",
    "Adds elements to zeros of a size at their places.",
    plan="from_places",
    kernel="from_places",
    variants="",
    node="MaxPool2DWithIndicesBackwardBackward0",
    grad={"grad_output": "ops::_at_places(grad, indices, spatial)"},
)
op(
    "_at_places(Tensor self, Tensor indices, int spatial) -> Tensor",
    "The elements at places.",
    plan="at_places",
    kernel="at_places",
    variants="",
    grad={"self": "ops::_from_places(grad, indices, self_sizes, spatial)"},
)
op(
    "max_unpool2d(Tensor self, Tensor indices, int[2] output_size) -> Tensor",
    "Zeros with the elements at the places they were pooled from.",
    plan="max_unpool2d",
    kernel="max_unpool2d",
    variants="out",
    node="MaxUnpool2DBackward0",
    grad={"self": "ops::_at_places(grad, indices, 2)"},
)
op(
    "max_unpool3d(Tensor self, Tensor indices, int[3] output_size, int[3] stride, "
    "int[3] padding) -> Tensor",
    "Zeros with the elements at the places they were pooled from.",
    plan="max_unpool3d",
    kernel="max_unpool3d",
    variants="out",
    node="MaxUnpool3DBackward0",
    grad={"self": "ops::_at_places(grad, indices, 3)"},
)

# --- as many windows as the output has places
op(
    "adaptive_avg_pool1d(Tensor self, int[1] output_size) -> Tensor",
    "Means of as many windows as asked for.",
    composite="adaptive_avg_pool1d",
    variants="function",
)
op(
    "adaptive_max_pool1d(Tensor self, int[1] output_size) -> (Tensor, Tensor)",
    "Maxima of as many windows as asked for, and their places.",
    composite="adaptive_max_pool1d",
    variants="function",
)
for n in (2, 3):
    op(
        f"adaptive_avg_pool{n}d(Tensor self, int[{n}] output_size) -> Tensor",
        "Means of as many windows as asked for.",
        composite=f"adaptive_mean({n}, self, output_size)",
        variants="out",
    )
    op(
        f"_adaptive_avg_pool{n}d(Tensor self, int[{n}] output_size) -> Tensor",
        "Means of as many windows as asked for.",
        plan=f"adaptive_avg_pool{n}d",
        kernel="adaptive_avg_pool",
        variants="function",
        node=f"AdaptiveAvgPool{n}DBackward0",
        grad={"self": f"ops::_adaptive_avg_pool{n}d_gradient(grad, self_sizes)"},
    )
    op(
        f"_adaptive_avg_pool{n}d_gradient(Tensor grad_output, int[] input_size) -> Tensor",
        "Spreads each window's gradient over its elements.",
        plan="adaptive_pool_gradient",
        kernel=f"adaptive_avg_pool{n}d_gradient",
        variants="",
        node=f"AdaptiveAvgPool{n}DBackwardBackward0",
        grad={
            "grad_output": f"ops::_adaptive_avg_pool{n}d(grad, "
            f"IntList(grad_output_sizes).last({n}))"
        },
    )
    op(
        f"adaptive_max_pool{n}d(Tensor self, int[{n}] output_size) -> (Tensor, Tensor)",
        "Maxima of as many windows as asked for, and their places.",
        plan=f"adaptive_max_pool{n}d",
        kernel="adaptive_max_pool",
        variants="out",
        differentiable="result0",
        node=f"AdaptiveMaxPool{n}DBackward0",
        grad={"self": f"ops::_from_places(grad, result1, self_sizes, {n})"},
    )
    op(
        f"fractional_max_pool{n}d(Tensor self, int[{n}] kernel_size, "
        f"int[{n}] output_size, Tensor random_samples) -> (Tensor, Tensor)",
        "Maxima of windows at places drawn at random (Graham, Fractional Max-Pooling, "
        "2014), and their places.",
        plan=f"fractional_max_pool{n}d",
        kernel="fractional_max_pool",
        variants="out",
        differentiable="result0",
        node=f"FractionalMaxPool{n}DBackward0",
        grad={"self": f"ops::_from_places(grad, result1, self_sizes, {n})"},
    )
