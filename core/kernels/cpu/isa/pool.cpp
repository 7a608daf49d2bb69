// Pooling over fixed windows: a row of outputs at a time, one window element after the other, so
// that neighbouring outputs fill a register. Compiled once an instruction set.
#include "core/kernels/cpu/pool_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace rl::RL_ISA_NAMESPACE {
namespace {

using cpu::PoolGeometry;

constexpr int64_t kPiece = 512;  // outputs of a row in flight

// Winners are counted in integers as wide as the values, so that both fill the same registers.
template <class T>
using Lane = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;

int64_t ceil_div(int64_t a, int64_t b) { return a <= 0 ? 0 : (a + b - 1) / b; }

// The outputs o in [begin, end) whose window element `k` of dimension `d` is inside the plane.
struct Span {
  int64_t begin, end;
};
Span inside(const PoolGeometry& g, int d, int64_t k) {
  const int64_t at = k * g.dilation[d] - g.padding[d];  // of output 0
  const int64_t begin = std::min(ceil_div(-at, g.stride[d]), g.out[d]);
  const int64_t end = std::min(ceil_div(g.in[d] - at, g.stride[d]), g.out[d]);
  return {begin, std::max(begin, end)};
}

// Calls f(k0, k1, row offset in the plane) for the window rows of output row (o0, o1) inside the
// plane.
template <class F>
[[gnu::always_inline]] inline void window_rows(const PoolGeometry& g, int64_t o0, int64_t o1,
                                               const F& f) {
  for (int64_t k0 = 0; k0 < g.kernel[0]; ++k0) {
    const int64_t i0 = o0 * g.stride[0] - g.padding[0] + k0 * g.dilation[0];
    if (i0 < 0 || i0 >= g.in[0]) continue;
    for (int64_t k1 = 0; k1 < g.kernel[1]; ++k1) {
      const int64_t i1 = o1 * g.stride[1] - g.padding[1] + k1 * g.dilation[1];
      if (i1 < 0 || i1 >= g.in[1]) continue;
      f(k0, k1, (i0 * g.in[1] + i1) * g.in[2]);
    }
  }
}

// Calls f(begin, end, source of output `begin`, k2) for the window columns that reach outputs of
// [first, last).
template <class T, class F>
[[gnu::always_inline]] inline void window_columns(const PoolGeometry& g, int64_t first,
                                                  int64_t last, T* row, const F& f) {
  for (int64_t k2 = 0; k2 < g.kernel[2]; ++k2) {
    const Span span = inside(g, 2, k2);
    const int64_t begin = std::max(first, span.begin), end = std::min(last, span.end);
    if (begin < end)
      f(begin, end, row + begin * g.stride[2] - g.padding[2] + k2 * g.dilation[2], k2);
  }
}

// The stride as a constant where that lets the loop be vectorised well.
template <class F>
[[gnu::always_inline]] inline void with_stride(int64_t stride, const F& f) {
  if (stride == 1)
    f(std::integral_constant<int64_t, 1>{});
  else if (stride == 2)
    f(std::integral_constant<int64_t, 2>{});
  else
    f(stride);
}

template <class T, class S>
[[gnu::always_inline]] inline void max_step(int64_t n, const T* in, S stride, Lane<T> k, T* best,
                                            Lane<T>* winner) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    const T v = in[i * stride], b = best[i];
    const bool take = (v > b) | (v != v);
    best[i] = take ? v : b;
    winner[i] = take ? k : winner[i];
  }
}

// Without overlap and padding all elements of a window are at hand at once.
template <class T>
[[gnu::always_inline]] inline void max_pairs(int64_t n, const T* a, const T* b, T* best,
                                             Lane<T>* winner) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    T m = a[2 * i];
    Lane<T> k = 0;
    const T v1 = a[2 * i + 1], v2 = b[2 * i], v3 = b[2 * i + 1];
    const bool t1 = (v1 > m) | (v1 != v1);
    m = t1 ? v1 : m;
    k = t1 ? 1 : k;
    const bool t2 = (v2 > m) | (v2 != v2);
    m = t2 ? v2 : m;
    k = t2 ? 2 : k;
    const bool t3 = (v3 > m) | (v3 != v3);
    m = t3 ? v3 : m;
    k = t3 ? 3 : k;
    best[i] = m;
    winner[i] = k;
  }
}

bool is_pairs(const PoolGeometry& g) {
  for (int d = 1; d < 3; ++d)
    if (g.kernel[d] != 2 || g.stride[d] != 2 || g.padding[d] != 0 || g.dilation[d] != 1 ||
        2 * g.out[d] > g.in[d])
      return false;
  return g.kernel[0] == 1 && g.stride[0] == 1 && g.padding[0] == 0;
}

template <class T>
void max_piece(const PoolGeometry& g, int64_t o0, int64_t o1, int64_t first, int64_t last,
               const T* in, T* best, Lane<T>* winner) {
  const int64_t n = last - first;
  if (is_pairs(g)) {
    const T* const row = in + (o0 * g.in[1] + 2 * o1) * g.in[2] + 2 * first;
    return max_pairs(n, row, row + g.in[2], best, winner);
  }
  constexpr T kLow = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                          : std::numeric_limits<T>::lowest();
  std::fill_n(best, n, kLow);
  // Where nothing exceeds the lowest value, the window's first element wins.
  bool started = false;
  window_rows(g, o0, o1, [&](int64_t k0, int64_t k1, int64_t offset) {
    const int64_t base = (k0 * g.kernel[1] + k1) * g.kernel[2];
    if (!started) {
      started = true;
      for (int64_t i = 0; i < n; ++i) {
        const int64_t left = g.padding[2] - (first + i) * g.stride[2];
        winner[i] = static_cast<Lane<T>>(base + ceil_div(left, g.dilation[2]));
      }
    }
    window_columns(g, first, last, in + offset,
                   [&](int64_t begin, int64_t end, const T* source, int64_t k2) {
                     with_stride(g.stride[2], [&](auto stride) {
                       max_step(end - begin, source, stride, static_cast<Lane<T>>(base + k2),
                                best + (begin - first), winner + (begin - first));
                     });
                   });
  });
  if (!started) std::fill_n(winner, n, Lane<T>(0));
}

// Rows too short for vectors: as many as fit are laid end to end.
template <class T>
void max_short_pairs(const PoolGeometry& g, int64_t first, int64_t last, const T* in, T* out,
                     uint8_t* positions) {
  alignas(64) T upper[2 * kPiece], lower[2 * kPiece];
  alignas(64) Lane<T> winner[kPiece];
  const int64_t width = g.out[2];
  for (int64_t row = first; row < last;) {
    const int64_t rows = std::min({last - row, kPiece / width, g.out[1] - row % g.out[1]});
    const T* from = in + (row / g.out[1] * g.in[1] + row % g.out[1] * 2) * g.in[2];
    for (int64_t r = 0; r < rows; ++r, from += 2 * g.in[2]) {
      for (int64_t i = 0; i < 2 * width; ++i) upper[r * 2 * width + i] = from[i];
      for (int64_t i = 0; i < 2 * width; ++i) lower[r * 2 * width + i] = from[g.in[2] + i];
    }
    const int64_t n = rows * width, at = row * width;
    max_pairs(n, upper, lower, out + at, winner);
    for (int64_t i = 0; positions && i < n; ++i)
      positions[at + i] = static_cast<uint8_t>(winner[i]);
    row += rows;
  }
}

template <class T>
void max_rows(const PoolGeometry& g, int64_t first, int64_t last, const void* in, void* out,
              uint8_t* positions, int64_t* places) {
  T* const results = static_cast<T*>(out);
  alignas(64) Lane<T> winner[kPiece];
  const int64_t width = g.out[2];
  if (!places && width < 64 && is_pairs(g))
    return max_short_pairs(g, first, last, static_cast<const T*>(in), results, positions);
  for (int64_t row = first; row < last; ++row) {
    const int64_t o0 = row / g.out[1], o1 = row % g.out[1];
    for (int64_t begin = 0; begin < width; begin += kPiece) {
      const int64_t end = std::min(width, begin + kPiece), n = end - begin,
                    at = row * width + begin;
      max_piece(g, o0, o1, begin, end, static_cast<const T*>(in), results + at, winner);
      if (positions)
        for (int64_t i = 0; i < n; ++i) positions[at + i] = static_cast<uint8_t>(winner[i]);
      if (!places) continue;
      const int64_t i0 = o0 * g.stride[0] - g.padding[0], i1 = o1 * g.stride[1] - g.padding[1];
      if (is_pairs(g)) {
        const int64_t start = (o0 * g.in[1] + i1) * g.in[2] + 2 * begin;
        for (int64_t i = 0; i < n; ++i)
          places[at + i] = start + 2 * i + (winner[i] & 1) + (winner[i] >> 1) * g.in[2];
        continue;
      }
      for (int64_t i = 0; i < n; ++i) {
        const int64_t k = winner[i], k2 = k % g.kernel[2], k01 = k / g.kernel[2];
        const int64_t k1 = k01 % g.kernel[1], k0 = k01 / g.kernel[1];
        places[at + i] = ((i0 + k0 * g.dilation[0]) * g.in[1] + i1 + k1 * g.dilation[1]) * g.in[2] +
                         (begin + i) * g.stride[2] - g.padding[2] + k2 * g.dilation[2];
      }
    }
  }
}

// v or zero, without a branch even where a row is too short for vectors.
template <class T>
[[gnu::always_inline]] inline T kept_if(bool condition, T v) {
  return std::bit_cast<T>(std::bit_cast<Lane<T>>(v) & -static_cast<Lane<T>>(condition));
}

template <class T>
void max_gradient(const PoolGeometry& g, const void* grad, const uint8_t* positions, void* out) {
  const T* dy = static_cast<const T*>(grad);
  T* const dx = static_cast<T*>(out);
  const int64_t width = g.out[2];
  if (is_pairs(g) && 2 * g.out[1] == g.in[1] && 2 * width == g.in[2]) {
    // Every input belongs to one window: written once, nothing to clear or add.
    for (int64_t row = 0; row < g.rows(); ++row, dy += width, positions += width) {
      T* const a = dx + 2 * row * g.in[2];
      T* const b = a + g.in[2];
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) {
        const T v = dy[i];
        const Lane<T> k = positions[i];
        a[2 * i] = kept_if(k == 0, v);
        a[2 * i + 1] = kept_if(k == 1, v);
        b[2 * i] = kept_if(k == 2, v);
        b[2 * i + 1] = kept_if(k == 3, v);
      }
    }
    return;
  }
  std::memset(dx, 0, static_cast<size_t>(g.in_size()) * sizeof(T));
  int64_t shift[256];  // of each window element
  for (int64_t k = 0; k < g.window(); ++k) {
    const int64_t k2 = k % g.kernel[2], k1 = k / g.kernel[2] % g.kernel[1],
                  k0 = k / (g.kernel[2] * g.kernel[1]);
    shift[k] = (k0 * g.dilation[0] * g.in[1] + k1 * g.dilation[1]) * g.in[2] + k2 * g.dilation[2];
  }
  for (int64_t row = 0; row < g.rows(); ++row, dy += width, positions += width) {
    const int64_t i0 = row / g.out[1] * g.stride[0] - g.padding[0];
    const int64_t i1 = row % g.out[1] * g.stride[1] - g.padding[1];
    const int64_t start = (i0 * g.in[1] + i1) * g.in[2] - g.padding[2];
    for (int64_t i = 0; i < width; ++i) {
      const int64_t at = start + i * g.stride[2] + shift[positions[i]];
      if (static_cast<uint64_t>(at) < static_cast<uint64_t>(g.in_size())) dx[at] += dy[i];
    }
  }
}

// Elements of the window of output `o` along dimension `d` that count.
int64_t counted(const PoolGeometry& g, int d, int64_t o) {
  const int64_t start = o * g.stride[d] - g.padding[d];
  const int64_t end = std::min(start + g.kernel[d], g.in[d] + g.padding[d]);
  return g.count_padding ? end - start : std::min(end, g.in[d]) - std::max<int64_t>(start, 0);
}

// Divides values[i], i < n, of outputs (o0, o1, first + i) as their windows say.
template <class T>
void divide(const PoolGeometry& g, int64_t o0, int64_t o1, int64_t first, int64_t n, const T* in,
            T* out) {
  const int64_t outer = g.divisor ? g.divisor : counted(g, 0, o0) * counted(g, 1, o1);
  // Outputs whose window is cut at an edge are few and stand at the ends of the row.
  for (int64_t i = 0; i < n;) {
    const int64_t here = g.divisor ? 1 : counted(g, 2, first + i);
    int64_t end = i + 1;
    if (g.divisor)
      end = n;
    else if (here == g.kernel[2]) {
      const int64_t limit =
          (g.count_padding ? g.in[2] + 2 * g.padding[2] : g.in[2] + g.padding[2]) - g.kernel[2];
      end = std::clamp<int64_t>(limit / g.stride[2] + 1 - first, i + 1, n);
    }
    const T by = static_cast<T>(outer * here);
    if (std::is_integral_v<T> && by == 0) {  // an empty window's sum is 0
      std::fill(out + i, out + end, T(0));
    } else {
      for (int64_t k = i; k < end; ++k) out[k] = in[k] / by;
    }
    i = end;
  }
}

template <class T>
void mean_rows(const PoolGeometry& g, int64_t first, int64_t last, const void* in, void* out) {
  const int64_t width = g.out[2];
  for (int64_t row = first; row < last; ++row) {
    const int64_t o0 = row / g.out[1], o1 = row % g.out[1];
    T* const sums = static_cast<T*>(out) + row * width;
    std::fill_n(sums, width, T(0));
    window_rows(g, o0, o1, [&](int64_t, int64_t, int64_t offset) {
      window_columns(g, 0, width, static_cast<const T*>(in) + offset,
                     [&](int64_t begin, int64_t end, const T* source, int64_t) {
                       with_stride(g.stride[2], [&](auto stride) {
                         T* const to = sums + begin;
#pragma GCC ivdep
                         for (int64_t i = 0; i < end - begin; ++i) to[i] += source[i * stride];
                       });
                     });
    });
    divide(g, o0, o1, 0, width, sums, sums);
  }
}

template <class T>
void mean_gradient(const PoolGeometry& g, const void* grad, void* out) {
  T* const dx = static_cast<T*>(out);
  const T* dy = static_cast<const T*>(grad);
  std::memset(dx, 0, static_cast<size_t>(g.in_size()) * sizeof(T));
  alignas(64) T shares[kPiece];
  for (int64_t row = 0; row < g.rows(); ++row, dy += g.out[2]) {
    const int64_t o0 = row / g.out[1], o1 = row % g.out[1];
    for (int64_t first = 0; first < g.out[2]; first += kPiece) {
      const int64_t last = std::min(g.out[2], first + kPiece);
      divide(g, o0, o1, first, last - first, dy + first, shares);
      window_rows(g, o0, o1, [&](int64_t, int64_t, int64_t offset) {
        window_columns(g, first, last, dx + offset,
                       [&](int64_t begin, int64_t end, T* to, int64_t) {
                         with_stride(g.stride[2], [&](auto stride) {
                           const T* const from = shares + (begin - first);
#pragma GCC ivdep
                           for (int64_t i = 0; i < end - begin; ++i) to[i * stride] += from[i];
                         });
                       });
      });
    }
  }
}

template <class T>
constexpr cpu::PoolLoops max_loops() {
  return {&max_rows<T>, nullptr, nullptr, nullptr};
}
template <class T>
constexpr cpu::PoolLoops float_loops() {
  return {&max_rows<T>, &mean_rows<T>, &max_gradient<T>, &mean_gradient<T>};
}

}  // namespace

extern const cpu::PoolTable kPoolTable;
// By dtype, in the order of the enum; a constant: nothing of this instruction set may run early.
constinit const cpu::PoolTable kPoolTable = {{
    {},
    max_loops<uint8_t>(),
    max_loops<int8_t>(),
    max_loops<int16_t>(),
    max_loops<int32_t>(),
    {&max_rows<int64_t>, &mean_rows<int64_t>, nullptr, nullptr},
    {},
    {},
    float_loops<float>(),
    float_loops<double>(),
    {},
    {},
}};

}  // namespace rl::RL_ISA_NAMESPACE
