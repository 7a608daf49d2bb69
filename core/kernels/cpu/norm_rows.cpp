// Layer norm, RMS norm and group norm: statistics of stretches of one sample.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/norm.h"
#include "core/kernels/cpu/norm_table.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 16384;  // elements worth a thread

int64_t row_grain(int64_t length) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(length, 1));
}

// Gradients of weight and bias sum over rows: in blocks of rows, blocks in groups, groups together.
constexpr int64_t kGroups = 32;
constexpr int64_t kBlockRows = 256;

template <class T>
void rows_backward(int64_t rows, int64_t length, const T* dy, const T* x, const T* weight,
                   const T* mean, const T* rstd, T* dx, T* dweight, T* dbias) {
  const auto& loops = norm_loops<T>();
  const auto run = [&](int64_t first, int64_t count, T* dw, T* db) {
    const int64_t at = first * length;
    loops.rows_backward({count, length, weight, nullptr, 0}, dy + at, x + at,
                        mean ? mean + first : nullptr, rstd + first, dx ? dx + at : nullptr, dw,
                        db);
  };
  if (!dweight && !dbias) {
    parallel_for(0, rows, row_grain(length),
                 [&](int64_t first, int64_t last) { run(first, last - first, nullptr, nullptr); });
    return;
  }
  const int64_t per_group =
      std::max((rows + kGroups - 1) / kGroups, std::min<int64_t>(16, row_grain(length)));
  const int64_t groups = (rows + per_group - 1) / per_group;
  const bool blocks = per_group > kBlockRows;
  const auto width = static_cast<size_t>(2 * length);
  std::vector<T> sums(static_cast<size_t>(groups) * width);
  const int64_t grain = std::max<int64_t>(1, row_grain(length) / per_group);
  parallel_for(0, groups, grain, [&](int64_t begin, int64_t end) {
    std::vector<T> part(blocks ? width : 0);
    for (int64_t g = begin; g < end; ++g) {
      T* const sum = sums.data() + static_cast<size_t>(g) * width;
      const int64_t last = std::min(rows, (g + 1) * per_group);
      for (int64_t r = g * per_group; r < last; r += kBlockRows) {
        const int64_t count = std::min(kBlockRows, last - r);
        if (!blocks) {
          run(r, count, sum, sum + length);
          continue;
        }
        std::fill(part.begin(), part.end(), T(0));
        run(r, count, part.data(), part.data() + length);
        for (size_t i = 0; i < width; ++i) sum[i] += part[i];
      }
    }
  });
  for (int64_t i = 0; i < length; ++i) {
    T dw = 0, db = 0;
    for (int64_t g = 0; g < groups; ++g) {
      dw += sums[static_cast<size_t>(g) * width + static_cast<size_t>(i)];
      db += sums[static_cast<size_t>(g) * width + static_cast<size_t>(length + i)];
    }
    if (dweight) dweight[i] = dw;
    if (dbias) dbias[i] = db;
  }
}

template <class T>
void group_forward(const GroupShape& shape, const T* x, const T* weight, const T* bias, double eps,
                   T* y, T* mean, T* rstd) {
  const auto& loops = norm_loops<T>();
  const auto [batch, groups, width, inner] = shape;
  const int64_t length = width * inner;
  parallel_for(0, batch * groups, row_grain(length), [&](int64_t first, int64_t last) {
    for (int64_t k = first; k < last; ++k) {
      const int64_t c = k % groups * width;
      const T* const w = weight ? weight + c : nullptr;
      const T* const b = bias ? bias + c : nullptr;
      if (inner == 1) {
        loops.rows({1, width, w, b, eps}, x + k * length, y + k * length, mean + k, rstd + k);
        continue;
      }
      const Moments m = loops.moments(x + k * length, length);
      const double scale = 1 / std::sqrt(m.square / m.count + eps);
      mean[k] = static_cast<T>(m.mean);
      rstd[k] = static_cast<T>(scale);
      for (int64_t i = 0; i < width; ++i) {
        const int64_t at = k * length + i * inner;
        const double s = w ? scale * static_cast<double>(w[i]) : scale;
        loops.plane(x + at, y + at, inner, mean[k], static_cast<T>(s), b ? b[i] : T(0));
      }
    }
  });
}

template <class T>
void group_backward(const GroupShape& shape, const T* dy, const T* x, const T* weight,
                    const T* mean, const T* rstd, T* dx, T* dweight, T* dbias) {
  const auto& loops = norm_loops<T>();
  const auto [batch, groups, width, inner] = shape;
  const int64_t length = width * inner, channels = groups * width;
  std::vector<GradientSums> sums(static_cast<size_t>(batch * channels));
  parallel_for(0, batch * groups, row_grain(length), [&](int64_t first, int64_t last) {
    for (int64_t k = first; k < last; ++k) {
      const T* const w = weight ? weight + k % groups * width : nullptr;
      const double scale = static_cast<double>(rstd[k]);
      double sum = 0, dot = 0;
      for (int64_t i = 0; i < width; ++i) {
        const int64_t at = k * length + i * inner;
        const GradientSums s = loops.plane_sums(dy + at, x + at, inner, mean[k]);
        const double by = w ? static_cast<double>(w[i]) : 1.0;
        sum += s.dy * by;
        dot += s.dot * by;
        sums[static_cast<size_t>(k * width + i)] = {s.dy, s.dot * scale};
      }
      if (!dx) continue;
      const double n = static_cast<double>(length);
      const T b = static_cast<T>(-dot / n * scale * scale * scale),
              c = static_cast<T>(-sum / n * scale);
      for (int64_t i = 0; i < width; ++i) {
        const int64_t at = k * length + i * inner;
        const double by = w ? static_cast<double>(w[i]) : 1.0;
        loops.plane_backward(dy + at, x + at, dx + at, inner, mean[k], static_cast<T>(scale * by),
                             b, c);
      }
    }
  });
  if (!dweight && !dbias) return;
  for (int64_t c = 0; c < channels; ++c) {
    GradientSums all;
    for (int64_t n = 0; n < batch; ++n) {
      const GradientSums& s = sums[static_cast<size_t>(n * channels + c)];
      all.dy += s.dy;
      all.dot += s.dot;
    }
    if (dweight) dweight[c] = static_cast<T>(all.dot);
    if (dbias) dbias[c] = static_cast<T>(all.dy);
  }
}

}  // namespace

void row_norm(int64_t rows, int64_t length, const Tensor& x, const Tensor& weight,
              const Tensor& bias, double eps, const Tensor& y, const Tensor& mean,
              const Tensor& rstd) {
  dispatch(WideFloats{}, x.dtype(), "LayerNormKernelImpl", [&]<class T>() {
    const auto& loops = norm_loops<T>();
    const T* const from = x.data<T>();
    T* const to = y.data<T>();
    T* const means = data_or_null<T>(mean);
    T* const scales = rstd.data<T>();
    parallel_for(0, rows, row_grain(length), [&](int64_t first, int64_t last) {
      const RowNorm<T> norm{last - first, length, data_or_null<T>(weight), data_or_null<T>(bias),
                            eps};
      const int64_t at = first * length;
      if (means)
        loops.rows(norm, from + at, to + at, means + first, scales + first);
      else
        loops.rms_rows(norm, from + at, to + at, scales + first);
    });
  });
}

void row_norm_backward(int64_t rows, int64_t length, const Tensor& dy, const Tensor& x,
                       const Tensor& weight, const Tensor& mean, const Tensor& rstd,
                       const Tensor& dx, const Tensor& dweight, const Tensor& dbias) {
  dispatch(WideFloats{}, x.dtype(), "LayerNormBackwardKernelImpl", [&]<class T>() {
    rows_backward(rows, length, dy.data<T>(), x.data<T>(), data_or_null<T>(weight),
                  data_or_null<T>(mean), rstd.data<T>(), data_or_null<T>(dx),
                  data_or_null<T>(dweight), data_or_null<T>(dbias));
  });
}

void group_norm(const GroupShape& shape, const Tensor& x, const Tensor& weight, const Tensor& bias,
                double eps, const Tensor& y, const Tensor& mean, const Tensor& rstd) {
  dispatch(WideFloats{}, x.dtype(), "GroupNormKernelImpl", [&]<class T>() {
    group_forward(shape, x.data<T>(), data_or_null<T>(weight), data_or_null<T>(bias), eps,
                  y.data<T>(), mean.data<T>(), rstd.data<T>());
  });
}

void group_norm_backward(const GroupShape& shape, const Tensor& dy, const Tensor& x,
                         const Tensor& weight, const Tensor& mean, const Tensor& rstd,
                         const Tensor& dx, const Tensor& dweight, const Tensor& dbias) {
  dispatch(WideFloats{}, x.dtype(), "GroupNormBackwardKernelImpl", [&]<class T>() {
    group_backward(shape, dy.data<T>(), x.data<T>(), data_or_null<T>(weight), mean.data<T>(),
                   rstd.data<T>(), data_or_null<T>(dx), data_or_null<T>(dweight),
                   data_or_null<T>(dbias));
  });
}

}  // namespace rl::cpu
