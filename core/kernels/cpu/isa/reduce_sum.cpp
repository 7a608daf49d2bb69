// Sums and products, compiled once an instruction set.
#include "core/kernels/cpu/reduce_kernel.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

template <class T>
using SumAcc = std::conditional_t<std::is_integral_v<T>, int64_t, Compute<T>>;
template <class T>
using SumOut = std::conditional_t<std::is_integral_v<T>, int64_t, T>;

template <class T>
struct Sum : PlainOp<T, SumAcc<T>> {
  using Acc = SumAcc<T>;
  using PlainOp<T, Acc>::PlainOp;
  RL_INLINE Acc load(T x, NoShift) const { return static_cast<Acc>(widen(x)); }
  RL_INLINE static Acc merge(Acc a, Acc b) { return a + b; }
  static Acc zero() { return Acc(0); }
  RL_INLINE void store(void* out, int64_t at, Acc acc, NoShift) const {
    this->put(out, at, divided<SumOut<T>>(acc, this->context.divisor));
  }
};

template <class T>
struct NanSum : Sum<T> {
  using Acc = SumAcc<T>;
  using Sum<T>::Sum;
  RL_INLINE Acc load(T x, NoShift) const {
    const Acc v = widen(x);
    return is_nan(v) ? Acc(0) : v;
  }
};

template <class T>
struct Prod : PlainOp<T, SumAcc<T>> {
  using Acc = SumAcc<T>;
  using PlainOp<T, Acc>::PlainOp;
  RL_INLINE Acc load(T x, NoShift) const { return static_cast<Acc>(widen(x)); }
  RL_INLINE static Acc merge(Acc a, Acc b) {
    if constexpr (is_complex_type<Acc>)
      return Acc(a.real() * b.real() - a.imag() * b.imag(),
                 a.real() * b.imag() + a.imag() * b.real());
    else
      return a * b;
  }
  static Acc zero() { return Acc(1); }
  RL_INLINE void store(void* out, int64_t at, Acc acc, NoShift) const {
    this->put(out, at, static_cast<SumOut<T>>(acc));
  }
};

// In double, and left there: means that deviations are taken from.
template <class T>
using Wide = std::conditional_t<is_complex_type<T>, Complex128, double>;
template <class T>
struct WideSum : PlainOp<T, Wide<T>> {
  using Acc = Wide<T>;
  using PlainOp<T, Acc>::PlainOp;
  RL_INLINE Acc load(T x, NoShift) const { return static_cast<Acc>(widen(x)); }
  RL_INLINE static Acc merge(Acc a, Acc b) { return a + b; }
  static Acc zero() { return Acc(0); }
  RL_INLINE void store(void* out, int64_t at, Acc acc, NoShift) const {
    this->put(out, at, divided<Acc>(acc, this->context.divisor));
  }
};

// Sums |x - shift|^2 in double.
template <class T>
struct SquareDeviation {
  using In = T;
  using Acc = double;
  using Shift = Wide<T>;
  static constexpr bool kHasShift = true;
  static constexpr bool kCheap = true;
  const ReduceContext& context;
  RL_INLINE explicit SquareDeviation(const ReduceContext& c) : context(c) {}
  RL_INLINE double load(T x, Shift shift) const {
    if constexpr (is_complex_type<T>) {
      const double re = static_cast<double>(x.real()) - shift.real();
      const double im = static_cast<double>(x.imag()) - shift.imag();
      return re * re + im * im;
    } else {
      const double d = static_cast<double>(widen(x)) - shift;
      return d * d;
    }
  }
  RL_INLINE static double merge(double a, double b) { return a + b; }
  static double zero() { return 0; }
  RL_INLINE void store(void* out, int64_t at, double acc, Shift) const {
    const double value = acc / context.divisor;
    const double root = context.finish == Finish::Root ? math::sqrt(value) : value;
    static_cast<Real<T>*>(out)[at] = divided<Real<T>>(root, 1);
  }
};

// log(sum(exp(x))) by way of the largest element; an infinite one does not shift.
template <class T>
struct ExpSum {
  using In = T;
  using Acc = Compute<T>;
  using Shift = T;
  static constexpr bool kHasShift = true;
  static constexpr bool kCheap = false;
  RL_INLINE explicit ExpSum(const ReduceContext&) {}
  RL_INLINE static Acc finite(Acc shift) {
    return math::abs(shift) == math::kInf<Acc> ? Acc(0) : shift;
  }
  RL_INLINE Acc load(T x, Shift shift) const { return math::exp(widen(x) - finite(widen(shift))); }
  RL_INLINE static Acc merge(Acc a, Acc b) { return a + b; }
  static Acc zero() { return 0; }
  RL_INLINE void store(void* out, int64_t at, Acc acc, Shift shift) const {
    static_cast<T*>(out)[at] = divided<T>(math::log(acc) + finite(widen(shift)), 1);
  }
};

}  // namespace

using cpu::ReduceKind;

extern const cpu::ReduceTable kReduceSums;
// A constant: nothing of this instruction set may run before it is chosen.
constinit const cpu::ReduceTable kReduceSums = [] {
  cpu::ReduceTable t{};
  const auto row = [&](ReduceKind op) -> auto& { return t.rows[static_cast<int>(op)]; };
  fill_row<Sum>(row(ReduceKind::Sum), AllTypes{});
  fill_row<NanSum>(row(ReduceKind::NanSum), Floats{});
  fill_row<Prod>(row(ReduceKind::Prod), AllTypes{});
  fill_row<WideSum>(row(ReduceKind::WideSum), FloatsAndComplex{});
  fill_row<SquareDeviation>(row(ReduceKind::SquareDeviation), FloatsAndComplex{});
  fill_row<ExpSum>(row(ReduceKind::ExpSum), Floats{});
  return t;
}();

}  // namespace rl::RL_ISA_NAMESPACE
