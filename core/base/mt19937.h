// The 32-bit Mersenne Twister (Matsumoto and Nishimura 1998), with bulk output and fast skipping.
#pragma once

#include <array>
#include <cstdint>

namespace rl {

class Mt19937 {
 public:
  static constexpr int kWords = 624;
  using Words = std::array<uint32_t, kWords>;

  explicit Mt19937(uint64_t seed) { reseed(seed); }

  // Only the low 32 bits of the seed reach the state.
  void reseed(uint64_t seed);

  uint32_t operator()() {
    if (left_ == 0) refill();
    --left_;
    return temper(words_[next_++]);
  }
  // The same numbers as n calls of operator().
  void fill(uint32_t* out, int64_t n);
  void skip(int64_t n);

  uint64_t seed() const { return seed_; }
  const Words& words() const { return words_; }
  int left() const { return left_; }  // words not handed out yet
  int next() const { return next_; }  // index of the first of them
  void restore(uint64_t seed, const Words& words, int left, int next);

  static uint32_t temper(uint32_t y) {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }

 private:
  void refill();

  alignas(64) Words words_;
  uint64_t seed_ = 0;
  int left_ = 0;
  int next_ = 0;
};

}  // namespace rl
