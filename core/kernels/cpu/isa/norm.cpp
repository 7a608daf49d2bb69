// Loops of normalisation, compiled once an instruction set.
#include "core/kernels/cpu/norm_table.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/cpu/registers.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

using cpu::GradientSums;
using cpu::Moments;
using cpu::NormLoops;
using cpu::RowNorm;

// Elements summed in T before double takes over.
constexpr int64_t kChunk = 4096;

template <class T>
RL_STEP_INLINE Moments chunk_moments(const T* x, int64_t n) {
  Sums4<T> sums;
  each4<T>(n, [&]<class V>(V, int64_t i, int way) { sums.add(way, load<V>(x + i)); });
  const T mean = sums.sum() / static_cast<T>(n);
  Sums4<T> offs, squares;
  each4<T>(n, [&]<class V>(V, int64_t i, int way) {
    const V d = load<V>(x + i) - mean;
    offs.add(way, d);
    squares.add(way, d * d);
  });
  // What rounding left in the mean comes back as the mean deviation.
  const double off = static_cast<double>(offs.sum()) / static_cast<double>(n);
  const double square = static_cast<double>(squares.sum()) - off * off * static_cast<double>(n);
  return {static_cast<double>(n), static_cast<double>(mean) + off, square < 0 ? 0 : square};
}

template <class T>
Moments moments(const T* x, int64_t n) {
  if (n <= kChunk) return n ? chunk_moments(x, n) : Moments{};
  Moments all;
  for (int64_t i = 0; i < n; i += kChunk) all.merge(chunk_moments(x + i, std::min(kChunk, n - i)));
  return all;
}

template <class T>
double mean_square(const T* x, int64_t n) {
  double all = 0;
  for (int64_t i = 0; i < n; i += kChunk) {
    Sums4<T> squares;
    each4<T>(std::min(kChunk, n - i), [&]<class V>(V, int64_t k, int way) {
      const V v = load<V>(x + i + k);
      squares.add(way, v * v);
    });
    all += static_cast<double>(squares.sum());
  }
  return all / static_cast<double>(n);
}

// y = (x - mean) * rstd * weight + bias
template <bool kWeight, bool kBias, class T>
RL_STEP_INLINE void scale_row(const RowNorm<T>& norm, const T* x, T* y, T mean, T rstd) {
  each<T>(norm.length, [&]<class V>(V, int64_t i) {
    V v = (load<V>(x + i) - mean) * rstd;
    if constexpr (kWeight) v = v * load<V>(norm.weight + i);
    if constexpr (kBias) v = v + load<V>(norm.bias + i);
    store<V>(y + i, v);
  });
}

template <class T>
RL_STEP_INLINE void scale_row(const RowNorm<T>& norm, const T* x, T* y, T mean, T rstd) {
  if (norm.weight && norm.bias)
    scale_row<true, true>(norm, x, y, mean, rstd);
  else if (norm.weight)
    scale_row<true, false>(norm, x, y, mean, rstd);
  else if (norm.bias)
    scale_row<false, true>(norm, x, y, mean, rstd);
  else
    scale_row<false, false>(norm, x, y, mean, rstd);
}

template <class T>
void rows(const RowNorm<T>& norm, const T* x, T* y, T* mean, T* rstd) {
  const int64_t n = norm.length;
  for (int64_t r = 0; r < norm.rows; ++r) {
    const Moments m = moments(x + r * n, n);
    mean[r] = static_cast<T>(m.mean);
    rstd[r] = static_cast<T>(1 / std::sqrt(m.square / m.count + norm.eps));
    scale_row(norm, x + r * n, y + r * n, mean[r], rstd[r]);
  }
}

template <class T>
void rms_rows(const RowNorm<T>& norm, const T* x, T* y, T* rstd) {
  const int64_t n = norm.length;
  for (int64_t r = 0; r < norm.rows; ++r) {
    rstd[r] = static_cast<T>(1 / std::sqrt(mean_square(x + r * n, n) + norm.eps));
    scale_row(norm, x + r * n, y + r * n, T(0), rstd[r]);
  }
}

// With u = dy * weight and h = (x - mean) * rstd: dx = rstd (u - mean(u) - h mean(u h)), where RMS
// norm has no mean(u); dweight = sum(dy h) and dbias = sum(dy) over rows.
template <bool kWeight, bool kParams, class T>
void rows_backward(const RowNorm<T>& norm, const T* dy, const T* x, const T* mean, const T* rstd,
                   T* dx, T* dweight, T* dbias) {
  const int64_t n = norm.length;
  const T* const w = norm.weight;
  for (int64_t r = 0; r < norm.rows; ++r, dy += n, x += n) {
    const T m = mean ? mean[r] : T(0), s = rstd[r];
    double sum = 0, dot = 0;
    for (int64_t at = 0; at < n; at += kChunk) {
      Sums4<T> sums, dots;
      each4<T>(std::min(kChunk, n - at), [&]<class V>(V, int64_t k, int way) {
        const int64_t i = at + k;
        const V g = load<V>(dy + i), h = (load<V>(x + i) - m) * s;
        V u = g;
        if constexpr (kWeight) u = g * load<V>(w + i);
        sums.add(way, u);
        dots.add(way, u * h);
        if constexpr (kParams) {
          store<V>(dweight + i, load<V>(dweight + i) + g * h);
          store<V>(dbias + i, load<V>(dbias + i) + g);
        }
      });
      sum += static_cast<double>(sums.sum());
      dot += static_cast<double>(dots.sum());
    }
    if (!dx) continue;
    const T c1 = mean ? static_cast<T>(sum / static_cast<double>(n)) : T(0);
    const T c2 = static_cast<T>(dot / static_cast<double>(n));
    each<T>(n, [&]<class V>(V, int64_t i) {
      const V h = (load<V>(x + i) - m) * s;
      V u = load<V>(dy + i);
      if constexpr (kWeight) u = u * load<V>(w + i);
      store<V>(dx + i, (u - c1 - h * c2) * s);
    });
    dx += n;
  }
}

template <class T>
void any_rows_backward(const RowNorm<T>& norm, const T* dy, const T* x, const T* mean,
                       const T* rstd, T* dx, T* dweight, T* dbias) {
  const auto run =
      norm.weight ? (dweight ? &rows_backward<true, true, T> : &rows_backward<true, false, T>)
                  : (dweight ? &rows_backward<false, true, T> : &rows_backward<false, false, T>);
  run(norm, dy, x, mean, rstd, dx, dweight, dbias);
}

template <class T>
void plane(const T* x, T* y, int64_t n, T mean, T scale, T shift) {
  each<T>(n,
          [&]<class V>(V, int64_t i) { store<V>(y + i, (load<V>(x + i) - mean) * scale + shift); });
}

template <class T>
GradientSums plane_sums(const T* dy, const T* x, int64_t n, T mean) {
  GradientSums all;
  for (int64_t at = 0; at < n; at += kChunk) {
    Sums4<T> sums, dots;
    each4<T>(std::min(kChunk, n - at), [&]<class V>(V, int64_t k, int way) {
      const V g = load<V>(dy + at + k);
      sums.add(way, g);
      dots.add(way, g * (load<V>(x + at + k) - mean));
    });
    all.dy += static_cast<double>(sums.sum());
    all.dot += static_cast<double>(dots.sum());
  }
  return all;
}

template <class T>
void plane_backward(const T* dy, const T* x, T* dx, int64_t n, T mean, T a, T b, T c) {
  each<T>(n, [&]<class V>(V, int64_t i) {
    store<V>(dx + i, load<V>(dy + i) * a + ((load<V>(x + i) - mean) * b + c));
  });
}

// Rows of a block: few enough that it stays in the first-level cache and that T may sum them.
RL_STEP_INLINE int64_t block_rows(int64_t channels) {
  return std::clamp<int64_t>(8192 / std::max<int64_t>(channels, 1), 8, 128);
}

template <class T>
void columns_moments(const T* x, int64_t rows, int64_t channels, double* mean, double* square,
                     T* scratch) {
  T* const block_mean = scratch;
  T* const block_square = scratch + channels;
  const int64_t block = block_rows(channels);
  for (int64_t first = 0; first < rows; first += block) {
    const int64_t n = std::min(block, rows - first);
    const T* const at = x + first * channels;
    const T count = static_cast<T>(n);
    each<T>(channels, [&]<class V>(V, int64_t c) {
      V sum{};
      for (int64_t r = 0; r < n; ++r) sum += load<V>(at + r * channels + c);
      const V m = sum / count;
      V off{}, squares{};
      for (int64_t r = 0; r < n; ++r) {
        const V d = load<V>(at + r * channels + c) - m;
        off += d;
        squares += d * d;
      }
      off = off / count;
      store<V>(block_mean + c, m + off);
      store<V>(block_square + c, squares - off * off * count);
    });
    const double old = static_cast<double>(first), added = static_cast<double>(n);
    const double share = added / (old + added), cross = old * share;
    for (int64_t c = 0; c < channels; ++c) {
      const double d = static_cast<double>(block_mean[c]) - mean[c];
      mean[c] += d * share;
      square[c] += static_cast<double>(block_square[c]) + d * d * cross;
    }
  }
}

template <class T>
void columns(const T* x, T* y, int64_t rows, int64_t channels, const T* mean, const T* scale,
             const T* shift) {
  for (int64_t r = 0; r < rows; ++r, x += channels, y += channels)
    each<T>(channels, [&]<class V>(V, int64_t c) {
      store<V>(y + c,
               (load<V>(x + c) - load<V>(mean + c)) * load<V>(scale + c) + load<V>(shift + c));
    });
}

template <class T>
void columns_sums(const T* dy, const T* x, int64_t rows, int64_t channels, const T* mean,
                  double* dy_sum, double* dot_sum, T* scratch) {
  T* const sums = scratch;
  T* const dots = scratch + channels;
  const int64_t block = block_rows(channels);
  for (int64_t first = 0; first < rows; first += block) {
    const int64_t last = std::min(rows, first + block);
    each<T>(channels, [&]<class V>(V, int64_t c) {
      V sum{}, dot{};
      const V m = load<V>(mean + c);
      for (int64_t r = first; r < last; ++r) {
        const V g = load<V>(dy + r * channels + c);
        sum += g;
        dot += g * (load<V>(x + r * channels + c) - m);
      }
      store<V>(sums + c, sum);
      store<V>(dots + c, dot);
    });
    for (int64_t c = 0; c < channels; ++c) {
      dy_sum[c] += static_cast<double>(sums[c]);
      dot_sum[c] += static_cast<double>(dots[c]);
    }
  }
}

template <class T>
void columns_backward(const T* dy, const T* x, T* dx, int64_t rows, int64_t channels, const T* mean,
                      const T* a, const T* b, const T* c) {
  for (int64_t r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels)
    each<T>(channels, [&]<class V>(V, int64_t k) {
      const V d = (load<V>(x + k) - load<V>(mean + k)) * load<V>(b + k) + load<V>(c + k);
      store<V>(dx + k, load<V>(dy + k) * load<V>(a + k) + d);
    });
}

template <class T>
constexpr NormLoops<T> loops_of() {
  return {
      .moments = &moments<T>,
      .rows = &rows<T>,
      .rms_rows = &rms_rows<T>,
      .rows_backward = &any_rows_backward<T>,
      .plane = &plane<T>,
      .plane_sums = &plane_sums<T>,
      .plane_backward = &plane_backward<T>,
      .columns_moments = &columns_moments<T>,
      .columns = &columns<T>,
      .columns_sums = &columns_sums<T>,
      .columns_backward = &columns_backward<T>,
  };
}

}  // namespace

extern const cpu::NormTable kNormTable;
constinit const cpu::NormTable kNormTable = {loops_of<float>(), loops_of<double>()};

}  // namespace rl::RL_ISA_NAMESPACE
