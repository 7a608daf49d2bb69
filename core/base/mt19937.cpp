// Mersenne Twister: seeding, and the recurrence and tempering as loops the compiler vectorises.
#include "core/base/mt19937.h"

#include <algorithm>

#include "core/base/cpu_features.h"

namespace rl {
namespace {

constexpr int kShift = 397;
constexpr int kWords = Mt19937::kWords;
#define RL_INLINE [[gnu::always_inline]] inline

RL_INLINE uint32_t mix(uint32_t high, uint32_t low, uint32_t far) {
  const uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
  return far ^ (y >> 1) ^ (0x9908b0dfu & (0u - (low & 1u)));
}

// No loop reads a word written less than 227 steps before, so each can run in whole vectors.
RL_INLINE void twist_loops(uint32_t* s) {
  constexpr int kFirst = kWords - kShift;
  for (int k = 0; k < kFirst; ++k) s[k] = mix(s[k], s[k + 1], s[k + kShift]);
  for (int k = kFirst; k < kWords - 1; ++k) s[k] = mix(s[k], s[k + 1], s[k - kFirst]);
  s[kWords - 1] = mix(s[kWords - 1], s[0], s[kShift - 1]);
}

RL_INLINE void temper_loop(const uint32_t* __restrict in, uint32_t* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = Mt19937::temper(in[i]);
}

void twist_baseline(uint32_t* s) { twist_loops(s); }
void temper_baseline(const uint32_t* in, uint32_t* out, int64_t n) { temper_loop(in, out, n); }
#if defined(__x86_64__)
[[gnu::target("avx2")]] void twist_avx2(uint32_t* s) { twist_loops(s); }
[[gnu::target("avx2")]] void temper_avx2(const uint32_t* in, uint32_t* out, int64_t n) {
  temper_loop(in, out, n);
}
[[gnu::target("avx512f,prefer-vector-width=512")]] void twist_avx512(uint32_t* s) {
  twist_loops(s);
}
[[gnu::target("avx512f,prefer-vector-width=512")]] void temper_avx512(const uint32_t* in,
                                                                      uint32_t* out, int64_t n) {
  temper_loop(in, out, n);
}
#endif

struct Loops {
  void (*twist)(uint32_t*);
  void (*temper)(const uint32_t*, uint32_t*, int64_t);
};

const Loops& loops() {
  static const Loops chosen = [] {
#if defined(__x86_64__)
    if (cpu_isa() == Isa::Avx512) return Loops{twist_avx512, temper_avx512};
    if (cpu_isa() == Isa::Avx2) return Loops{twist_avx2, temper_avx2};
#endif
    return Loops{twist_baseline, temper_baseline};
  }();
  return chosen;
}

}  // namespace

void Mt19937::reseed(uint64_t seed) {
  seed_ = seed;
  words_[0] = static_cast<uint32_t>(seed);
  for (uint32_t k = 1; k < kWords; ++k)
    words_[k] = 1812433253u * (words_[k - 1] ^ (words_[k - 1] >> 30)) + k;
  left_ = next_ = 0;
}

void Mt19937::refill() {
  loops().twist(words_.data());
  left_ = kWords;
  next_ = 0;
}

void Mt19937::fill(uint32_t* out, int64_t n) {
  while (n > 0) {
    if (left_ == 0) refill();
    const int64_t take = std::min<int64_t>(n, left_);
    loops().temper(words_.data() + next_, out, take);
    left_ -= static_cast<int>(take);
    next_ += static_cast<int>(take);
    out += take;
    n -= take;
  }
}

void Mt19937::skip(int64_t n) {
  while (n > 0) {
    if (left_ == 0) refill();
    const int64_t take = std::min<int64_t>(n, left_);
    left_ -= static_cast<int>(take);
    next_ += static_cast<int>(take);
    n -= take;
  }
}

void Mt19937::restore(uint64_t seed, const Words& words, int left, int next) {
  seed_ = seed;
  words_ = words;
  left_ = left;
  next_ = next;
}

}  // namespace rl
