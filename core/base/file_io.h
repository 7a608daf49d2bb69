// Bytes between files and memory, their checksum taken on the way by several threads.
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
// Room on the disk for the first `size` bytes of a file that may still be shorter; errno if the
// disk has not got it, 0 also where the file system cannot tell.
int reserve_file(int file, uint64_t size);
// Lets the disk begin with bytes already written, so that a later fsync has less to wait for.
int start_writeback(int file, uint64_t offset, uint64_t size);
// The checksum alone.
uint32_t crc32_of(const std::byte* data, size_t size);

}  // namespace rl
