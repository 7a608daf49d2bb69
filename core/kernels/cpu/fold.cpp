// Sliding blocks to columns and back, plane by plane.
#include <algorithm>
#include <cstring>

#include "core/base/threads.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

struct Blocks {
  int64_t planes, height, width, rows, cols;  // of the picture, and of the array of blocks
  int64_t kernel[2], dilation[2], padding[2], stride[2];
  int64_t column_size() const { return kernel[0] * kernel[1] * rows * cols; }
};

Blocks make_blocks(const Tensor& picture, IntList kernel, IntList dilation, IntList padding,
                   IntList stride) {
  Blocks b{};
  b.height = picture.size(-2);
  b.width = picture.size(-1);
  b.planes = picture.numel() / std::max<int64_t>(b.height * b.width, 1);
  for (size_t d = 0; d < 2; ++d) {
    b.kernel[d] = kernel[d];
    b.dilation[d] = dilation[d];
    b.padding[d] = padding[d];
    b.stride[d] = stride[d];
  }
  b.rows = (b.height + 2 * padding[0] - dilation[0] * (kernel[0] - 1) - 1) / stride[0] + 1;
  b.cols = (b.width + 2 * padding[1] - dilation[1] * (kernel[1] - 1) - 1) / stride[1] + 1;
  return b;
}

// Calls f(column offset, picture row or -1, first picture column) for every row of blocks of a
// plane.
template <class F>
void each_row(const Blocks& b, const F& f) {
  int64_t at = 0;
  for (int64_t k0 = 0; k0 < b.kernel[0]; ++k0)
    for (int64_t k1 = 0; k1 < b.kernel[1]; ++k1)
      for (int64_t r = 0; r < b.rows; ++r, at += b.cols) {
        const int64_t y = r * b.stride[0] - b.padding[0] + k0 * b.dilation[0];
        f(at, y >= 0 && y < b.height ? y : -1, k1 * b.dilation[1] - b.padding[1]);
      }
}

// The blocks of a row whose column lies in the picture.
void columns_inside(const Blocks& b, int64_t start, int64_t& first, int64_t& last) {
  first = start >= 0 ? 0 : std::min((-start + b.stride[1] - 1) / b.stride[1], b.cols);
  last = b.width > start ? std::min((b.width - start + b.stride[1] - 1) / b.stride[1], b.cols) : 0;
  last = std::max(first, last);
}

template <class T>
void to_columns(const Blocks& b, const T* picture, T* columns) {
  each_row(b, [&](int64_t at, int64_t y, int64_t start) {
    T* const to = columns + at;
    int64_t first = b.cols, last = b.cols;
    if (y >= 0) columns_inside(b, start, first, last);
    std::memset(to, 0, static_cast<size_t>(first) * sizeof(T));
    if (y >= 0) {
      const T* const from = picture + y * b.width + start;
      for (int64_t c = first; c < last; ++c) to[c] = from[c * b.stride[1]];
    }
    std::memset(to + last, 0, static_cast<size_t>(b.cols - last) * sizeof(T));
  });
}

struct alignas(16) Pair {
  uint64_t words[2];
};

int64_t grain_of(const Blocks& b) {
  return std::max<int64_t>(16384 / std::max<int64_t>(b.column_size(), 1), 1);
}

template <class T>
void all_to_columns(const Blocks& b, const Tensor& picture, const Tensor& columns) {
  parallel_for(0, b.planes, grain_of(b), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      to_columns(b, picture.data<T>() + p * b.height * b.width,
                 columns.data<T>() + p * b.column_size());
  });
}

}  // namespace

void im2col(const Tensor& self, IntList kernel, IntList dilation, IntList padding, IntList stride,
            const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor x = as_contiguous(self);
  const Blocks b = make_blocks(x, kernel, dilation, padding, stride);
  switch (x.item_size()) {
    case 1:
      return all_to_columns<uint8_t>(b, x, out);
    case 2:
      return all_to_columns<uint16_t>(b, x, out);
    case 4:
      return all_to_columns<uint32_t>(b, x, out);
    case 8:
      return all_to_columns<uint64_t>(b, x, out);
    default:
      return all_to_columns<Pair>(b, x, out);
  }
}

void col2im(const Tensor& self, IntList, IntList kernel, IntList dilation, IntList padding,
            IntList stride, const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor x = as_contiguous(self);
  const Blocks b = make_blocks(out, kernel, dilation, padding, stride);
  dispatch(Join<FloatsAndComplex, Types<bool>>{}, x.dtype(), "col2im_out_cpu", [&]<class T>() {
    parallel_for(0, b.planes, grain_of(b), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        T* const picture = out.data<T>() + p * b.height * b.width;
        std::fill_n(picture, b.height * b.width, T(0));
        each_row(b, [&](int64_t at, int64_t y, int64_t start) {
          if (y < 0) return;
          int64_t first, last;
          columns_inside(b, start, first, last);
          T* const to = picture + y * b.width + start;
          const T* const from = x.data<T>() + p * b.column_size() + at;
          for (int64_t c = first; c < last; ++c) {
            T& sum = to[c * b.stride[1]];
            if constexpr (std::is_same_v<T, bool>)
              sum = sum || from[c];
            else
              sum = static_cast<T>(static_cast<Compute<T>>(sum) + static_cast<Compute<T>>(from[c]));
          }
        });
      }
    });
  });
}

}  // namespace rl::cpu
