// Sizes of a convolution in three dimensions, and images copied with zeros around them.
#include <algorithm>
#include <cstring>

#include "core/kernels/cpu/convolution_gather.h"
#include "core/kernels/cpu/gemm_blocked.h"

namespace rl::cpu {

Conv3d::Conv3d(const ConvParams& p)
    : batch(p.batch),
      in_channels(p.in_channels),
      out_channels(p.out_channels),
      groups(p.groups),
      input{1, 1, 1},
      output{1, 1, 1},
      kernel{1, 1, 1},
      stride{1, 1, 1},
      padding{0, 0, 0},
      dilation{1, 1, 1} {
  for (int d = 0; d < p.ndim; ++d) {
    const int to = d + 3 - p.ndim;
    input[to] = p.input[d];
    output[to] = p.output[d];
    kernel[to] = p.kernel[d];
    stride[to] = p.stride[d];
    padding[to] = p.padding[d];
    dilation[to] = p.dilation[d];
  }
}

PaddedImage::PaddedImage(const int64_t (&of)[3], const int64_t (&front)[3],
                         const int64_t (&extent)[3], int64_t by)
    : phases(by) {
  bool inside = by == 1;
  for (int d = 0; d < 3; ++d) {
    size[d] = of[d];
    lo[d] = front[d];
    full[d] = std::max<int64_t>(extent[d], 1);
    inside = inside && lo[d] == 0 && full[d] <= size[d];
  }
  if (inside) std::copy_n(size, 3, full);
  pitch = ceil_div(full[2], phases) * phases;
  plane = full[0] * full[1] * pitch;
}

bool PaddedImage::is_plain() const {
  bool same = phases == 1;
  for (int d = 0; d < 3; ++d) same = same && lo[d] == 0 && full[d] == size[d];
  return same;
}

namespace {

// Short rows: no call, and 16 bytes at a time, the last ones overlapping.
template <class T>
inline void copy_row(const T* from, T* to, int64_t count) {
  constexpr int64_t kStep = 16 / static_cast<int64_t>(sizeof(T));
  if (count < kStep || count > 16 * kStep) {
    std::copy_n(from, count, to);
    return;
  }
  for (int64_t i = 0; i + kStep < count; i += kStep) std::memcpy(to + i, from + i, 16);
  std::memcpy(to + count - kStep, from + count - kStep, 16);
}

}  // namespace

template <class T>
void PaddedImage::copy_channel(const T* from, T* to) const {
  const int64_t left = std::min(lo[2], full[2]);
  const int64_t inside = std::clamp<int64_t>(full[2] - left, 0, size[2]);
  if (phases == 1 && plane <= 4096) {
    std::memset(to, 0, static_cast<size_t>(plane) * sizeof(T));
    for (int64_t z = std::max<int64_t>(lo[0], 0); z < std::min(full[0], lo[0] + size[0]); ++z) {
      for (int64_t y = std::max<int64_t>(lo[1], 0); y < std::min(full[1], lo[1] + size[1]); ++y) {
        copy_row(from + ((z - lo[0]) * size[1] + y - lo[1]) * size[2],
                 to + (z * full[1] + y) * pitch + left, inside);
      }
    }
    return;
  }
  for (int64_t z = 0; z < full[0]; ++z) {
    for (int64_t y = 0; y < full[1]; ++y, to += pitch) {
      const int64_t from_z = z - lo[0], from_y = y - lo[1];
      if (from_z < 0 || from_z >= size[0] || from_y < 0 || from_y >= size[1]) {
        std::memset(to, 0, static_cast<size_t>(pitch) * sizeof(T));
        continue;
      }
      const T* row = from + (from_z * size[1] + from_y) * size[2];
      if (phases == 1) {
        for (int64_t x = 0; x < left; ++x) to[x] = T(0);
        std::memcpy(to + left, row, static_cast<size_t>(inside) * sizeof(T));
        for (int64_t x = left + inside; x < pitch; ++x) to[x] = T(0);
        continue;
      }
      const int64_t share = pitch / phases;
      for (int64_t f = 0; f < phases; ++f) {
        T* part = to + f * share;
        // Positions i with 0 <= i * phases + f - left < inside.
        const int64_t begin = std::min(share, ceil_div(std::max<int64_t>(left - f, 0), phases));
        const int64_t end =
            std::clamp(ceil_div(std::max<int64_t>(left + inside - f, 0), phases), begin, share);
        for (int64_t i = 0; i < begin; ++i) part[i] = T(0);
        const T* first = row + begin * phases + f - left;
        for (int64_t i = begin; i < end; ++i, first += phases) part[i] = *first;
        for (int64_t i = end; i < share; ++i) part[i] = T(0);
      }
    }
  }
}

template void PaddedImage::copy_channel(const float*, float*) const;
template void PaddedImage::copy_channel(const double*, double*) const;
template void PaddedImage::copy_channel(const int64_t*, int64_t*) const;

}  // namespace rl::cpu
