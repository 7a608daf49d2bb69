// Batch norm and instance norm.
#include "core/autograd/grad_mode.h"
#include "core/kernels/cpu/norm.h"
#include "core/ops/norm.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

int64_t channels_of(const Tensor& input) {
  return input.sizes()[static_cast<size_t>(wrap_dim(1, input.dim()))];
}

void check_count(const char* what, const Tensor& t, int64_t channels) {
  RL_CHECK(!t.defined() || t.numel() == channels, what, " should contain ", channels,
           " elements not ", t.defined() ? t.numel() : 0);
}

void check_parameters(const Tensor& input, const Tensor& weight, const Tensor& bias,
                      const Tensor& running_mean, const Tensor& running_var, bool training) {
  const int64_t channels = channels_of(input);
  RL_CHECK_VALUE(running_mean.defined() == running_var.defined(),
                 "running_mean and running_var must either both be None or neither be None");
  RL_CHECK(training || running_mean.defined(), "running_mean must be defined in evaluation mode");
  check_count("running_mean", running_mean, channels);
  check_count("running_var", running_var, channels);
  check_count("weight", weight, channels);
  check_count("bias", bias, channels);
}

cpu::BatchShape shape_of(const Tensor& input, MemoryFormat format) {
  const Dims& sizes = input.sizes();
  const int64_t inner = product(IntList(sizes).subspan(2));
  // With one position, the channels are the fast dimension in either format.
  return {sizes[0], sizes[1], inner, format != MemoryFormat::Contiguous || inner == 1};
}

// The tensor a kernel writes running statistics into, copied back where it is not the user's own.
class Running {
 public:
  Running(const Tensor& target, Dtype dtype)
      : target_(target), work_(norm_operand(target, dtype)) {}
  void write_back() const {
    if (target_.defined() && !work_.is_same(target_)) copy_into(target_, work_);
  }
  const Tensor& work() const { return work_; }

 private:
  Tensor target_, work_;
};

// The mean over samples of what batch norm left in statistics repeated for each of them.
void average_into(const Tensor& running, const Tensor& repeated, int64_t batch) {
  if (!running.defined()) return;
  const GradModeGuard no_grad(false);
  const Tensor sums = ops::sum_dim(ops::view(repeated, Dims{batch, -1}), Dims{0}, false);
  copy_into(running, sums / static_cast<double>(batch));
}

Tensor per_channel(const Tensor& t, int64_t dims) {
  if (!t.defined()) return t;
  Dims sizes(static_cast<size_t>(dims), 1);
  sizes[1] = t.numel();
  return ops::reshape(t, sizes);
}

}  // namespace

namespace impl {

std::array<Tensor, 3> native_batch_norm(const Tensor& input, const Tensor& weight,
                                        const Tensor& bias, const Tensor& running_mean,
                                        const Tensor& running_var, bool training, double momentum,
                                        double eps) {
  const Dtype dtype = norm_dtype(input, "batch_norm");
  check_parameters(input, weight, bias, running_mean, running_var, training);
  const Dtype stats = norm_stats_dtype(input, {&weight, &bias, &running_mean, &running_var});
  RL_CHECK(input.numel() > 0, "input tensor must have at least one element, but got input_sizes = ",
           IntList(input.sizes()));
  const MemoryFormat format = norm_format(input);
  const int64_t channels = input.size(1);
  const Dims saved{training ? channels : 0};
  Tensor y = empty(input.sizes(), dtype, input.device(), format);
  const Tensor mean = empty(saved, dtype, input.device()),
               invstd = empty(saved, dtype, input.device());
  if (!input.is_meta()) {
    const Running average(running_mean, dtype), variance(running_var, dtype);
    const cpu::BatchNorm norm{norm_operand(weight, dtype),
                              norm_operand(bias, dtype),
                              average.work(),
                              variance.work(),
                              training,
                              momentum,
                              eps};
    cpu::batch_norm(shape_of(input, format), norm, norm_operand(input, dtype, format), y, mean,
                    invstd);
    if (training) {
      average.write_back();
      variance.write_back();
    }
  }
  return {norm_result(y, input.dtype(), format), norm_result(mean, stats),
          norm_result(invstd, stats)};
}

std::array<Tensor, 3> native_batch_norm_backward(const Tensor& grad_out, const Tensor& input,
                                                 const Tensor& weight, const Tensor& running_mean,
                                                 const Tensor& running_var, const Tensor& save_mean,
                                                 const Tensor& save_invstd, bool train, double eps,
                                                 IntList output_mask) {
  const Dtype dtype = norm_dtype(input, "batch_norm_backward");
  const MemoryFormat format = norm_format(input);
  const Dims channels{input.size(1)};
  const auto result = [&](size_t i) {
    return output_mask[i] ? empty(channels, dtype, input.device()) : Tensor();
  };
  Tensor dx = output_mask[0] ? empty(input.sizes(), dtype, input.device(), format) : Tensor();
  const Tensor dweight = result(1), dbias = result(2);
  if (!input.is_meta()) {
    Tensor mean = norm_operand(train ? save_mean : running_mean, dtype), invstd;
    if (train)
      invstd = norm_operand(save_invstd, dtype);
    else
      invstd = ops::rsqrt(ops::add(norm_operand(running_var, dtype), eps));
    cpu::batch_norm_backward(shape_of(input, format), norm_operand(grad_out, dtype, format),
                             norm_operand(input, dtype, format), norm_operand(weight, dtype), mean,
                             invstd, train, dx, dweight, dbias);
  }
  const Dtype params = weight.defined() ? weight.dtype() : input.dtype();
  return {norm_result(dx, input.dtype(), format), norm_result(dweight, params),
          norm_result(dbias, params)};
}

Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                  const Tensor& running_mean, const Tensor& running_var, bool training,
                  double momentum, double eps, bool) {
  check_parameters(input, weight, bias, running_mean, running_var, training);
  if (input.numel() > 0)
    return ops::native_batch_norm(input, weight, bias, running_mean, running_var, training,
                                  momentum, eps)[0];
  // Nothing to normalise; the result still hangs on the parameters.
  Tensor out = ops::clone(input);
  if (weight.defined() && weight.numel() > 0) out = out * ops::select(weight, 0, 0);
  if (bias.defined() && bias.numel() > 0) out = out + ops::select(bias, 0, 0);
  return out;
}

std::array<Tensor, 2> batch_norm_update_stats(const Tensor& input, const Tensor& running_mean,
                                              const Tensor& running_var, double momentum) {
  const auto r = ops::native_batch_norm(input, Tensor(), Tensor(), running_mean, running_var, true,
                                        momentum, 0.0);
  return {r[1], ops::reciprocal(ops::square(r[2]))};
}

Tensor instance_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                     const Tensor& running_mean, const Tensor& running_var, bool use_input_stats,
                     double momentum, double eps, bool) {
  RL_CHECK(use_input_stats || (running_mean.defined() && running_var.defined()),
           "Expected running_mean and running_var to be defined when use_input_stats is false");
  const int64_t channels = channels_of(input), batch = input.size(0);
  Dims sizes = input.sizes();
  sizes[0] = 1;
  sizes[1] = batch * channels;
  const auto repeated = [&](const Tensor& t) {
    return t.defined() ? ops::repeat(t, Dims{batch}) : Tensor();
  };
  const Tensor mean = repeated(running_mean), var = repeated(running_var);
  const Tensor out =
      ops::batch_norm(ops::view(ops::contiguous(input), sizes), repeated(weight), repeated(bias),
                      mean, var, use_input_stats, momentum, eps, false);
  if (use_input_stats) {
    average_into(running_mean, mean, batch);
    average_into(running_var, var, batch);
  }
  return ops::view(out, input.sizes());
}

}  // namespace impl

namespace vjp {

void native_batch_norm(Vjp& v) {
  const Tensor grad = v.grad(), input = v.tensor(0), weight = v.tensor(1),
               running_mean = v.tensor(3), running_var = v.tensor(4);
  const bool training = v.arg(5).to_bool();
  const double eps = v.arg(7).to_double();
  std::array<Tensor, 3> grads;
  if (thread_state().grad_enabled) {
    const int64_t dims = input.dim();
    NormFormula norm;
    norm.eps = eps;
    for (int64_t d = 0; d < dims; ++d)
      if (d != 1) norm.shared.push_back(d);
    if (training) {
      norm.over = norm.shared;
    } else {
      norm.mean = per_channel(running_mean, dims);
      norm.invstd = ops::rsqrt(per_channel(running_var, dims) + eps);
    }
    grads = norm_gradients(norm, grad, input, per_channel(weight, dims));
  } else {
    grads =
        ops::native_batch_norm_backward(grad, input, weight, running_mean, running_var, v.result(1),
                                        v.result(2), training, eps, norm_mask(v, {0, 1, 2}));
  }
  for (uint32_t i = 0; i < 3; ++i)
    if (v.needs(i)) v.set(i, grads[i]);
}

}  // namespace vjp
}  // namespace rl
