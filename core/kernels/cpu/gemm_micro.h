// The matrix product's inner kernels, written once in vector extensions and compiled in one file
// per instruction set, which defines RL_VECTOR_BYTES and the target before including this.
// Everything here has internal linkage, so code for one processor cannot be linked into another's
// path.

#if RL_VECTOR_BYTES > 16
#include <immintrin.h>
#endif

#include "core/kernels/cpu/gemm_table.h"

// GCC's default regions for register allocation make it spill in the middle of some tiles' loops.
#pragma GCC optimize("ira-region=one")

namespace rl::cpu {
namespace {

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(RL_VECTOR_BYTES)));
  typedef T loose __attribute__((vector_size(RL_VECTOR_BYTES), aligned(alignof(T)), may_alias));
};
template <class T>
using Vec = typename VectorOf<T>::type;
template <class T>
inline constexpr int kLanes = RL_VECTOR_BYTES / static_cast<int>(sizeof(T));

template <class T>
inline Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T>::loose*>(p);
}
template <class T>
inline void store(T* p, const Vec<T>& v) {
  *reinterpret_cast<typename VectorOf<T>::loose*>(p) = v;
}
// Subtracting zero keeps the sign of a zero.
template <class T>
inline Vec<T> broadcast(T s) {
  return s - Vec<T>{};
}

#if RL_VECTOR_BYTES == 64
template <class T>
inline Vec<T> load_some(const T* p, int64_t count) {
  if constexpr (sizeof(T) == 4) {
    return reinterpret_cast<Vec<T>>(
        _mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << count) - 1), p));
  } else {
    return reinterpret_cast<Vec<T>>(
        _mm512_maskz_loadu_epi64(static_cast<__mmask8>((1u << count) - 1), p));
  }
}
template <class T>
inline void store_some(T* p, const Vec<T>& v, int64_t count) {
  if constexpr (sizeof(T) == 4) {
    _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << count) - 1),
                             reinterpret_cast<__m512i>(v));
  } else {
    _mm512_mask_storeu_epi64(p, static_cast<__mmask8>((1u << count) - 1),
                             reinterpret_cast<__m512i>(v));
  }
}
inline Vec<float> mul_add(const Vec<float>& a, const Vec<float>& b, const Vec<float>& c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline Vec<double> mul_add(const Vec<double>& a, const Vec<double>& b, const Vec<double>& c) {
  return _mm512_fmadd_pd(a, b, c);
}
#else
template <class T>
inline Vec<T> load_some(const T* p, int64_t count) {
  Vec<T> v{};
  for (int64_t i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
template <class T>
inline void store_some(T* p, const Vec<T>& v, int64_t count) {
  for (int64_t i = 0; i < count; ++i) p[i] = v[i];
}
#if RL_VECTOR_BYTES == 32
inline __m256i first_lanes(int64_t count, int width) {
  alignas(32) static const int32_t kOnes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kOnes + 8 - count * (width / 4)));
}
inline Vec<float> load_some(const float* p, int64_t count) {
  return _mm256_maskload_ps(p, first_lanes(count, 4));
}
inline Vec<double> load_some(const double* p, int64_t count) {
  return _mm256_maskload_pd(p, first_lanes(count, 8));
}
inline void store_some(float* p, const Vec<float>& v, int64_t count) {
  _mm256_maskstore_ps(p, first_lanes(count, 4), v);
}
inline void store_some(double* p, const Vec<double>& v, int64_t count) {
  _mm256_maskstore_pd(p, first_lanes(count, 8), v);
}
inline Vec<float> mul_add(const Vec<float>& a, const Vec<float>& b, const Vec<float>& c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Vec<double> mul_add(const Vec<double>& a, const Vec<double>& b, const Vec<double>& c) {
  return _mm256_fmadd_pd(a, b, c);
}
#endif
#endif
template <class V>
inline V mul_add(const V& a, const V& b, const V& c) {
  return c + a * b;
}

// How a loop's body reads and writes: whole vectors, or the first `count` lanes of the last one.
template <class T>
struct Whole {
  Vec<T> get(const T* p) const { return load(p); }
  void put(T* p, const Vec<T>& v) const { store(p, v); }
};
template <class T>
struct Some {
  int64_t count;
  Vec<T> get(const T* p) const { return load_some(p, count); }
  void put(T* p, const Vec<T>& v) const { store_some(p, v, count); }
};

// One register tile of MR x (NV vectors). The rows of A are reached from two bases and three
// multiples of the stride, which x86 addressing scales, so that no row pointer is spilled.
template <class T, int MR, int NV, bool Partial>
void tile(int64_t k, const T* a, int64_t rsa, int64_t csa, const T* b, int64_t ldb, T* c,
          int64_t ldc, T alpha, T beta, int64_t cols) {
  constexpr int L = kLanes<T>;
  const int64_t tail = cols - (NV - 1) * L;
  Vec<T> acc[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) acc[i][j] = Vec<T>{};
    __builtin_prefetch(c + i * ldc, 1);
  }
  const T* upper = a + 7 * rsa;
  const int64_t r3 = 3 * rsa, r5 = 5 * rsa;
  for (int64_t p = 0; p < k; ++p) {
    Vec<T> bv[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      bv[j] = Partial && j == NV - 1 ? load_some(b + j * L, tail) : load(b + j * L);
    }
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const T* base = i < 7 ? a : upper;
      const int q = i % 7;
      const Vec<T> av = broadcast(q == 0   ? base[0]
                                  : q == 1 ? base[rsa]
                                  : q == 2 ? base[2 * rsa]
                                  : q == 3 ? base[r3]
                                  : q == 4 ? base[4 * rsa]
                                  : q == 5 ? base[r5]
                                           : base[2 * r3]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) acc[i][j] = mul_add(av, bv[j], acc[i][j]);
    }
    a += csa;
    upper += csa;
    b += ldb;
  }
  const Vec<T> scale = broadcast(alpha), keep = broadcast(beta);
  if (beta == T(0)) {
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) {
        T* at = c + i * ldc + j * L;
        if (Partial && j == NV - 1) {
          store_some(at, acc[i][j] * scale, tail);
        } else {
          store(at, acc[i][j] * scale);
        }
      }
    }
    return;
  }
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      T* at = c + i * ldc + j * L;
      if (Partial && j == NV - 1) {
        store_some(at, mul_add(keep, load_some(at, tail), acc[i][j] * scale), tail);
      } else {
        store(at, mul_add(keep, load(at), acc[i][j] * scale));
      }
    }
  }
}

// Transposes L x L elements in registers: log2(L) rounds that exchange off-diagonal blocks.
template <class T>
inline void transpose(Vec<T> (&r)[kLanes<T>]) {
  constexpr int L = kLanes<T>;
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
#pragma GCC unroll 4
  for (int s = L / 2; s > 0; s /= 2) {
    Vec<Index> low{}, high{};
#pragma GCC unroll 16
    for (int l = 0; l < L; ++l) {
      low[l] = l & s ? L + (l ^ s) : l;
      high[l] = l & s ? L + l : l | s;
    }
#pragma GCC unroll 16
    for (int i = 0; i < L; ++i) {
      if (i & s) continue;
      const Vec<T> x = r[i], y = r[i | s];
      r[i] = __builtin_shuffle(x, y, low);
      r[i | s] = __builtin_shuffle(x, y, high);
    }
  }
}

template <class T>
void pack_transposed(int64_t k, int64_t width, const T* src, int64_t stride, T* dst, int64_t step) {
  constexpr int L = kLanes<T>;
  for (int64_t p = 0; p < k; p += L) {
    const int64_t deep = k - p < L ? k - p : L;
    Vec<T> r[L];
    if (deep == L && width == L) {
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) r[i] = load(src + i * stride + p);
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) {
        r[i] = i < width ? load_some(src + i * stride + p, deep) : Vec<T>{};
      }
    }
    transpose<T>(r);
    T* out = dst + p * step;
    if (deep == L) {
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) store(out + i * step, r[i]);
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i) {
        if (i < deep) store(out + i * step, r[i]);
      }
    }
  }
}

template <class T>
void pack(int64_t k, int64_t width, int64_t padded, const T* src, int64_t stride_i,
          int64_t stride_p, T* dst, int64_t step) {
  constexpr int L = kLanes<T>;
  if (stride_p == 1 && stride_i != 1) {
    for (int64_t i = 0; i < padded; i += L) {
      const int64_t some = width - i < L ? (width > i ? width - i : 0) : L;
      pack_transposed(k, some, src + i * stride_i, stride_i, dst + i, step);
    }
    return;
  }
  if (stride_i == 1) {
    const int64_t whole = width / L * L;
    for (int64_t p = 0; p < k; ++p, src += stride_p, dst += step) {
      for (int64_t i = 0; i < whole; i += L) store(dst + i, load(src + i));
      if (whole < width) store(dst + whole, load_some(src + whole, width - whole));
      for (int64_t i = (width + L - 1) / L * L; i < padded; i += L) store(dst + i, Vec<T>{});
    }
    return;
  }
  for (int64_t p = 0; p < k; ++p, dst += step) {
    for (int64_t i = 0; i < width; ++i) dst[i] = src[i * stride_i + p * stride_p];
    for (int64_t i = width; i < padded; ++i) dst[i] = T(0);
  }
}

template <class T>
inline T sum_of(const Vec<T>& v) {
  T part[kLanes<T>];
  store(part, v);
#pragma GCC unroll 4
  for (int s = kLanes<T> / 2; s > 0; s /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < s; ++i) part[i] += part[i + s];
  }
  return part[0];
}

// MT x NT dot products at once, in vectors along k.
template <class T, int MT, int NT>
void dot_tile(int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c, int64_t ldc,
              T alpha, T beta) {
  constexpr int L = kLanes<T>;
  Vec<T> acc[MT][NT];
#pragma GCC unroll 4
  for (int i = 0; i < MT; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < NT; ++j) acc[i][j] = Vec<T>{};
  }
  const auto step = [&](int64_t p, const auto& lane) __attribute__((always_inline)) {
    Vec<T> av[MT];
#pragma GCC unroll 4
    for (int i = 0; i < MT; ++i) av[i] = lane.get(a + i * lda + p);
#pragma GCC unroll 8
    for (int j = 0; j < NT; ++j) {
      const Vec<T> bv = lane.get(b + j * ldb + p);
#pragma GCC unroll 4
      for (int i = 0; i < MT; ++i) acc[i][j] = mul_add(av[i], bv, acc[i][j]);
    }
  };
  int64_t p = 0;
  for (; p + L <= k; p += L) step(p, Whole<T>{});
  if (p < k) step(p, Some<T>{k - p});
#pragma GCC unroll 4
  for (int i = 0; i < MT; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < NT; ++j) {
      T* at = c + i * ldc + j;
      const T value = alpha * sum_of<T>(acc[i][j]);
      *at = beta == T(0) ? value : value + beta * *at;
    }
  }
}

template <class T, int MT>
void dot_rows(int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
              int64_t ldc, T alpha, T beta) {
  constexpr int NT = MT == 1 ? 8 : 4;
  int64_t j = 0;
  for (; j + NT <= n; j += NT) {
    dot_tile<T, MT, NT>(k, a, lda, b + j * ldb, ldb, c + j, ldc, alpha, beta);
  }
  for (; j < n; ++j) dot_tile<T, MT, 1>(k, a, lda, b + j * ldb, ldb, c + j, ldc, alpha, beta);
}

template <class T>
void dots(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
          int64_t ldc, T alpha, T beta) {
  int64_t i = 0;
  for (; i + 4 <= m; i += 4) {
    dot_rows<T, 4>(n, k, a + i * lda, lda, b, ldb, c + i * ldc, ldc, alpha, beta);
  }
  a += i * lda;
  c += i * ldc;
  switch (m - i) {
    case 3:
      return dot_rows<T, 3>(n, k, a, lda, b, ldb, c, ldc, alpha, beta);
    case 2:
      return dot_rows<T, 2>(n, k, a, lda, b, ldb, c, ldc, alpha, beta);
    case 1:
      return dot_rows<T, 1>(n, k, a, lda, b, ldb, c, ldc, alpha, beta);
  }
}

// Eight rows of B at a time pass through y, which stays in the first cache.
template <class T>
void weighted_rows(int64_t n, int64_t k, const T* x, int64_t incx, const T* b, int64_t ldb, T* y,
                   T alpha, T beta) {
  constexpr int L = kLanes<T>, R = 8;
  constexpr int64_t kChunk = 512 * L;
  for (int64_t first = 0; first < n; first += kChunk) {
    const int64_t count = n - first < kChunk ? n - first : kChunk;
    T* out = y + first;
    for (int64_t j = 0; j < count; ++j) out[j] = beta == T(0) ? T(0) : beta * out[j];
    for (int64_t p = 0; p < k; p += R) {
      const int64_t rows = k - p < R ? k - p : R;
      Vec<T> w[R];
      const T* row[R];
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        w[r] = broadcast(r < rows ? alpha * x[(p + r) * incx] : T(0));
        row[r] = b + (p + (r < rows ? r : 0)) * ldb + first;
      }
      const auto add = [&](int64_t j, const auto& lane) __attribute__((always_inline)) {
        Vec<T> even = lane.get(out + j), odd{};
        if (rows == R) {
#pragma GCC unroll 4
          for (int r = 0; r < R; r += 2) {
            even = mul_add(w[r], lane.get(row[r] + j), even);
            odd = mul_add(w[r + 1], lane.get(row[r + 1] + j), odd);
          }
        } else {
          for (int r = 0; r < rows; ++r) even = mul_add(w[r], lane.get(row[r] + j), even);
        }
        lane.put(out + j, even + odd);
      };
      int64_t j = 0;
      for (; j + L <= count; j += L) add(j, Whole<T>{});
      if (j < count) add(j, Some<T>{count - j});
    }
  }
}

template <class T, int MR>
struct Tiling {
  static constexpr int kVectors = 2;
  static constexpr int kCols = kVectors * kLanes<T>;
  static constexpr int kSlots = (MR + kLanes<T> - 1) / kLanes<T> * kLanes<T>;

  template <int... Rows>
  static constexpr void fill(GemmTable<T>& t, std::integer_sequence<int, Rows...>) {
    ((t.tiles[Rows + 1][0][0] = &tile<T, Rows + 1, 1, false>), ...);
    ((t.tiles[Rows + 1][0][1] = &tile<T, Rows + 1, 1, true>), ...);
    ((t.tiles[Rows + 1][1][0] = &tile<T, Rows + 1, 2, false>), ...);
    ((t.tiles[Rows + 1][1][1] = &tile<T, Rows + 1, 2, true>), ...);
  }
  static constexpr GemmTable<T> table() {
    GemmTable<T> t{};
    t.lanes = kLanes<T>;
    t.tile_rows = MR;
    t.tile_cols = kCols;
    t.slots = kSlots;
    fill(t, std::make_integer_sequence<int, MR>());
    t.pack = &pack<T>;
    t.dots = &dots<T>;
    t.weighted_rows = &weighted_rows<T>;
    t.block = &block;
    t.pack_a = &pack_a;
    return t;
  }

  static void block(int64_t m, int64_t n, int64_t k, const T* a, int64_t rsa, int64_t csa,
                    const T* b, int64_t ldb, T* c, int64_t ldc, T alpha, T beta) {
    static constexpr GemmTable<T> kTable = table();
    const RowSplit split(m, MR);
    for (int64_t j = 0; j < n; j += kCols) {
      const int64_t cols = n - j < kCols ? n - j : kCols;
      const int vectors = cols > kLanes<T> ? 2 : 1;
      const bool partial = cols < vectors * kLanes<T>;
      const T* panel = ldb ? b + j : b + j * k;
      int64_t row = 0;
      for (int64_t i = 0; i < split.panels; ++i) {
        const int64_t rows = split.height + (i < split.taller);
        const T* at = rsa ? a + row * rsa : a + i * k * kSlots;
        kTable.tiles[rows][vectors - 1][partial](k, at, rsa ? rsa : 1, rsa ? csa : kSlots, panel,
                                                 ldb ? ldb : kCols, c + row * ldc + j, ldc, alpha,
                                                 beta, cols);
        row += rows;
      }
    }
  }

  static void pack_a(int64_t m, int64_t k, const T* a, int64_t rsa, int64_t csa, T* dst) {
    const RowSplit split(m, MR);
    for (int64_t i = 0; i < split.panels; ++i) {
      const int64_t rows = split.height + (i < split.taller);
      pack<T>(k, rows, rows, a, rsa, csa, dst, kSlots);
      a += rows * rsa;
      dst += k * kSlots;
    }
  }
};

}  // namespace
}  // namespace rl::cpu
