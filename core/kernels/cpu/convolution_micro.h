// The convolution's inner kernels in vector extensions, compiled once per instruction set after the
// including file has set RL_VECTOR_BYTES and the target, like gemm_micro.h.

#include "core/kernels/cpu/convolution_table.h"
#include "core/kernels/cpu/gemm_micro.h"

namespace rl::cpu {
namespace {

template <class T, class Get, class Put>
inline void pack_piece(int64_t channels, int64_t channel, int64_t taps, const int64_t* offset,
                       const T* src, T* dst, int64_t step, const Get& in, const Put& out) {
  for (int64_t c = 0; c < channels; ++c, src += channel) {
    for (int64_t t = 0; t < taps; ++t, dst += step) out.put(dst, in.get(src + offset[t]));
  }
}

template <class T>
void pack_columns(int64_t channels, int64_t channel, int64_t taps, const int64_t* offset,
                  const T* src, const ColumnRun* runs, int64_t count, T* dst, int64_t step) {
  constexpr int L = kLanes<T>;
  if (count == 1 && runs->count == 2 * L) {
    src += runs->source;
    for (int64_t c = 0; c < channels; ++c, src += channel) {
      for (int64_t t = 0; t < taps; ++t, dst += step) {
        store(dst, load(src + offset[t]));
        store(dst + L, load(src + offset[t] + L));
      }
    }
    return;
  }
  // Run by run: lanes past a run's end are written again by the next one, except at a row's end.
  for (int64_t r = 0; r < count; ++r) {
    const T* from = src + runs[r].source;
    T* to = dst + runs[r].lane;
    for (int64_t i = 0; i < runs[r].count; i += L) {
      const int64_t some = runs[r].count - i < L ? runs[r].count - i : L;
      const bool fits = runs[r].lane + i + L <= step;
      if (some == L) {
        pack_piece(channels, channel, taps, offset, from + i, to + i, step, Whole<T>{}, Whole<T>{});
      } else if (fits) {
        pack_piece(channels, channel, taps, offset, from + i, to + i, step, Some<T>{some},
                   Whole<T>{});
      } else {
        pack_piece(channels, channel, taps, offset, from + i, to + i, step, Some<T>{some},
                   Some<T>{some});
      }
    }
  }
}

// NV vectors that lie src_step and dst_step apart: of one line or of several.
template <class T, int NV, class Lanes>
inline void direct_block(int64_t taps, const int64_t* offset, const T* w, const T* src,
                         int64_t src_step, T bias, T* dst, int64_t dst_step, const Lanes& lanes) {
  Vec<T> acc[NV];
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) acc[j] = broadcast(bias);
  for (int64_t t = 0; t < taps; ++t) {
    const Vec<T> wt = broadcast(w[t]);
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      acc[j] = mul_add(wt, lanes.get(src + offset[t] + j * src_step), acc[j]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) lanes.put(dst + j * dst_step, acc[j]);
}

template <class T, int NV>
void direct_lines(int64_t count, int64_t taps, const int64_t* offset, const T* w, const T* src,
                  int64_t src_step, T bias, T* dst, int64_t dst_step) {
  constexpr int L = kLanes<T>;
  int64_t i = 0;
  for (; NV == 1 && i + 4 * L <= count; i += 4 * L) {
    direct_block<T, 4>(taps, offset, w, src + i, L, bias, dst + i, L, Whole<T>{});
  }
  for (; i + L <= count; i += L) {
    direct_block<T, NV>(taps, offset, w, src + i, src_step, bias, dst + i, dst_step, Whole<T>{});
  }
  if (i < count) {
    direct_block<T, NV>(taps, offset, w, src + i, src_step, bias, dst + i, dst_step,
                        Some<T>{count - i});
  }
}

template <class T>
void direct(int64_t lines, int64_t count, int64_t taps, const int64_t* offset, const T* w,
            const T* src, int64_t src_step, T bias, T* dst, int64_t dst_step) {
  int64_t y = 0;
  if (count < 4 * kLanes<T>) {
    for (; y + 4 <= lines; y += 4) {
      direct_lines<T, 4>(count, taps, offset, w, src + y * src_step, src_step, bias,
                         dst + y * dst_step, dst_step);
    }
  }
  for (; y < lines; ++y) {
    direct_lines<T, 1>(count, taps, offset, w, src + y * src_step, src_step, bias,
                       dst + y * dst_step, dst_step);
  }
}

template <class T, int NT>
void direct_grad_taps(int64_t rows, int64_t count, const int64_t* offset, const T* y,
                      int64_t y_step, const T* src, int64_t src_step, T* grad) {
  constexpr int L = kLanes<T>;
  Vec<T> acc[NT];
#pragma GCC unroll 8
  for (int t = 0; t < NT; ++t) acc[t] = Vec<T>{};
  for (int64_t r = 0; r < rows; ++r, y += y_step, src += src_step) {
    int64_t i = 0;
    for (; i + L <= count; i += L) {
      const Vec<T> yv = load(y + i);
#pragma GCC unroll 8
      for (int t = 0; t < NT; ++t) acc[t] = mul_add(yv, load(src + offset[t] + i), acc[t]);
    }
    if (i < count) {
      const Vec<T> yv = load_some(y + i, count - i);
#pragma GCC unroll 8
      for (int t = 0; t < NT; ++t) {
        acc[t] = mul_add(yv, load_some(src + offset[t] + i, count - i), acc[t]);
      }
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < NT; ++t) grad[t] += sum_of<T>(acc[t]);
}

template <class T>
void direct_grad(int64_t rows, int64_t count, int64_t taps, const int64_t* offset, const T* y,
                 int64_t y_step, const T* src, int64_t src_step, T* grad) {
  int64_t t = 0;
  for (; t + 8 <= taps; t += 8) {
    direct_grad_taps<T, 8>(rows, count, offset + t, y, y_step, src, src_step, grad + t);
  }
  for (; t + 3 <= taps; t += 3) {
    direct_grad_taps<T, 3>(rows, count, offset + t, y, y_step, src, src_step, grad + t);
  }
  for (; t < taps; ++t) {
    direct_grad_taps<T, 1>(rows, count, offset + t, y, y_step, src, src_step, grad + t);
  }
}

// R rows of the weights' gradient (one input channel and tap each) by NV vectors of output
// channels.
template <class T, int R, int NV>
void grad_tile(const int64_t* row, const T* src, const ColumnRun* runs, int64_t count, const T* y,
               int64_t ld, T* grad) {
  constexpr int L = kLanes<T>;
  Vec<T> acc[R][NV];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) acc[r][j] = load(grad + r * ld + j * L);
  }
  for (int64_t n = 0; n < count; ++n) {
    const T* at[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) at[r] = src + row[r] + runs[n].source;
    const T* out = y + runs[n].lane * ld;
    for (int64_t p = 0; p < runs[n].count; ++p, out += ld) {
      Vec<T> yv[NV];
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) yv[j] = load(out + j * L);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const Vec<T> xv = broadcast(at[r][p]);
#pragma GCC unroll 4
        for (int j = 0; j < NV; ++j) acc[r][j] = mul_add(xv, yv[j], acc[r][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) store(grad + r * ld + j * L, acc[r][j]);
  }
}

#if RL_VECTOR_BYTES == 64
inline constexpr int kGradRows = 7, kGradVectors = 4;
#else
inline constexpr int kGradRows = 6, kGradVectors = 2;
#endif

template <class T, int NV>
void grad_rows_by(int64_t rows, const int64_t* row, const T* src, const ColumnRun* runs,
                  int64_t count, const T* y, int64_t ld, T* grad) {
  while (rows > 0) {
    // Heights are evened out: 9 rows are 5 + 4, not 7 + 2.
    const int64_t tiles = (rows + kGradRows - 1) / kGradRows;
    const int64_t some = (rows + tiles - 1) / tiles;
    switch (some) {
      case 1:
        grad_tile<T, 1, NV>(row, src, runs, count, y, ld, grad);
        break;
      case 2:
        grad_tile<T, 2, NV>(row, src, runs, count, y, ld, grad);
        break;
      case 3:
        grad_tile<T, 3, NV>(row, src, runs, count, y, ld, grad);
        break;
      case 4:
        grad_tile<T, 4, NV>(row, src, runs, count, y, ld, grad);
        break;
      case 5:
        grad_tile<T, 5, NV>(row, src, runs, count, y, ld, grad);
        break;
      case 6:
        grad_tile<T, 6, NV>(row, src, runs, count, y, ld, grad);
        break;
      default:
        grad_tile<T, kGradRows, NV>(row, src, runs, count, y, ld, grad);
        break;
    }
    rows -= some;
    row += some;
    grad += some * ld;
  }
}

template <class T>
void grad_rows(int64_t rows, const int64_t* row, int64_t cols, const T* src, const ColumnRun* runs,
               int64_t count, const T* y, int64_t ld, T* grad) {
  constexpr int L = kLanes<T>;
  int64_t j = 0;
  for (; j + kGradVectors * L <= cols; j += kGradVectors * L) {
    grad_rows_by<T, kGradVectors>(rows, row, src, runs, count, y + j, ld, grad + j);
  }
  for (; j + 2 * L <= cols; j += 2 * L) {
    grad_rows_by<T, 2>(rows, row, src, runs, count, y + j, ld, grad + j);
  }
  if (j < cols) grad_rows_by<T, 1>(rows, row, src, runs, count, y + j, ld, grad + j);
}

// R positions by NV vectors of output channels.
template <class T, int NV, int R>
void pixel_tile(const int64_t* source, int64_t channels, int64_t channel, int64_t taps,
                const int64_t* offset, const T* src, const T* w, T* out) {
  constexpr int L = kLanes<T>;
  Vec<T> acc[R][NV];
  const T* at[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    at[r] = src + source[r];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) acc[r][j] = load(out + (r * NV + j) * L);
  }
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t t = 0; t < taps; ++t, w += NV * L) {
      const int64_t tap = c * channel + offset[t];
      Vec<T> wv[NV];
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) wv[j] = load(w + j * L);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const Vec<T> xv = broadcast(at[r][tap]);
#pragma GCC unroll 4
        for (int j = 0; j < NV; ++j) acc[r][j] = mul_add(xv, wv[j], acc[r][j]);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) store(out + (r * NV + j) * L, acc[r][j]);
  }
}

#if RL_VECTOR_BYTES == 64
inline constexpr int kPixelVectors = 4;
inline constexpr int kPixelRows[] = {0, 8, 8, 8, 7};
#else
inline constexpr int kPixelVectors = 2;
inline constexpr int kPixelRows[] = {0, 8, 6};
#endif

template <class T>
void pixels(int64_t count, const int64_t* source, int vectors, int64_t channels, int64_t channel,
            int64_t taps, const int64_t* offset, const T* src, const T* w, T* acc) {
  const auto run = [&](auto nv) {
    constexpr int NV = decltype(nv)::value, R = kPixelRows[NV];
    for (int64_t p = 0; p < count; p += R, acc += R * NV * kLanes<T>) {
      pixel_tile<T, NV, R>(source + p, channels, channel, taps, offset, src, w, acc);
    }
  };
  if (vectors == 1) run(std::integral_constant<int, 1>{});
  if (vectors == 2) run(std::integral_constant<int, 2>{});
  if constexpr (kPixelVectors == 4) {
    if (vectors == 3) run(std::integral_constant<int, 3>{});
    if (vectors == 4) run(std::integral_constant<int, 4>{});
  }
}

// R rows by NL vectors that lie in lines of their own; the source is read in its place.
template <class T, int R, int NL, class Lanes>
inline void few_tile(int64_t channels, int64_t channel, int64_t taps, const int64_t* offset,
                     const T* w, const T* src, int64_t src_step, const T* bias, T* dst,
                     int64_t dst_step, int64_t row_step, const Lanes& lanes) {
  Vec<T> acc[R][NL];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int l = 0; l < NL; ++l) acc[r][l] = bias ? broadcast(bias[r]) : Vec<T>{};
  }
  for (int64_t c = 0; c < channels; ++c, src += channel) {
    for (int64_t t = 0; t < taps; ++t, w += R) {
      Vec<T> xv[NL];
#pragma GCC unroll 4
      for (int l = 0; l < NL; ++l) xv[l] = lanes.get(src + offset[t] + l * src_step);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const Vec<T> wv = broadcast(w[r]);
#pragma GCC unroll 4
        for (int l = 0; l < NL; ++l) acc[r][l] = mul_add(wv, xv[l], acc[r][l]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int l = 0; l < NL; ++l) lanes.put(dst + r * row_step + l * dst_step, acc[r][l]);
  }
}

template <class T, int R>
void few_rows_of(int64_t lines, int64_t count, int64_t channels, int64_t channel, int64_t taps,
                 const int64_t* offset, const T* w, const T* src, int64_t src_step, const T* bias,
                 T* dst, int64_t dst_step, int64_t row_step) {
  constexpr int L = kLanes<T>, NL = RL_VECTOR_BYTES < 64 ? 1 : R <= 2 ? 4 : 2;
  const auto at = [&]<int N>(std::integral_constant<int, N>, int64_t y) {
    const T* const from = src + y * src_step;
    T* const to = dst + y * dst_step;
    int64_t i = 0;
    for (; i + L <= count; i += L) {
      few_tile<T, R, N>(channels, channel, taps, offset, w, from + i, src_step, bias, to + i,
                        dst_step, row_step, Whole<T>{});
    }
    if (i < count) {
      few_tile<T, R, N>(channels, channel, taps, offset, w, from + i, src_step, bias, to + i,
                        dst_step, row_step, Some<T>{count - i});
    }
  };
  int64_t y = 0;
  for (; y + NL <= lines; y += NL) at(std::integral_constant<int, NL>{}, y);
  for (; y < lines; ++y) at(std::integral_constant<int, 1>{}, y);
}

template <class T>
void few_rows(int64_t rows, int64_t lines, int64_t count, int64_t channels, int64_t channel,
              int64_t taps, const int64_t* offset, const T* w, const T* src, int64_t src_step,
              const T* bias, T* dst, int64_t dst_step, int64_t row_step) {
  const auto run = [&]<int... R>(std::integer_sequence<int, R...>) {
    ((rows == R + 1 ? few_rows_of<T, R + 1>(lines, count, channels, channel, taps, offset, w, src,
                                            src_step, bias, dst, dst_step, row_step)
                    : void()),
     ...);
  };
  run(std::make_integer_sequence<int, kFewRows>());
}

template <class T>
T sum(int64_t n, const T* x) {
  constexpr int L = kLanes<T>;
  Vec<T> acc[4] = {};
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) acc[j] += load(x + i + j * L);
  }
  for (; i + L <= n; i += L) acc[0] += load(x + i);
  if (i < n) acc[1] += load_some(x + i, n - i);
  return sum_of<T>((acc[0] + acc[1]) + (acc[2] + acc[3]));
}

template <class T>
inline constexpr ConvTable<T> kConvTable = {&pack_columns<T>, &direct<T>, &direct_grad<T>,
                                            &grad_rows<T>,    &pixels<T>, kPixelVectors,
                                            &few_rows<T>,     &sum<T>};

}  // namespace
}  // namespace rl::cpu
