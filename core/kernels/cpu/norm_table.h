// Inner loops of normalisation, compiled once an instruction set. All data is contiguous; sums run
// in an order that depends on lengths only, so results are the same bits for any thread count.
#pragma once

#include <cstdint>

namespace rl::cpu {

// Mean of some numbers and the sum of their squared distances to it.
struct Moments {
  double count = 0, mean = 0, square = 0;

  // Chan, Golub and LeVeque's update for two disjoint samples.
  [[gnu::always_inline]] void merge(const Moments& o) {
    if (o.count == 0) return;
    const double total = count + o.count, d = o.mean - mean;
    mean += d * (o.count / total);
    square += o.square + d * d * (count * o.count / total);
    count = total;
  }
};

// Sums over dy, and over dy * (x - mean).
struct GradientSums {
  double dy = 0, dot = 0;
};

// Parameters of a normalisation of rows; weight and bias may be null.
template <class T>
struct RowNorm {
  int64_t rows, length;
  const T* weight;
  const T* bias;
  double eps;
};

template <class T>
struct NormLoops {
  Moments (*moments)(const T* x, int64_t n);
  // Layer norm of rows; stores each row's mean and 1 / sqrt(var + eps).
  void (*rows)(const RowNorm<T>& norm, const T* x, T* y, T* mean, T* rstd);
  // RMS norm of rows: no mean.
  void (*rms_rows)(const RowNorm<T>& norm, const T* x, T* y, T* rstd);
  // Backward of both (mean null: RMS). dx, dweight, dbias may be null; the last two are added to.
  void (*rows_backward)(const RowNorm<T>& norm, const T* dy, const T* x, const T* mean,
                        const T* rstd, T* dx, T* dweight, T* dbias);

  // A plane of one channel: y = (x - mean) * scale + shift.
  void (*plane)(const T* x, T* y, int64_t n, T mean, T scale, T shift);
  GradientSums (*plane_sums)(const T* dy, const T* x, int64_t n, T mean);
  // dx = a dy + b (x - mean) + c
  void (*plane_backward)(const T* dy, const T* x, T* dx, int64_t n, T mean, T a, T b, T c);

  // The same with the channel as the fast dimension: `rows` rows of `channels` columns.
  // Mean and square, zeros before, become each column's. `scratch` holds 2 * channels.
  void (*columns_moments)(const T* x, int64_t rows, int64_t channels, double* mean, double* square,
                          T* scratch);
  void (*columns)(const T* x, T* y, int64_t rows, int64_t channels, const T* mean, const T* scale,
                  const T* shift);
  // Adds to dy_sum and dot_sum.
  void (*columns_sums)(const T* dy, const T* x, int64_t rows, int64_t channels, const T* mean,
                       double* dy_sum, double* dot_sum, T* scratch);
  void (*columns_backward)(const T* dy, const T* x, T* dx, int64_t rows, int64_t channels,
                           const T* mean, const T* a, const T* b, const T* c);
};

struct NormTable {
  NormLoops<float> of_float;
  NormLoops<double> of_double;
};
const NormTable& norm_table();

template <class T>
const NormLoops<T>& norm_loops() {
  if constexpr (sizeof(T) == sizeof(float))
    return norm_table().of_float;
  else
    return norm_table().of_double;
}

}  // namespace rl::cpu
