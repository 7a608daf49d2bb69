// Advanced indexing: index tensors become one tensor of element offsets; the iterator does the
// rest. A single index tensor, and a mask over everything, take the shorter ways of gather and
// masks.
#include "core/ops/index.h"

#include "core/base/small_vector.h"
#include "core/base/threads.h"
#include "core/kernels/cpu/by_size.h"
#include "core/kernels/cpu/scatter.h"
#include "core/ops/operators.h"
#include "core/tensor/iterator.h"

namespace rl {
namespace {

bool is_mask(const Tensor& t) { return t.dtype() == Dtype::Bool || t.dtype() == Dtype::UInt8; }

void check_count(const Tensor& self, size_t count) {
  RL_CHECK_INDEX(static_cast<int64_t>(count) <= self.dim(),
                 "too many indices for tensor of dimension ", self.dim(), " (got ", count, ")");
}

// The one mask that covers all dimensions, or null.
const Tensor* whole_mask(const Tensor& self, TensorList indices) {
  if (indices.empty() || !indices[0].defined() || indices[0].dtype() != Dtype::Bool) return nullptr;
  for (size_t i = 1; i < indices.size(); ++i)
    if (indices[i].defined()) return nullptr;
  return indices[0].dim() > 0 && indices[0].sizes() == self.sizes() ? &indices[0] : nullptr;
}

// The dimension with the only index tensor, or -1.
int64_t single_position(TensorList positions) {
  int64_t at = -1;
  for (size_t d = 0; d < positions.size(); ++d) {
    if (!positions[d].defined()) continue;
    if (at >= 0) return -1;
    at = static_cast<int64_t>(d);
  }
  return at;
}

[[noreturn]] void fail_bounds(int64_t value, int64_t dim, int64_t size) {
  fail(ErrorType::Index, "index ", value, " is out of bounds for dimension ", dim, " with size ",
       size);
}

}  // namespace

TensorVec expand_masks(const Tensor& self, TensorList given) {
  TensorVec out;
  for (size_t k = 0; k < given.size(); ++k) {
    const Tensor& t = given[k];
    if (!t.defined()) {
      out.emplace_back();
      continue;
    }
    RL_CHECK_INDEX(is_mask(t) || t.dtype() == Dtype::Int64 || t.dtype() == Dtype::Int32,
                   "tensors used as indices must be long, int, byte or bool tensors");
    if (!is_mask(t)) {
      out.push_back(t);
      continue;
    }
    if (t.dtype() == Dtype::UInt8)
      warn(
          "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool "
          "instead.");
    // A mask of n dimensions may be followed by n - 1 gaps, which are its own.
    for (int64_t d = 1; d < t.dim() && k + 1 < given.size() && !given[k + 1].defined(); ++d) ++k;
    for (int64_t d = 0; d < t.dim(); ++d) {
      const size_t at = out.size() + static_cast<size_t>(d);
      const bool fits =
          at < self.sizes().size() && self.sizes()[at] == t.sizes()[static_cast<size_t>(d)];
      RL_CHECK_INDEX(fits, "The shape of the mask ", IntList(t.sizes()), " at index ", d,
                     " does not match the shape of the indexed tensor ", IntList(self.sizes()),
                     " at index ", at);
    }
    const Tensor rows = impl::nonzero(t);
    for (int64_t d = 0; d < t.dim(); ++d) out.push_back(impl::select(rows, 1, d));
  }
  while (!out.empty() && !out.back().defined()) out.pop_back();
  check_count(self, out.size());
  return out;
}

AdvancedIndex resolve_index(const Tensor& self, TensorList positions) {
  Dims shape;
  size_t first = positions.size(), last = 0, count = 0;
  std::string shapes;
  for (size_t d = 0; d < positions.size(); ++d) {
    if (!positions[d].defined()) continue;
    shapes += str(count ? ", " : "", IntList(positions[d].sizes()));
    first = std::min(first, d);
    last = d;
    ++count;
  }
  for (const Tensor& t : positions) {
    if (!t.defined()) continue;
    try {
      shape = broadcast_sizes(shape, t.sizes());
    } catch (const Error&) {
      fail(ErrorType::Index,
           "shape mismatch: indexing tensors could not be broadcast together with shapes ", shapes);
    }
  }
  const bool adjacent = count == 0 || last - first + 1 == count;

  AdvancedIndex out;
  out.offsets = empty(shape, Dtype::Int64);
  int64_t* const offsets = out.offsets.data<int64_t>();
  std::fill_n(offsets, out.offsets.numel(), 0);
  for (size_t d = 0; d < positions.size(); ++d) {
    if (!positions[d].defined() || positions[d].is_meta()) continue;
    const Tensor at = as_contiguous(impl::expand(positions[d], shape, false), Dtype::Int64);
    const int64_t* const p = at.data<int64_t>();
    const int64_t n = self.sizes()[d], step = self.strides()[d];
    parallel_for(0, at.numel(), 16384, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t v = p[i];
        if (v < -n || v >= n) [[unlikely]]
          fail_bounds(v, static_cast<int64_t>(d), n);
        offsets[i] += (v < 0 ? v + n : v) * step;
      }
    });
  }
  const Dims steps = contiguous_strides(shape);
  const auto put_shape = [&] {
    for (size_t i = 0; i < shape.size(); ++i) {
      out.sizes.push_back(shape[i]);
      out.strides.push_back(0);
      out.offset_strides.push_back(steps[i]);
    }
  };
  if (!adjacent) put_shape();
  const size_t before = adjacent && count ? first : 0;
  for (size_t d = 0; d < self.sizes().size(); ++d) {
    if (adjacent && count && d == first) put_shape();
    if (d < positions.size() && positions[d].defined()) continue;
    out.sizes.push_back(self.sizes()[d]);
    out.strides.push_back(self.strides()[d]);
    out.offset_strides.push_back(0);
  }

  // A result lies in memory like self, and where that does not tell, like the positions.
  Dims spread(out.sizes.size(), 1);
  std::copy(shape.begin(), shape.end(), spread.begin() + before);
  TensorVec views;
  for (const Tensor& t : positions)
    if (t.defined()) views.push_back(impl::reshape(impl::expand(t, shape, false), spread));
  SmallVector<Geometry, 8> operands;
  operands.push_back({out.sizes, out.strides});
  for (const Tensor& t : views) operands.push_back({t.sizes(), t.strides()});
  out.result_strides = merged_strides(out.sizes, {operands.data(), operands.size()});
  return out;
}

namespace {

// data: destination, base of source, offsets.
template <class T>
void gather_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void*) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = *reinterpret_cast<const int64_t*>(data[2] + i * strides[2]);
    *reinterpret_cast<T*>(data[0] + i * strides[0]) =
        reinterpret_cast<const T*>(data[1] + i * strides[1])[at];
  }
}

// data: base of destination, source, offsets.
template <class T>
void put_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void*) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = *reinterpret_cast<const int64_t*>(data[2] + i * strides[2]);
    reinterpret_cast<T*>(data[0] + i * strides[0])[at] =
        *reinterpret_cast<const T*>(data[1] + i * strides[1]);
  }
}

template <class T>
void add_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void*) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = *reinterpret_cast<const int64_t*>(data[2] + i * strides[2]);
    T& to = reinterpret_cast<T*>(data[0] + i * strides[0])[at];
    to = static_cast<T>(to + *reinterpret_cast<const T*>(data[1] + i * strides[1]));
  }
}

// The loop for elements of this many bytes.
template <template <class> class Holder>
Loop1d by_size(size_t bytes) {
  return cpu::with_size(bytes, []<class T>() -> Loop1d { return Holder<T>::loop; });
}
template <class T>
struct Gather {
  static constexpr Loop1d loop = gather_loop<T>;
};
template <class T>
struct Put {
  static constexpr Loop1d loop = put_loop<T>;
};

// `index` of one dimension as a checked vector.
Tensor checked_positions(const Tensor& index, int64_t dim, int64_t n) {
  Tensor out = cpu::checked_index(index, n, true, [&](int64_t v) { fail_bounds(v, dim, n); });
  return alias(out, Dims{out.numel()}, Dims{1}, out.offset());
}

// Sizes with dimension `dim` replaced by several.
Dims with_dim_replaced(IntList sizes, int64_t dim, IntList by) {
  Dims out;
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (static_cast<int64_t>(d) != dim)
      out.push_back(sizes[d]);
    else
      for (const int64_t s : by) out.push_back(s);
  }
  return out;
}

Tensor index_one(const Tensor& self, int64_t dim, const Tensor& index) {
  const int64_t n = self.size(dim);
  Tensor out = rl::empty(with_dim_replaced(self.sizes(), dim, index.sizes()), self.dtype());
  const Tensor at = checked_positions(index, dim, n);
  if (out.numel() == 0) return out;
  if (dim == 0 && self.is_contiguous() && self.numel() > n) {
    const int64_t row = self.numel() / n * static_cast<int64_t>(self.item_size());
    cpu::gather_rows(out.raw(), self.raw(), at.data<int64_t>(), at.numel(), row, row);
    return out;
  }
  const int64_t count = at.numel();
  const Dims flat = with_dim_replaced(self.sizes(), dim, {&count, 1});
  cpu::gather_along(alias(out, flat, contiguous_strides(flat), 0), self, dim,
                    cpu::spread_index(at, flat, dim));
  return out;
}

void put_one(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& values,
             bool accumulate) {
  const Tensor at = checked_positions(index, dim, self.size(dim));
  const int64_t count = at.numel();
  const Dims flat = with_dim_replaced(self.sizes(), dim, {&count, 1});
  const Dims full = with_dim_replaced(self.sizes(), dim, index.sizes());
  Tensor source = impl::expand(values, full, false);
  source = values.numel() == 1 ? alias(values, flat, Dims(flat.size()), values.offset())
                               : impl::reshape(source, flat);
  cpu::scatter_along(self, dim, cpu::spread_index(at, flat, dim), source,
                     accumulate ? cpu::Scatter::Add : cpu::Scatter::Put);
}

}  // namespace

namespace impl {

Tensor index(const Tensor& self, TensorList indices) {
  check_count(self, indices.size());
  if (const Tensor* mask = whole_mask(self, indices)) return masked_select(self, *mask);
  const TensorVec positions = expand_masks(self, indices);
  const int64_t dim = single_position(positions);
  if (dim >= 0 && !self.is_meta() && self.strides() == contiguous_strides(self.sizes())) {
    const Tensor& only = positions[static_cast<size_t>(dim)];
    if (only.dim() <= 1 || only.strides() == contiguous_strides(only.sizes()))
      return index_one(self, dim, only);
  }
  const AdvancedIndex at = resolve_index(self, positions);
  Tensor out = rl::empty_strided(at.sizes, at.result_strides, self.dtype(), self.device());
  if (out.numel() == 0 || out.is_meta()) return out;
  const auto bytes = static_cast<int64_t>(self.item_size());
  Iterator it(at.sizes);
  it.add(out.raw(), out.sizes(), out.strides(), bytes);
  it.add(self.raw(), at.sizes, at.strides, bytes);
  it.add(at.offsets.raw(), at.sizes, at.offset_strides, 8);
  it.run(by_size<Gather>(self.item_size()), nullptr, 4096);
  return out;
}

}  // namespace impl

namespace cpu {

void index_put_(const Tensor& self, TensorList indices, const Tensor& given, bool accumulate) {
  check_count(self, indices.size());
  RL_CHECK(self.dtype() == given.dtype(),
           "Index put requires the source and destination dtypes match, got ", self.dtype(),
           " for the destination and ", given.dtype(), " for the source.");
  if (self.is_meta()) return;
  const Tensor values = may_overlap(self, given) ? contiguous_copy(given, given.dtype()) : given;
  const Tensor* const mask = whole_mask(self, indices);
  if (mask && values.numel() == 1 && !accumulate) {
    ops::masked_fill.inplace(rl::alias(self), *mask, rl::alias(values, {}, {}, values.offset()));
    return;
  }
  const TensorVec positions = expand_masks(self, indices);
  const int64_t dim = single_position(positions);
  Dims shape;
  std::optional<AdvancedIndex> at;
  if (dim >= 0)
    shape = with_dim_replaced(self.sizes(), dim, positions[static_cast<size_t>(dim)].sizes());
  else
    shape = at.emplace(resolve_index(self, positions)).sizes;
  bool fits = values.dim() <= static_cast<int64_t>(shape.size());
  for (int64_t d = 1; fits && d <= values.dim(); ++d) {
    const int64_t have = values.size(-d), want = shape[shape.size() - static_cast<size_t>(d)];
    fits = have == want || have == 1;
  }
  RL_CHECK(fits, "shape mismatch: value tensor of shape ", IntList(given.sizes()),
           " cannot be broadcast to indexing result of shape ", IntList(shape));
  if (dim >= 0) return put_one(self, dim, positions[static_cast<size_t>(dim)], values, accumulate);
  if (product(shape) == 0) return;
  const auto bytes = static_cast<int64_t>(self.item_size());
  Iterator it(shape);
  it.keep_order();
  it.add(self.raw(), shape, at->strides, bytes);
  it.add(values.raw(), values.sizes(), values.strides(), bytes);
  it.add(at->offsets.raw(), shape, at->offset_strides, 8);
  // Serial: positions may repeat, and then the last one wins or sums add up in order.
  Loop1d loop = by_size<Put>(self.item_size());
  if (accumulate)
    dispatch(AllTypes{}, self.dtype(), "index_put_", [&]<class T>() { loop = add_loop<T>; });
  it.run_serial(loop, nullptr);
}

}  // namespace cpu

Tensor index_backward(const Tensor& grad, IntList sizes, TensorList indices) {
  return ops::index_put(ops::zeros(sizes, grad.dtype()), indices, grad, true);
}

}  // namespace rl
