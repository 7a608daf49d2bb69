// Bytes between files and memory by several threads, their checksum taken on the way.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rl {

struct Transfer {
  size_t done;   // bytes; fewer than asked where the file ended or an error came
  uint32_t crc;  // of the bytes asked for; valid when all were done
  int error;     // errno, 0 if there was none
};

// From `offset` of the open file; its position does not move.
Transfer read_file(int file, uint64_t offset, std::byte* target, size_t size);
Transfer write_file(int file, uint64_t offset, const std::byte* source, size_t size);
// The checksum alone.
uint32_t crc32_of(const std::byte* data, size_t size);

}  // namespace rl
