"""Sampling grids and shuffles of channels."""

from ops.table import op

_GRID = "int interpolation_mode, int padding_mode, bool align_corners"
op(
    f"grid_sampler(Tensor input, Tensor grid, {_GRID}) -> Tensor",
    "Samples pictures or volumes at positions in [-1, 1]. Modes: 0 linear, 1 nearest, "
    "2 cubic; padding: 0 zeros, 1 border, 2 reflection.",
    composite="grid_sampler",
    variants="function",
)
for _dims, _word in ((2, "pictures"), (3, "volumes")):
    op(
        f"grid_sampler_{_dims}d(Tensor input, Tensor grid, {_GRID}) -> Tensor",
        f"grid_sampler of {_word}.",
        dynamic="grid_sampler_kernel",
        variants="function",
        node=f"GridSampler{_dims}DBackward0",
        vjp="grid_sampler",
        saves="input grid",
    )
op(
    f"_grid_sampler_backward(Tensor grad_output, Tensor input, Tensor grid, {_GRID}, "
    "int[2] output_mask) -> (Tensor, Tensor)",
    "Gradients of input and grid; those not in the mask are None.",
    dynamic="grid_sampler_backward",
    variants="",
    grad={
        name: 'no_second_derivative("grid_sampler_2d_backward")'
        for name in ("grad_output", "input", "grid")
    },
)
op(
    "affine_grid_generator(Tensor theta, int[] size, bool align_corners) -> Tensor",
    "The grid of an affine map, for outputs of this size.",
    composite="affine_grid_generator",
    variants="function",
)
op(
    "channel_shuffle(Tensor self, int groups) -> Tensor",
    "Interleaves groups of channels (dimension 1).",
    dynamic="channel_shuffle",
    variants="function",
    grad={"self": "ops::channel_shuffle(grad, self_sizes[1] / groups)"},
)
op(
    "native_channel_shuffle(Tensor self, int groups) -> Tensor",
    "Interleaves groups of channels (dimension 1).",
    composite="ops::channel_shuffle(self, groups)",
    variants="function",
)
op(
    "conv_tbc(Tensor self, Tensor weight, Tensor bias, int pad=0) -> Tensor",
    "Convolution of (time, batch, channels) with (width, in, out).",
    composite="conv_tbc",
    variants="function",
)
