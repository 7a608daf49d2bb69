// Reordering, coalescing and the nested loop around a one-dimensional one.
#include "core/tensor/iterator.h"

#include <unistd.h>

#include <cstring>
#include <numeric>

#include "core/base/threads.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace rl {

void Iterator::add(std::byte* data, IntList sizes, IntList strides, int64_t item_size) {
  Dims bytes(shape_.size());
  const size_t lead = shape_.size() - sizes.size();
  for (size_t i = 0; i < sizes.size(); ++i)
    bytes[lead + i] = sizes[i] == 1 && shape_[lead + i] != 1 ? 0 : strides[i] * item_size;
  if (count_ == 0) out_size_ = item_size;
  data_[count_] = data;
  strides_[count_++] = std::move(bytes);
}

void Iterator::coalesce() {
  const size_t n = shape_.size();
  Dims order(n);
  std::iota(order.begin(), order.end(), 0);
  std::reverse(order.begin(), order.end());
  if (reorder_) {
    // By stride of the first operand that can tell two dimensions apart.
    const auto faster = [&](int64_t a, int64_t b) {
      for (int k = 0; k < count_; ++k) {
        const int64_t x = strides_[k][static_cast<size_t>(a)], y = strides_[k][static_cast<size_t>(b)];
        if (x == 0 || y == 0 || x == y) continue;
        return x < y;
      }
      return false;
    };
    // Insertion sort: the relation is not a strict weak order, and there are few dimensions.
    for (size_t i = 1; i < n; ++i)
      for (size_t j = i; j > 0 && faster(order[j], order[j - 1]); --j)
        std::swap(order[j], order[j - 1]);
  }
  Dims shape;
  Dims strides[kMaxOperands];
  for (const int64_t d : order) {
    const auto i = static_cast<size_t>(d);
    if (shape_[i] == 1) continue;
    bool joins = !shape.empty();
    for (int k = 0; joins && k < count_; ++k)
      joins = strides_[k][i] == strides[k].back() * shape.back();
    if (joins) {
      shape.back() *= shape_[i];
      continue;
    }
    shape.push_back(shape_[i]);
    for (int k = 0; k < count_; ++k) strides[k].push_back(strides_[k][i]);
  }
  shape_ = std::move(shape);
  for (int k = 0; k < count_; ++k) strides_[k] = std::move(strides[k]);
}

void Iterator::run_range(Loop1d loop, const void* context, int64_t begin, int64_t end) const {
  std::byte* data[kMaxOperands];
  int64_t inner[kMaxOperands];
  for (int k = 0; k < count_; ++k) inner[k] = shape_.empty() ? 0 : strides_[k][0];
  if (shape_.size() <= 1) {
    for (int k = 0; k < count_; ++k) data[k] = data_[k] + begin * inner[k];
    return loop(data, inner, end - begin, context);
  }
  Dims index(shape_.size());
  int64_t rest = begin;
  for (size_t d = 0; d < shape_.size(); ++d) {
    index[d] = rest % shape_[d];
    rest /= shape_[d];
  }
  for (int64_t at = begin; at < end;) {
    for (int k = 0; k < count_; ++k) {
      data[k] = data_[k];
      for (size_t d = 0; d < shape_.size(); ++d) data[k] += index[d] * strides_[k][d];
    }
    const int64_t n = std::min(shape_[0] - index[0], end - at);
    loop(data, inner, n, context);
    at += n;
    index[0] = 0;
    for (size_t d = 1; d < shape_.size(); ++d) {
      if (++index[d] < shape_[d]) break;
      index[d] = 0;
    }
  }
}

// Whether the operands together overflow the last cache: then a result written in the usual way is
// first read from memory and later drives out what the next operator reads.
bool Iterator::streams() const {
#ifdef __SSE2__
  static const int64_t cache = [] {
    const long size = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return size > 0 ? int64_t{size} : int64_t{32} << 20;
  }();
  if (shape_.size() != 1 || strides_[0][0] != out_size_) return false;
  int64_t bytes = 0;
  for (int k = 0; k < count_; ++k) {
    if (k > 0 && data_[k] == data_[0]) return false;
    bytes += numel_ * strides_[k][0];
  }
  return bytes >= cache;
#else
  return false;
#endif
}

// Results go through a buffer in the first cache and past the others.
void Iterator::run_streaming(Loop1d loop, const void* context, int64_t begin, int64_t end) const {
#ifdef __SSE2__
  constexpr int64_t kBytes = 8192;
  alignas(64) std::byte buffer[kBytes];
  const int64_t most = kBytes / out_size_;
  std::byte* data[kMaxOperands];
  int64_t steps[kMaxOperands];
  for (int k = 0; k < count_; ++k) steps[k] = strides_[k][0];
  for (int64_t at = begin; at < end; at += most) {
    const int64_t n = std::min(most, end - at);
    data[0] = buffer;
    for (int k = 1; k < count_; ++k) data[k] = data_[k] + at * steps[k];
    loop(data, steps, n, context);
    std::byte* to = data_[0] + at * out_size_;
    const std::byte* from = buffer;
    int64_t bytes = n * out_size_;
    if (reinterpret_cast<uintptr_t>(to) % 16 == 0) {
      for (; bytes >= 16; bytes -= 16, to += 16, from += 16) {
        _mm_stream_si128(reinterpret_cast<__m128i*>(to),
                         _mm_load_si128(reinterpret_cast<const __m128i*>(from)));
      }
    }
    std::memcpy(to, from, static_cast<size_t>(bytes));
  }
  _mm_sfence();
#else
  run_range(loop, context, begin, end);
#endif
}

void Iterator::run(Loop1d loop, const void* context, int64_t grain) {
  if (numel_ == 0) return;
  coalesce();
  if (streams()) {
    return parallel_for(0, numel_, grain, [&](int64_t begin, int64_t end) {
      run_streaming(loop, context, begin, end);
    });
  }
  parallel_for(0, numel_, grain,
               [&](int64_t begin, int64_t end) { run_range(loop, context, begin, end); });
}

void Iterator::run_serial(Loop1d loop, const void* context) {
  if (numel_ == 0) return;
  coalesce();
  run_range(loop, context, 0, numel_);
}

}  // namespace rl
