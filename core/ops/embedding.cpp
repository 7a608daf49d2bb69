// Lookups in a table of vectors, their gradients, and bags of them.
#include <cmath>

#include "core/base/threads.h"
#include "core/kernels/cpu/scatter.h"
#include "core/ops/index.h"
#include "core/ops/operators.h"

namespace rl {
namespace {

void check_indices(const Tensor& indices, const char* op) {
  RL_CHECK(indices.dtype() == Dtype::Int64 || indices.dtype() == Dtype::Int32,
           "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
           "Long, Int; but got "
           "torch.",
           legacy_name(indices.dtype()), "Tensor instead (while checking arguments for ", op, ")");
}

Tensor checked_rows(const Tensor& indices, int64_t rows) {
  const Tensor at = cpu::checked_index(
      indices, rows, false, [](int64_t) { fail(ErrorType::Index, "index out of range in self"); });
  return alias(at, Dims{at.numel()}, Dims{1}, at.offset());
}

// How often each row is looked up.
std::vector<int64_t> frequencies(const Tensor& at, int64_t rows) {
  std::vector<int64_t> out(static_cast<size_t>(rows));
  for (int64_t i = 0; i < at.numel(); ++i) ++out[static_cast<size_t>(at.data<int64_t>()[i])];
  return out;
}

// 0 for the padding row's lookups, else 1 or 1 / frequency, as a column.
Tensor lookup_weights(const Tensor& at, int64_t rows, int64_t padding_idx, bool by_frequency,
                      Dtype dtype) {
  std::vector<int64_t> count;
  if (by_frequency) count = frequencies(at, rows);
  const Tensor out = empty(Dims{at.numel(), 1}, dtype);
  const int64_t* const index = at.data<int64_t>();
  dispatch(FloatsAndComplex{}, dtype, "embedding_dense_backward", [&]<class T>() {
    using A = Real<Compute<T>>;
    for (int64_t i = 0; i < at.numel(); ++i) {
      const A scale =
          by_frequency ? A(1) / static_cast<A>(count[static_cast<size_t>(index[i])]) : A(1);
      out.data<T>()[i] =
          static_cast<T>(static_cast<Compute<T>>(index[i] == padding_idx ? A(0) : scale));
    }
  });
  return out;
}

}  // namespace

namespace impl {

Tensor embedding(const Tensor& weight, const Tensor& indices, int64_t, bool, bool sparse) {
  RL_CHECK(weight.dim() == 2, "'weight' must be 2-D");
  check_indices(indices, "embedding");
  if (sparse)
    fail(ErrorType::NotImplemented, "embedding: sparse=True is not available; use sparse=False");
  Dims sizes = indices.sizes();
  sizes.push_back(weight.size(1));
  Tensor out = rl::empty(sizes, weight.dtype(), weight.device());
  if (out.is_meta()) return out;
  const Tensor at = checked_rows(indices, weight.size(0));
  if (out.numel() == 0) return out;
  const auto bytes = static_cast<int64_t>(weight.item_size());
  if (weight.stride(1) == 1 || weight.size(1) == 1) {
    cpu::gather_rows(out.raw(), weight.raw(), at.data<int64_t>(), at.numel(),
                     weight.size(1) * bytes, weight.stride(0) * bytes);
    return out;
  }
  const Dims flat{at.numel(), weight.size(1)};
  cpu::gather_along(rl::alias(out, flat, contiguous_strides(flat), 0), weight, 0,
                    cpu::spread_index(at, flat, 0));
  return out;
}

Tensor embedding_dense_backward(const Tensor& grad_output, const Tensor& indices,
                                int64_t num_weights, int64_t padding_idx, bool by_frequency) {
  check_indices(indices, "embedding_backward");
  const int64_t width = grad_output.size(-1);
  Tensor out =
      created(Dims{num_weights, width}, Scalar(0), {grad_output.dtype(), grad_output.device(), {}});
  if (out.is_meta() || grad_output.numel() == 0) return out;
  const Tensor at = checked_rows(indices, num_weights);
  const Tensor dense = as_contiguous(grad_output);
  Tensor rows = rl::alias(dense, Dims{at.numel(), width}, Dims{width, 1}, dense.offset());
  if (by_frequency) {
    const Tensor scale = lookup_weights(at, num_weights, padding_idx, true, rows.dtype());
    rows = ops::mul(rows, scale);
  }
  cpu::scatter_along(out, 0, cpu::spread_index(at, rows.sizes(), 0), rows, cpu::Scatter::Add);
  if (padding_idx >= 0 && padding_idx < num_weights) fill(select(out, 0, padding_idx), Scalar(0));
  return out;
}

}  // namespace impl

Tensor embedding_double_backward(const Tensor& grad, const Tensor& indices, int64_t padding_idx,
                                 bool by_frequency) {
  const Tensor at = ops::reshape(indices, Dims{-1});
  Dims sizes = indices.sizes();
  sizes.push_back(grad.size(1));
  Tensor out = ops::index_select(grad, 0, at);
  if (by_frequency || padding_idx >= 0)
    out = out * lookup_weights(checked_rows(at, grad.size(0)), grad.size(0), padding_idx,
                               by_frequency, grad.dtype());
  return ops::reshape(out, sizes);
}

namespace cpu {

void embedding_renorm_(const Tensor& self, const Tensor& indices, double max_norm,
                       double norm_type) {
  RL_CHECK(self.dim() == 2, "'self' must be 2-D");
  check_indices(indices, "embedding_renorm_");
  const Tensor at = checked_index(indices, self.size(0), false, [&](int64_t v) {
    fail(ErrorType::Index, "select(): index ", v, " out of range for tensor of size ",
         IntList(self.sizes()), " at dimension 0");
  });
  std::vector<char> seen(static_cast<size_t>(self.size(0)));
  dispatch(Floats{}, self.dtype(), "embedding_renorm_", [&]<class T>() {
    const int64_t step = self.stride(1);
    for (int64_t k = 0; k < at.numel(); ++k) {
      const int64_t row = at.data<int64_t>()[k];
      if (std::exchange(seen[static_cast<size_t>(row)], 1)) continue;
      T* const p = self.data<T>() + row * self.stride(0);
      double norm = 0;
      for (int64_t i = 0; i < self.size(1); ++i) {
        const double x = std::fabs(static_cast<double>(static_cast<Compute<T>>(p[i * step])));
        if (std::isinf(norm_type))
          norm = std::max(norm, x);
        else
          norm += norm_type == 2 ? x * x : norm_type == 1 ? x : std::pow(x, norm_type);
      }
      if (!std::isinf(norm_type))
        norm = norm_type == 2 ? std::sqrt(norm) : std::pow(norm, 1 / norm_type);
      norm = static_cast<double>(static_cast<Compute<T>>(norm));
      if (norm <= max_norm) continue;
      const auto scale = static_cast<Compute<T>>(max_norm / (norm + 1e-7));
      for (int64_t i = 0; i < self.size(1); ++i) p[i * step] = static_cast<T>(p[i * step] * scale);
    }
  });
}

}  // namespace cpu

namespace impl {

Tensor one_hot(const Tensor& self, int64_t num_classes) {
  RL_CHECK(self.dtype() == Dtype::Int64,
           "one_hot is only applicable to index tensor of type LongTensor.");
  const Tensor at = as_contiguous(self);
  const int64_t* const p = at.data<int64_t>();
  RL_CHECK(self.numel() > 0 || num_classes > 0,
           "Can not infer total number of classes from empty tensor.");
  int64_t most = -1;
  for (int64_t i = 0; i < at.numel(); ++i) {
    RL_CHECK(p[i] >= 0, "Class values must be non-negative.");
    most = std::max(most, p[i]);
  }
  const int64_t classes = num_classes == -1 ? most + 1 : num_classes;
  RL_CHECK(most < classes, "Class values must be smaller than num_classes.");
  Dims sizes = self.sizes();
  sizes.push_back(classes);
  Tensor out = created(sizes, Scalar(0), {Dtype::Int64, {}, {}});
  for (int64_t i = 0; i < at.numel(); ++i) out.data<int64_t>()[i * classes + p[i]] = 1;
  return out;
}

}  // namespace impl
}  // namespace rl
