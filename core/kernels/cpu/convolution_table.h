// The convolution kernels that each instruction set offers. Plain C++, like gemm_table.h.
#pragma once

#include <cstdint>

namespace rl::cpu {

// Neighbouring columns (output positions) that are also neighbours in the source.
struct ColumnRun {
  int64_t source;  // of the first one, without channel and tap
  int64_t target;
  int64_t lane;  // place in its panel
  int64_t count;
};

inline constexpr int kPixelSlack = 8;
inline constexpr int kFewRows = 8;

template <class T>
struct ConvTable {
  // dst[(c * taps + t) * step + lane] = src[c * channel + offset[t] + run.source + ...] for every
  // run of a panel.
  void (*pack_columns)(int64_t channels, int64_t channel, int64_t taps, const int64_t* offset,
                       const T* src, const ColumnRun* runs, int64_t count, T* dst, int64_t step);
  // dst[i] = bias + sum over taps of w[t] src[offset[t] + i], for i < count, on lines that are
  // src_step and dst_step apart.
  void (*direct)(int64_t lines, int64_t count, int64_t taps, const int64_t* offset, const T* w,
                 const T* src, int64_t src_step, T bias, T* dst, int64_t dst_step);
  // grad[t] += sum_i y[i] src[offset[t] + i], summed over rows of `count` that are y_step and
  // src_step apart.
  void (*direct_grad)(int64_t rows, int64_t count, int64_t taps, const int64_t* offset, const T* y,
                      int64_t y_step, const T* src, int64_t src_step, T* grad);
  // grad[r * ld + j] += sum over the runs' positions p of src[row[r] + source(p)] * y[p * ld + j]
  // for j < cols, a multiple of the vector length; the run's `lane` is its first p.
  void (*grad_rows)(int64_t rows, const int64_t* row, int64_t cols, const T* src,
                    const ColumnRun* runs, int64_t count, const T* y, int64_t ld, T* grad);
  // acc[p * cols + j] += sum over channels and taps of src[source[p] + c * channel + offset[t]] *
  // w[(c * taps + t) * cols + j] for pixels p and cols = vectors * lanes, vectors <= pixel_vectors.
  // Works on whole tiles: `source` and `acc` go on by kPixelSlack, the most positions of a tile.
  void (*pixels)(int64_t count, const int64_t* source, int vectors, int64_t channels,
                 int64_t channel, int64_t taps, const int64_t* offset, const T* src, const T* w,
                 T* acc);
  int pixel_vectors;
  // dst[r * row_step + i] = bias[r] + sum over channels and taps of w[(c * taps + t) * rows + r] *
  // src[c * channel + offset[t] + i], for rows <= kFewRows, on lines that are src_step and dst_step
  // apart.
  void (*few_rows)(int64_t rows, int64_t lines, int64_t count, int64_t channels, int64_t channel,
                   int64_t taps, const int64_t* offset, const T* w, const T* src, int64_t src_step,
                   const T* bias, T* dst, int64_t dst_step, int64_t row_step);
  // The sum of n values.
  T (*sum)(int64_t n, const T* x);
};

extern const ConvTable<float> kConvFloatBaseline, kConvFloatAvx2, kConvFloatAvx512;
extern const ConvTable<double> kConvDoubleBaseline, kConvDoubleAvx2, kConvDoubleAvx512;
extern const ConvTable<int64_t> kConvInt64Baseline;

}  // namespace rl::cpu
