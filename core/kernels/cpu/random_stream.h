// Splits one serial random stream over threads, and into tiles, without changing it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/generator.h"
#include "core/base/half.h"
#include "core/base/threads.h"

namespace rl::cpu {

// Calls f(engine, first, last) on pieces of [0, n); the engine stands where the serial stream
// would at `first`, given that each element takes `draws` words. Leaves g's engine after the last
// element. Skipping ahead costs a fraction of drawing.
template <class F>
void parallel_stream(Generator& g, int64_t n, int64_t draws, int64_t grain, const F& f) {
  if (n <= 0) return;
  const int64_t most = in_parallel_region() ? 1 : num_threads();
  const int64_t pieces = std::max<int64_t>(1, std::min(most, n / grain));
  if (pieces == 1) return f(g.engine(), int64_t{0}, n);
  const int64_t length = n / pieces;
  std::vector<Mt19937> engines(static_cast<size_t>(pieces), g.engine());
  for (int64_t p = 1; p < pieces; ++p) {
    engines[p] = engines[p - 1];
    engines[p].skip(length * draws);
  }
  parallel_for(0, pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      f(engines[p], p * length, p + 1 < pieces ? (p + 1) * length : n);
  });
  g.engine() = engines.back();
}

inline constexpr int64_t kTileWords = 1024;

// Calls f(raw words, first, count) on tiles of [0, n), with `draws` words an element.
template <int64_t Draws, class F>
void stream_tiles(Generator& g, int64_t n, int64_t grain, const F& f) {
  parallel_stream(g, n, Draws, grain, [&](Mt19937& engine, int64_t first, int64_t last) {
    alignas(64) uint32_t raw[kTileWords];
    for (int64_t i = first; i < last; i += kTileWords / Draws) {
      const int64_t count = std::min(kTileWords / Draws, last - i);
      engine.fill(raw, count * Draws);
      f(static_cast<const uint32_t*>(raw), i, count);
    }
  });
}

inline uint64_t word64(const uint32_t* raw) { return static_cast<uint64_t>(raw[0]) << 32 | raw[1]; }

// In [0, 1), from two words.
inline double unit_double(const uint32_t* raw) {
  return static_cast<double>(static_cast<int64_t>(word64(raw) & Generator::kDoubleMask)) * 0x1p-53;
}

// In [0, 1), from one word.
inline float unit_float(uint32_t raw) {
  return static_cast<float>(static_cast<int32_t>(raw & 0xffffffu)) * 0x1p-24f;
}

// Calls store(i, x) with x uniform in [0, 1), 53 bits, for each i in [0, n).
template <class F>
void stream_doubles(Generator& g, int64_t n, const F& store) {
  stream_tiles<2>(g, n, 4096, [&](const uint32_t* raw, int64_t first, int64_t count) {
    for (int64_t i = 0; i < count; ++i) store(first + i, unit_double(raw + 2 * i));
  });
}

}  // namespace rl::cpu
