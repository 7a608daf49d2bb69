// Slices of one dimension at a vector of indices, and places of the flattened tensor.
#include "core/base/threads.h"
#include "core/kernels/cpu/scatter.h"
#include "core/ops/index.h"
#include "core/ops/operators.h"

namespace rl {
namespace {

using cpu::Scatter;

[[noreturn]] void fail_in_self(int64_t) { fail(ErrorType::Index, "index out of range in self"); }

Tensor flat_places(const Tensor& index, int64_t n) {
  const Tensor at = cpu::checked_index(index, n, true, [&](int64_t v) {
    fail(ErrorType::Index, "out of range: tried to access index ", v, " on a tensor of ", n,
         " elements.");
  });
  return alias(at, Dims{at.numel()}, Dims{1}, at.offset());
}

Tensor without_overlap(const Tensor& src, const Tensor& dst) {
  return may_overlap(src, dst) ? contiguous_copy(src, src.dtype()) : src;
}

}  // namespace

namespace impl {

Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index) {
  const int64_t d = wrap_dim(dim, self.dim());
  RL_CHECK_INDEX(index.dim() <= 1, "index_select(): Index is supposed to be a vector");
  RL_CHECK(index.dtype() == Dtype::Int64 || index.dtype() == Dtype::Int32,
           "index_select(): Expected dtype int32 or int64 for index");
  RL_CHECK(self.dim() > 0 || index.numel() == 1,
           "index_select(): Index to scalar can have only 1 value, got ", index.numel(),
           " value(s)");
  Dims sizes = self.sizes();
  if (self.dim()) sizes[static_cast<size_t>(d)] = index.numel();
  Tensor out = rl::empty(sizes, self.dtype(), self.device());
  if (out.is_meta()) return out;
  const Tensor from = as_vector(self), to = as_vector(out);
  const Tensor at = cpu::checked_index(index, from.size(d), false, fail_in_self);
  if (out.numel() == 0) return out;
  if (d == 0 && from.is_contiguous()) {
    const int64_t row = from.numel() / from.size(0) * static_cast<int64_t>(from.item_size());
    cpu::gather_rows(to.raw(), from.raw(), at.data<int64_t>(), at.numel(), row, row);
  } else {
    cpu::gather_along(to, from, d, cpu::spread_index(at, to.sizes(), d));
  }
  return out;
}

Tensor take(const Tensor& self, const Tensor& index) {
  RL_CHECK(index.dtype() == Dtype::Int64, "take(): Expected a long tensor for index, but got ",
           index.dtype());
  RL_CHECK_INDEX(self.numel() > 0 || index.numel() == 0,
                 "take(): tried to take from an empty tensor");
  Tensor out = rl::empty(index.sizes(), self.dtype(), self.device());
  if (out.is_meta() || out.numel() == 0) return out;
  const Tensor from = as_contiguous(self), at = flat_places(index, self.numel());
  cpu::gather_along(rl::alias(out, Dims{out.numel()}, Dims{1}, 0),
                    rl::alias(from, Dims{from.numel()}, Dims{1}, from.offset()), 0, at);
  return out;
}

Tensor repeat_indices(const Tensor& repeats, std::optional<int64_t> output_size) {
  RL_CHECK(repeats.dim() == 1, "repeat_interleave only accept 1D vector as repeat");
  if (repeats.dtype() != Dtype::Int64 && repeats.dtype() != Dtype::Int32)
    throw_not_implemented_for("repeat_interleave_cpu", repeats.dtype());
  const Tensor counts = as_contiguous(repeats, Dtype::Int64);
  const int64_t* const c = counts.data<int64_t>();
  int64_t total = 0;
  for (int64_t i = 0; i < counts.numel(); ++i) {
    RL_CHECK(c[i] >= 0, "repeats can not be negative");
    total += c[i];
  }
  RL_CHECK(!output_size || *output_size == total, "allocated size does not match required size");
  Tensor out = rl::empty(Dims{total}, repeats.dtype());
  dispatch(Types<int32_t, int64_t>{}, repeats.dtype(), "repeat_interleave_cpu", [&]<class T>() {
    T* to = out.data<T>();
    for (int64_t i = 0; i < counts.numel(); ++i) to = std::fill_n(to, c[i], static_cast<T>(i));
  });
  return out;
}

Tensor repeat_interleave_tensor(const Tensor& self, const Tensor& repeats,
                                std::optional<int64_t> dim, std::optional<int64_t> output_size) {
  const Tensor input = dim ? as_vector(self).is_same(self) ? self : ops::reshape(self, Dims{1})
                           : ops::reshape(self, Dims{-1});
  const int64_t d = wrap_dim(dim.value_or(0), input.dim());
  RL_CHECK(repeats.dim() <= 1, "repeats must be 0-dim or 1-dim tensor");
  Tensor counts = repeats;
  if (repeats.numel() == 1 && (repeats.dim() == 0 || input.size(d) != 1))
    counts = ops::expand(ops::reshape(repeats, Dims{1}), Dims{input.size(d)});
  RL_CHECK(counts.numel() == input.size(d),
           "repeats must have the same size as input along dim, but got repeats.size(0) = ",
           counts.numel(), " and input.size(", d, ") = ", input.size(d));
  return ops::index_select(input, d, ops::repeat_interleave_Tensor(counts, output_size));
}

Tensor repeat_interleave_int(const Tensor& self, int64_t repeats, std::optional<int64_t> dim,
                             std::optional<int64_t> output_size) {
  const Tensor input = dim && self.dim() ? self : ops::reshape(self, Dims{-1});
  const int64_t d = wrap_dim(dim.value_or(0), input.dim());
  RL_CHECK(repeats >= 0, "Repeats must be non-negative");
  const int64_t total = input.size(d) * repeats;
  RL_CHECK(!output_size || *output_size == total,
           "repeat_interleave: Invalid output_size, expected ", total, " but got ",
           output_size.value_or(0));
  Dims sizes = input.sizes();
  sizes.insert(static_cast<size_t>(d) + 1, repeats);
  const Tensor stretched =
      ops::clone(ops::expand(ops::unsqueeze(input, d + 1), sizes), MemoryFormat::Contiguous);
  sizes.erase(static_cast<size_t>(d) + 1);
  sizes[static_cast<size_t>(d)] = total;
  return ops::view(stretched, sizes);
}

}  // namespace impl

namespace cpu {

void put_(const Tensor& self, const Tensor& index, const Tensor& source, bool accumulate) {
  RL_CHECK(index.dtype() == Dtype::Int64, "put_(): Expected a long tensor for index, but got ",
           index.dtype());
  RL_CHECK(self.dtype() == source.dtype(),
           "put_(): self and source expected to have the same dtype, but got self.dtype = ",
           self.dtype(), " and source.dtype = ", source.dtype());
  RL_CHECK_INDEX(source.numel() == index.numel(),
                 "put_(): Expected source and index to have the same number of elements, but got "
                 "source.numel() = ",
                 source.numel(), ", index.numel() = ", index.numel());
  check_not_expanded(self);
  if (self.is_meta() || index.numel() == 0) return;
  const Tensor at = flat_places(index, self.numel());
  const Tensor from = as_contiguous(without_overlap(source, self));
  const Tensor to = as_contiguous(self);
  scatter_along(rl::alias(to, Dims{to.numel()}, Dims{1}, to.offset()), 0, at,
                rl::alias(from, Dims{from.numel()}, Dims{1}, from.offset()),
                accumulate ? Scatter::Add : Scatter::Put);
  if (!to.is_same(self)) copy_into(self, to);
}

void index_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                const Scalar& alpha) {
  RL_CHECK_INDEX(index.dim() <= 1,
                 "index_add_(): Index is supposed to be a vector, but got dim: ", index.dim(),
                 " with type: ", index.dtype(), " and size: ", IntList(index.sizes()));
  RL_CHECK(index.dtype() == Dtype::Int64 || index.dtype() == Dtype::Int32,
           "index_add_(): Expected dtype int32/int64 for index but got: ", index.dtype());
  RL_CHECK(self.dtype() == source.dtype(), "index_add_(): self (", self.dtype(), ") and source (",
           source.dtype(), ") must have the same scalar type");
  const Tensor to = as_vector(self), from = as_vector(source);
  const int64_t d = wrap_dim(dim, to.dim());
  RL_CHECK(d < from.dim() && index.numel() == from.size(d), "index_add_(): Number of indices (",
           index.numel(), ") should be equal to source.size(dim): (",
           d < from.dim() ? from.size(d) : 0, "), for dim: ", dim);
  bool fits = self.dim() == source.dim();
  for (int64_t k = 0; fits && k < self.dim(); ++k) fits = k == d || self.size(k) == source.size(k);
  RL_CHECK(fits,
           "source tensor shape must match self tensor shape, excluding the specified dimension. "
           "Got self.shape = ",
           IntList(self.sizes()), " source.shape = ", IntList(source.sizes()));
  check_not_expanded(self);
  if (self.is_meta()) return;
  const Tensor at = checked_index(index, to.size(d), false, [&](int64_t v) {
    fail(ErrorType::Runtime, "index ", v, " is out of bounds for dimension ", d, " with size ",
         to.size(d));
  });
  if (from.numel() == 0) return;
  const Tensor scaled = alpha.equals(1) || self.dtype() == Dtype::Bool
                            ? without_overlap(from, to)
                            : ops::mul(rl::alias(from), scalar_tensor(alpha, self.dtype()));
  scatter_along(to, d, spread_index(at, from.sizes(), d), scaled, Scatter::Add);
}

void index_copy_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source) {
  wrap_dim(dim, self.dim());
  RL_CHECK_INDEX(index.dim() <= 1, "index_copy_(): Index should have dimension 1 or 0 (got ",
                 index.dim(), ")");
  const int64_t n = index.numel();
  RL_CHECK_INDEX(source.dim() > 0 || n == 1,
                 "index_copy_(): When source is scalar, index should have one element (got ", n,
                 ")");
  RL_CHECK_INDEX(source.dim() == self.dim() || source.dim() == 0 || self.dim() == 0,
                 "index_copy_(): When source and destination are not scalars, their dimensionality "
                 "must match. "
                 "Source dimensionality (",
                 source.dim(), "), destination dimensionality (", self.dim(), ")");
  RL_CHECK(index.dtype() == Dtype::Int64,
           "index_copy_(): Expected a long tensor for index, but got ", index.dtype());
  RL_CHECK(self.dtype() == source.dtype(),
           "index_copy_(): self and source expected to have the same dtype, but got "
           "(self) ",
           self.dtype(), " and (source) ", source.dtype());
  const Tensor to = as_vector(self), from = as_vector(source);
  const int64_t d = wrap_dim(dim, to.dim());
  const auto slice = [&](const Tensor& t) {
    Dims sizes = t.sizes();
    if (static_cast<size_t>(d) < sizes.size()) sizes.erase(static_cast<size_t>(d));
    return sizes;
  };
  const auto text = [&](const Tensor& t) {
    const std::string list = str(IntList(slice(t)));
    return list.substr(1, list.size() - 2);
  };
  RL_CHECK(slice(to) == slice(from),
           "index_copy_(): Source/destination tensor must have same slice shapes. "
           "Destination slice shape: ",
           text(to), " at dimension ", d, " and source slice shape: ", text(from),
           " at dimension 0.");
  RL_CHECK_INDEX(source.dim() == 0 || n == from.size(d), "index_copy_(): Number of indices (", n,
                 ") should be equal to source.size(dim) (", from.size(d), ")");
  check_not_expanded(self);
  if (self.is_meta()) return;
  const Tensor at = checked_index(index, to.size(d), false, [&](int64_t v) {
    fail(ErrorType::Index, "index_copy_(): index ", v, " is out of bounds for dimension ", d,
         " with size ", to.size(d));
  });
  if (from.numel() == 0) return;
  scatter_along(to, d, spread_index(at, from.sizes(), d), without_overlap(from, to), Scatter::Put);
}

void index_fill_(const Tensor& self, int64_t dim, const Tensor& index, const Operand& value) {
  RL_CHECK(!value.is_tensor() || value.tensor().dim() == 0,
           "index_fill_ only supports a 0-dimensional value tensor, but got tensor with ",
           value.is_tensor() ? value.tensor().dim() : 0, " dimension(s).");
  RL_CHECK_INDEX(index.dtype() == Dtype::Int64, "index_fill_(): Expected dtype int64 for index.");
  RL_CHECK(index.dim() <= 1, "Index has to be a vector/scalar");
  RL_CHECK(self.is_complex() || !value.is_complex(),
           "index_fill_(): Converting complex Scalar to non-complex type is not supported");
  check_not_expanded(self);
  const Tensor to = as_vector(self);
  const int64_t d = wrap_dim(dim, to.dim());
  if (self.is_meta()) return;
  const Scalar number = value.is_tensor() ? item(value.tensor()) : value.scalar();
  check_number_fits(number, self.dtype());
  const Tensor at = checked_index(index, to.size(d), true, [&](int64_t v) {
    fail(ErrorType::Index, "index ", v, " is out of bounds for dimension ", d, " with size ",
         to.size(d));
  });
  Dims sizes = to.sizes();
  sizes[static_cast<size_t>(d)] = at.numel();
  if (product(sizes)) scatter_value(to, d, spread_index(at, sizes, d), number);
}

}  // namespace cpu
}  // namespace rl
