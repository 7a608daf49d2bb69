// Uniform, integer and Bernoulli fills, and random permutations.
#include "core/kernels/cpu/random_fill.h"

#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/kernels/cpu/random_stream.h"
#include "core/kernels/cpu/random_table.h"

namespace rl::cpu {
namespace {

// Elements a thread takes at least, where an element costs a quarter of a nanosecond.
constexpr int64_t kGrain = 1 << 18;

template <class T>
constexpr int mantissa_digits() {
  if constexpr (std::is_same_v<T, Half>) return 11;
  if constexpr (std::is_same_v<T, BFloat16>) return 8;
  return std::numeric_limits<T>::digits;
}

// Through float where T has 16 bits: PyTorch rounds twice there.
template <class T, class V>
T narrow(V value) {
  if constexpr (is_reduced_type<T>) {
    return T(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

template <class T>
void uniform_range(Generator& g, T* out, int64_t n, double from, double to) {
  const RandomTable& table = random_table();
  if constexpr (std::is_same_v<T, double>) {
    const UniformRange<double> range{from, to - from, to};
    stream_tiles<2>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
      table.uniform_double(raw, out + first, count, range);
    });
  } else {
    const auto low = static_cast<float>(from), high = static_cast<float>(to);
    UniformRange<float> range{low, high - low, high};
    if constexpr (std::is_same_v<T, float>) {
      stream_tiles<1>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
        table.uniform_float(raw, out + first, count, range);
      });
    } else {
      range.high = std::numeric_limits<float>::quiet_NaN();
      const T low_t = low, high_t = high;
      stream_tiles<1>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
        alignas(64) float wide[kTileWords];
        table.uniform_float(raw, wide, count, range);
        for (int64_t i = 0; i < count; ++i) {
          const T x = wide[i];
          out[first + i] = x.bits == high_t.bits ? low_t : x;
        }
      });
    }
  }
}

template <class T>
void store_mod(Generator& g, T* out, int64_t n, uint32_t divisor, int64_t base) {
  const RandomTable& table = random_table();
  stream_tiles<1>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
    alignas(64) uint32_t rest[kTileWords];
    table.mod(raw, rest, count, divisor);
    for (int64_t i = 0; i < count; ++i) out[first + i] = narrow<T>(base + rest[i]);
  });
}

template <class T>
void store_mod64(Generator& g, T* out, int64_t n, uint64_t divisor, int64_t base) {
  const uint64_t offset = static_cast<uint64_t>(base), mask = divisor - 1;
  const auto store = [&](auto reduce, int64_t grain) {
    stream_tiles<2>(g, n, grain, [&](const uint32_t* raw, int64_t first, int64_t count) {
      for (int64_t i = 0; i < count; ++i)
        out[first + i] = narrow<T>(static_cast<int64_t>(reduce(word64(raw + 2 * i)) + offset));
    });
  };
  if ((divisor & mask) == 0) return store([=](uint64_t x) { return x & mask; }, kGrain);
  store([=](uint64_t x) { return x % divisor; }, kGrain / 8);
}

// Fisher and Yates' shuffle, forward. The draws come tile by tile, so the far elements of the
// swaps are known early enough to be fetched ahead.
template <class V>
void shuffle(Mt19937& engine, V* values, int64_t n) {
  constexpr int64_t kAhead = 24;
  const RandomTable& table = random_table();
  alignas(64) uint32_t raw[kTileWords], step[kTileWords];
  for (int64_t i = 0; i < n; ++i) values[i] = narrow<V>(i);
  for (int64_t start = 0; start < n - 1; start += kTileWords) {
    const int64_t count = std::min(kTileWords, n - 1 - start);
    engine.fill(raw, count);
    table.descending_mod(raw, step, count, static_cast<uint32_t>(n - start));
    V* const tile = values + start;
    for (int64_t k = 0; k < std::min(kAhead, count); ++k) __builtin_prefetch(tile + k + step[k], 1);
    for (int64_t k = 0; k < count; ++k) {
      if (k + kAhead < count) __builtin_prefetch(tile + k + kAhead + step[k + kAhead], 1);
      std::swap(tile[k], tile[k + step[k]]);
    }
  }
}

}  // namespace

template <class T>
void fill_uniform(Generator& g, T* out, int64_t n, double from, double to) {
  const std::lock_guard lock(g.mutex());
  if constexpr (is_complex_type<T>) {
    uniform_range(g, reinterpret_cast<Real<T>*>(out), 2 * n, from, to);
  } else {
    uniform_range(g, out, n, from, to);
  }
}

template <class T>
void fill_random(Generator& g, T* out, int64_t n) {
  const std::lock_guard lock(g.mutex());
  if constexpr (std::is_same_v<T, double>) {
    store_mod64(g, out, n, (uint64_t{1} << mantissa_digits<T>()) + 1, 0);
  } else if constexpr (std::is_same_v<T, int64_t>) {
    store_mod64(g, out, n, uint64_t{1} << 63, 0);
  } else if constexpr (std::is_integral_v<T>) {
    constexpr auto kMax = static_cast<uint32_t>(std::numeric_limits<T>::max());
    stream_tiles<1>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
      for (int64_t i = 0; i < count; ++i) out[first + i] = static_cast<T>(raw[i] & kMax);
    });
  } else {
    store_mod(g, out, n, (uint32_t{1} << mantissa_digits<T>()) + 1, 0);
  }
}

template <class T>
void fill_random_range(Generator& g, T* out, int64_t n, uint64_t range, int64_t base) {
  const std::lock_guard lock(g.mutex());
  if (range >= uint64_t{1} << 28) return store_mod64(g, out, n, range, base);
  store_mod(g, out, n, static_cast<uint32_t>(range), base);
}

void fill_random_bits(Generator& g, int64_t* out, int64_t n) {
  const std::lock_guard lock(g.mutex());
  stream_tiles<2>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
    for (int64_t i = 0; i < count; ++i) out[first + i] = static_cast<int64_t>(word64(raw + 2 * i));
  });
}

template <class T>
void fill_bernoulli(Generator& g, T* out, int64_t n, double p) {
  const std::lock_guard lock(g.mutex());
  const RandomTable& table = random_table();
  const auto threshold = static_cast<uint64_t>(std::ceil(p * 0x1p53));
  stream_tiles<2>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
    alignas(64) uint8_t hit[kTileWords / 2];
    table.below(raw, hit, count, threshold);
    T* const to = out + first;
    for (int64_t i = 0; i < count; ++i) to[i] = narrow<T>(hit[i]);
  });
}

template <class T, class P>
void fill_bernoulli(Generator& g, T* out, int64_t n, const P* p) {
  bool valid = true;
  for (int64_t i = 0; i < n; ++i) {
    const auto x = static_cast<Compute<P>>(p[i]);
    valid &= x >= 0 && x <= 1;
  }
  RL_CHECK(valid, "Expected p_in >= 0 && p_in <= 1 to be true, but got false.");
  const std::lock_guard lock(g.mutex());
  if constexpr (std::is_same_v<P, double>) {
    stream_doubles(g, n, [&](int64_t i, double x) { out[i] = narrow<T>(x < p[i]); });
  } else {
    stream_tiles<1>(g, n, kGrain, [&](const uint32_t* raw, int64_t first, int64_t count) {
      for (int64_t i = 0; i < count; ++i)
        out[first + i] = narrow<T>(unit_float(raw[i]) < static_cast<float>(p[first + i]));
    });
  }
}

template <class T>
void fill_randperm(Generator& g, T* out, int64_t n) {
  const std::lock_guard lock(g.mutex());
  // Above this, 32-bit draws would be visibly uneven; PyTorch changes the method there.
  constexpr int64_t kLarge = std::numeric_limits<uint32_t>::max() / 20;
  if (n >= kLarge) {
    for (int64_t i = 0; i < n; ++i) {
      const auto j = static_cast<int64_t>(g.random64() % static_cast<uint64_t>(i + 1));
      out[i] = narrow<T>(i);
      std::swap(out[i], out[j]);
    }
  } else if (sizeof(T) == 8 && n > 16384) {
    // Half the bytes: more of the permutation stays in cache while it is shuffled.
    const std::unique_ptr<uint32_t[]> small(new uint32_t[static_cast<size_t>(n)]);
    shuffle(g.engine(), small.get(), n);
    parallel_for(0, n, 65536, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) out[i] = narrow<T>(small[i]);
    });
  } else {
    shuffle(g.engine(), out, n);
  }
}

#define RL_FLOAT_OR_COMPLEX(T) \
  template void fill_uniform<T>(Generator&, T*, int64_t, double, double);
RL_FLOAT_OR_COMPLEX(Half)
RL_FLOAT_OR_COMPLEX(BFloat16)
RL_FLOAT_OR_COMPLEX(float)
RL_FLOAT_OR_COMPLEX(double)
RL_FLOAT_OR_COMPLEX(Complex64)
RL_FLOAT_OR_COMPLEX(Complex128)
#undef RL_FLOAT_OR_COMPLEX

#define RL_REAL(T)                                                                     \
  template void fill_random<T>(Generator&, T*, int64_t);                               \
  template void fill_random_range<T>(Generator&, T*, int64_t, uint64_t, int64_t);      \
  template void fill_bernoulli<T>(Generator&, T*, int64_t, double);                    \
  template void fill_bernoulli<T, Half>(Generator&, T*, int64_t, const Half*);         \
  template void fill_bernoulli<T, BFloat16>(Generator&, T*, int64_t, const BFloat16*); \
  template void fill_bernoulli<T, float>(Generator&, T*, int64_t, const float*);       \
  template void fill_bernoulli<T, double>(Generator&, T*, int64_t, const double*);
#define RL_NUMBER(T) \
  RL_REAL(T)         \
  template void fill_randperm<T>(Generator&, T*, int64_t);
RL_REAL(bool)
RL_NUMBER(uint8_t)
RL_NUMBER(int8_t)
RL_NUMBER(int16_t)
RL_NUMBER(int32_t)
RL_NUMBER(int64_t)
RL_NUMBER(Half)
RL_NUMBER(BFloat16)
RL_NUMBER(float)
RL_NUMBER(double)
#undef RL_NUMBER
#undef RL_REAL

}  // namespace rl::cpu
