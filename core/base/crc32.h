// The checksum of zip archives (CRC-32, ISO 3309), as fast as memory is read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rl {

// Of the bytes that gave `crc` followed by these; 0 for none before.
uint32_t crc32(uint32_t crc, const std::byte* data, size_t size);
// Of two pieces in a row, from the checksum of each and the length of the second.
uint32_t crc32_combine(uint32_t first, uint32_t second, uint64_t second_size);

}  // namespace rl
