// A source of random numbers with the stream, the seeding and the saved state of PyTorch's CPU one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/fork.h"
#include "core/base/mt19937.h"

namespace rl {

// A caller that draws holds mutex(); the functions of random_fill.h do so themselves.
class Generator {
 public:
  static constexpr uint64_t kDefaultSeed = 67280421310721;
  static constexpr size_t kStateSize = 5056;
  using State = std::array<uint8_t, kStateSize>;

  explicit Generator(uint64_t seed = kDefaultSeed) : engine_(seed) {}
  // A clone: it continues the stream from the same place.
  Generator(const Generator& other);
  Generator& operator=(const Generator&) = delete;

  void manual_seed(uint64_t seed);
  // Seeds from the operating system and returns the seed.
  uint64_t seed();
  uint64_t initial_seed() const;

  // The bytes of torch.get_rng_state().
  State state() const;
  // Throws RuntimeError on a wrong size or an impossible state.
  void set_state(std::span<const uint8_t> bytes);

  ForkMutex& mutex() const { return mutex_; }

  // Below: with mutex() held.
  Mt19937& engine() { return engine_; }
  uint32_t random() { return engine_(); }
  uint64_t random64() {
    const uint64_t high = engine_();
    return high << 32 | engine_();
  }
  // In [0, 1), with 53 random bits.
  double uniform() { return static_cast<double>(random64() & kDoubleMask) * 0x1p-53; }
  // Standard normal by Box and Muller, in pairs: the second of a pair waits for the next call.
  double normal();

  // The waiting second sample. The float one is only carried along in the state.
  std::optional<double>& next_normal() { return next_normal_; }
  std::optional<float>& next_float_normal() { return next_float_normal_; }

  static constexpr uint64_t kDoubleMask = (uint64_t{1} << 53) - 1;

 private:
  void reseed(uint64_t seed);

  Mt19937 engine_;
  std::optional<double> next_normal_;
  std::optional<float> next_float_normal_;
  mutable ForkMutex mutex_;
};

// The generator of calls that name none.
Generator& default_generator();

}  // namespace rl
