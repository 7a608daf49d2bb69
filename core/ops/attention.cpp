// Scaled dot product attention: checks, the fused kernel's operands, and the path made of
// operators.
#include <cmath>
#include <limits>

#include "core/autograd/grad_mode.h"
#include "core/kernels/cpu/attention.h"
#include "core/ops/memory.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

void check_operands(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  RL_CHECK(q.dtype() == k.dtype() && q.dtype() == v.dtype(),
           "Expected query, key, and value to have the same dtype, but got query.dtype: ",
           type_name(q.dtype()), " key.dtype: ", type_name(k.dtype()),
           " and value.dtype: ", type_name(v.dtype()), " instead.");
  RL_CHECK(q.dim() >= 2 && k.dim() >= 2 && v.dim() >= 2,
           "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: ",
           q.dim(), " key.dim: ", k.dim(), " and value.dim: ", v.dim(), " instead.");
  RL_CHECK(!mask.defined() || mask.dtype() == Dtype::Bool || mask.dtype() == Dtype::Float32 ||
               mask.dtype() == q.dtype(),
           "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
           "attn_mask.dtype: ",
           mask.defined() ? type_name(mask.dtype()) : "",
           " and  query.dtype: ", type_name(q.dtype()), " instead.");
  RL_CHECK(q.size(-1) == k.size(-1), "query and key must have the same last dimension, got ",
           IntList(q.sizes()), " and ", IntList(k.sizes()));
  RL_CHECK(k.size(-2) == v.size(-2), "key and value must have the same length, got ",
           IntList(k.sizes()), " and ", IntList(v.sizes()));
}

double scale_of(const Tensor& query, std::optional<double> scale) {
  return scale ? *scale : 1 / std::sqrt(static_cast<double>(query.size(-1)));
}

// What is added to the scores: 0 and -inf for a bool mask.
Tensor bias_of(const Tensor& mask, Dtype dtype) {
  if (!mask.defined() || mask.dtype() == dtype) return mask;
  if (mask.dtype() != Dtype::Bool) return ops::_to_dtype(mask, dtype);
  const Tensor unseen = scalar_tensor(-std::numeric_limits<double>::infinity(), dtype);
  return ops::where(mask, scalar_tensor(0, dtype), unseen);
}

// Scores with scale, mask and causality.
Tensor scores_of(const Tensor& q, const Tensor& k, const Tensor& mask, bool causal, double scale) {
  Tensor s = ops::matmul(q * scale, ops::transpose(k, -2, -1));
  if (mask.defined()) s = s + bias_of(mask, s.dtype());
  if (causal) {
    const Tensor seen = ops::tril(ops::ones(Dims{q.size(-2), k.size(-2)}, Dtype::Bool));
    s = s + bias_of(seen, s.dtype());
  }
  return s;
}

Tensor by_operators(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
                    double dropout_p, bool causal, double scale) {
  Tensor weights = ops::_safe_softmax(scores_of(q, k, mask, causal, scale), -1);
  if (dropout_p > 0) weights = ops::dropout(weights, dropout_p, true);
  return ops::matmul(weights, v);
}

// (batch, heads, ...): leading dimensions joined or added.
Tensor in_four(const Tensor& t) {
  if (t.dim() == 4) return t;
  if (t.dim() == 3) return ops::unsqueeze(t, 0);
  if (t.dim() == 2) return ops::view(t, Dims{1, 1, t.size(0), t.size(1)});
  return ops::reshape(t, Dims{1, -1, t.size(-2), t.size(-1)});
}

Tensor repeated_heads(const Tensor& t, int64_t times) {
  return times == 1 ? t : ops::repeat_interleave_self_int(t, times, -3);
}

// An operand as the kernel reads it.
Tensor kernel_operand(const Tensor& t, Dtype dtype) {
  if (t.dtype() == dtype && t.stride(-1) == 1) return t;
  return contiguous_copy(t, dtype);
}
Tensor kernel_bias(const Tensor& mask, Dtype dtype, const Tensor& query, const Tensor& key) {
  if (!mask.defined()) return mask;
  Tensor bias = bias_of(mask, dtype);
  Dims sizes = bias.sizes();
  if (sizes.empty()) sizes.push_back(1);
  if (sizes.back() != key.size(2) || bias.dim() == 0 || bias.stride(-1) != 1) {
    sizes.back() = key.size(2);
    bias = contiguous_copy(impl::expand(bias, sizes, false), dtype);
  }
  return impl::expand(bias, Dims{query.size(0), query.size(1), query.size(2), key.size(2)}, false);
}

Dtype kernel_dtype(const Tensor& query) {
  if (!query.is_floating()) throw_not_implemented_for("softmax_lastdim_kernel_impl", query.dtype());
  return is_reduced(query.dtype()) ? Dtype::Float32 : query.dtype();
}

// A result with the layout of `like`, in which its last dimension must be dense.
Tensor result_like(const Tensor& like, Dtype dtype) {
  if (like.stride(-1) == 1) return rl::empty_like(like, dtype);
  return empty(like.sizes(), dtype, like.device());
}
}  // namespace

namespace impl {

Tensor safe_softmax(const Tensor& self, int64_t dim, std::optional<Dtype> dtype) {
  const Tensor out = ops::softmax(self, dim, dtype);
  const Tensor nothing =
      ops::all_dim(ops::eq(self, -std::numeric_limits<double>::infinity()), dim, true);
  return ops::masked_fill(out, nothing, 0.0);
}

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const Tensor& attn_mask, double dropout_p, bool is_causal,
                                    std::optional<double> scale, bool enable_gqa) {
  check_operands(query, key, value, attn_mask);
  RL_CHECK(!attn_mask.defined() || !is_causal,
           "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
           "is_causal=True");
  Tensor k = key, v = value;
  if (enable_gqa) {
    RL_CHECK(query.dim() >= 3 && key.dim() >= 3 && value.dim() >= 3,
             "Expected at least 3 dimensions for grouped query attention");
    const int64_t heads = query.size(-3);
    RL_CHECK(k.size(-3) > 0 && v.size(-3) > 0 && heads % k.size(-3) == 0 && heads % v.size(-3) == 0,
             "Number of heads in key and value must divide the number of heads in query");
    k = repeated_heads(k, heads / k.size(-3));
    v = repeated_heads(v, heads / v.size(-3));
  }
  const double by = scale_of(query, scale);
  const bool mask_grad =
      attn_mask.defined() && thread_state().grad_enabled && requires_grad(attn_mask);
  if (dropout_p != 0 || mask_grad || !query.is_floating())
    return by_operators(query, k, v, attn_mask, dropout_p, is_causal, by);
  const auto leading = [](const Tensor& t) {
    return IntList(t.sizes()).first(t.sizes().size() - 2);
  };
  const Dims batch = broadcast_sizes(broadcast_sizes(leading(query), leading(k)), leading(v));
  const auto spread = [&](const Tensor& t) {
    if (equal(leading(t), batch)) return t;
    Dims sizes = batch;
    sizes.push_back(t.size(-2));
    sizes.push_back(t.size(-1));
    return ops::expand(t, sizes);
  };
  const Tensor q = spread(query);
  Tensor mask = attn_mask;
  if (mask.defined() && q.dim() != 4 && mask.dim() > 2) {
    Dims sizes = batch;
    sizes.push_back(q.size(-2));
    sizes.push_back(k.size(-2));
    mask = in_four(ops::expand(mask, sizes));
  }
  const Tensor out = ops::_scaled_dot_product_flash_attention_for_cpu(
      in_four(q), in_four(spread(k)), in_four(spread(v)), 0.0, is_causal, mask, by)[0];
  if (q.dim() == 4) return out;
  Dims sizes = batch;
  sizes.push_back(q.size(-2));
  sizes.push_back(v.size(-1));
  return ops::view(out, sizes);
}

std::array<Tensor, 2> flash_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                      double dropout_p, bool is_causal, const Tensor& attn_mask,
                                      std::optional<double> scale) {
  RL_CHECK(
      dropout_p == 0,
      "_scaled_dot_product_flash_attention_for_cpu: dropout is not supported, got p = ", dropout_p);
  RL_CHECK(query.dim() == 4 && key.dim() == 4 && value.dim() == 4,
           "Accept only 4 dims inputs shape of {B, H, T, K}");
  const Dtype dtype = kernel_dtype(query);
  Dims sizes = query.sizes();
  sizes[3] = value.size(3);
  Tensor out = value.size(3) == query.size(3) ? result_like(query, dtype)
                                              : empty(sizes, dtype, query.device());
  const Tensor logsumexp = empty(IntList(sizes).first(3), dtype, query.device());
  if (!query.is_meta())
    cpu::attention({scale_of(query, scale), is_causal}, kernel_operand(query, dtype),
                   kernel_operand(key, dtype), kernel_operand(value, dtype),
                   kernel_bias(attn_mask, dtype, query, key), out, logsumexp);
  return {cast(out, query.dtype()), logsumexp};
}

std::array<Tensor, 3> flash_attention_backward(const Tensor& grad_out, const Tensor& query,
                                               const Tensor& key, const Tensor& value,
                                               const Tensor& out, const Tensor& logsumexp, double,
                                               bool is_causal, const Tensor& attn_mask,
                                               std::optional<double> scale) {
  const Dtype dtype = kernel_dtype(query);
  const Tensor dq = result_like(query, dtype), dk = empty(key.sizes(), dtype, key.device()),
               dv = empty(value.sizes(), dtype, value.device());
  if (!query.is_meta())
    cpu::attention_backward({scale_of(query, scale), is_causal}, kernel_operand(grad_out, dtype),
                            kernel_operand(query, dtype), kernel_operand(key, dtype),
                            kernel_operand(value, dtype), kernel_bias(attn_mask, dtype, query, key),
                            kernel_operand(out, dtype), logsumexp, dq, dk, dv);
  return {cast(dq, query.dtype()), cast(dk, key.dtype()), cast(dv, value.dtype())};
}

}  // namespace impl

void vjp::flash_attention(Vjp& v) {
  const Tensor grad = v.grad(), q = v.tensor(0), k = v.tensor(1), val = v.tensor(2),
               mask = v.tensor(5);
  const bool causal = v.arg(4).to_bool();
  const double scale = scale_of(q, v.arg(6).opt_double());
  std::array<Tensor, 3> grads;
  if (thread_state().grad_enabled) {
    const Tensor w = ops::_safe_softmax(scores_of(q, k, mask, causal, scale), -1);
    const Tensor dw = ops::matmul(grad, ops::transpose(val, -2, -1));
    const Tensor ds = w * (dw - ops::sum_dim(dw * w, Dims{-1}, true)) * scale;
    grads = {ops::matmul(ds, k), ops::matmul(ops::transpose(ds, -2, -1), q),
             ops::matmul(ops::transpose(w, -2, -1), grad)};
  } else {
    grads = ops::_scaled_dot_product_flash_attention_for_cpu_backward(
        grad, q, k, val, v.result(0), v.result(1), 0.0, causal, mask, scale);
  }
  for (uint32_t i = 0; i < 3; ++i)
    if (v.needs(i)) v.set(i, grads[i]);
}

}  // namespace rl
