// Operators along one dimension: checks, and the derivatives of reductions.
#include "core/kernels/cpu/scatter.h"

#include "core/autograd/grad_mode.h"
#include "core/op/op_node.h"
#include "core/ops/index.h"
#include "core/ops/operators.h"

namespace rl {
namespace {

using cpu::Scatter;

void check_index_dtype(const char* name, const Tensor& index) {
  RL_CHECK(index.numel() == 0 || index.dtype() == Dtype::Int64 || index.dtype() == Dtype::Int32,
           name, "(): Expected dtype int32/int64 for index");
}

// Numbers count as vectors of one element.
Tensor checked(const Tensor& index, int64_t dim, int64_t n) {
  return cpu::checked_index(index, n, false, [&](int64_t v) {
    fail(ErrorType::Runtime, "index ", v, " is out of bounds for dimension ", dim, " with size ",
         n);
  });
}

// What scatter() and its kin ask of their arguments; false where nothing is to be written.
bool check_scatter(const Tensor& self, int64_t dim, const Tensor& index, const Tensor* src) {
  wrap_dim(dim, self.dim());
  check_index_dtype("scatter", index);
  RL_CHECK(!src || src->dtype() == self.dtype(),
           "scatter(): Expected self.dtype to be equal to src.dtype");
  check_not_expanded(self);
  if (index.numel() == 0) return false;
  RL_CHECK(std::max<int64_t>(index.dim(), 1) == std::max<int64_t>(self.dim(), 1),
           "Index tensor must have the same number of dimensions as self tensor");
  const Tensor i = as_vector(index), t = as_vector(self);
  const int64_t d = wrap_dim(dim, t.dim());
  bool fits = true, src_fits = true;
  for (int64_t k = 0; k < t.dim(); ++k) fits = fits && (k == d || i.size(k) <= t.size(k));
  if (src) {
    const Tensor s = as_vector(*src);
    RL_CHECK(s.dim() == t.dim(),
             "Index tensor must have the same number of dimensions as src tensor");
    for (int64_t k = 0; k < t.dim(); ++k) src_fits = src_fits && i.size(k) <= s.size(k);
  }
  if (src)
    RL_CHECK(fits && src_fits, "Expected index ", IntList(index.sizes()),
             " to be no larger than self ", IntList(self.sizes()), " apart from dimension ", d,
             " and to be no larger size than src ", IntList(src->sizes()));
  RL_CHECK(fits, "Expected index ", IntList(index.sizes()), " to be no larger than self ",
           IntList(self.sizes()), " apart from dimension ", d);
  return !self.is_meta();
}

void scatter_checked(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                     Scatter how) {
  const Tensor to = as_vector(self), from = as_vector(src);
  const int64_t d = wrap_dim(dim, to.dim());
  const Tensor at = checked(as_vector(index), d, to.size(d));
  cpu::scatter_along(to, d, at, may_overlap(to, from) ? contiguous_copy(from, from.dtype()) : from,
                     how);
}

struct Reduction {
  Scatter how;
  bool mean;
};

Reduction reduction_named(std::string_view name) {
  if (name == "sum") return {Scatter::Add, false};
  if (name == "prod") return {Scatter::Multiply, false};
  if (name == "mean") return {Scatter::Add, true};
  if (name == "amax") return {Scatter::Max, false};
  return {Scatter::Min, false};
}

// The value that changes nothing.
template <class T>
T neutral(Scatter how) {
  using A = Compute<T>;
  if (how == Scatter::Multiply) return T(A(1));
  if constexpr (!is_complex_type<T>) {
    constexpr bool kInfinite = std::numeric_limits<A>::has_infinity;
    constexpr A kLow =
        kInfinite ? -std::numeric_limits<A>::infinity() : std::numeric_limits<A>::lowest();
    constexpr A kHigh =
        kInfinite ? std::numeric_limits<A>::infinity() : std::numeric_limits<A>::max();
    if (how == Scatter::Max) return T(kLow);
    if (how == Scatter::Min) return T(kHigh);
  }
  return T(A(0));
}

// self / counts where something was counted; whole numbers round down.
void divide_by_counts(const Tensor& self, const Tensor& counts) {
  dispatch(NumberTypes{}, self.dtype(), "scatter_gather_tensor_cpu_reduce_mean", [&]<class T>() {
    const Tensor flat = contiguous_copy(self, self.dtype());
    T* const p = flat.data<T>();
    const int64_t* const n = counts.data<int64_t>();
    for (int64_t i = 0; i < flat.numel(); ++i) {
      if (n[i] <= 1) continue;
      if constexpr (std::is_integral_v<T>) {
        const int64_t v = static_cast<int64_t>(p[i]), q = v / n[i];
        p[i] = static_cast<T>(v % n[i] < 0 ? q - 1 : q);
      } else {
        using A = Compute<T>;
        p[i] = static_cast<T>(static_cast<A>(p[i]) / static_cast<Real<A>>(n[i]));
      }
    }
    copy_into(self, flat);
  });
}

// `index` is int64, of src's rank, and checked.
void reduce_along(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                  Reduction how, bool include_self) {
  if (how.mean && self.dtype() == Dtype::Bool)
    throw_not_implemented_for("scatter_gather_tensor_cpu_reduce_mean", Dtype::Bool);
  if (self.is_complex() && (how.how == Scatter::Max || how.how == Scatter::Min))
    throw_not_implemented_for(how.how == Scatter::Max ? "scatter_gather_tensor_cpu_reduce_amax"
                                                      : "scatter_gather_tensor_cpu_reduce_amin",
                              self.dtype());
  if (!include_self)
    dispatch(AllTypes{}, self.dtype(), "scatter_reduce", [&]<class T>() {
      Tensor number = rl::empty({}, self.dtype());
      *number.data<T>() = neutral<T>(how.how);
      cpu::scatter_along(self, dim, index,
                         rl::alias(number, index.sizes(), Dims(index.sizes().size()), 0),
                         Scatter::Put);
    });
  cpu::scatter_along(self, dim, index, src, how.how);
  if (!how.mean) return;
  const Tensor counts = rl::empty(self.sizes(), Dtype::Int64),
               one = scalar_tensor(Scalar(1), Dtype::Int64);
  fill(counts, Scalar(include_self ? 1 : 0));
  cpu::scatter_along(counts, dim, index,
                     rl::alias(one, index.sizes(), Dims(index.sizes().size()), 0), Scatter::Add);
  divide_by_counts(self, counts);
}

}  // namespace

namespace impl {

Tensor gather(const Tensor& self, int64_t dim, const Tensor& index, bool) {
  wrap_dim(dim, self.dim());
  check_index_dtype("gather", index);
  Tensor out = rl::empty(index.sizes(), self.dtype(), self.device());
  if (index.numel() == 0) return out;
  RL_CHECK(std::max<int64_t>(index.dim(), 1) == std::max<int64_t>(self.dim(), 1),
           "Index tensor must have the same number of dimensions as input tensor");
  const Tensor from = as_vector(self), i = as_vector(index), to = as_vector(out);
  const int64_t d = wrap_dim(dim, from.dim());
  for (int64_t k = 0; k < from.dim(); ++k)
    RL_CHECK(k == d || i.size(k) <= from.size(k), "Size does not match at dimension ", k,
             " expected index ", IntList(index.sizes()), " to be no larger than self ",
             IntList(self.sizes()), " apart from dimension ", d);
  if (out.is_meta()) return out;
  cpu::gather_along(to, from, d, checked(i, d, from.size(d)));
  return out;
}

Tensor take_along_dim(const Tensor& self, const Tensor& indices, std::optional<int64_t> dim) {
  if (!dim) return ops::gather(ops::reshape(self, Dims{-1}), 0, ops::reshape(indices, Dims{-1}));
  RL_CHECK(self.dim() == indices.dim(),
           "torch.take_along_dim(): input and indices should have the same number of dimensions, "
           "but got ",
           self.dim(), " dimensions for input, and ", indices.dim(), " dimensions for indices");
  const int64_t d = wrap_dim(*dim, self.dim());
  Dims self_sizes = self.sizes(), index_sizes = indices.sizes();
  if (self.dim()) self_sizes[static_cast<size_t>(d)] = index_sizes[static_cast<size_t>(d)] = 1;
  Dims shape = broadcast_sizes(self_sizes, index_sizes);
  if (self.dim()) shape[static_cast<size_t>(d)] = self.size(d);
  const Tensor from = ops::expand(self, shape);
  if (self.dim()) shape[static_cast<size_t>(d)] = indices.size(d);
  return ops::gather(from, d, ops::expand(indices, shape));
}

}  // namespace impl

namespace {
// `part` at the low corner of zeros.
Tensor padded(const Tensor& part, IntList sizes) {
  if (equal(part.sizes(), sizes)) return part;
  Tensor slice = ops::zeros(sizes, part.dtype());
  const Tensor whole = slice;
  for (int64_t d = 0; d < part.dim(); ++d) slice = ops::narrow(slice, d, 0, part.size(d));
  ops::copy_(slice, part);
  return whole;
}
}  // namespace

Tensor gather_for(const Tensor& grad, int64_t dim, const Tensor& index, IntList sizes) {
  return padded(ops::gather(grad, dim, index), sizes);
}

Tensor value_for(const Tensor& self, const Tensor& index, const Scalar& value) {
  return ops::expand(created({}, value, {self.dtype(), self.device(), {}}), index.sizes());
}

void warn_of_scatter_mode() {
  static std::atomic<bool> warned = false;
  warn_once(warned,
            "The reduce argument of torch.scatter with Tensor src is deprecated and will be "
            "removed in a future PyTorch release. Use torch.scatter_reduce instead for more "
            "reduction options.");
}

Tensor scatter_mode(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                    std::string_view reduce) {
  RL_CHECK(reduce == "add" || reduce == "multiply",
           "reduce argument must be either add or multiply.");
  warn_of_scatter_mode();
  return reduce == "add" ? ops::scatter_add(self, dim, index, src)
                         : ops::scatter_reduce_two(self, dim, index, src, "prod");
}

Tensor scatter_mode_inplace(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                            std::string_view reduce) {
  RL_CHECK(reduce == "add" || reduce == "multiply",
           "reduce argument must be either add or multiply.");
  warn_of_scatter_mode();
  return reduce == "add" ? ops::scatter_add_(self, dim, index, src)
                         : ops::scatter_reduce__two(self, dim, index, src, "prod");
}

namespace cpu {

void scatter_src_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  if (check_scatter(self, dim, index, &src)) scatter_checked(self, dim, index, src, Scatter::Put);
}

void scatter_value_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  check_number_fits(value, self.dtype());
  if (!check_scatter(self, dim, index, nullptr)) return;
  const Tensor to = as_vector(self);
  const int64_t d = wrap_dim(dim, to.dim());
  scatter_value(to, d, checked(as_vector(index), d, to.size(d)), value);
}

void scatter_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  if (check_scatter(self, dim, index, &src)) scatter_checked(self, dim, index, src, Scatter::Add);
}

void scatter_reduce_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                     std::string_view reduce, bool include_self) {
  RL_CHECK(reduce == "sum" || reduce == "prod" || reduce == "mean" || reduce == "amax" ||
               reduce == "amin",
           "reduce argument must be either sum, prod, mean, amax or amin, got ", reduce);
  if (!check_scatter(self, dim, index, &src)) return;
  const Tensor to = as_vector(self), from = as_vector(src);
  const int64_t d = wrap_dim(dim, to.dim());
  reduce_along(to, d, checked(as_vector(index), d, to.size(d)),
               may_overlap(to, from) ? contiguous_copy(from, from.dtype()) : from,
               reduction_named(reduce), include_self);
}

void index_reduce_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                   std::string_view reduce, bool include_self) {
  RL_CHECK(reduce == "prod" || reduce == "mean" || reduce == "amax" || reduce == "amin",
           "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got ", reduce,
           ".");
  RL_CHECK_INDEX(index.dim() <= 1,
                 "index_reduce_(): Index is supposed to be a vector, but got dim: ", index.dim());
  RL_CHECK(index.dtype() == Dtype::Int64 || index.dtype() == Dtype::Int32,
           "index_reduce_(): Expected dtype int32/int64 for index but got: ", index.dtype());
  RL_CHECK(self.dtype() == source.dtype(), "index_reduce_(): self (", self.dtype(),
           ") and source (", source.dtype(), ") must have the same scalar type");
  const Tensor to = as_vector(self), from = as_vector(source);
  const int64_t d = wrap_dim(dim, to.dim());
  RL_CHECK(from.dim() == to.dim() && index.numel() == from.size(d),
           "index_reduce_(): Number of indices (", index.numel(),
           ") should be equal to source.size(dim): (", d < from.dim() ? from.size(d) : 0,
           "), for dim: ", dim);
  for (int64_t k = 0; k < to.dim(); ++k)
    RL_CHECK(k == d || to.size(k) == from.size(k),
             "source tensor shape must match self tensor shape, excluding the specified dimension. "
             "Got self.shape = ",
             IntList(self.sizes()), " source.shape = ", IntList(source.sizes()));
  check_not_expanded(self);
  static std::atomic<bool> warned = false;
  warn_once(warned, "index_reduce() is in beta and the API may change at any time.");
  if (self.is_meta() || source.numel() == 0) return;
  const Tensor at = checked_index(index, to.size(d), false, [](int64_t) {
    fail(ErrorType::Index, "index out of range in self");
  });
  reduce_along(to, d, spread_index(at, from.sizes(), d), from, reduction_named(reduce),
               include_self);
}

}  // namespace cpu

namespace vjp {
namespace {

// Backward of both reductions; `at` has src's sizes.
void reduction_backward(Vjp& v, const Tensor& self, int64_t dim, const Tensor& at,
                        const Tensor& src, std::string_view reduce, bool include_self) {
  const Tensor grad = v.grad(), result = v.result(0);
  const auto as_number = [&](const Tensor& mask) { return ops::_to_dtype(mask, grad.dtype()); };
  const auto gathered = [&](const Tensor& t) { return ops::gather(t, dim, at); };
  Tensor grad_self, grad_src;
  if (reduce == "sum") {
    grad_self = grad;
    grad_src = gathered(grad);
  } else if (reduce == "mean") {
    Tensor counts = include_self ? ops::ones_like(grad) : ops::zeros_like(grad);
    counts = ops::scatter_add(counts, dim, at, ops::ones_like(src));
    counts = ops::masked_fill(counts, ops::eq(counts, 0), 1);
    grad_self = grad / counts;
    grad_src = gathered(grad / counts);
  } else if (reduce == "prod") {
    // d(product)/d(factor) is the product of the others: by division, zeros apart.
    const Tensor self_zero = ops::eq(self, 0), src_zero = ops::eq(src, 0);
    const Tensor safe_self = ops::masked_fill(self, self_zero, 1),
                 safe_src = ops::masked_fill(src, src_zero, 1);
    Tensor zeros = ops::scatter_add(include_self ? as_number(self_zero) : ops::zeros_like(grad),
                                    dim, at, as_number(src_zero));
    const Tensor rest = ops::scatter_reduce_two(safe_self, dim, at, safe_src, "prod", include_self);
    const auto share = [&](const Tensor& g, const Tensor& product, const Tensor& count,
                           const Tensor& is_zero, const Tensor& factor) {
      const Tensor others = count - as_number(is_zero);
      return ops::masked_fill(g * conj(product) / conj(factor), ops::ne(others, 0), 0);
    };
    grad_self = share(grad, rest, zeros, self_zero, safe_self);
    grad_src = share(gathered(grad), gathered(rest), gathered(zeros), src_zero, safe_src);
  } else {
    // Equal extremes share the gradient evenly.
    const Tensor self_best = as_number(ops::eq(self, result)),
                 src_best = as_number(ops::eq(src, gathered(result)));
    const Tensor base = include_self ? self_best : ops::scatter_value(self_best, dim, at, 0);
    const Tensor shared = grad / ops::scatter_add(base, dim, at, src_best);
    grad_self = self_best * shared;
    grad_src = src_best * gathered(shared);
  }
  if (!include_self) grad_self = ops::scatter_value(grad_self, dim, at, 0);
  if (v.needs(0)) v.set(0, grad_self);
  if (v.needs(3)) v.set(3, padded(grad_src, v.tensor(3).sizes()));
}

}  // namespace

void scatter_reduce(Vjp& v) {
  const Tensor index = v.tensor(2), src = v.tensor(3);
  if (index.numel() == 0) {  // of any shape
    if (v.needs(0)) v.set(0, v.grad());
    if (v.needs(3)) v.set(3, ops::zeros_like(src));
    return;
  }
  Tensor part = src;  // what index covers
  for (int64_t d = 0; d < src.dim(); ++d) part = ops::narrow(part, d, 0, index.size(d));
  reduction_backward(v, v.tensor(0), v.arg(1).to_int(), index, part, v.arg(4).string(),
                     v.arg(5).to_bool());
}

void index_reduce(Vjp& v) {
  const Tensor index = v.tensor(2), source = v.tensor(3);
  const int64_t dim = wrap_dim(v.arg(1).to_int(), source.dim());
  Dims shape(static_cast<size_t>(source.dim()), 1);
  if (source.dim()) shape[static_cast<size_t>(dim)] = index.numel();
  const Tensor at = ops::expand(ops::reshape(index, shape), source.sizes());
  reduction_backward(v, v.tensor(0), dim, at, source, v.arg(4).string(), v.arg(5).to_bool());
}

}  // namespace vjp
}  // namespace rl
