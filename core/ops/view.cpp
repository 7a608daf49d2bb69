// Shapes and strides of views.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {

Dims infer_size(IntList shape, int64_t numel) {
  Dims out(shape);
  int64_t known = 1;
  int64_t unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      RL_CHECK(unknown < 0, "only one dimension can be inferred");
      unknown = static_cast<int64_t>(i);
    } else {
      RL_CHECK(shape[i] >= 0, "invalid shape dimension ", shape[i], " at index ", i, " of shape ", shape);
      known *= shape[i];
    }
  }
  const bool fits = unknown >= 0 ? known > 0 && numel % known == 0 : known == numel;
  if (!fits && unknown >= 0 && known == 0 && numel == 0)
    fail(ErrorType::Runtime, "cannot reshape tensor of 0 elements into shape ", shape,
         " because the unspecified dimension size -1 can be any value and is ambiguous");
  RL_CHECK(fits, "shape '", shape, "' is invalid for input of size ", numel);
  if (unknown >= 0) out[static_cast<size_t>(unknown)] = numel / known;
  return out;
}

// Strides with which `shape` views a tensor of these sizes and strides, if there are any: each run of
// dimensions that is contiguous within itself can be cut anew.
std::optional<Dims> view_strides(IntList sizes, IntList strides, IntList shape) {
  if (product(sizes) == 0) return contiguous_strides(shape);
  Dims out(shape.size());
  auto to = static_cast<int64_t>(shape.size()) - 1;
  int64_t chunk_numel = 1, view_numel = 1;
  int64_t chunk_stride = strides.empty() ? 1 : strides.back();
  for (auto d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d) {
    const auto i = static_cast<size_t>(d);
    chunk_numel *= sizes[i];
    const bool chunk_ends = d == 0 || (sizes[i - 1] != 1 && strides[i - 1] != chunk_numel * chunk_stride);
    if (!chunk_ends) continue;
    while (to >= 0 && (view_numel < chunk_numel || shape[static_cast<size_t>(to)] == 1)) {
      out[static_cast<size_t>(to)] = view_numel * chunk_stride;
      view_numel *= shape[static_cast<size_t>(to)];
      --to;
    }
    if (view_numel != chunk_numel) return std::nullopt;
    if (d > 0) {
      chunk_stride = strides[i - 1];
      chunk_numel = view_numel = 1;
    }
  }
  for (; to >= 0; --to) out[static_cast<size_t>(to)] = 1;
  return out;
}

namespace impl {

Tensor transpose(const Tensor& self, int64_t dim0, int64_t dim1) {
  const auto a = static_cast<size_t>(wrap_dim(dim0, self.dim()));
  const auto b = static_cast<size_t>(wrap_dim(dim1, self.dim()));
  Dims sizes = self.sizes(), strides = self.strides();
  if (a != b) {
    std::swap(sizes[a], sizes[b]);
    std::swap(strides[a], strides[b]);
  }
  return rl::alias(self, sizes, strides, self.offset());
}

Tensor expand(const Tensor& self, IntList size, bool) {
  RL_CHECK(size.size() >= self.sizes().size(), "expand(", self.dim(), "-D tensor, size=", size,
           "): the number of sizes provided (", size.size(),
           ") must be greater or equal to the number of dimensions in the tensor (", self.dim(), ")");
  Dims sizes(size), strides(size.size());
  const size_t lead = size.size() - self.sizes().size();
  for (size_t i = 0; i < size.size(); ++i) {
    if (i < lead) {
      RL_CHECK(size[i] >= 0, "The expanded size of the tensor (", size[i],
               ") isn't allowed in a leading, non-existing dimension ", i);
      continue;
    }
    const int64_t have = self.sizes()[i - lead];
    if (size[i] == -1) sizes[i] = have;
    strides[i] = self.strides()[i - lead];
    if (sizes[i] == have) continue;
    RL_CHECK(have == 1, "The expanded size of the tensor (", sizes[i],
             ") must match the existing size (", have, ") at non-singleton dimension ", i,
             ".  Target sizes: ", size, ".  Tensor sizes: ", IntList(self.sizes()));
    strides[i] = 0;
  }
  return rl::alias(self, sizes, strides, self.offset());
}

Tensor view(const Tensor& self, IntList size) {
  const Dims shape = infer_size(size, self.numel());
  const auto strides = view_strides(self.sizes(), self.strides(), shape);
  RL_CHECK(strides, "view size is not compatible with input tensor's size and stride (at least one "
           "dimension spans across two contiguous subspaces). Use .reshape(...) instead.");
  return rl::alias(self, shape, *strides, self.offset());
}

Tensor reshape(const Tensor& self, IntList shape) {
  const Dims sizes = infer_size(shape, self.numel());
  if (view_strides(self.sizes(), self.strides(), sizes)) return ops::view(self, sizes);
  return ops::view(ops::clone(self, MemoryFormat::Contiguous), sizes);
}

Tensor as_strided(const Tensor& self, IntList size, IntList stride, std::optional<int64_t> offset) {
  RL_CHECK(size.size() == stride.size(), "mismatch in length of strides and shape");
  const int64_t at = offset.value_or(self.offset());
  RL_CHECK(at >= 0, "Tensor: invalid storage offset ", at);
  for (const int64_t s : stride)
    RL_CHECK(s >= 0, "as_strided: Negative strides are not supported at the moment, got strides: ", stride);
  check_sizes_nonnegative(size);
  const size_t bytes = storage_bytes(size, stride, at, self.item_size());
  RL_CHECK(bytes <= self.storage()->nbytes(), "setStorage: sizes ", size, ", strides ", stride,
           ", storage offset ", at, ", and itemsize ", self.item_size(), " requiring a storage size of ",
           bytes, " are out of bounds for storage of size ", self.storage()->nbytes());
  return rl::alias(self, size, stride, at);
}

}  // namespace impl

#if 0
Tensor as_strided_backward(const Tensor& grad, const Geometry& base, IntList sizes, IntList strides,
                           std::optional<int64_t> given_offset) {
  // Over a flat buffer that spans both geometries: add the gradient in at the view's places, read it
  // out at the base's.
  const int64_t offset = given_offset.value_or(base.offset);
  const int64_t low = std::min(offset, base.offset);
  const auto span = [&](IntList z, IntList t, int64_t o) {
    return static_cast<int64_t>(storage_bytes(z, t, o - low, 1));
  };
  const int64_t length = std::max(span(sizes, strides, offset), span(base.sizes, base.strides, base.offset));
  const Tensor places = ops::arange(Scalar(int64_t{0}), Scalar(length), Scalar(1), Dtype::Int64);
  const auto at = [&](IntList z, IntList t, int64_t o) {
    return ops::reshape(ops::as_strided(places, z, t, o - low), Dims{-1});
  };
  Tensor flat = ops::index_add(ops::zeros(Dims{length}, grad.dtype()), 0, at(sizes, strides, offset),
                               ops::reshape(grad, Dims{-1}));
  const Tensor base_at = at(base.sizes, base.strides, base.offset);
  // Base elements that share memory share the gradient too.
  if (!is_non_overlapping_and_dense(base.sizes, base.strides)) {
    const Tensor ones = ops::ones(base_at.sizes(), grad.dtype());
    const Tensor count = ops::index_add(ops::zeros(Dims{length}, grad.dtype()), 0, base_at, ones);
    flat = flat / ops::clamp_min(count, 1);
  }
  return ops::reshape(ops::index_select(flat, 0, base_at), base.sizes);
}

#endif
}  // namespace rl
