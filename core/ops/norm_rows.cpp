// Layer norm, RMS norm and group norm.
#include <limits>

#include "core/autograd/grad_mode.h"
#include "core/kernels/cpu/norm.h"
#include "core/ops/norm.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

// Rows of a layer norm.
struct Rows {
  int64_t rows, length;
  Dims stats_sizes;  // leading sizes, then ones

  Rows(const Tensor& input, IntList normalized) {
    const size_t leading = input.sizes().size() - normalized.size();
    rows = product(IntList(input.sizes()).first(leading));
    length = product(normalized);
    stats_sizes = Dims(IntList(input.sizes()).first(leading));
    for (size_t i = 0; i < normalized.size(); ++i) stats_sizes.push_back(1);
  }
};

void check_normalized(const Tensor& input, IntList normalized, const Tensor& weight,
                      const Tensor& bias) {
  RL_CHECK(!normalized.empty(),
           "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
           "element, but got "
           "normalized_shape = ",
           normalized);
  const auto check = [&](const char* name, const Tensor& t) {
    RL_CHECK(!t.defined() || equal(t.sizes(), normalized), "Expected ", name,
             " to be of same shape as normalized_shape, but got ", name, " of shape ",
             t.defined() ? IntList(t.sizes()) : IntList(), " and normalized_shape = ", normalized);
  };
  check("weight", weight);
  check("bias", bias);
  const IntList sizes = input.sizes();
  if (sizes.size() >= normalized.size() && equal(sizes.last(normalized.size()), normalized)) return;
  std::string expected = "[*";
  for (const int64_t n : normalized) expected += str(", ", n);
  fail(ErrorType::Runtime, "Given normalized_shape=", normalized, ", expected input with shape ",
       expected, "], but got input of size", sizes);
}

// Dimensions [first, last).
Dims dim_range(int64_t first, int64_t last) {
  Dims out;
  for (int64_t d = first; d < last; ++d) out.push_back(d);
  return out;
}

NormFormula row_formula(const Tensor& input, size_t normalized, double eps, bool centered) {
  const int64_t leading = input.dim() - static_cast<int64_t>(normalized);
  NormFormula norm;
  norm.over = dim_range(leading, input.dim());
  norm.shared = dim_range(0, leading);
  norm.eps = eps;
  norm.centered = centered;
  return norm;
}

double rms_eps(std::optional<double> eps, Dtype dtype) {
  if (eps) return *eps;
  return dtype == Dtype::Float64 ? std::numeric_limits<double>::epsilon()
                                 : static_cast<double>(std::numeric_limits<float>::epsilon());
}

void check_groups(const Tensor& input, int64_t channels, int64_t groups, const Tensor& weight,
                  const Tensor& bias) {
  RL_CHECK(groups > 0, "Expected num groups to be greater than 0, got ", groups);
  RL_CHECK(
      channels % groups == 0,
      "Expected number of channels in input to be divisible by num_groups, but got input of shape ",
      IntList(input.sizes()), " and num_groups=", groups);
  const auto check = [&](const char* name, const Tensor& t) {
    RL_CHECK(!t.defined() || (t.dim() == 1 && t.numel() == channels), "Expected ", name,
             " to be a vector of size equal to the number of channels in input, but got ", name,
             " of shape ", t.defined() ? IntList(t.sizes()) : IntList(), " and input of shape ",
             IntList(input.sizes()));
  };
  check("weight", weight);
  check("bias", bias);
}

}  // namespace

namespace impl {

std::array<Tensor, 3> native_layer_norm(const Tensor& input, IntList normalized_shape,
                                        const Tensor& weight, const Tensor& bias, double eps) {
  check_normalized(input, normalized_shape, weight, bias);
  const Dtype dtype = norm_dtype(input, "LayerNormKernelImpl");
  const Dtype stats = norm_stats_dtype(input, {&weight, &bias});
  const Rows shape(input, normalized_shape);
  const Tensor y = empty(input.sizes(), dtype, input.device());
  const Tensor mean = empty(shape.stats_sizes, dtype, input.device());
  const Tensor rstd = empty(shape.stats_sizes, dtype, input.device());
  if (!input.is_meta())
    cpu::row_norm(shape.rows, shape.length, norm_operand(input, dtype), norm_operand(weight, dtype),
                  norm_operand(bias, dtype), eps, y, mean, rstd);
  return {norm_result(y, input.dtype()), norm_result(mean, stats), norm_result(rstd, stats)};
}

std::array<Tensor, 3> native_layer_norm_backward(const Tensor& grad_out, const Tensor& input,
                                                 IntList normalized_shape, const Tensor& mean,
                                                 const Tensor& rstd, const Tensor& weight,
                                                 const Tensor& bias, IntList output_mask) {
  const Dtype dtype = norm_dtype(input, "LayerNormBackwardKernelImpl");
  const Rows shape(input, normalized_shape);
  const auto result = [&](size_t i, IntList sizes) {
    return output_mask[i] ? empty(sizes, dtype, input.device()) : Tensor();
  };
  const Tensor dx = result(0, input.sizes()), dweight = result(1, normalized_shape),
               dbias = result(2, normalized_shape);
  if (!input.is_meta())
    cpu::row_norm_backward(shape.rows, shape.length, norm_operand(grad_out, dtype),
                           norm_operand(input, dtype), norm_operand(weight, dtype),
                           norm_operand(mean, dtype), norm_operand(rstd, dtype), dx, dweight,
                           dbias);
  const Dtype params = weight.defined() ? weight.dtype()
                       : bias.defined() ? bias.dtype()
                                        : input.dtype();
  return {norm_result(dx, input.dtype()), norm_result(dweight, params), norm_result(dbias, params)};
}

std::array<Tensor, 2> _fused_rms_norm(const Tensor& input, IntList normalized_shape,
                                      const Tensor& weight, std::optional<double> eps) {
  check_normalized(input, normalized_shape, weight, Tensor());
  const Dtype dtype = norm_dtype(input, "rms_norm");
  const Rows shape(input, normalized_shape);
  const Tensor y = empty(input.sizes(), dtype, input.device());
  const Tensor rstd = empty(shape.stats_sizes, dtype, input.device());
  if (!input.is_meta())
    cpu::row_norm(shape.rows, shape.length, norm_operand(input, dtype), norm_operand(weight, dtype),
                  Tensor(), rms_eps(eps, dtype), y, Tensor(), rstd);
  return {norm_result(y, input.dtype()), rstd};
}

std::array<Tensor, 2> _fused_rms_norm_backward(const Tensor& grad_out, const Tensor& input,
                                               IntList normalized_shape, const Tensor& rstd,
                                               const Tensor& weight, IntList output_mask) {
  const Dtype dtype = norm_dtype(input, "rms_norm");
  const Rows shape(input, normalized_shape);
  const Tensor dx = output_mask[0] ? empty(input.sizes(), dtype, input.device()) : Tensor();
  const Tensor dweight = output_mask[1] ? empty(normalized_shape, dtype, input.device()) : Tensor();
  if (!input.is_meta())
    cpu::row_norm_backward(shape.rows, shape.length, norm_operand(grad_out, dtype),
                           norm_operand(input, dtype), norm_operand(weight, dtype), Tensor(),
                           norm_operand(rstd, dtype), dx, dweight, Tensor());
  return {norm_result(dx, input.dtype()),
          norm_result(dweight, weight.defined() ? weight.dtype() : dtype)};
}

Tensor rms_norm(const Tensor& input, IntList normalized_shape, const Tensor& weight,
                std::optional<double> eps) {
  if (!input.is_complex()) return ops::_fused_rms_norm(input, normalized_shape, weight, eps)[0];
  check_normalized(input, normalized_shape, weight, Tensor());
  const Dims over = row_formula(input, normalized_shape.size(), 0, false).over;
  const double count = static_cast<double>(product(normalized_shape));
  const Tensor mean = ops::sum_dim(input * input, over, true) / count;
  const Tensor y = input * ops::rsqrt(mean + rms_eps(eps, to_real(input.dtype())));
  return weight.defined() ? y * weight : y;
}

std::array<Tensor, 3> native_group_norm(const Tensor& input, const Tensor& weight,
                                        const Tensor& bias, int64_t N, int64_t C, int64_t HxW,
                                        int64_t group, double eps) {
  check_groups(input, C, group, weight, bias);
  RL_CHECK(input.numel() == N * C * HxW, "Expected input to have ", N * C * HxW,
           " elements, but got ", input.numel());
  const Dtype dtype = norm_dtype(input, "GroupNormKernelImpl");
  const Dtype stats = norm_stats_dtype(input, {&weight, &bias});
  const Tensor y = empty(input.sizes(), dtype, input.device());
  const Tensor mean = empty(Dims{N, group}, dtype, input.device()),
               rstd = empty(Dims{N, group}, dtype, input.device());
  if (!input.is_meta())
    cpu::group_norm({N, group, C / group, HxW}, norm_operand(input, dtype),
                    norm_operand(weight, dtype), norm_operand(bias, dtype), eps, y, mean, rstd);
  return {norm_result(y, input.dtype(), norm_format(input)), norm_result(mean, stats),
          norm_result(rstd, stats)};
}

std::array<Tensor, 3> native_group_norm_backward(const Tensor& grad_out, const Tensor& input,
                                                 const Tensor& mean, const Tensor& rstd,
                                                 const Tensor& weight, int64_t N, int64_t C,
                                                 int64_t HxW, int64_t group, IntList output_mask) {
  const Dtype dtype = norm_dtype(input, "GroupNormBackwardKernelImpl");
  const auto result = [&](size_t i, const Dims& sizes) {
    return output_mask[i] ? empty(sizes, dtype, input.device()) : Tensor();
  };
  const Tensor dx = result(0, input.sizes()), dweight = result(1, Dims{C}),
               dbias = result(2, Dims{C});
  if (!input.is_meta())
    cpu::group_norm_backward({N, group, C / group, HxW}, norm_operand(grad_out, dtype),
                             norm_operand(input, dtype), norm_operand(weight, dtype),
                             norm_operand(mean, dtype), norm_operand(rstd, dtype), dx, dweight,
                             dbias);
  const Dtype params = weight.defined() ? weight.dtype() : input.dtype();
  return {norm_result(dx, input.dtype(), norm_format(input)), norm_result(dweight, params),
          norm_result(dbias, params)};
}

Tensor group_norm(const Tensor& input, int64_t num_groups, const Tensor& weight, const Tensor& bias,
                  double eps, bool) {
  const int64_t channels = input.sizes()[static_cast<size_t>(wrap_dim(1, input.dim()))];
  check_groups(input, channels, num_groups, weight, bias);
  const int64_t positions = product(IntList(input.sizes()).subspan(2));
  return ops::native_group_norm(input, weight, bias, input.size(0), channels, positions, num_groups,
                                eps)[0];
}

}  // namespace impl

namespace vjp {
namespace {

void set_all(Vjp& v, std::initializer_list<uint32_t> parameters, const Tensor* grads) {
  for (const uint32_t p : parameters) {
    if (v.needs(p)) v.set(p, *grads);
    ++grads;
  }
}

}  // namespace

void native_layer_norm(Vjp& v) {
  const Tensor grad = v.grad(), input = v.tensor(0), weight = v.tensor(2);
  const IntList normalized = v.arg(1).ints();
  const auto grads =
      thread_state().grad_enabled
          ? norm_gradients(row_formula(input, normalized.size(), v.arg(4).to_double(), true), grad,
                           input, weight)
          : ops::native_layer_norm_backward(grad, input, normalized, v.result(1), v.result(2),
                                            weight, Tensor(), norm_mask(v, {0, 2, 3}));
  set_all(v, {0, 2, 3}, grads.data());
}

void _fused_rms_norm(Vjp& v) {
  const Tensor grad = v.grad(), input = v.tensor(0), weight = v.tensor(2);
  const IntList normalized = v.arg(1).ints();
  if (thread_state().grad_enabled) {
    const double eps = rms_eps(v.arg(3).opt_double(), input.dtype());
    set_all(v, {0, 2},
            norm_gradients(row_formula(input, normalized.size(), eps, false), grad, input, weight)
                .data());
    return;
  }
  set_all(v, {0, 2},
          ops::_fused_rms_norm_backward(grad, input, normalized, v.result(1), weight,
                                        norm_mask(v, {0, 2}))
              .data());
}

void native_group_norm(Vjp& v) {
  const Tensor grad = v.grad(), input = v.tensor(0), weight = v.tensor(1);
  const int64_t batch = v.arg(3).to_int(), channels = v.arg(4).to_int(),
                positions = v.arg(5).to_int(), groups = v.arg(6).to_int();
  if (!thread_state().grad_enabled) {
    const auto grads =
        ops::native_group_norm_backward(grad, input, v.result(1), v.result(2), weight, batch,
                                        channels, positions, groups, norm_mask(v, {0, 1, 2}));
    return set_all(v, {0, 1, 2}, grads.data());
  }
  const Dims grouped{batch, groups, channels / groups, positions};
  NormFormula norm;
  norm.over = Dims{2, 3};
  norm.shared = Dims{0, 3};
  norm.eps = v.arg(7).to_double();
  const Tensor by =
      weight.defined() ? ops::reshape(weight, Dims{1, groups, channels / groups, 1}) : weight;
  auto grads = norm_gradients(norm, ops::reshape(grad, grouped), ops::reshape(input, grouped), by);
  grads[0] = ops::reshape(grads[0], input.sizes());
  for (size_t i = 1; i < 3; ++i) grads[i] = ops::reshape(grads[i], Dims{channels});
  set_all(v, {0, 1, 2}, grads.data());
}

}  // namespace vjp
}  // namespace rl
