// Raw generator words to samples, in plain loops, compiled once an instruction set. Each fused
// multiply-add and each separate product is part of the contract: the results are PyTorch's to the
// last bit, and contraction finds nothing more to fuse.
#include <bit>
#include <cmath>
#include <cstdint>

#include "core/kernels/cpu/random_table.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

using cpu::UniformRange;

#define RL_INLINE [[gnu::always_inline]] inline

RL_INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

// Natural logarithm for finite x > 0. Cephes' logf polynomial (S. L. Moshier, public constants).
RL_INLINE float cephes_log(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const float half_to_one = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f000000u);
  const float exponent = static_cast<float>(static_cast<int32_t>(bits >> 23) - 126);
  const bool small = half_to_one < 0.707106781186547524f;
  const float e = small ? exponent - 1.0f : exponent;
  const float m = (half_to_one - 1.0f) + (small ? half_to_one : 0.0f);
  const float square = m * m;
  float y = 7.0376836292e-2f;
  y = fused(y, m, -1.1514610310e-1f);
  y = fused(y, m, 1.1676998740e-1f);
  y = fused(y, m, -1.2420140846e-1f);
  y = fused(y, m, 1.4249322787e-1f);
  y = fused(y, m, -1.6668057665e-1f);
  y = fused(y, m, 2.0000714765e-1f);
  y = fused(y, m, -2.4999993993e-1f);
  y = fused(y, m, 3.3333331174e-1f);
  y = fused(y * m, square, e * -2.12194440e-4f);
  y = fused(square, -0.5f, y);
  return fused(e, 0.693359375f, m + y);
}

struct SinCos {
  float sin, cos;
};

// For x in [0, 2 pi]. Cephes' sinf and cosf: octants of pi/4, reduced in three steps.
RL_INLINE SinCos cephes_sincos(float x) {
  const int32_t octant = (static_cast<int32_t>(x * 1.27323954473516f) + 1) & ~1;
  const float k = static_cast<float>(octant);
  x = fused(k, -0.78515625f, x);
  x = fused(k, -2.4187564849853515625e-4f, x);
  x = fused(k, -3.77489497744594108e-8f, x);
  const float square = x * x;
  float even = 2.443315711809948e-5f;
  even = fused(even, square, -1.388731625493765e-3f);
  even = fused(even, square, 4.166664568298827e-2f) * square;
  even = fused(even, square, -(square * 0.5f)) + 1.0f;
  float odd = -1.9515295891e-4f;
  odd = fused(odd, square, 8.3321608736e-3f);
  odd = fused(odd, square, -1.6666654611e-1f);
  odd = fused(odd * square, x, x);
  const bool swap = (octant & 2) != 0;
  const uint32_t sin_sign = static_cast<uint32_t>(octant & 4) << 29;
  const uint32_t cos_sign = static_cast<uint32_t>(~(octant - 2) & 4) << 29;
  const uint32_t sin = std::bit_cast<uint32_t>(swap ? even : odd) ^ sin_sign;
  const uint32_t cos = std::bit_cast<uint32_t>(swap ? odd : even) ^ cos_sign;
  return {std::bit_cast<float>(sin), std::bit_cast<float>(cos)};
}

RL_INLINE float unit_float(uint32_t raw) {
  return static_cast<float>(static_cast<int32_t>(raw & 0xffffffu)) * 0x1p-24f;
}

// The low 53 bits of (first word << 32 | second word), from memory in that order.
RL_INLINE int64_t low53(const uint32_t* raw) {
  return static_cast<int64_t>(raw[0] & 0x1fffffu) << 32 | raw[1];
}

void uniform_float(const uint32_t* __restrict raw, float* __restrict out, int64_t n,
                   UniformRange<float> range) {
  for (int64_t i = 0; i < n; ++i) {
    const float x = fused(unit_float(raw[i]), range.span, range.low);
    out[i] = x == range.high ? range.low : x;
  }
}

void uniform_double(const uint32_t* __restrict raw, double* __restrict out, int64_t n,
                    UniformRange<double> range) {
  for (int64_t i = 0; i < n; ++i) {
    // 2^52 + x by bits, for each half: cheap in vectors, and exact.
    const uint64_t bits = static_cast<uint64_t>(low53(raw + 2 * i));
    const double low = std::bit_cast<double>((bits & 0xffffffffu) | 0x4330000000000000u) - 0x1p52;
    const double high = std::bit_cast<double>((bits >> 32) | 0x4530000000000000u) - 0x1p84;
    const double x = __builtin_fma((high + low) * 0x1p-53, range.span, range.low);
    out[i] = x == range.high ? range.low : x;
  }
}

void normal_float(const uint32_t* __restrict raw, float* __restrict out, int64_t blocks, float mean,
                  float std) {
  constexpr int kBlocks = 32, kLanes = 8 * kBlocks;
  constexpr float kTwoPi = 6.283185307179586f;
  alignas(64) uint32_t radius_word[kLanes], angle_word[kLanes];
  alignas(64) float first[kLanes], second[kLanes];
  while (blocks > 0) {
    const int64_t now = blocks < kBlocks ? blocks : kBlocks;
    for (int64_t b = 0; b < now; ++b) {
      __builtin_memcpy(radius_word + 8 * b, raw + 16 * b, 32);
      __builtin_memcpy(angle_word + 8 * b, raw + 16 * b + 8, 32);
    }
    const int64_t lanes = 8 * now;
    for (int64_t i = 0; i < lanes; ++i) {
      const float radius = __builtin_sqrtf(-2.0f * cephes_log(1.0f - unit_float(radius_word[i])));
      const SinCos angle = cephes_sincos(kTwoPi * unit_float(angle_word[i]));
      first[i] = fused(radius * angle.cos, std, mean);
      second[i] = fused(radius * angle.sin, std, mean);
    }
    for (int64_t b = 0; b < now; ++b) {
      __builtin_memcpy(out + 16 * b, first + 8 * b, 32);
      __builtin_memcpy(out + 16 * b + 8, second + 8 * b, 32);
    }
    raw += 16 * now;
    out += 16 * now;
    blocks -= now;
  }
}

void below(const uint32_t* __restrict raw, uint8_t* __restrict out, int64_t n, uint64_t threshold) {
  const int64_t limit = static_cast<int64_t>(threshold);
  for (int64_t i = 0; i < n; ++i) out[i] = low53(raw + 2 * i) < limit;
}

// The quotient of two 32-bit numbers is never so near an integer that its rounding to double would
// cross it, so the floor and with it the remainder are exact.
RL_INLINE uint32_t remainder(uint32_t a, int32_t divisor) {
  const double value = static_cast<double>(static_cast<int32_t>(a ^ 0x80000000u)) + 0x1p31;
  const double d = static_cast<double>(divisor);
  const double quotient = value / d;
  const double nearest = (quotient + 0x1p52) - 0x1p52;
  const double floor = nearest > quotient ? nearest - 1.0 : nearest;
  return static_cast<uint32_t>(static_cast<int32_t>(value - floor * d));
}

void descending_mod(const uint32_t* __restrict raw, uint32_t* __restrict out, int64_t n,
                    uint32_t divisor) {
  for (int64_t i = 0; i < n; ++i)
    out[i] = remainder(raw[i], static_cast<int32_t>(divisor) - static_cast<int32_t>(i));
}

void mod(const uint32_t* __restrict raw, uint32_t* __restrict out, int64_t n, uint32_t divisor) {
  for (int64_t i = 0; i < n; ++i) out[i] = remainder(raw[i], static_cast<int32_t>(divisor));
}

}  // namespace

extern const cpu::RandomTable kRandomTable;
const cpu::RandomTable kRandomTable = {uniform_float, uniform_double, normal_float,
                                       below,         descending_mod, mod};

}  // namespace rl::RL_ISA_NAMESPACE
