// Steps of optimizers: checks, and tensors laid out as flat arrays of float or double.
#include <cmath>

#include "core/autograd/variable.h"
#include "core/kernels/cpu/optim_table.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

void check_lengths(TensorList params, std::initializer_list<TensorList> others) {
  for (const TensorList& o : others)
    RL_CHECK(o.size() == params.size(), "Tensor lists must have the same number of tensors, got ",
             params.size(), " and ", o.size());
}

void check_param(const Tensor& param) {
  RL_CHECK(is_differentiable(param.dtype()),
           "optimizer step: parameters must be floating point or complex, got ", param.dtype());
}

// The tensors of one parameter as arrays of T: their own memory where all lie alike, else copies
// that go back afterwards. Complex numbers count as two.
template <class T>
class FlatTensors {
 public:
  explicit FlatTensors(const Tensor& param)
      : param_(param),
        dtype_(param.is_complex() ? to_complex(dtype_of<T>) : dtype_of<T>),
        direct_(param.dtype() == dtype_ && is_dense(param)) {}

  // Call for all tensors before `array`.
  void check(const Tensor& t) {
    RL_CHECK(t.defined() && t.sizes() == param_.sizes(),
             "optimizer step: expected a tensor of size ", IntList(param_.sizes()), ", got ",
             t.defined() ? str(IntList(t.sizes())) : std::string("None"));
    direct_ = direct_ && t.dtype() == dtype_ && t.strides() == param_.strides();
  }
  T* array(const Tensor& t, bool written) {
    if (direct_) {
      if (written) note_write(t, "optimizer.step");
      return t.data<T>();
    }
    Tensor copy = contiguous_copy(t, dtype_);
    if (written)
      copies_.push_back({t, copy});
    else
      inputs_.push_back(copy);
    return copy.data<T>();
  }
  int64_t count() const { return param_.numel() * (param_.is_complex() ? 2 : 1); }
  void write_back() const {
    for (const auto& [to, from] : copies_) {
      copy_into(to, from);
      note_write(to, "optimizer.step");
    }
  }

 private:
  struct Copy {
    Tensor to, from;
  };
  Tensor param_;
  Dtype dtype_;
  bool direct_;
  std::vector<Copy> copies_;
  TensorVec inputs_;
};

bool in_double(const Tensor& t) { return to_real(t.dtype()) == Dtype::Float64; }

struct SgdOptions {
  double lr, momentum, dampening, decay;
  bool nesterov, maximize, first;
};

template <class T>
void sgd(TensorList params, TensorList grads, TensorList buffers, const SgdOptions& o) {
  std::vector<FlatTensors<T>> flats;
  std::vector<cpu::SgdTensor<T>> tensors;
  flats.reserve(params.size());
  tensors.reserve(params.size());
  const bool momentum = o.momentum != 0;
  for (size_t i = 0; i < params.size(); ++i) {
    if (in_double(params[i]) != std::is_same_v<T, double>) continue;
    auto& flat = flats.emplace_back(params[i]);
    flat.check(grads[i]);
    if (momentum) flat.check(buffers[i]);
    T* const param = flat.array(params[i], true);
    const T* const grad = flat.array(grads[i], false);
    tensors.push_back(
        {param, grad, momentum ? flat.array(buffers[i], true) : nullptr, flat.count()});
  }
  const cpu::SgdStep<T> step{static_cast<T>(-o.lr),
                             static_cast<T>(o.momentum),
                             static_cast<T>(1 - o.dampening),
                             static_cast<T>(o.decay),
                             o.nesterov,
                             o.maximize,
                             o.first};
  if (!tensors.empty()) cpu::sgd<T>(tensors, step);
  for (const auto& flat : flats) flat.write_back();
}

struct AdamOptions {
  double lr, beta1, beta2, decay, eps;
  bool amsgrad, maximize, decoupled;
};
struct AdamLists {
  TensorList params, grads, means, squares, largest, steps;
};

template <class T>
cpu::AdamStep<T> adam_step(const AdamOptions& o, double step) {
  const double correction1 = 1 - std::pow(o.beta1, step), correction2 = 1 - std::pow(o.beta2, step);
  return {
      .lerp = static_cast<T>(1 - o.beta1),
      .beta2 = static_cast<T>(o.beta2),
      .rest2 = static_cast<T>(1 - o.beta2),
      .eps = static_cast<T>(o.eps),
      .decay = o.decoupled ? T(0) : static_cast<T>(o.decay),
      .shrink = o.decoupled ? static_cast<T>(1 - o.lr * o.decay) : T(1),
      .rate = static_cast<T>(-o.lr / correction1),
      .root2 = static_cast<T>(std::sqrt(correction2)),
      .maximize = o.maximize,
  };
}

template <class T>
void adam(const AdamLists& l, const AdamOptions& o) {
  std::vector<FlatTensors<T>> flats;
  std::vector<cpu::AdamTensor<T>> tensors;
  flats.reserve(l.params.size());
  tensors.reserve(l.params.size());
  double last_step = -1;
  cpu::AdamStep<T> step{};
  for (size_t i = 0; i < l.params.size(); ++i) {
    if (in_double(l.params[i]) != std::is_same_v<T, double>) continue;
    const double count = item(l.steps[i]).to_double();
    if (count != last_step) step = adam_step<T>(o, last_step = count);
    auto& flat = flats.emplace_back(l.params[i]);
    for (const TensorList& list : {l.grads, l.means, l.squares}) flat.check(list[i]);
    if (o.amsgrad) flat.check(l.largest[i]);
    T* const param = flat.array(l.params[i], true);
    const T* const grad = flat.array(l.grads[i], false);
    T* const mean = flat.array(l.means[i], true);
    T* const square = flat.array(l.squares[i], true);
    tensors.push_back({param, grad, mean, square,
                       o.amsgrad ? flat.array(l.largest[i], true) : nullptr, flat.count(), step});
  }
  if (!tensors.empty()) cpu::adam<T>(tensors);
  for (const auto& flat : flats) flat.write_back();
}

void adam_of_all(const AdamLists& l, const AdamOptions& o) {
  check_lengths(l.params, {l.grads, l.means, l.squares, l.steps});
  if (o.amsgrad) check_lengths(l.params, {l.largest});
  for (const Tensor& p : l.params) check_param(p);
  adam<float>(l, o);
  adam<double>(l, o);
}

}  // namespace

namespace impl {

void _fused_sgd_(TensorList params, TensorList grads, TensorList momentum_buffers, double lr,
                 double momentum, double dampening, double weight_decay, bool nesterov,
                 bool maximize, bool first_step) {
  check_lengths(params, {grads});
  if (momentum != 0) check_lengths(params, {momentum_buffers});
  for (const Tensor& p : params) check_param(p);
  const SgdOptions options{lr, momentum, dampening, weight_decay, nesterov, maximize, first_step};
  sgd<float>(params, grads, momentum_buffers, options);
  sgd<double>(params, grads, momentum_buffers, options);
}

void _fused_adam_(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
                  TensorList max_exp_avg_sqs, TensorList state_steps, double lr, double beta1,
                  double beta2, double weight_decay, double eps, bool amsgrad, bool maximize) {
  adam_of_all({params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps},
              {lr, beta1, beta2, weight_decay, eps, amsgrad, maximize, false});
}

void _fused_adamw_(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
                   TensorList max_exp_avg_sqs, TensorList state_steps, double lr, double beta1,
                   double beta2, double weight_decay, double eps, bool amsgrad, bool maximize) {
  adam_of_all({params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps},
              {lr, beta1, beta2, weight_decay, eps, amsgrad, maximize, true});
}

}  // namespace impl
}  // namespace rl
