// The loops that turn raw generator words into samples, compiled once an instruction set.
#pragma once

#include <cstdint>

namespace rl::cpu {

// Float and double twins of a uniform range: `low + u * span`, and `low` where that rounds to high.
template <class T>
struct UniformRange {
  T low, span, high;
};

struct RandomTable {
  // One word a sample, its low 24 bits.
  void (*uniform_float)(const uint32_t* raw, float* out, int64_t n, UniformRange<float> range);
  // Two words a sample, high word first, the low 53 bits.
  void (*uniform_double)(const uint32_t* raw, double* out, int64_t n, UniformRange<double> range);
  // 16 words give 16 samples: Box-Muller of words 0-7 (radius) and 8-15 (angle).
  void (*normal_float)(const uint32_t* raw, float* out, int64_t blocks, float mean, float std);
  // Two words a sample; 1 where the low 53 bits are below the threshold.
  void (*below)(const uint32_t* raw, uint8_t* out, int64_t n, uint64_t threshold);
  // out[i] = raw[i] mod (divisor - i); divisors are below 2^31.
  void (*descending_mod)(const uint32_t* raw, uint32_t* out, int64_t n, uint32_t divisor);
  // out[i] = raw[i] mod divisor, for a divisor below 2^31.
  void (*mod)(const uint32_t* raw, uint32_t* out, int64_t n, uint32_t divisor);
};

// The one of the best instruction set.
const RandomTable& random_table();

}  // namespace rl::cpu
