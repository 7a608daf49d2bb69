// Generator: seeding, the Box-Muller pair, and the layout of the saved state.
#include "core/base/generator.h"

#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

#include "core/base/error.h"
#include "core/base/thread_generator.h"

namespace rl {
namespace {

// The layout of PyTorch's legacy state: words stored in 64 bits, then the waiting normal samples.
struct StateLayout {
  uint64_t seed;
  int32_t left;  // one more than the words not handed out
  int32_t seeded;
  uint64_t next;
  uint64_t words[Mt19937::kWords];
  double normal_x, normal_y, normal_rho;
  int32_t normal_valid;
  int32_t padding;
  float float_normal;
  uint8_t float_normal_valid;
  uint8_t tail[3];
};
static_assert(sizeof(StateLayout) == Generator::kStateSize);

}  // namespace

Generator::Generator(const Generator& other) : engine_(0) {
  const std::lock_guard lock(other.mutex_);
  engine_ = other.engine_;
  next_normal_ = other.next_normal_;
  next_float_normal_ = other.next_float_normal_;
}

void Generator::reseed(uint64_t seed) {
  engine_.reseed(seed);
  next_normal_.reset();
  next_float_normal_.reset();
}

void Generator::manual_seed(uint64_t seed) {
  const std::lock_guard lock(mutex_);
  reseed(seed);
}

uint64_t Generator::seed() {
  std::random_device source;
  const uint64_t high = source();
  const uint64_t seed = high << 32 | source();
  manual_seed(seed);
  return seed;
}

uint64_t Generator::initial_seed() const {
  const std::lock_guard lock(mutex_);
  return engine_.seed();
}

double Generator::normal() {
  if (next_normal_) {
    const double waiting = *next_normal_;
    next_normal_.reset();
    return waiting;
  }
  const double angle = 2.0 * std::numbers::pi * uniform();
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  next_normal_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

Generator::State Generator::state() const {
  const std::lock_guard lock(mutex_);
  StateLayout s{};
  s.seed = engine_.seed();
  s.left = engine_.left() + 1;
  s.seeded = 1;
  s.next = static_cast<uint64_t>(engine_.next());
  for (int k = 0; k < Mt19937::kWords; ++k) s.words[k] = engine_.words()[k];
  s.normal_y = next_normal_.value_or(0.0);
  s.normal_valid = next_normal_.has_value();
  s.float_normal = next_float_normal_.value_or(0.0f);
  s.float_normal_valid = next_float_normal_.has_value();
  State bytes;
  std::memcpy(bytes.data(), &s, sizeof(s));
  return bytes;
}

void Generator::set_state(std::span<const uint8_t> bytes) {
  RL_CHECK(bytes.size() == kStateSize, "Expected a CPUGeneratorImplState of size ", kStateSize,
           " but found the input RNG state size to be ", bytes.size());
  StateLayout s;
  std::memcpy(&s, bytes.data(), sizeof(s));
  constexpr uint64_t kWords = Mt19937::kWords;
  RL_CHECK(s.seeded == 1 && s.left > 0 && s.left <= Mt19937::kWords && s.next <= kWords &&
               s.next + static_cast<uint64_t>(s.left) <= kWords + 1,
           "Invalid mt19937 state");
  Mt19937::Words words;
  for (size_t k = 0; k < kWords; ++k) words[k] = static_cast<uint32_t>(s.words[k]);
  const std::lock_guard lock(mutex_);
  engine_.restore(s.seed, words, s.left - 1, static_cast<int>(s.next));
  next_normal_ = s.normal_valid ? std::optional(s.normal_y) : std::nullopt;
  next_float_normal_ = s.float_normal_valid ? std::optional(s.float_normal) : std::nullopt;
}

namespace {
thread_local Generator* t_generator = nullptr;
}

Generator& process_generator() {
  // Never destroyed: threads may draw while the process ends.
  static Generator* const generator = new Generator;
  return *generator;
}

Generator& default_generator() { return t_generator ? *t_generator : process_generator(); }

void set_thread_generator(Generator* generator) { t_generator = generator; }

}  // namespace rl
