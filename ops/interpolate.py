"""Resampling of planes: up- and downsampling, grids, sliding blocks, pixel shuffles."""

from ops.table import op

# --- up- and downsampling. The modes are those of core/kernels/cpu/resample.h.
NEAREST, NEAREST_EXACT, LINEAR, CUBIC, LINEAR_AA, CUBIC_AA, LANCZOS_AA = range(7)
SCALES = {
    1: ("scales",),
    2: ("scales_h", "scales_w"),
    3: ("scales_d", "scales_h", "scales_w"),
}


def upsample(name: str, n: int, mode: int, doc: str) -> None:
    """Declares the resampling of `n` dimensions."""
    corners = mode not in (NEAREST, NEAREST_EXACT)
    given = "bool align_corners, " if corners else ""
    scales = ", ".join(f"float? {s}=None" for s in SCALES[n])
    align = "align_corners" if corners else "false"
    numbers = f"{{{', '.join(SCALES[n])}}}"
    camel = "".join(w[:1].upper() + w[1:] for w in name.strip("_").split("_"))
    camel = camel.replace("1d", "1D").replace("2d", "2D").replace("3d", "3D")
    op(
        f"{name}(Tensor self, int[{n}] output_size, {given}{scales}) -> Tensor",
        doc,
        dynamic=f"upsampled({n}, self, output_size, {mode}, {align}, {numbers})",
        variants="out",
        node=f"{camel}Backward0",
        grad={
            "self": f"upsample_gradient(grad, self_sizes, {mode}, {align}, {numbers})"
        },
    )


for n in (1, 2, 3):
    text = "The element whose cell the output's {} falls into."
    upsample(f"upsample_nearest{n}d", n, NEAREST, text.format("corner"))
    upsample(f"_upsample_nearest_exact{n}d", n, NEAREST_EXACT, text.format("centre"))
text = "Weighted means of the {} nearest elements."
upsample("upsample_linear1d", 1, LINEAR, text.format("two"))
upsample("upsample_bilinear2d", 2, LINEAR, text.format("four"))
upsample("upsample_trilinear3d", 3, LINEAR, text.format("eight"))
upsample(
    "upsample_bicubic2d",
    2,
    CUBIC,
    "Cubic convolution of 4 x 4 elements (Keys 1981, a = -0.75).",
)
text = "{}, over wider neighbourhoods when shrinking."
upsample("_upsample_bilinear2d_aa", 2, LINEAR_AA, text.format("Weighted means"))
upsample(
    "_upsample_bicubic2d_aa", 2, CUBIC_AA, text.format("Cubic convolution, a = -0.5")
)
upsample("_upsample_lanczos2d_aa", 2, LANCZOS_AA, text.format("Lanczos' windowed sinc"))
op(
    "_upsample(Tensor self, int[] output_size, int mode, bool align_corners, "
    "float[] scales) -> Tensor",
    "Resampling by the number of the mode; a scale of 0 follows from the sizes.",
    plan="upsample",
    kernel="upsample",
    variants="",
    grad={
        "self": "ops::_upsample_gradient(grad, self_sizes, mode, align_corners, scales)"
    },
)
op(
    "_upsample_gradient(Tensor grad_output, int[] input_size, int mode, "
    "bool align_corners, float[] scales) -> Tensor",
    "The transpose of resampling.",
    plan="upsample_gradient",
    kernel="upsample_gradient",
    variants="",
    grad={
        "grad_output": "ops::_upsample(grad, IntList(grad_output_sizes).subspan(2), mode, "
        "align_corners, scales)"
    },
)

# --- grids
op(
    "grid_sampler(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, "
    "bool align_corners) -> Tensor",
    "Elements at the places a grid names.",
    composite="grid_sampler",
    variants="function",
)
for n in (2, 3):
    op(
        f"grid_sampler_{n}d(Tensor input, Tensor grid, int interpolation_mode, "
        "int padding_mode, bool align_corners) -> Tensor",
        f"Elements at the places a grid names, in {n} dimensions.",
        plan="grid_sampler",
        kernel="grid_sampler",
        variants="function",
        node=f"GridSampler{n}DBackward0",
        vjp="grid_sampler",
        saves="input grid",
    )
op(
    "_grid_sampler_backward(Tensor grad_output, Tensor input, Tensor grid, "
    "int interpolation_mode, int padding_mode, bool align_corners) -> (Tensor, Tensor)",
    "Gradients of sampled elements for the input and the grid.",
    plan="grid_sampler_backward",
    kernel="grid_sampler_backward",
    variants="",
    node="GridSampler2DBackwardBackward0",
    vjp="grid_sampler_twice",
)
op(
    "affine_grid_generator(Tensor theta, int[] size, bool align_corners) -> Tensor",
    "The grid of an affine map's places.",
    dynamic="affine_grid_generator",
    variants="function",
    grad={"theta": "affine_grid_gradient(grad, size, align_corners)"},
)

# --- sliding blocks
BLOCKS = "int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride"
op(
    f"im2col(Tensor self, {BLOCKS}) -> Tensor",
    "Sliding blocks as columns.",
    plan="im2col",
    kernel="im2col",
    variants="out",
    node="Im2ColBackward0",
    grad={
        "self": "ops::col2im(grad, IntList(self_sizes).last(2), kernel_size, dilation, "
        "padding, stride)"
    },
)
op(
    f"col2im(Tensor self, int[2] output_size, {BLOCKS}) -> Tensor",
    "The sum of sliding blocks, put back in their places.",
    plan="col2im",
    kernel="col2im",
    variants="out",
    node="Col2ImBackward0",
    grad={"self": "ops::im2col(grad, kernel_size, dilation, padding, stride)"},
)

# --- shuffles
op(
    "pixel_shuffle(Tensor self, int upscale_factor) -> Tensor",
    "Channels made into pixels: (*, C r^2, H, W) to (*, C, H r, W r).",
    dynamic="pixel_shuffle",
    variants="function",
    grad={"self": "ops::pixel_unshuffle(grad, upscale_factor)"},
)
op(
    "pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor",
    "Pixels made into channels: (*, C, H r, W r) to (*, C r^2, H, W).",
    dynamic="pixel_unshuffle",
    variants="function",
    grad={"self": "ops::pixel_shuffle(grad, downscale_factor)"},
)
op(
    "channel_shuffle(Tensor self, int groups) -> Tensor",
    "Channels of the groups, taken in turn.",
    dynamic="channel_shuffle",
    variants="function",
    grad={"self": "ops::channel_shuffle(grad, self_sizes[1] / groups)"},
)
op(
    "native_channel_shuffle(Tensor self, int groups) -> Tensor",
    "Channels of the groups, taken in turn.",
    composite="ops::channel_shuffle(self, groups)",
    variants="function",
)
