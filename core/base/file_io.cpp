// Reads by several threads in pieces that stay in the cache until their checksum is taken; writes
// by one thread, because the kernel lets one at a time into a file.
#include "core/base/file_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/base/crc32.h"
#include "core/base/threads.h"

namespace rl {
namespace {

constexpr size_t kPiece = size_t{1} << 18;
constexpr size_t kBlock = size_t{1} << 25;

struct Piece {
  size_t done;
  uint32_t crc;
  int error;
};

// Calls move(first byte, number of bytes) -> Piece on every piece and joins what they did.
template <class Move>
Transfer in_pieces(size_t size, const Move& move) {
  std::vector<Piece> pieces((size + kPiece - 1) / kPiece);
  parallel_for(0, static_cast<int64_t>(pieces.size()), 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const size_t at = static_cast<size_t>(i) * kPiece;
      pieces[static_cast<size_t>(i)] = move(at, std::min(kPiece, size - at));
    }
  });
  Transfer all{0, 0, 0};
  for (size_t i = 0; i < pieces.size(); ++i) {
    const size_t wanted = std::min(kPiece, size - i * kPiece);
    all.done += pieces[i].done;
    all.crc = crc32_combine(all.crc, pieces[i].crc, wanted);
    all.error = pieces[i].error;
    if (pieces[i].done < wanted) break;
  }
  return all;
}

// Repeats `call(bytes done)`, which moves some bytes like read(2), until `size` are moved.
template <class Call>
Piece repeated(size_t size, const Call& call) {
  size_t done = 0;
  while (done < size) {
    const ssize_t n = call(done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return {done, 0, n < 0 ? errno : 0};
    done += static_cast<size_t>(n);
  }
  return {done, 0, 0};
}

}  // namespace

Transfer read_file(int file, uint64_t offset, std::byte* target, size_t size) {
  return in_pieces(size, [&](size_t at, size_t count) {
    Piece piece = repeated(count, [&](size_t done) {
      return ::pread(file, target + at + done, count - done,
                     static_cast<off_t>(offset + at + done));
    });
    piece.crc = crc32(0, target + at, piece.done);
    return piece;
  });
}

Transfer write_file(int file, uint64_t offset, const std::byte* source, size_t size) {
  Transfer all{0, 0, 0};
  // Long calls let the kernel keep the file in large pages; the block is summed just before.
  for (size_t at = 0; at < size && all.done == at; at += kBlock) {
    const size_t count = std::min(kBlock, size - at);
    all.crc = crc32_combine(all.crc, crc32_of(source + at, count), count);
    const Piece piece = repeated(count, [&](size_t done) {
      return ::pwrite(file, source + at + done, count - done,
                      static_cast<off_t>(offset + at + done));
    });
    all.done += piece.done;
    all.error = piece.error;
  }
  return all;
}

int reserve_file(int file, uint64_t size) {
  if (::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) == 0) return 0;
  return errno == ENOSPC || errno == EFBIG || errno == EDQUOT ? errno : 0;
}

int start_writeback(int file, uint64_t offset, uint64_t size) {
  const auto at = static_cast<off_t>(offset), count = static_cast<off_t>(size);
  return ::sync_file_range(file, at, count, SYNC_FILE_RANGE_WRITE) == 0 ? 0 : errno;
}

uint32_t crc32_of(const std::byte* data, size_t size) {
  return in_pieces(size,
                   [&](size_t at, size_t count) {
                     return Piece{count, crc32(0, data + at, count), 0};
                   })
      .crc;
}

}  // namespace rl
