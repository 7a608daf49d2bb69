// The gradient of the weights: for each input channel and tap, the products of grad_y with the input
// shifted by the tap, summed over all positions. Kernels take grad_y with the channels innermost.
// Tasks are pieces of the batch (their partial sums are added in order) times ranges of channels;
// how many depends on the shape only.
#include <cstring>

#include "core/kernels/cpu/convolution_gather.h"
#include "core/kernels/cpu/gemm_blocked.h"
#include "core/kernels/cpu/gemm_table.h"

namespace rl::cpu {
namespace {

constexpr int64_t kTasks = 24;
// Elements of grad_y that a block of positions holds, a share of the second cache.
constexpr int64_t kBlockElements = 1 << 16;

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
        t.offset.push_back(
            t.source.at(z * p.dilation[0], y * p.dilation[1], x * p.dilation[2]));
      }
    }
  }
  return t;
}

// Adds one image's share for the input channels [first, first + count) of a group.
template <class T>
void add_image(const Conv3d& p, const Taps& taps, int64_t count, const T* x, const T* grad_y,
               T* grad, int64_t ld, T* padded, T* y_block, int64_t block_rows) {
  const ConvTable<T>& conv = conv_table<T>();
  const PaddedImage& source = taps.source;
  const bool plain = source.is_plain();
  if (!plain) {
    for (int64_t c = 0; c < count; ++c) {
      source.copy_channel(x + c * p.in_plane(), padded + c * source.plane);
    }
  }
  const int64_t kernel = p.taps(), lines = p.output[0] * p.output[1], width = p.output[2];
  std::vector<int64_t> row(static_cast<size_t>(count * kernel));
  for (int64_t c = 0; c < count; ++c) {
    for (int64_t t = 0; t < kernel; ++t) row[c * kernel + t] = c * source.plane + taps.offset[t];
  }
  std::vector<ColumnRun> runs(static_cast<size_t>(block_rows));
  for (int64_t line = 0; line < lines; line += block_rows) {
    const int64_t some = std::min(block_rows, lines - line);
    for (int64_t i = 0; i < some; ++i) {
      const int64_t z = (line + i) / p.output[1], y = (line + i) % p.output[1];
      runs[i] = {source.at(z * p.stride[0], y * p.stride[1], 0), 0, i * width, width};
    }
    gemm_table<T>().pack(some * width, p.group_out(), ld, grad_y + line * width, p.out_plane(), 1,
                         y_block, ld);
    conv.grad_rows(count * kernel, row.data(), ld, plain ? x : padded, runs.data(), some, y_block,
                   ld, grad);
  }
}

template <class T>
void gradient_by_products(const Conv3d& p, const T* grad_y, const T* x, T* grad_w) {
  const Taps taps = taps_of(p);
  const GemmTable<T>& gemm = gemm_table<T>();
  const int64_t kernel = p.taps(), channels = p.group_in(), outs = p.group_out();
  const int64_t ld = round_up(outs, gemm.lanes);
  const int64_t block_rows =
      std::clamp<int64_t>(kBlockElements / (ld * p.output[2]), 1, p.output[0] * p.output[1]);
  // Ranges of at least 192 rows, so that packing grad_y again for each of them costs little.
  const int64_t ranges = std::clamp<int64_t>(channels * kernel / 192, 1, std::min(kTasks, channels));
  const int64_t range = ceil_div(channels, ranges);
  const int64_t per_group = ceil_div(channels, range);
  const int64_t pieces = std::clamp<int64_t>(kTasks / (per_group * p.groups), 1, p.batch);
  const int64_t piece = ceil_div(p.batch, pieces);
  const int64_t parts = ceil_div(p.batch, piece);
  const int64_t group_size = channels * kernel * ld;
  Scratch<T> partial(parts * p.groups * group_size);
  parallel_tasks(parts * p.groups * per_group, true, [&](int64_t task) {
    const int64_t first = task % per_group * range, count = std::min(range, channels - first);
    const int64_t group = task / per_group % p.groups, part = task / per_group / p.groups;
    Scratch<T> padded(taps.source.is_plain() ? 0 : count * taps.source.plane);
    Scratch<T> y_block(block_rows * p.output[2] * ld + ld);
    T* sums = partial.get() + (part * p.groups + group) * group_size + first * kernel * ld;
    std::fill_n(sums, count * kernel * ld, T(0));
    const int64_t last = std::min(p.batch, (part + 1) * piece);
    for (int64_t n = part * piece; n < last; ++n) {
      add_image(p, taps, count, x + (n * p.in_channels + group * channels + first) * p.in_plane(),
                grad_y + (n * p.out_channels + group * outs) * p.out_plane(), sums, ld,
                padded.get(), y_block.get(), block_rows);
    }
  });
  // grad_w[o][row] = the sum of the parts' [row][o]
  parallel_tasks(p.groups * channels, p.groups * channels * kernel * outs > (1 << 15), [&](int64_t i) {
    const int64_t group = i / channels, channel = i % channels;
    for (int64_t t = 0; t < kernel; ++t) {
      T* sums = partial.get() + group * group_size + (channel * kernel + t) * ld;
      for (int64_t part = 1; part < parts; ++part) {
        const T* other = sums + part * p.groups * group_size;
        for (int64_t o = 0; o < outs; ++o) sums[o] += other[o];
      }
      T* out = grad_w + (group * outs * channels + channel) * kernel + t;
      for (int64_t o = 0; o < outs; ++o) out[o * channels * kernel] = sums[o];
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
  parallel_tasks(p.groups, p.batch * p.out_channels * p.out_plane() > (1 << 14), [&](int64_t group) {
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
    parallel_tasks(p.out_channels, p.batch * p.out_channels * p.out_plane() > (1 << 15),
                   [&](int64_t o) {
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
