// Sampling of pictures and volumes at given positions.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

enum class Sampling : uint8_t { Linear, Nearest, Cubic };
enum class GridPadding : uint8_t { Zeros, Border, Reflection };

struct GridOptions {
  Sampling sampling;
  GridPadding padding;
  bool align_corners;
};

// input (batch, channels, [depth,] height, width), grid (batch, positions..., dims) with x first; all
// contiguous, float or double. Fills out (batch, channels, positions...).
void grid_sample(const GridOptions& options, const Tensor& input, const Tensor& grid, const Tensor& out);
// Either gradient may be undefined.
void grid_sample_backward(const GridOptions& options, const Tensor& grad, const Tensor& input,
                          const Tensor& grid, const Tensor& grad_input, const Tensor& grad_grid);

}  // namespace rl::cpu
