// Pointwise operators: promotion, result allocation and the run over the iterator, for any number
// of inputs. An operator is one PointwiseRule of the table.
#pragma once

#include "core/op/call.h"
#include "core/tensor/iterator.h"

namespace rl {

enum class Promote : uint8_t {
  Common,  // promoted dtype of the inputs
  Float,   // the same, integers to the default float
  Self,    // dtype of the first input
  Int,     // promoted dtype of the inputs, bool to int64
};

enum class ResultDtype : uint8_t { Compute, Bool, Real, Complex };

// The loops of one operator for one instruction set, by compute dtype; null where not supported.
struct LoopSet {
  Loop1d loops[kDtypeCount];
};

inline constexpr int kMaxPointwiseInputs = 4;
inline constexpr int kMaxLoopScalars = 6;

struct PointwiseRule {
  Promote promote = Promote::Common;
  ResultDtype result = ResultDtype::Compute;
  uint8_t input_count = 1;
  uint8_t inputs[kMaxPointwiseInputs] = {0};  // parameters that are tensors
  bool mask_first = false;                    // input 0 is bool and takes no part in promotion
  uint8_t scalar_count = 0;
  uint8_t scalars[kMaxLoopScalars] = {0};  // parameters passed to the loop as numbers
  bool scalars_promote = false;            // they take part in promotion (clamp, where)
  bool precise_numbers = false;            // numbers meet 16-bit floats unrounded
  // Loops for the instruction sets compiled in: baseline, AVX2, AVX-512.
  const LoopSet* loops[3] = {nullptr, nullptr, nullptr};
};

// What loops get besides data: the scalar arguments, as the compute dtype's arithmetic type.
struct LoopContext {
  // Loops over 16-bit floats: bit k is set where input k points to one float.
  uint32_t float_numbers = 0;
  union Number {
    double d;
    int64_t i;
  };
  Number real[kMaxLoopScalars];
  double imag[kMaxLoopScalars];

  template <class T>
  T get(int k) const {
    if constexpr (is_complex_type<T>)
      return T(static_cast<Real<T>>(real[k].d), static_cast<Real<T>>(imag[k]));
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<T>(real[k].d);
    else if constexpr (std::is_same_v<T, bool>)
      return real[k].i != 0;
    else
      return static_cast<T>(real[k].i);
  }
};

void run_pointwise(Call& call);

// The dtype that PyTorch computes in when these arguments meet (numbers and 0-d tensors rank
// lower).
class ResultType {
 public:
  void add(const Tensor& t);
  void add(const Scalar& s);
  Dtype get() const;

 private:
  void raise(int rank, Dtype d);
  Dtype by_rank_[3] = {Dtype::Bool, Dtype::Bool, Dtype::Bool};
  bool seen_[3] = {false, false, false};
};

}  // namespace rl
