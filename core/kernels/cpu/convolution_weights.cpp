// The gradient of the weights: for each input channel and tap, the products of grad_y with the
// input shifted by the tap, summed over all positions. Kernels take grad_y with the channels
// innermost. Tasks are pieces of the batch (their partial sums are added in order) times ranges of
// channels; how many depends on the shape only.
#include <algorithm>

#include "core/kernels/cpu/convolution_gather.h"
#include "core/kernels/cpu/gemm_blocked.h"
#include "core/kernels/cpu/gemm_table.h"

namespace rl::cpu {
namespace {

constexpr int64_t kTasks = 24;
// A task's sums stay in the second cache, a block of its positions in the first.
constexpr int64_t kSumBytes = 256 << 10;
constexpr int64_t kBlockPositions = 96;
// Enough rows that reading grad_y again for each range of them costs little.
constexpr int64_t kRangeRows = 96;

struct Taps {
  PaddedImage source;
  std::vector<int64_t> offset;
};

Taps taps_of(const Conv3d& p) {
  int64_t extent[3];
  for (int d = 0; d < 3; ++d) {
    extent[d] = (p.output[d] - 1) * p.stride[d] + (p.kernel[d] - 1) * p.dilation[d] + 1;
  }
  Taps t{PaddedImage(p.input, p.padding, extent, p.stride[2]), {}};
  for (int64_t z = 0; z < p.kernel[0]; ++z) {
    for (int64_t y = 0; y < p.kernel[1]; ++y) {
      for (int64_t x = 0; x < p.kernel[2]; ++x) {
        t.offset.push_back(t.source.at(z * p.dilation[0], y * p.dilation[1], x * p.dilation[2]));
      }
    }
  }
  return t;
}

// The output channels of a group in chunks of a few vectors. grad_y is turned once, so that in each
// chunk the channels are innermost and the positions follow each other; the sums lie likewise.
struct Chunks {
  int64_t width, ld, count;
  Chunks(int64_t outs, int64_t lanes)
      : width(4 * lanes), ld(round_up(outs, lanes)), count(ceil_div(ld, width)) {}
  int64_t cols(int64_t c) const { return std::min(width, ld - c * width); }
};

template <class T>
void turn_outputs(const Conv3d& p, const Chunks& chunks, const T* grad_y, T* turned) {
  const int64_t plane = p.out_plane(), outs = p.group_out();
  parallel_tasks(p.batch * p.groups * chunks.count, p.batch * p.out_channels * plane > (1 << 15),
                 [&](int64_t task) {
                   const int64_t image = task / chunks.count, c = task % chunks.count;
                   const int64_t first = c * chunks.width, cols = chunks.cols(c);
                   gemm_table<T>().pack(plane, std::min(cols, outs - first), cols,
                                        grad_y + (image * outs + first) * plane, plane, 1,
                                        turned + (image * chunks.ld + first) * plane, cols);
                 });
}

// Adds one image's share for `count` input channels of a group. `rows`: of all channels together,
// which is how far apart the chunks' sums are.
template <class T>
void add_image(const Conv3d& p, const Taps& taps, const Chunks& chunks, int64_t count, const T* x,
               const T* turned, T* sums, int64_t first_row, int64_t rows, T* padded) {
  const PaddedImage& source = taps.source;
  const bool plain = source.is_plain();
  if (!plain) {
    for (int64_t c = 0; c < count; ++c)
      source.copy_channel(x + c * p.in_plane(), padded + c * source.plane);
  }
  const int64_t kernel = p.taps(), lines = p.output[0] * p.output[1], width = p.output[2];
  std::vector<int64_t> row(static_cast<size_t>(count * kernel));
  for (int64_t c = 0; c < count; ++c) {
    for (int64_t t = 0; t < kernel; ++t) row[c * kernel + t] = c * source.plane + taps.offset[t];
  }
  const int64_t block = std::clamp<int64_t>(kBlockPositions / width, 1, lines);
  std::vector<ColumnRun> runs(static_cast<size_t>(block));
  for (int64_t line = 0; line < lines; line += block) {
    const int64_t some = std::min(block, lines - line);
    for (int64_t i = 0; i < some; ++i) {
      const int64_t z = (line + i) / p.output[1], y = (line + i) % p.output[1];
      runs[i] = {source.at(z * p.stride[0], y * p.stride[1], 0), 0, i * width, width};
    }
    for (int64_t c = 0; c < chunks.count; ++c) {
      const int64_t cols = chunks.cols(c), at = c * chunks.width;
      conv_table<T>().grad_rows(count * kernel, row.data(), cols, plain ? x : padded, runs.data(),
                                some, turned + at * p.out_plane() + line * width * cols, cols,
                                sums + at * rows + first_row * cols);
    }
  }
}

template <class T>
void gradient_by_products(const Conv3d& p, const T* grad_y, const T* x, T* grad_w) {
  const Taps taps = taps_of(p);
  const int64_t kernel = p.taps(), channels = p.group_in(), outs = p.group_out();
  const int64_t rows = channels * kernel;
  const Chunks chunks(outs, gemm_table<T>().lanes);
  const int64_t bytes = rows * chunks.ld * static_cast<int64_t>(sizeof(T));
  const int64_t ranges = std::clamp(std::max(rows / kRangeRows, ceil_div(bytes, kSumBytes)),
                                    int64_t{1}, std::min(kTasks, channels));
  const int64_t range = ceil_div(channels, ranges);
  const int64_t per_group = ceil_div(channels, range);
  const int64_t pieces = std::clamp<int64_t>(kTasks / (per_group * p.groups), 1, p.batch);
  const int64_t piece = ceil_div(p.batch, pieces);
  const int64_t parts = ceil_div(p.batch, piece);
  const int64_t group_size = rows * chunks.ld;
  const int64_t image_size = chunks.ld * p.out_plane();
  Scratch<T> turned(p.batch * p.groups * image_size), partial(parts * p.groups * group_size);
  turn_outputs(p, chunks, grad_y, turned.get());
  parallel_tasks(parts * p.groups * per_group, true, [&](int64_t task) {
    const int64_t first = task % per_group * range, count = std::min(range, channels - first);
    const int64_t group = task / per_group % p.groups, part = task / per_group / p.groups;
    Scratch<T> padded(taps.source.is_plain() ? 0 : count * taps.source.plane);
    T* const sums = partial.get() + (part * p.groups + group) * group_size;
    for (int64_t c = 0; c < chunks.count; ++c) {
      const int64_t cols = chunks.cols(c);
      std::fill_n(sums + c * chunks.width * rows + first * kernel * cols, count * kernel * cols,
                  T(0));
    }
    const int64_t last = std::min(p.batch, (part + 1) * piece);
    for (int64_t n = part * piece; n < last; ++n) {
      add_image(p, taps, chunks, count,
                x + (n * p.in_channels + group * channels + first) * p.in_plane(),
                turned.get() + (n * p.groups + group) * image_size, sums, first * kernel, rows,
                padded.get());
    }
  });
  // grad_w[o][row] = the sum of the parts' [row][o]
  parallel_tasks(p.groups * channels, p.groups * rows * outs > (1 << 15), [&](int64_t i) {
    const int64_t group = i / channels, channel = i % channels;
    for (int64_t c = 0; c < chunks.count; ++c) {
      const int64_t cols = chunks.cols(c), size = kernel * cols;
      T* const sums = partial.get() + group * group_size + c * chunks.width * rows + channel * size;
      for (int64_t part = 1; part < parts; ++part) {
        const T* other = sums + part * p.groups * group_size;
        for (int64_t k = 0; k < size; ++k) sums[k] += other[k];
      }
      const int64_t first = c * chunks.width, some = std::min(cols, outs - first);
      for (int64_t o = 0; o < some; ++o) {
        T* const out = grad_w + ((group * outs + first + o) * channels + channel) * kernel;
        for (int64_t t = 0; t < kernel; ++t) out[t] = sums[t * cols + o];
      }
    }
  });
}

// Groups of one input channel: dot products of shifted rows.
template <class T>
void gradient_directly(const Conv3d& p, const T* grad_y, const T* x, T* grad_w) {
  const Taps taps = taps_of(p);
  const ConvTable<T>& conv = conv_table<T>();
  const int64_t kernel = p.taps(), outs = p.group_out();
  const bool plain = taps.source.is_plain();
  parallel_tasks(
      p.groups, p.batch * p.out_channels * p.out_plane() > (1 << 14), [&](int64_t group) {
        Scratch<T> padded(plain ? 0 : taps.source.plane);
        T* grad = grad_w + group * outs * kernel;
        std::fill_n(grad, outs * kernel, T(0));
        for (int64_t n = 0; n < p.batch; ++n) {
          const T* image = x + (n * p.groups + group) * p.in_plane();
          if (!plain) {
            taps.source.copy_channel(image, padded.get());
            image = padded.get();
          }
          for (int64_t o = 0; o < outs; ++o) {
            const T* y = grad_y + (n * p.out_channels + group * outs + o) * p.out_plane();
            for (int64_t z = 0; z < p.output[0]; ++z) {
              conv.direct_grad(p.output[1], p.output[2], kernel, taps.offset.data(),
                               y + z * p.output[1] * p.output[2], p.output[2],
                               image + taps.source.at(z * p.stride[0], 0, 0),
                               p.stride[1] * taps.source.pitch, grad + o * kernel);
            }
          }
        }
      });
}

}  // namespace

template <class T>
void weight_gradient(const Conv3d& p, const T* grad_y, const T* x, T* grad_w, T* grad_bias) {
  if (grad_bias) {
    const auto& sum = conv_table<T>().sum;
    parallel_tasks(
        p.out_channels, p.batch * p.out_channels * p.out_plane() > (1 << 15), [&](int64_t o) {
          T total(0);
          for (int64_t n = 0; n < p.batch; ++n) {
            total += sum(p.out_plane(), grad_y + (n * p.out_channels + o) * p.out_plane());
          }
          grad_bias[o] = total;
        });
  }
  if (!grad_w) return;
  if (p.batch == 0 || p.out_plane() == 0) {
    std::fill_n(grad_w, p.out_channels * p.group_in() * p.taps(), T(0));
  } else if (p.group_in() == 1 && p.group_out() <= 3 && p.groups > 1) {
    gradient_directly(p, grad_y, x, grad_w);
  } else {
    gradient_by_products(p, grad_y, x, grad_w);
  }
}

template void weight_gradient(const Conv3d&, const float*, const float*, float*, float*);
template void weight_gradient(const Conv3d&, const double*, const double*, double*, double*);
template void weight_gradient(const Conv3d&, const int64_t*, const int64_t*, int64_t*, int64_t*);

}  // namespace rl::cpu
