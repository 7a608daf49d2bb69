// Shapes and strides of views.
#include "core/ops/view.h"

#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/ops/reduce.h"

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
      RL_CHECK(shape[i] >= 0, "invalid shape dimension ", shape[i], " at index ", i, " of shape ",
               shape);
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

// Strides with which `shape` views a tensor of these sizes and strides, if there are any: each run
// of dimensions that is contiguous within itself can be cut anew.
std::optional<Dims> view_strides(IntList sizes, IntList strides, IntList shape) {
  if (product(sizes) == 0) return contiguous_strides(shape);
  Dims out(shape.size());
  auto to = static_cast<int64_t>(shape.size()) - 1;
  int64_t chunk_numel = 1, view_numel = 1;
  int64_t chunk_stride = strides.empty() ? 1 : strides.back();
  for (auto d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d) {
    const auto i = static_cast<size_t>(d);
    chunk_numel *= sizes[i];
    const bool chunk_ends =
        d == 0 || (sizes[i - 1] != 1 && strides[i - 1] != chunk_numel * chunk_stride);
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
  RL_CHECK(size.size() >= self.sizes().size(), "expand(torch.", legacy_name(self.dtype()),
           "Tensor{", IntList(self.sizes()), "}, size=", size, "): the number of sizes provided (",
           size.size(), ") must be greater or equal to the number of dimensions in the tensor (",
           self.dim(), ")");
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
  RL_CHECK(strides,
           "view size is not compatible with input tensor's size and stride (at least one "
           "dimension spans across two contiguous subspaces). Use .reshape(...) instead.");
  return rl::alias(self, shape, *strides, self.offset());
}

Tensor reshape(const Tensor& self, IntList shape) {
  const Dims sizes = infer_size(shape, self.numel());
  if (view_strides(self.sizes(), self.strides(), sizes)) return ops::view(self, sizes);
  return ops::_unsafe_view(ops::clone(self, MemoryFormat::Contiguous), sizes);
}

Tensor as_strided(const Tensor& self, IntList size, IntList stride, std::optional<int64_t> offset) {
  RL_CHECK(size.size() == stride.size(), "mismatch in length of strides and shape");
  const int64_t at = offset.value_or(self.offset());
  RL_CHECK(at >= 0, "Tensor: invalid storage offset ", at);
  for (const int64_t s : stride)
    RL_CHECK(s >= 0,
             "as_strided: Negative strides are not supported at the moment, got strides: ", stride);
  check_sizes_nonnegative(size);
  const size_t bytes = storage_bytes(size, stride, at, self.item_size());
  RL_CHECK(bytes <= self.storage()->nbytes(), "setStorage: sizes ", size, ", strides ", stride,
           ", storage offset ", at, ", and itemsize ", self.item_size(),
           " requiring a storage size of ", bytes, " are out of bounds for storage of size ",
           self.storage()->nbytes());
  return rl::alias(self, size, stride, at);
}

Tensor t(const Tensor& self) {
  RL_CHECK(self.dim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", self.dim(),
           "D");
  return self.dim() < 2 ? rl::alias(self) : transpose(self, 0, 1);
}

Tensor permute(const Tensor& self, IntList dims) {
  RL_CHECK(
      dims.size() == self.sizes().size(),
      "permute(sparse_coo): number of dimensions in the tensor "
      "input does not match the length of the desired ordering of dimensions i.e. input.dim() = ",
      self.dim(), " is not equal to len(dims) = ", dims.size());
  Dims sizes, strides;
  std::vector<char> seen(dims.size());
  for (const int64_t d : dims) {
    const auto i = static_cast<size_t>(wrap_dim(d, self.dim()));
    RL_CHECK(!seen[i], "permute(): duplicate dims are not allowed.");
    seen[i] = 1;
    sizes.push_back(self.sizes()[i]);
    strides.push_back(self.strides()[i]);
  }
  return rl::alias(self, sizes, strides, self.offset());
}

Tensor numpy_t(const Tensor& self) {
  Dims sizes = self.sizes(), strides = self.strides();
  std::reverse(sizes.begin(), sizes.end());
  std::reverse(strides.begin(), strides.end());
  return rl::alias(self, sizes, strides, self.offset());
}

Tensor view_dtype(const Tensor& self, Dtype dtype) {
  const auto from = static_cast<int64_t>(self.item_size()),
             to = static_cast<int64_t>(size_of(dtype));
  Dims sizes = self.sizes(), strides = self.strides();
  int64_t offset = self.offset();
  if (from != to) {
    RL_CHECK(self.dim() > 0, "self.dim() cannot be 0 to view ", self.dtype(), " as ", dtype,
             " (different element sizes)");
    RL_CHECK(strides.back() == 1, "self.stride(-1) must be 1 to view ", self.dtype(), " as ", dtype,
             " (different element sizes), but got ", strides.back());
    if (from > to) {
      for (size_t i = 0; i + 1 < strides.size(); ++i) strides[i] *= from / to;
      sizes.back() *= from / to;
      offset *= from / to;
    } else {
      const int64_t ratio = to / from;
      RL_CHECK(sizes.back() % ratio == 0, "self.size(-1) must be divisible by ", ratio, " to view ",
               self.dtype(), " as ", dtype, " (different element sizes), but got ", sizes.back());
      RL_CHECK(offset % ratio == 0, "self.storage_offset() must be divisible by ", ratio,
               " to view ", self.dtype(), " as ", dtype, " (different element sizes), but got ",
               offset);
      for (size_t i = 0; i + 1 < strides.size(); ++i) {
        RL_CHECK(strides[i] % ratio == 0, "self.stride(", i, ") must be divisible by ", ratio,
                 " to view ", self.dtype(), " as ", dtype, " (different element sizes), but got ",
                 strides[i]);
        strides[i] /= ratio;
      }
      sizes.back() /= ratio;
      offset /= ratio;
    }
  }
  return Tensor::make(self.storage(), dtype, sizes, strides, offset);
}

Tensor select(const Tensor& self, int64_t dim, int64_t index) {
  RL_CHECK_INDEX(self.dim() > 0, "select() cannot be applied to a 0-dim tensor.");
  const auto d = static_cast<size_t>(wrap_dim(dim, self.dim()));
  const int64_t n = self.sizes()[d];
  RL_CHECK_INDEX(index >= -n && index < n, "select(): index ", index,
                 " out of range for tensor of size ", IntList(self.sizes()), " at dimension ", d);
  const int64_t at = index < 0 ? index + n : index;
  Dims sizes = self.sizes(), strides = self.strides();
  const int64_t offset = self.offset() + at * strides[d];
  sizes.erase(d);
  strides.erase(d);
  return rl::alias(self, sizes, strides, offset);
}

Tensor slice(const Tensor& self, int64_t dim, std::optional<int64_t> start,
             std::optional<int64_t> end, int64_t step) {
  RL_CHECK(self.dim() > 0, "slice() cannot be applied to a 0-dim tensor.");
  RL_CHECK(step > 0, "slice step must be positive");
  const auto d = static_cast<size_t>(wrap_dim(dim, self.dim()));
  const int64_t n = self.sizes()[d];
  const auto bound = [n](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + n : v, 0, n); };
  const int64_t first = bound(start.value_or(0));
  const int64_t last = std::max(first, bound(end.value_or(n)));
  Dims sizes = self.sizes(), strides = self.strides();
  const int64_t offset = self.offset() + first * strides[d];
  sizes[d] = (last - first + step - 1) / step;
  strides[d] *= step;
  return rl::alias(self, sizes, strides, offset);
}

Tensor unsqueeze(const Tensor& self, int64_t dim) {
  const auto d = static_cast<size_t>(wrap_dim(dim, self.dim() + 1));
  Dims sizes = self.sizes(), strides = self.strides();
  strides.insert(d, d < sizes.size() ? sizes[d] * strides[d] : 1);
  sizes.insert(d, 1);
  return rl::alias(self, sizes, strides, self.offset());
}

namespace {
Tensor squeeze_mask(const Tensor& self, uint64_t mask) {
  Dims sizes, strides;
  for (size_t i = 0; i < self.sizes().size(); ++i) {
    if ((mask >> i & 1) && self.sizes()[i] == 1) continue;
    sizes.push_back(self.sizes()[i]);
    strides.push_back(self.strides()[i]);
  }
  return rl::alias(self, sizes, strides, self.offset());
}
}  // namespace

Tensor squeeze(const Tensor& self) { return squeeze_mask(self, ~uint64_t{0}); }
Tensor squeeze_dim(const Tensor& self, int64_t dim) {
  return squeeze_mask(self, uint64_t{1} << wrap_dim(dim, self.dim()));
}
Tensor squeeze_dims(const Tensor& self, IntList dim) {
  return squeeze_mask(self, dim.empty() ? 0 : reduced_mask(dim, std::max<int64_t>(self.dim(), 1)));
}

Tensor diagonal(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2) {
  const auto a = static_cast<size_t>(wrap_dim(dim1, self.dim()));
  const auto b = static_cast<size_t>(wrap_dim(dim2, self.dim()));
  RL_CHECK(a != b, "diagonal dimensions cannot be identical ", dim1, ", ", dim2);
  Dims sizes = self.sizes(), strides = self.strides();
  const int64_t length =
      offset >= 0 ? std::min(sizes[a], sizes[b] - offset) : std::min(sizes[a] + offset, sizes[b]);
  int64_t at = self.offset();
  if (length > 0) at += offset >= 0 ? offset * strides[b] : -offset * strides[a];
  const int64_t step = strides[a] + strides[b];
  for (const size_t d : {std::max(a, b), std::min(a, b)}) {
    sizes.erase(d);
    strides.erase(d);
  }
  sizes.push_back(std::max<int64_t>(length, 0));
  strides.push_back(step);
  return rl::alias(self, sizes, strides, at);
}

Tensor unfold(const Tensor& self, int64_t dimension, int64_t size, int64_t step) {
  const int64_t d = wrap_dim(dimension, self.dim());
  const int64_t n = self.dim() ? self.size(d) : 1;
  RL_CHECK(size >= 0, "size is ", size, " but must be >= 0");
  RL_CHECK(size <= n, "maximum size for tensor at dimension ", d, " is ", n, " but size is ", size);
  RL_CHECK(step > 0, "step is ", step, " but must be > 0");
  Dims sizes = self.sizes(), strides = self.strides();
  if (self.dim() == 0) return rl::alias(self, Dims{size}, Dims{1}, self.offset());
  const auto i = static_cast<size_t>(d);
  sizes[i] = (n - size) / step + 1;
  sizes.push_back(size);
  strides.push_back(strides[i]);
  strides[i] *= step;
  return rl::alias(self, sizes, strides, self.offset());
}

namespace {
Tensor zeros_for(const Tensor& grad, IntList sizes) {
  Tensor out = rl::empty(sizes, grad.dtype(), grad.device());
  cpu::zero_(out);
  return out;
}
}  // namespace

Tensor select_backward(const Tensor& grad, IntList sizes, int64_t dim, int64_t index) {
  Tensor out = zeros_for(grad, sizes);
  copy_into(select(out, dim, index), grad);
  return out;
}

Tensor slice_backward(const Tensor& grad, IntList sizes, int64_t dim, std::optional<int64_t> start,
                      std::optional<int64_t> end, int64_t step) {
  Tensor out = zeros_for(grad, sizes);
  copy_into(slice(out, dim, start, end, step), grad);
  return out;
}

Tensor diagonal_backward(const Tensor& grad, IntList sizes, int64_t offset, int64_t dim1,
                         int64_t dim2) {
  Tensor out = zeros_for(grad, sizes);
  copy_into(diagonal(out, offset, dim1, dim2), grad);
  return out;
}

Tensor unfold_backward(const Tensor& grad, IntList sizes, int64_t dim, int64_t size, int64_t step) {
  if (sizes.empty()) return size ? select(grad, 0, 0) : zeros_for(grad, sizes);
  Tensor out = zeros_for(grad, sizes);
  const int64_t d = wrap_dim(dim, static_cast<int64_t>(sizes.size()));
  const int64_t windows = grad.size(d);
  // Window elements k of all windows never overlap each other.
  for (int64_t k = 0; k < size; ++k) {
    const Tensor part = slice(out, d, k, k + (windows - 1) * step + 1, step);
    ops::add.inplace(part, select(grad, -1, k));
  }
  return out;
}

// --- made of views
Tensor narrow(const Tensor& self, int64_t dim, int64_t start, int64_t length) {
  RL_CHECK(self.dim() > 0, "narrow() cannot be applied to a 0-dim tensor.");
  RL_CHECK(length >= 0, "narrow(): length must be non-negative.");
  const int64_t n = self.sizes()[static_cast<size_t>(wrap_dim(dim, self.dim()))];
  RL_CHECK_INDEX(start >= -n && start <= n, "start out of range (expected to be in range of [", -n,
                 ", ", n, "], but got ", start, ")");
  const int64_t first = start < 0 ? start + n : start;
  RL_CHECK(first <= n - length, "start (", first, ") + length (", length,
           ") exceeds dimension size (", n, ").");
  return ops::slice(self, dim, first, first + length, 1);
}

Tensor movedim(const Tensor& self, IntList source, IntList destination) {
  RL_CHECK(source.size() == destination.size(),
           "movedim: Invalid source or destination dims: source (", source,
           " dims) should contain the same number of dims as destination (", destination, " dims)");
  const auto n = static_cast<size_t>(self.dim());
  Dims order(n, -1);
  std::vector<char> moved(std::max<size_t>(n, 1));
  for (size_t i = 0; i < source.size(); ++i) {
    const auto from = static_cast<size_t>(wrap_dim(source[i], self.dim()));
    const auto to = static_cast<size_t>(wrap_dim(destination[i], self.dim()));
    RL_CHECK(!moved[from], "movedim: repeated dim in `source` (", source, ")");
    RL_CHECK(n == 0 || order[to] < 0, "movedim: repeated dim in `destination` (", destination, ")");
    if (n == 0) return ops::view(self, IntList());
    moved[from] = 1;
    order[to] = static_cast<int64_t>(from);
  }
  int64_t next = 0;
  for (int64_t& d : order) {
    if (d >= 0) continue;
    while (moved[static_cast<size_t>(next)]) ++next;
    d = next++;
  }
  return ops::permute(self, order);
}

Tensor flatten(const Tensor& self, int64_t start_dim, int64_t end_dim) {
  const int64_t start = wrap_dim(start_dim, self.dim()), end = wrap_dim(end_dim, self.dim());
  RL_CHECK(start <= end, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (self.dim() == 0) return ops::reshape(self, Dims{1});
  if (start == end) return self;
  Dims shape;
  int64_t joined = 1;
  for (int64_t d = 0; d < self.dim(); ++d) {
    const int64_t n = self.sizes()[static_cast<size_t>(d)];
    if (d < start || d > end)
      shape.push_back(n);
    else
      joined *= n;
    if (d == end) shape.push_back(joined);
  }
  return ops::reshape(self, shape);
}

Tensor unflatten(const Tensor& self, int64_t dim, IntList sizes) {
  const auto d = static_cast<size_t>(wrap_dim(dim, self.dim()));
  RL_CHECK(!sizes.empty(), "unflatten: sizes must be non-empty");
  Dims pieces;
  const int64_t n = self.sizes()[d];
  const bool infers = std::find(sizes.begin(), sizes.end(), -1) != sizes.end();
  RL_CHECK(infers || product(sizes) == n, "unflatten: Provided sizes ", sizes,
           " don't multiply up to the size of dim ", static_cast<int64_t>(d), " (", n,
           ") in the input tensor");
  pieces = infer_size(sizes, n);
  Dims shape;
  for (size_t i = 0; i < self.sizes().size(); ++i) {
    if (i != d)
      shape.push_back(self.sizes()[i]);
    else
      for (const int64_t p : pieces) shape.push_back(p);
  }
  return ops::view(self, shape);
}

}  // namespace impl

Dims inverse_permutation(IntList dims) {
  Dims out(dims.size());
  const auto n = static_cast<int64_t>(dims.size());
  for (size_t i = 0; i < dims.size(); ++i)
    out[static_cast<size_t>(wrap_dim(dims[i], n))] = static_cast<int64_t>(i);
  return out;
}

Tensor as_strided_backward(const Tensor& grad, const TensorGeometry& base, IntList sizes,
                           IntList strides, std::optional<int64_t> given_offset) {
  // Over a flat buffer that spans both geometries: add the gradient in at the view's places, read
  // it out at the base's.
  const int64_t offset = given_offset.value_or(base.offset);
  const int64_t low = std::min(offset, base.offset);
  const auto span = [&](IntList z, IntList t, int64_t o) {
    return static_cast<int64_t>(storage_bytes(z, t, o - low, 1));
  };
  const int64_t length =
      std::max(span(sizes, strides, offset), span(base.sizes, base.strides, base.offset));
  const Tensor places = ops::arange(length);
  const auto at = [&](IntList z, IntList t, int64_t o) {
    return TensorVec{ops::reshape(ops::as_strided(places, z, t, o - low), Dims{-1})};
  };
  const Tensor zeros = ops::zeros(Dims{length}, grad.dtype());
  const TensorVec base_at = at(base.sizes, base.strides, base.offset);
  Tensor flat =
      ops::index_put(zeros, at(sizes, strides, offset), ops::reshape(grad, Dims{-1}), true);
  // Base elements that share memory share the gradient too. (Places outside the base become 0/0 and
  // are not read.)
  if (!is_non_overlapping_and_dense(base.sizes, base.strides)) {
    const Tensor ones = ops::ones(base_at[0].sizes(), grad.dtype());
    flat = flat / ops::index_put(zeros, base_at, ones, true);
  }
  return ops::reshape(ops::index(flat, base_at), base.sizes);
}

}  // namespace rl
