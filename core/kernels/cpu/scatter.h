// Reading and writing along one dimension at the places an index tensor names: the loops behind
// gather, scatter, index_select, index_add, embedding and their kin. No autograd, no broadcasting.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

enum class Scatter : uint8_t { Put, Add, Multiply, Max, Min };

// out[i..] = self[.., index[i..], ..]. `index` is int64, of out's sizes (it may be expanded), with
// values checked to lie in [0, self.size(dim)).
void gather_along(const Tensor& out, const Tensor& self, int64_t dim, const Tensor& index);
// self[.., index[i..], ..] = (or +=, ...) src[i..], for i in index's sizes; src is of self's dtype
// and at least as large. Where places repeat, sources act in index order.
void scatter_along(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                   Scatter how);
// Sets, without a source.
void scatter_value(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value);

// out[i] = src[index[i]] for rows of `row_bytes` bytes; rows of src lie src_step bytes apart.
void gather_rows(std::byte* out, const std::byte* src, const int64_t* index, int64_t n,
                 int64_t row_bytes, int64_t src_step);

// `index` as a contiguous int64 tensor with every value in [0, n), negative ones counted from the
// end where `wrap`; calls bad(value) otherwise.
template <class F>
Tensor checked_index(const Tensor& index, int64_t n, bool wrap, const F& bad);

// Index 0 stands for a whole dimension: `index` (a vector) as a tensor of `sizes`, stepping along
// dim.
Tensor spread_index(const Tensor& index, IntList sizes, int64_t dim);

}  // namespace rl::cpu

namespace rl::cpu {

namespace detail {
// The first value out of bounds, or -1 where all are good.
int64_t find_bad_index(int64_t* values, int64_t count, int64_t n, bool wrap);
}  // namespace detail

template <class F>
Tensor checked_index(const Tensor& index, int64_t n, bool wrap, const F& bad) {
  if (index.is_meta()) fail(ErrorType::NotImplemented, "Cannot copy out of meta tensor; no data!");
  Tensor out = as_contiguous(index, Dtype::Int64);
  if (wrap && out.is_same(index)) out = contiguous_copy(index, Dtype::Int64);
  const int64_t at = detail::find_bad_index(out.data<int64_t>(), out.numel(), n, wrap);
  if (at >= 0) bad(out.data<int64_t>()[at]);
  return out;
}

}  // namespace rl::cpu
