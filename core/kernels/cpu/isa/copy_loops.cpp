// Contiguous conversions and transpositions, in plain loops, compiled once an instruction set.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/kernels/cpu/convert.h"
#include "core/kernels/cpu/copy_table.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

template <class To, class From>
void convert_all(void* out, const void* in, int64_t n) {
  To* __restrict const to = static_cast<To*>(out);
  const From* __restrict const from = static_cast<const From*>(in);
  for (int64_t i = 0; i < n; ++i) to[i] = cpu::convert<To>(from[i]);
}

// Square blocks, in registers where the compiler has enough of them.
template <class T, int N>
[[gnu::always_inline]] inline void transpose_block(T* __restrict out, const T* __restrict in,
                                                   int64_t out_step, int64_t in_step) {
  T block[N][N];
  for (int c = 0; c < N; ++c)
    for (int r = 0; r < N; ++r) block[c][r] = in[c * in_step + r];
  for (int r = 0; r < N; ++r)
    for (int c = 0; c < N; ++c) out[r * out_step + c] = block[c][r];
}

#if defined(__AVX2__) && defined(__GNUC__)
using V8 = uint32_t __attribute__((vector_size(32)));
using V8u = uint32_t __attribute__((vector_size(32), aligned(4)));

[[gnu::always_inline]] inline void transpose_block_32(uint32_t* out, const uint32_t* in,
                                                      int64_t out_step, int64_t in_step) {
  V8 a[8], b[8];
  for (int k = 0; k < 8; ++k) a[k] = *reinterpret_cast<const V8u*>(in + k * in_step);
  for (int k = 0; k < 4; ++k) {  // pairs of rows, 32-bit steps
    b[2 * k] = __builtin_shuffle(a[2 * k], a[2 * k + 1], V8{0, 8, 2, 10, 4, 12, 6, 14});
    b[2 * k + 1] = __builtin_shuffle(a[2 * k], a[2 * k + 1], V8{1, 9, 3, 11, 5, 13, 7, 15});
  }
  for (int k = 0; k < 2; ++k)
    for (int j = 0; j < 2; ++j) {  // 64-bit steps
      const V8 x = b[4 * k + j], y = b[4 * k + j + 2];
      a[4 * k + j] = __builtin_shuffle(x, y, V8{0, 1, 8, 9, 4, 5, 12, 13});
      a[4 * k + j + 2] = __builtin_shuffle(x, y, V8{2, 3, 10, 11, 6, 7, 14, 15});
    }
  for (int k = 0; k < 4; ++k) {  // halves
    *reinterpret_cast<V8u*>(out + k * out_step) =
        __builtin_shuffle(a[k], a[k + 4], V8{0, 1, 2, 3, 8, 9, 10, 11});
    *reinterpret_cast<V8u*>(out + (k + 4) * out_step) =
        __builtin_shuffle(a[k], a[k + 4], V8{4, 5, 6, 7, 12, 13, 14, 15});
  }
}
#endif

template <class T>
void transpose(void* out, const void* in, int64_t rows, int64_t cols, int64_t out_step,
               int64_t in_step) {
  T* const to = static_cast<T*>(out);
  const T* const from = static_cast<const T*>(in);
  constexpr int64_t kBlock = 8, kTile = 64;  // a tile's rows and columns stay in the first cache
  for (int64_t r0 = 0; r0 < rows; r0 += kTile)
    for (int64_t c0 = 0; c0 < cols; c0 += kTile) {
      const int64_t r_end = std::min(rows, r0 + kTile), c_end = std::min(cols, c0 + kTile);
      int64_t r = r0;
      for (; r + kBlock <= r_end; r += kBlock) {
        int64_t c = c0;
        for (; c + kBlock <= c_end; c += kBlock) {
          T* const o = to + r * out_step + c;
          const T* const i = from + c * in_step + r;
#if defined(__AVX2__) && defined(__GNUC__)
          if constexpr (sizeof(T) == 4) {
            transpose_block_32(o, i, out_step, in_step);
            continue;
          }
#endif
          transpose_block<T, kBlock>(o, i, out_step, in_step);
        }
        for (; c < c_end; ++c)
          for (int64_t k = r; k < r + kBlock; ++k) to[k * out_step + c] = from[c * in_step + k];
      }
      for (; r < r_end; ++r)
        for (int64_t c = c0; c < c_end; ++c) to[r * out_step + c] = from[c * in_step + r];
    }
}

// The dtypes that programs convert in bulk.
using Bulk = Types<bool, uint8_t, int32_t, int64_t, Half, BFloat16, float, double>;

template <class To, class... From>
constexpr void fill_row(cpu::CopyTable& table, Types<From...>) {
  constexpr auto kTo = static_cast<int>(dtype_of<To>);
  ((table.convert[kTo][static_cast<int>(dtype_of<From>)] =
        std::is_same_v<To, From> ? nullptr : &convert_all<To, From>),
   ...);
}

template <class... To>
constexpr cpu::CopyTable make_table(Types<To...> all) {
  cpu::CopyTable table{};
  (fill_row<To>(table, all), ...);
  table.transpose[0] = &transpose<uint8_t>;
  table.transpose[1] = &transpose<uint16_t>;
  table.transpose[2] = &transpose<uint32_t>;
  table.transpose[3] = &transpose<uint64_t>;
  return table;
}

}  // namespace

extern const cpu::CopyTable kCopyTable;
constinit const cpu::CopyTable kCopyTable = make_table(Bulk{});

}  // namespace rl::RL_ISA_NAMESPACE
