// The inner loops of reductions, by operation and dtype, compiled once an instruction set; and the
// driver that walks any strided tensor with them.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

enum class ReduceKind : uint8_t {
  Sum,
  NanSum,
  Prod,
  Max,  // NaN wins
  Min,
  Count,  // of elements that are not zero
  AbsSum,
  SquareSum,  // of absolute values
  AbsMax,
  AbsMin,
  WideSum,          // in double; the result stays double
  SquareDeviation,  // sum of |x - shift|^2, in double
  ExpSum,           // sum of exp(x - shift); finishes as shift + log(sum)
};
inline constexpr int kReduceKindCount = 13;

// What happens to the accumulated value last.
enum class Finish : uint8_t { Plain, Root, Any, All };

struct ReduceContext {
  double divisor = 1;  // sums of floats are divided by it
  int64_t count = 0;   // elements that go into one result, for Finish::All
  Finish finish = Finish::Plain;
};

// Steps and strides count elements. A run's tree of operations depends only on its length, so
// results are the same bits however the work is split over threads.
struct ReduceLoops {
  int64_t acc_size;    // bytes of an accumulator
  int64_t shift_size;  // bytes of a shift, 0 where the operation has none
  // acc[i] = reduction of data[i * step + k * stride], k < n
  void (*rows)(const void* data, int64_t count, int64_t step, int64_t n, int64_t stride,
               const void* shift, const ReduceContext& context, void* acc);
  // acc[j] = reduction of data[j + k * stride], k < n. `scratch` holds scratch_levels(n) * m more.
  void (*columns)(const void* data, int64_t m, int64_t n, int64_t stride, const void* shift,
                  const ReduceContext& context, void* acc, void* scratch);
  void (*merge)(void* acc, const void* other, int64_t m);
  void (*clear)(void* acc, int64_t m);  // the value of an empty reduction
  void (*finish)(const void* acc, int64_t m, const void* shift, const ReduceContext& context,
                 void* out, int64_t out_step);
};

inline constexpr int64_t kBlockRows = 128;  // reduced in one go, before blocks are paired up
int64_t scratch_levels(int64_t n);

// Indexed by operation and dtype; null where an operation does not know the dtype.
struct ReduceTable {
  const ReduceLoops* rows[kReduceKindCount][kDtypeCount];
};
const ReduceLoops& reduce_loops(ReduceKind op, Dtype dtype, const char* name);

// Reduces the dimensions of `self` whose bit is set in `mask` into `out`, whose elements lie in the
// order of the other dimensions. `shift` has the layout of `out`.
void reduce(ReduceKind op, const char* name, const Tensor& self, uint64_t mask,
            const ReduceContext& context, const Tensor& out, const Tensor& shift = {});

}  // namespace rl::cpu
