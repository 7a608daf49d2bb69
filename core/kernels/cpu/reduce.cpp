// The driver of reductions: any strided tensor as kept and reduced dimensions, walked with the
// loops of one operation.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "core/base/cpu_features.h"
#include "core/base/threads.h"
#include "core/kernels/cpu/reduce_dims.h"
#include "core/kernels/cpu/reduce_loops.h"

namespace rl {

#define RL_REDUCE_TABLES(isa)                     \
  namespace loops_##isa {                         \
    extern const cpu::ReduceTable kReduceSums;    \
    extern const cpu::ReduceTable kReduceExtrema; \
    extern const cpu::ReduceTable kReduceNorms;   \
  }
RL_REDUCE_TABLES(baseline)
RL_REDUCE_TABLES(avx2)
RL_REDUCE_TABLES(avx512)
#undef RL_REDUCE_TABLES

namespace cpu {
namespace {

constexpr int64_t kRowBlock = 64;         // outputs of one task when runs are reduced
constexpr int64_t kColumnBlock = 1024;    // when columns are
constexpr int64_t kFewColumns = 8;        // below this, columns are strided runs
constexpr int64_t kTaskSize = 65536;      // elements of a task when a reduction is cut
constexpr int64_t kParallelSize = 32768;  // elements that pay for a thread
constexpr int64_t kStackBytes = 4096;

// How a reduction is cut into tasks; depends on the shape alone.
struct Work {
  const ReduceLoops& loops;
  const ReduceContext& context;
  const std::byte* in;
  const std::byte* shift;
  std::byte* out;
  int64_t in_size, out_size;
  DimList kept{}, reduced{};
  bool columns = false;
  int64_t block = 1;   // outputs of a task, along the first kept dimension
  int64_t blocks = 1;  // of all kept dimensions
  int64_t piece = 1;   // elements of the first reduced dimension that one call takes
  int64_t units = 1;   // pieces that make up one reduction
  int64_t units_a_task = 1;
  int64_t tasks = 1;  // of one block

  int64_t block_bytes() const { return block * loops.acc_size; }
  int64_t scratch_bytes() const {
    const int64_t inner = columns ? scratch_levels(piece) : 0;
    const int64_t outer =
        units_a_task > 1 ? 64 - __builtin_clzll(static_cast<uint64_t>(units_a_task)) : 0;
    return (1 + outer + inner) * block_bytes();
  }
};

void plan_work(Work& w, int64_t numel) {
  const ReduceDim& run = w.reduced.first();
  const ReduceDim& across = w.kept.first();
  w.columns = run.in != 1 && across.in == 1 && across.size >= kFewColumns;
  w.block = std::min(across.size, w.columns ? kColumnBlock : kRowBlock);
  w.blocks = (across.size + w.block - 1) / w.block * w.kept.outer_count();
  w.piece = run.size;
  w.units = w.reduced.outer_count();
  w.units_a_task = w.units;
  if (w.blocks >= 8 || numel < 2 * kTaskSize) return;
  // Too few outputs to share out: the reduced range is cut as well.
  if (w.units < 16) {
    const int64_t wanted = std::max(kBlockRows, kTaskSize / w.block / kBlockRows * kBlockRows);
    w.piece = std::min(run.size, w.columns ? wanted : std::max(kBlockRows, kTaskSize / w.block));
    w.units *= (run.size + w.piece - 1) / w.piece;
  }
  w.units_a_task = std::max<int64_t>(1, kTaskSize / (w.piece * w.block));
  w.tasks = (w.units + w.units_a_task - 1) / w.units_a_task;
}

struct Block {
  int64_t in, out, m;
};

Block locate(const Work& w, int64_t index) {
  const ReduceDim& across = w.kept.first();
  const int64_t along = (across.size + w.block - 1) / w.block;
  const int64_t first = index % along * w.block;
  const ReduceDim outer = w.kept.outer_offset(index / along);
  return {outer.in + first * across.in, outer.out + first * across.out,
          std::min(w.block, across.size - first)};
}

// The shifts of a block, side by side.
const void* block_shift(const Work& w, const Block& b, std::byte* buffer) {
  const int64_t size = w.loops.shift_size, step = w.kept.first().out;
  if (!size) return buffer;
  const std::byte* from = w.shift + b.out * size;
  if (step == 1) return from;
  for (int64_t j = 0; j < b.m; ++j)
    std::memcpy(buffer + j * size, from + j * step * size, static_cast<size_t>(size));
  return buffer;
}

// Reduces units [first, last) of a block into the front of `scratch`, in pairs as a binary counter
// carries.
void run_units(const Work& w, const Block& b, int64_t first, int64_t last, const void* shift,
               std::byte* scratch) {
  const ReduceDim& run = w.reduced.first();
  const int64_t pieces = (run.size + w.piece - 1) / w.piece;
  const int64_t bytes = b.m * w.loops.acc_size;
  int64_t height = 0;
  for (int64_t unit = first; unit < last; ++unit) {
    const int64_t begin = unit % pieces * w.piece;
    const int64_t n = std::min(w.piece, run.size - begin);
    const int64_t at = b.in + w.reduced.outer_offset(unit / pieces).in + begin * run.in;
    const std::byte* data = w.in + at * w.in_size;
    std::byte* acc = scratch + height++ * bytes;
    if (w.columns)
      w.loops.columns(data, b.m, n, run.in, shift, w.context, acc, acc + bytes);
    else
      w.loops.rows(data, b.m, w.kept.first().in, n, run.in, shift, w.context, acc);
    for (int64_t carry = unit - first + 1; !(carry & 1); carry >>= 1, --height)
      w.loops.merge(scratch + (height - 2) * bytes, scratch + (height - 1) * bytes, b.m);
  }
  for (; height > 1; --height)
    w.loops.merge(scratch + (height - 2) * bytes, scratch + (height - 1) * bytes, b.m);
}

void finish_block(const Work& w, const Block& b, const std::byte* acc, const void* shift) {
  w.loops.finish(acc, b.m, shift, w.context, w.out + b.out * w.out_size, w.kept.first().out);
}

// Scratch memory of a thread: on the stack when it is small.
class Buffer {
 public:
  explicit Buffer(int64_t bytes) {
    if (bytes > kStackBytes) heap_.resize(static_cast<size_t>(bytes));
  }
  std::byte* data() { return heap_.empty() ? stack_ : heap_.data(); }

 private:
  alignas(64) std::byte stack_[kStackBytes];
  std::vector<std::byte> heap_;
};

void run_work(const Work& w, int64_t numel) {
  const int64_t shift_bytes = w.block * std::max<int64_t>(w.loops.shift_size, 1);
  const int64_t total = w.blocks * w.tasks;
  const int64_t grain = std::max<int64_t>(1, kParallelSize * total / std::max<int64_t>(numel, 1));
  if (w.tasks == 1) {
    return parallel_for(0, w.blocks, grain, [&](int64_t begin, int64_t end) {
      Buffer buffer(w.scratch_bytes() + shift_bytes);
      std::byte* const shifts = buffer.data() + w.scratch_bytes();
      for (int64_t i = begin; i < end; ++i) {
        const Block b = locate(w, i);
        const void* shift = block_shift(w, b, shifts);
        run_units(w, b, 0, w.units, shift, buffer.data());
        finish_block(w, b, buffer.data(), shift);
      }
    });
  }
  const int64_t bytes = w.block_bytes();
  std::vector<std::byte> partial(static_cast<size_t>(total * bytes));
  parallel_for(0, total, grain, [&](int64_t begin, int64_t end) {
    Buffer buffer(w.scratch_bytes() + shift_bytes);
    std::byte* const shifts = buffer.data() + w.scratch_bytes();
    for (int64_t i = begin; i < end; ++i) {
      const Block b = locate(w, i / w.tasks);
      const int64_t first = i % w.tasks * w.units_a_task;
      run_units(w, b, first, std::min(w.units, first + w.units_a_task), block_shift(w, b, shifts),
                buffer.data());
      std::memcpy(partial.data() + i * bytes, buffer.data(),
                  static_cast<size_t>(b.m * w.loops.acc_size));
    }
  });
  Buffer shifts(shift_bytes);
  for (int64_t i = 0; i < w.blocks; ++i) {
    const Block b = locate(w, i);
    std::byte* const acc = partial.data() + i * w.tasks * bytes;
    for (int64_t width = 1; width < w.tasks; width *= 2)
      for (int64_t k = 0; k + width < w.tasks; k += 2 * width)
        w.loops.merge(acc + k * bytes, acc + (k + width) * bytes, b.m);
    finish_block(w, b, acc, block_shift(w, b, shifts.data()));
  }
}

void reduce_nothing(const ReduceLoops& loops, const ReduceContext& context, const Tensor& out) {
  alignas(16) std::byte acc[16], shift[16] = {};
  loops.clear(acc, 1);
  for (int64_t i = 0; i < out.numel(); ++i)
    loops.finish(acc, 1, shift, context, out.raw() + i * static_cast<int64_t>(out.item_size()), 1);
}

}  // namespace

int64_t scratch_levels(int64_t n) {
  const auto blocks = static_cast<uint64_t>((n + kBlockRows - 1) / kBlockRows);
  return blocks < 2 ? 0 : 64 - __builtin_clzll(blocks);
}

const ReduceLoops& reduce_loops(ReduceKind op, Dtype dtype, const char* name) {
#define RL_PICK(table)                            \
  (cpu_isa() == Isa::Avx512 ? loops_avx512::table \
   : cpu_isa() == Isa::Avx2 ? loops_avx2::table   \
                            : loops_baseline::table)
  for (const ReduceTable* table :
       {&RL_PICK(kReduceSums), &RL_PICK(kReduceExtrema), &RL_PICK(kReduceNorms)})
    if (const ReduceLoops* loops = table->rows[static_cast<int>(op)][static_cast<int>(dtype)])
      return *loops;
#undef RL_PICK
  throw_not_implemented_for(name, dtype);
}

void reduce(ReduceKind op, const char* name, const Tensor& self, uint64_t mask,
            const ReduceContext& context, const Tensor& out, const Tensor& shift) {
  const ReduceLoops& loops = reduce_loops(op, self.dtype(), name);
  if (out.numel() == 0) return;
  if (self.numel() == 0) return reduce_nothing(loops, context, out);
  Work w{.loops = loops,
         .context = context,
         .in = self.raw(),
         .shift = shift ? shift.raw() : nullptr,
         .out = out.raw(),
         .in_size = static_cast<int64_t>(self.item_size()),
         .out_size = static_cast<int64_t>(out.item_size())};
  int64_t step = 1;
  for (size_t i = self.sizes().size(); i-- > 0;) {
    const int64_t size = self.sizes()[i];
    const bool kept = !(mask >> i & 1);
    if (size != 1) (kept ? w.kept : w.reduced).add({size, self.strides()[i], kept ? step : 0});
    if (kept) step *= size;
  }
  if (!w.kept.count) w.kept.add({1, 0, 1});
  if (!w.reduced.count) w.reduced.add({1, 1, 0});
  w.kept.join();
  w.reduced.join();
  plan_work(w, self.numel());
  run_work(w, self.numel());
}

}  // namespace cpu
}  // namespace rl
