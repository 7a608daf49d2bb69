// The 16-bit floating types: IEEE binary16 (Half) and bfloat16, as storage that computes in float.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace rl {

namespace detail {

// Branch-free so that loops over halves vectorise; rounds to nearest even.
constexpr float half_to_float(uint16_t h) {
#if defined(__F16C__)
  if (!std::is_constant_evaluated()) return static_cast<float>(std::bit_cast<_Float16>(h));
#endif
  // After Fabian Giesen's public-domain conversions: scale by 2^112 to move the exponent bias.
  const uint32_t sign = (static_cast<uint32_t>(h) & 0x8000u) << 16;
  const uint32_t shifted = (static_cast<uint32_t>(h) & 0x7fffu) << 13;
  const float scaled = std::bit_cast<float>(shifted) * std::bit_cast<float>(0x77800000u);
  const uint32_t inf_nan = shifted >= 0x0f800000u ? 0x7f800000u : 0u;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(scaled) | inf_nan | sign);
}

constexpr uint16_t float_to_half(float f) {
#if defined(__F16C__)
  if (!std::is_constant_evaluated()) return std::bit_cast<uint16_t>(static_cast<_Float16>(f));
#endif
  const uint32_t bits = std::bit_cast<uint32_t>(f);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t mag = bits & 0x7fffffffu;
  if (mag > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u | ((mag >> 13) & 0x3ffu));
  if (mag >= 0x47800000u) return static_cast<uint16_t>(sign | 0x7c00u);
  if (mag < 0x38800000u) {
    const float shifted = std::bit_cast<float>(mag) + 0.5f;  // the adder rounds the subnormal
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u));
  }
  const uint32_t odd = (mag >> 13) & 1u;
  return static_cast<uint16_t>(sign | ((mag - 0x38000000u + 0xfffu + odd) >> 13));
}

constexpr float bfloat16_to_float(uint16_t b) {
  return std::bit_cast<float>(static_cast<uint32_t>(b) << 16);
}

constexpr uint16_t float_to_bfloat16(float f) {
  const uint32_t bits = std::bit_cast<uint32_t>(f);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
}

}  // namespace detail

struct Half {
  uint16_t bits;
  Half() = default;
  constexpr Half(float f) : bits(detail::float_to_half(f)) {}
  constexpr operator float() const { return detail::half_to_float(bits); }
  static constexpr Half from_bits(uint16_t b) {
    Half h(0.0f);
    h.bits = b;
    return h;
  }
};

struct BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  constexpr BFloat16(float f) : bits(detail::float_to_bfloat16(f)) {}
  constexpr operator float() const { return detail::bfloat16_to_float(bits); }
  static constexpr BFloat16 from_bits(uint16_t b) {
    BFloat16 h(0.0f);
    h.bits = b;
    return h;
  }
};

static_assert(sizeof(Half) == 2 && sizeof(BFloat16) == 2);

}  // namespace rl
