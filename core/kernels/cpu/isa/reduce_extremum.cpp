// Extrema and counts, compiled once an instruction set.
#include "core/kernels/cpu/reduce_kernel.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

template <class T, bool kLargest>
struct Extremum : PlainOp<T, Compute<T>> {
  using Acc = Compute<T>;
  using PlainOp<T, Acc>::PlainOp;
  RL_INLINE Acc load(T x, NoShift) const { return widen(x); }
  RL_INLINE static Acc merge(Acc a, Acc b) { return extremum<Acc, kLargest>(a, b); }
  static Acc zero() {
    using Limits = std::numeric_limits<Acc>;
    if constexpr (Limits::has_infinity)
      return kLargest ? -Limits::infinity() : Limits::infinity();
    else
      return kLargest ? Limits::lowest() : Limits::max();
  }
  RL_INLINE void store(void* out, int64_t at, Acc acc, NoShift) const {
    this->put(out, at, static_cast<T>(acc));
  }
};
template <class T>
using Max = Extremum<T, true>;
template <class T>
using Min = Extremum<T, false>;

// Counts what is not zero; finishes as the count, or as any() or all().
template <class T>
struct Count : PlainOp<T, int64_t> {
  using PlainOp<T, int64_t>::PlainOp;
  RL_INLINE int64_t load(T x, NoShift) const {
    if constexpr (is_complex_type<T>)
      return x.real() != 0 || x.imag() != 0;
    else if constexpr (is_reduced_type<T>)
      return (x.bits & 0x7fff) != 0;
    else
      return x != T(0);
  }
  RL_INLINE static int64_t merge(int64_t a, int64_t b) { return a + b; }
  static int64_t zero() { return 0; }
  RL_INLINE void store(void* out, int64_t at, int64_t acc, NoShift) const {
    if (this->context.finish == Finish::Plain)
      this->put(out, at, acc);
    else
      this->put(out, at,
                this->context.finish == Finish::Any ? acc != 0 : acc == this->context.count);
  }
};

}  // namespace

using cpu::ReduceKind;

extern const cpu::ReduceTable kReduceExtrema;
// A constant: nothing of this instruction set may run before it is chosen.
constinit const cpu::ReduceTable kReduceExtrema = [] {
  cpu::ReduceTable t{};
  const auto row = [&](ReduceKind op) -> auto& { return t.rows[static_cast<int>(op)]; };
  constexpr int kBool = static_cast<int>(Dtype::Bool);
  fill_row<Max>(row(ReduceKind::Max), RealTypes{});
  fill_row<Min>(row(ReduceKind::Min), RealTypes{});
  row(ReduceKind::Max)[kBool] = &kReduceLoops<Max<uint8_t>>;
  row(ReduceKind::Min)[kBool] = &kReduceLoops<Min<uint8_t>>;
  fill_row<Count>(row(ReduceKind::Count), NumberTypes{});
  row(ReduceKind::Count)[kBool] = &kReduceLoops<Count<uint8_t>>;
  return t;
}();

}  // namespace rl::RL_ISA_NAMESPACE
