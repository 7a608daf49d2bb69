// Sums and extrema of absolute values, which vector norms are made of; compiled once an instruction
// set.
#include "core/kernels/cpu/reduce_kernel.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

template <class T>
using NormAcc = Real<Compute<T>>;
template <class T>
using NormOut = Real<T>;

template <class T>
struct AbsSum : PlainOp<T, NormAcc<T>> {
  using Acc = NormAcc<T>;
  using PlainOp<T, Acc>::PlainOp;
  static constexpr bool kCheap = !is_complex_type<T>;
  RL_INLINE Acc load(T x, NoShift) const { return magnitude(widen(x)); }
  RL_INLINE static Acc merge(Acc a, Acc b) { return a + b; }
  static Acc zero() { return 0; }
  RL_INLINE void store(void* out, int64_t at, Acc acc, NoShift) const {
    this->put(out, at, static_cast<NormOut<T>>(acc));
  }
};

template <class T>
struct SquareSum : AbsSum<T> {
  using Acc = NormAcc<T>;
  using AbsSum<T>::AbsSum;
  RL_INLINE Acc load(T x, NoShift) const {
    if constexpr (is_complex_type<T>)
      return x.real() * x.real() + x.imag() * x.imag();
    else
      return widen(x) * widen(x);
  }
  RL_INLINE void store(void* out, int64_t at, Acc acc, NoShift) const {
    const bool root = this->context.finish == Finish::Root;
    this->put(out, at, static_cast<NormOut<T>>(root ? math::sqrt(acc) : acc));
  }
};

template <class T, bool kLargest>
struct AbsExtremum : AbsSum<T> {
  using Acc = NormAcc<T>;
  using AbsSum<T>::AbsSum;
  RL_INLINE static Acc merge(Acc a, Acc b) { return extremum<Acc, kLargest>(a, b); }
  static Acc zero() { return kLargest ? Acc(0) : std::numeric_limits<Acc>::infinity(); }
};
template <class T>
using AbsMax = AbsExtremum<T, true>;
template <class T>
using AbsMin = AbsExtremum<T, false>;

}  // namespace

using cpu::ReduceKind;

extern const cpu::ReduceTable kReduceNorms;
// A constant: nothing of this instruction set may run before it is chosen.
constinit const cpu::ReduceTable kReduceNorms = [] {
  cpu::ReduceTable t{};
  const auto row = [&](ReduceKind op) -> auto& { return t.rows[static_cast<int>(op)]; };
  fill_row<AbsSum>(row(ReduceKind::AbsSum), FloatsAndComplex{});
  fill_row<SquareSum>(row(ReduceKind::SquareSum), FloatsAndComplex{});
  fill_row<AbsMax>(row(ReduceKind::AbsMax), FloatsAndComplex{});
  fill_row<AbsMin>(row(ReduceKind::AbsMin), FloatsAndComplex{});
  return t;
}();

}  // namespace rl::RL_ISA_NAMESPACE
