// The shared view of convolutions: a sum over taps that gathers from a padded source image.
// Forward passes and gradients of the input are both such gathers; see convolution_gather.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "core/kernels/cpu/convolution_native.h"
#include "core/kernels/cpu/convolution_table.h"

namespace rl::cpu {

// The convolution table for the running processor.
template <class T>
const ConvTable<T>& conv_table();

// Always three dimensions: (depth, height, width), missing ones of size 1 in front.
struct Conv3d {
  int64_t batch, in_channels, out_channels, groups;
  int64_t input[3], output[3], kernel[3], stride[3], padding[3], dilation[3];

  explicit Conv3d(const ConvParams& p);
  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  int64_t in_plane() const { return input[0] * input[1] * input[2]; }
  int64_t out_plane() const { return output[0] * output[1] * output[2]; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
};

// A copy of images with zeros around them, so that taps need no bounds. With phases > 1 the columns
// of a row are sorted by their remainder modulo `phases`: neighbours under a stride become
// adjacent.
struct PaddedImage {
  int64_t size[3];  // of the original
  int64_t lo[3];    // zeros in front
  int64_t full[3];  // with the zeros
  int64_t phases = 1;
  int64_t pitch, plane;  // elements in a row and in a channel of the copy

  // `extent`: how many positions from -lo on are read in each dimension.
  PaddedImage(const int64_t (&size)[3], const int64_t (&lo)[3], const int64_t (&extent)[3],
              int64_t phases);
  // Whether the original can be read in its place.
  bool is_plain() const;
  // Where position (z, y, x), counted with the zeros in front, lies in a channel of the copy.
  int64_t at(int64_t z, int64_t y, int64_t x) const {
    return (z * full[1] + y) * pitch + x % phases * (pitch / phases) + x / phases;
  }
  template <class T>
  void copy_channel(const T* from, T* to) const;
};

// dst[row, q] = bias[row] + sum over channels and taps of weight * src[channel, q at that tap] for
// q in a grid, where dst takes every step-th position from `first` on.
struct Gather {
  PaddedImage source;
  int64_t rows, channels;            // of one group
  std::vector<int64_t> taps = {};    // indices into the kernel
  std::vector<int64_t> offset = {};  // of each tap in the source
  int64_t grid[3] = {};
  int64_t advance[3] = {};  // in the source, for a step in the grid
  int64_t target[3] = {}, first[3] = {}, step[3] = {};

  bool writes_all() const;
  // Merges rows that follow each other without a gap in source and target.
  void merge_rows();
};

// How the weight of (row, channel, tap) is found: w[group * + row * + channel * + tap].
struct WeightStrides {
  int64_t group, row, channel;
};

template <class T>
void run_gather(const Gather& g, int64_t batch, int64_t groups, const T* src, const T* w,
                const WeightStrides& strides, const T* bias, T* dst);

// The gradients of weights and bias (either may be null), overwriting them.
template <class T>
void weight_gradient(const Conv3d& p, const T* grad_y, const T* x, T* grad_w, T* grad_bias);

}  // namespace rl::cpu
