// Reordering, coalescing and the nested loop around a one-dimensional one.
#include "core/tensor/iterator.h"

#include <numeric>

#include "core/base/small_vector.h"
#include "core/base/threads.h"

namespace rl {

void Iterator::add(std::byte* data, IntList sizes, IntList strides, int64_t item_size) {
  Dims bytes(shape_.size());
  const size_t lead = shape_.size() - sizes.size();
  for (size_t i = 0; i < sizes.size(); ++i)
    bytes[lead + i] = sizes[i] == 1 && shape_[lead + i] != 1 ? 0 : strides[i] * item_size;
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
        const int64_t x = strides_[k][static_cast<size_t>(a)],
                      y = strides_[k][static_cast<size_t>(b)];
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
  for (int k = 0; k < count_; ++k) {
    data[k] = data_[k];
    for (size_t d = 0; d < shape_.size(); ++d) data[k] += index[d] * strides_[k][d];
  }
  for (int64_t at = begin; at < end;) {
    const int64_t n = std::min(shape_[0] - index[0], end - at);
    loop(data, inner, n, context);
    at += n;
    // On to the start of the next line: lines may be short, so nothing is computed anew.
    for (int k = 0; k < count_; ++k) data[k] -= index[0] * inner[k];
    index[0] = 0;
    for (size_t d = 1; d < shape_.size(); ++d) {
      for (int k = 0; k < count_; ++k) data[k] += strides_[k][d];
      if (++index[d] < shape_[d]) break;
      for (int k = 0; k < count_; ++k) data[k] -= shape_[d] * strides_[k][d];
      index[d] = 0;
    }
  }
}

void Iterator::run(Loop1d loop, const void* context, int64_t grain) {
  if (numel_ == 0) return;
  coalesce();
  parallel_for(0, numel_, grain,
               [&](int64_t begin, int64_t end) { run_range(loop, context, begin, end); });
}

void Iterator::run_serial(Loop1d loop, const void* context) {
  if (numel_ == 0) return;
  coalesce();
  run_range(loop, context, 0, numel_);
}

Dims merged_strides(IntList sizes, std::span<const Geometry> operands) {
  const auto step = [&](const Geometry& t, size_t d) -> int64_t {
    const size_t lead = sizes.size() - t.sizes.size();
    if (d < lead || (t.sizes[d - lead] == 1 && sizes[d] != 1)) return 0;
    return t.strides[d - lead];
  };
  // 1: a is slower than b, -1: faster, 0: no operand tells.
  const auto compare = [&](size_t a, size_t b) {
    for (const Geometry& t : operands) {
      const int64_t x = step(t, a), y = step(t, b);
      if (x == 0 || y == 0) continue;
      if (x != y) return x < y ? -1 : 1;
      if (sizes[a] > sizes[b]) return 1;
    }
    return 0;
  };
  SmallVector<size_t, 8> order;
  for (size_t d = sizes.size(); d-- > 0;) order.push_back(d);
  // The relation is not a strict weak order: each dimension sinks past all that it is faster than.
  for (size_t i = 1; i < order.size(); ++i)
    for (size_t at = i, k = i; k-- > 0;) {
      const int c = compare(order[k], order[at]);
      if (c < 0) break;
      if (c == 0) continue;
      std::swap(order[k], order[at]);
      at = k;
    }
  bool as_given = true;
  for (size_t k = 0; k < order.size(); ++k) as_given = as_given && order[k] + k + 1 == order.size();
  Dims out(sizes.size());
  int64_t next = 1;
  for (const size_t d : order) {
    out[d] = next;
    next *= as_given ? std::max<int64_t>(sizes[d], 1) : sizes[d];
  }
  return out;
}

}  // namespace rl
