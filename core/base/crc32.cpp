// CRC-32: tables for any processor, carry-less multiplication where there is one.
#include "core/base/crc32.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rl {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // bits reflected
constexpr size_t kSlices = 8;

using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

// Row k: what a byte does to the checksum when k bytes follow it ("slicing by eight").
constexpr Tables make_tables() {
  Tables t{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
    t[0][byte] = crc;
  }
  for (size_t k = 1; k < kSlices; ++k)
    for (size_t byte = 0; byte < 256; ++byte)
      t[k][byte] = (t[k - 1][byte] >> 8) ^ t[0][t[k - 1][byte] & 0xFF];
  return t;
}
constexpr Tables kTables = make_tables();

// On the inverted checksum, as the two below.
uint32_t by_table(uint32_t crc, const std::byte* data, size_t size) {
  static_assert(std::endian::native == std::endian::little);
  for (; size >= kSlices; data += kSlices, size -= kSlices) {
    uint64_t word;
    std::memcpy(&word, data, sizeof word);
    word ^= crc;
    crc = 0;
    for (size_t k = 0; k < kSlices; ++k) crc ^= kTables[kSlices - 1 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; size; ++data, --size)
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint32_t>(*data)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
constexpr size_t kFold = 64;
constexpr size_t kWideFold = 256;

// 16 bytes moved forward by a distance: `by` holds x to its power, modulo the polynomial.
[[gnu::target("pclmul,sse4.1")]] __m128i folded(__m128i part, __m128i by, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(part, by, 0x00);
  const __m128i high = _mm_clmulepi64_si128(part, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// One lane goes on over the rest of the data and is reduced to 32 bits. Method and constants, here
// and below: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction", Intel 2009. `size` is a multiple of 16.
[[gnu::target("pclmul,sse4.1")]] uint32_t finished(__m128i one, const std::byte* data,
                                                   size_t size) {
  const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  for (; size >= 16; data += 16, size -= 16)
    one = folded(one, by_16, _mm_loadu_si128(reinterpret_cast<const __m128i*>(data)));

  const __m128i low_half = _mm_setr_epi32(-1, 0, -1, 0);
  one = _mm_xor_si128(_mm_srli_si128(one, 8), _mm_clmulepi64_si128(one, by_16, 0x10));
  one = _mm_xor_si128(
      _mm_srli_si128(one, 4),
      _mm_clmulepi64_si128(_mm_and_si128(one, low_half), _mm_set_epi64x(0, 0x163cd6124), 0x00));
  // Barrett's reduction.
  const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(one, low_half), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_half), barrett, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(one, quotient), 1));
}

// Four lanes of 16 bytes are folded over the data, then into one. `size` is at least 64 and a
// multiple of 16.
[[gnu::target("pclmul,sse4.1")]] uint32_t by_clmul(uint32_t crc, const std::byte* data,
                                                   size_t size) {
  const __m128i by_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
  const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  const auto load = [](const std::byte* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  };
  __m128i lanes[4];
  for (int i = 0; i < 4; ++i) lanes[i] = load(data + 16 * i);
  lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128(static_cast<int>(crc)));
  for (data += kFold, size -= kFold; size >= kFold; data += kFold, size -= kFold)
    for (int i = 0; i < 4; ++i) lanes[i] = folded(lanes[i], by_64, load(data + 16 * i));
  __m128i one = lanes[0];
  for (int i = 1; i < 4; ++i) one = folded(one, by_16, lanes[i]);
  return finished(one, data, size);
}

// The same with four times four lanes. `size` is at least 256 and a multiple of 16.
[[gnu::target("avx512f,vpclmulqdq,pclmul,sse4.1")]] uint32_t by_wide_clmul(uint32_t crc,
                                                                           const std::byte* data,
                                                                           size_t size) {
  const __m512i by_256 = _mm512_set4_epi64(0x1322d1430, 0x11542778a, 0x1322d1430, 0x11542778a);
  const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  __m512i lanes[4];
  for (int i = 0; i < 4; ++i) lanes[i] = _mm512_loadu_si512(data + 64 * i);
  lanes[0] =
      _mm512_xor_si512(lanes[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc))));
  for (data += kWideFold, size -= kWideFold; size >= kWideFold;
       data += kWideFold, size -= kWideFold)
    for (int i = 0; i < 4; ++i) {
      const __m512i low = _mm512_clmulepi64_epi128(lanes[i], by_256, 0x00);
      const __m512i high = _mm512_clmulepi64_epi128(lanes[i], by_256, 0x11);
      const __m512i next = _mm512_loadu_si512(data + 64 * i);
      lanes[i] = _mm512_ternarylogic_epi64(low, high, next, 0x96);  // the three xored
    }
  __m128i parts[16];
  std::memcpy(parts, lanes, sizeof parts);
  __m128i one = parts[0];
  for (int i = 1; i < 16; ++i) one = folded(one, by_16, parts[i]);
  return finished(one, data, size);
}

bool has_wide_clmul() {
  static const bool has = __builtin_cpu_supports("avx512f") &&
                          __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("pclmul");
  return has;
}

bool has_clmul() {
  static const bool has = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return has;
}
#endif

// a times b modulo the polynomial; bit 31 is the coefficient of x^0.
uint32_t multiplied(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (; a; a <<= 1) {
    if (a & 0x80000000) product ^= b;
    b = (b >> 1) ^ (b & 1 ? kPolynomial : 0);
  }
  return product;
}

}  // namespace

uint32_t crc32(uint32_t crc, const std::byte* data, size_t size) {
  crc = ~crc;
#if defined(__x86_64__)
  if (size >= kFold && has_clmul()) {
    const size_t whole = size & ~size_t{15};
    const bool wide = size >= kWideFold && has_wide_clmul();
    crc = wide ? by_wide_clmul(crc, data, whole) : by_clmul(crc, data, whole);
    data += whole;
    size -= whole;
  }
#endif
  return ~by_table(crc, data, size);
}

uint32_t crc32_combine(uint32_t first, uint32_t second, uint64_t second_size) {
  // The first checksum is moved forward by x^(8 size): squares of x^8 for the bits of size.
  uint32_t square = 0x00800000, power = 0x80000000;
  for (uint64_t n = second_size; n; n >>= 1) {
    if (n & 1) power = multiplied(power, square);
    square = multiplied(square, square);
  }
  return multiplied(first, power) ^ second;
}

}  // namespace rl
