// Advanced indexing: index tensors become one tensor of element offsets; the iterator does the rest.
#include "core/ops/index.h"

#include "core/base/threads.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/tensor/iterator.h"

namespace rl {
namespace {

// Masks become one position tensor a dimension they cover.
TensorVec expand_masks(const Tensor& self, TensorList indices) {
  TensorVec out;
  for (const Tensor& t : indices) {
    if (!t.defined()) {
      out.emplace_back();
      continue;
    }
    const bool mask = t.dtype() == Dtype::Bool || t.dtype() == Dtype::UInt8;
    RL_CHECK_INDEX(mask || t.dtype() == Dtype::Int64 || t.dtype() == Dtype::Int32,
                   "tensors used as indices must be long, int, byte or bool tensors");
    if (!mask) {
      out.push_back(t);
      continue;
    }
    if (t.dtype() == Dtype::UInt8)
      warn("indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.");
    for (int64_t d = 0; d < t.dim(); ++d) {
      const size_t at = out.size() + static_cast<size_t>(d);
      const bool fits = at < self.sizes().size() && self.sizes()[at] == t.sizes()[static_cast<size_t>(d)];
      RL_CHECK_INDEX(fits, "The shape of the mask ", IntList(t.sizes()), " at index ", d,
                     " does not match the shape of the indexed tensor ", IntList(self.sizes()), " at index ", at);
    }
    const Tensor rows = impl::nonzero(t);
    for (int64_t d = 0; d < t.dim(); ++d) out.push_back(impl::select(rows, 1, d));
  }
  while (!out.empty() && !out.back().defined()) out.pop_back();
  // Masks may take more places than they had in the list: the rest moves up, dropping trailing gaps.
  RL_CHECK_INDEX(out.size() <= self.sizes().size(), "too many indices for tensor of dimension ", self.dim(),
                 " (got ", out.size(), ")");
  return out;
}

}  // namespace

AdvancedIndex resolve_index(const Tensor& self, TensorList given) {
  // A mask of n dimensions is followed by n - 1 gaps in the list (as the binding writes it) or not
  // (as C++ callers may): gaps right behind a mask are its own.
  TensorVec list;
  for (size_t i = 0; i < given.size(); ++i) {
    list.push_back(given[i]);
    const bool mask = given[i].defined() &&
                      (given[i].dtype() == Dtype::Bool || given[i].dtype() == Dtype::UInt8);
    if (mask)
      for (int64_t k = 1; k < given[i].dim() && i + 1 < given.size() && !given[i + 1].defined(); ++k) ++i;
  }
  const TensorVec indices = expand_masks(self, list);
  Dims shape;
  size_t first = indices.size(), last = 0, count = 0;
  for (size_t d = 0; d < indices.size(); ++d) {
    if (!indices[d].defined()) continue;
    if (count) {
      const Dims before = shape;
      try {
        shape = broadcast_sizes(shape, indices[d].sizes());
      } catch (const Error&) {
        fail(ErrorType::Index, "shape mismatch: indexing tensors could not be broadcast together with shapes ",
             IntList(before), ", ", IntList(indices[d].sizes()));
      }
    } else {
      shape = indices[d].sizes();
    }
    first = std::min(first, d);
    last = d;
    ++count;
  }
  const bool adjacent = count == 0 || last - first + 1 == count;

  AdvancedIndex out;
  out.offsets = empty(shape, Dtype::Int64);
  int64_t* const offsets = out.offsets.data<int64_t>();
  std::fill_n(offsets, out.offsets.numel(), 0);
  for (size_t d = 0; d < indices.size(); ++d) {
    if (!indices[d].defined()) continue;
    const Tensor at = contiguous_copy(rl::alias(impl::expand(indices[d], shape, false)), Dtype::Int64);
    const int64_t* const p = at.data<int64_t>();
    const int64_t n = self.sizes()[d], step = self.strides()[d];
    parallel_for(0, at.numel(), 16384, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t v = p[i];
        RL_CHECK_INDEX(v >= -n && v < n, "index ", v, " is out of bounds for dimension ", d, " with size ", n);
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
  for (size_t d = 0; d < self.sizes().size(); ++d) {
    if (adjacent && count && d == first) put_shape();
    if (d < indices.size() && indices[d].defined()) continue;
    out.sizes.push_back(self.sizes()[d]);
    out.strides.push_back(self.strides()[d]);
    out.offset_strides.push_back(0);
  }
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

struct Bytes16 {
  uint64_t a, b;
};

// The loop for elements of this many bytes.
template <template <class> class Holder>
Loop1d by_size(size_t bytes) {
  switch (bytes) {
    case 1: return Holder<uint8_t>::loop;
    case 2: return Holder<uint16_t>::loop;
    case 4: return Holder<uint32_t>::loop;
    case 8: return Holder<uint64_t>::loop;
    default: return Holder<Bytes16>::loop;
  }
}
template <class T>
struct Gather {
  static constexpr Loop1d loop = gather_loop<T>;
};
template <class T>
struct Put {
  static constexpr Loop1d loop = put_loop<T>;
};

}  // namespace

namespace impl {

Tensor index(const Tensor& self, TensorList indices) {
  RL_CHECK_INDEX(static_cast<int64_t>(indices.size()) <= self.dim(), "too many indices for tensor of dimension ",
                 self.dim(), " (got ", indices.size(), ")");
  const AdvancedIndex at = resolve_index(self, indices);
  Tensor out = rl::empty(at.sizes, self.dtype(), self.device());
  if (out.numel() == 0) return out;
  const auto bytes = static_cast<int64_t>(self.item_size());
  Iterator it(at.sizes);
  it.add(out.raw(), out.sizes(), out.strides(), bytes);
  it.add(self.raw(), at.sizes, at.strides, bytes);
  it.add(at.offsets.raw(), at.sizes, at.offset_strides, 8);
  it.run(by_size<Gather>(self.item_size()), nullptr, 4096);
  return out;
}

Tensor nonzero(const Tensor& self) {
  const Tensor flags = [&] {
    if (self.dtype() == Dtype::Bool) return as_contiguous(self);
    return contiguous_copy(self, Dtype::Bool);
  }();
  const bool* const p = flags.data<bool>();
  const int64_t n = flags.numel();
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) count += p[i];
  const int64_t dims = self.dim();
  Tensor out = rl::empty(Dims{count, dims}, Dtype::Int64);
  int64_t* to = out.data<int64_t>();
  Dims at(static_cast<size_t>(dims));
  for (int64_t i = 0; i < n; ++i) {
    if (!p[i]) continue;
    int64_t rest = i;
    for (int64_t d = dims; d-- > 0;) {
      to[d] = rest % self.size(d);
      rest /= self.size(d);
    }
    to += dims;
  }
  return out;
}

}  // namespace impl

namespace cpu {

void index_put_(const Tensor& self, TensorList indices, const Tensor& values, bool accumulate) {
  RL_CHECK_INDEX(static_cast<int64_t>(indices.size()) <= self.dim(), "too many indices for tensor of dimension ",
                 self.dim(), " (got ", indices.size(), ")");
  RL_CHECK(self.dtype() == values.dtype(),
           "Index put requires the source and destination dtypes match, got ", self.dtype(),
           " for the destination and ", values.dtype(), " for the source.");
  RL_CHECK(!has_internal_overlap(self),
           "unsupported operation: more than one element of the written-to tensor refers to a single memory "
           "location. Please clone() the tensor before performing the operation.");
  const AdvancedIndex at = resolve_index(self, indices);
  Tensor source = values;
  while (source.dim() > static_cast<int64_t>(at.sizes.size()) && source.sizes()[0] == 1)
    source = impl::select(source, 0, 0);
  bool fits = source.dim() <= static_cast<int64_t>(at.sizes.size());
  for (int64_t d = 1; fits && d <= source.dim(); ++d) {
    const int64_t have = source.size(-d), want = at.sizes[at.sizes.size() - static_cast<size_t>(d)];
    fits = have == want || have == 1;
  }
  RL_CHECK(fits, "shape mismatch: value tensor of shape ", IntList(values.sizes()),
           " cannot be broadcast to indexing result of shape ", IntList(at.sizes));
  if (product(at.sizes) == 0) return;
  if (may_overlap(self, source)) source = contiguous_copy(source, source.dtype());
  const auto bytes = static_cast<int64_t>(self.item_size());
  Iterator it(at.sizes);
  it.keep_order();
  it.add(self.raw(), at.sizes, at.strides, bytes);
  it.add(source.raw(), source.sizes(), source.strides(), bytes);
  it.add(at.offsets.raw(), at.sizes, at.offset_strides, 8);
  // Serial: positions may repeat, and then the last one wins or sums add up in order.
  Loop1d loop = by_size<Put>(self.item_size());
  if (accumulate)
    dispatch(AllTypes{}, self.dtype(), "index_put_", [&]<class T>() { loop = add_loop<T>; });
  it.run_serial(loop, nullptr);
}

}  // namespace cpu
}  // namespace rl
