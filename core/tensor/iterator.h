// The iterator behind every element-by-element loop: broadcasting, dimension order, coalescing and
// splitting over threads. Loops see one dimension at a time.
#pragma once

#include <span>

#include "core/base/dims.h"

namespace rl {

// data[k] walks by strides[k] bytes for n steps; data[0] is the output.
using Loop1d = void (*)(std::byte* const* data, const int64_t* strides, int64_t n,
                        const void* context);

// Sizes and strides of one operand.
struct Geometry {
  IntList sizes, strides;
};

// Dense strides for a result of `sizes`: two dimensions are in the order of the first operand,
// broadcast to `sizes`, that tells them apart.
Dims merged_strides(IntList sizes, std::span<const Geometry> operands);

class Iterator {
 public:
  static constexpr int kMaxOperands = 8;

  // Sizes of the common shape; operands must broadcast to it.
  explicit Iterator(IntList shape) : shape_(shape), numel_(product(shape)) {}
  // Outputs first. Strides in elements; missing leading dimensions and size 1 get stride 0.
  void add(std::byte* data, IntList sizes, IntList strides, int64_t item_size);
  // Every step of each operand is `item_size` bytes and the shape is one dimension.
  void run(Loop1d loop, const void* context, int64_t grain = kGrain);
  // On the calling thread, in index order of the coalesced shape.
  void run_serial(Loop1d loop, const void* context);
  // Keeps the given order of dimensions (for loops whose result depends on it).
  void keep_order() { reorder_ = false; }

  static constexpr int64_t kGrain = 32768;

 private:
  void coalesce();
  void run_range(Loop1d loop, const void* context, int64_t begin, int64_t end) const;

  Dims shape_;  // innermost dimension first once coalesced
  int64_t numel_;
  int count_ = 0;
  bool reorder_ = true;
  std::byte* data_[kMaxOperands];
  Dims strides_[kMaxOperands];  // bytes
};

}  // namespace rl
