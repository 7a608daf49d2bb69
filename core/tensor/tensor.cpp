// Tensor metadata and construction.
#include "core/tensor/tensor.h"

#include <cstring>
#include <mutex>
#include <numeric>

namespace rl {

void (*TensorImpl::release_python_object)(TensorImpl*) = nullptr;

TensorImpl::TensorImpl(Ptr<Storage> s, Dtype d, IntList z, IntList t, int64_t o)
    : storage(std::move(s)), dtype(d) {
  set_geometry(z, t, o);
}

void TensorImpl::set_geometry(IntList z, IntList t, int64_t o) {
  sizes.assign(z);
  strides.assign(t);
  offset = o;
  numel = product(z);
  contiguous = is_contiguous(z, t);
}

void TensorImpl::destroy(TensorImpl* self) {
  if (self->python_object && self->owns_python_object) release_python_object(self);
  delete self;
}

const Ptr<VersionCounter>& TensorImpl::shared_version() {
  if (!version_counter) version_counter = Ptr<VersionCounter>::adopt(new VersionCounter);
  return version_counter;
}

namespace {

constexpr size_t kPlacesKept = 16;
std::mutex places_mutex;

}  // namespace

std::string VersionCounter::last_writer() const {
  const char* name = writer_.load(std::memory_order_relaxed);
  if (!name) return "an unnamed write";
  switch (form_.load(std::memory_order_relaxed)) {
    case WriteForm::InPlace:
      return std::string(name) + "_";
    case WriteForm::Out:
      return std::string(name) + "(out=...)";
    default:
      return name;
  }
}

void VersionCounter::rename_last(const char* writer, WriteForm form) {
  writer_.store(writer, std::memory_order_relaxed);
  form_.store(form, std::memory_order_relaxed);
  const std::lock_guard lock(places_mutex);
  if (!places_.empty()) places_.back().writer = last_writer();
}

void VersionCounter::note_place(std::string place) {
  const std::lock_guard lock(places_mutex);
  if (places_.size() == kPlacesKept) places_.erase(places_.begin());
  places_.push_back({current(), last_writer(), std::move(place)});
}

VersionCounter::PlacedWrite VersionCounter::first_place_after(uint32_t version) const {
  const std::lock_guard lock(places_mutex);
  for (const PlacedWrite& write : places_)
    if (write.version > version) return write;
  return {};
}

bool Tensor::is_contiguous(MemoryFormat format) const {
  switch (format) {
    case MemoryFormat::ChannelsLast:
    case MemoryFormat::ChannelsLast3d: {
      if (dim() != (format == MemoryFormat::ChannelsLast ? 4 : 5)) return false;
      const Dims expected = channels_last_strides(sizes());
      for (size_t i = 0; i < expected.size(); ++i)
        if (sizes()[i] != 1 && strides()[i] != expected[i]) return false;
      return true;
    }
    default:
      return is_contiguous();
  }
}

Dims contiguous_strides(IntList sizes) {
  Dims strides(sizes.size());
  int64_t step = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = step;
    step *= std::max<int64_t>(sizes[i], 1);
  }
  return strides;
}

Dims channels_last_strides(IntList sizes) {
  Dims strides(sizes.size());
  int64_t step = 1;
  const auto place = [&](size_t d) {
    strides[d] = step;
    step *= std::max<int64_t>(sizes[d], 1);
  };
  place(1);
  for (size_t d = sizes.size(); d-- > 2;) place(d);
  place(0);
  return strides;
}

bool is_contiguous(IntList sizes, IntList strides) {
  int64_t step = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] == 0) return true;
    if (sizes[i] != 1) {
      if (strides[i] != step) return product(sizes) == 0;
      step *= sizes[i];
    }
  }
  return true;
}

namespace {
// Dimensions from the smallest stride to the largest.
Dims order_by_stride(IntList strides) {
  Dims order(strides.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return strides[static_cast<size_t>(a)] < strides[static_cast<size_t>(b)];
  });
  return order;
}
}  // namespace

bool is_non_overlapping_and_dense(IntList sizes, IntList strides) {
  if (product(sizes) <= 1) return true;
  int64_t step = 1;
  for (const int64_t d : order_by_stride(strides)) {
    const auto i = static_cast<size_t>(d);
    if (sizes[i] == 1) continue;
    if (strides[i] != step) return false;
    step *= sizes[i];
  }
  return true;
}

size_t storage_bytes(IntList sizes, IntList strides, int64_t offset, size_t item_size) {
  int64_t last = offset;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return 0;
    int64_t span = 0;
    const bool overflow = __builtin_mul_overflow(sizes[i] - 1, strides[i], &span) ||
                          __builtin_add_overflow(last, span, &last);
    RL_CHECK(!overflow, "Storage size calculation overflowed with sizes=", sizes);
  }
  int64_t bytes = 0;
  RL_CHECK(!__builtin_mul_overflow(last + 1, static_cast<int64_t>(item_size), &bytes),
           "Storage size calculation overflowed with sizes=", sizes);
  return static_cast<size_t>(bytes);
}

int64_t wrap_dim(int64_t d, int64_t dims, bool scalar_counts_as_one) {
  if (dims == 0) {
    RL_CHECK_INDEX(scalar_counts_as_one, "Dimension specified as ", d,
                   " but tensor has no dimensions");
    dims = 1;
  }
  RL_CHECK_INDEX(d >= -dims && d < dims, "Dimension out of range (expected to be in range of [",
                 -dims, ", ", dims - 1, "], but got ", d, ")");
  return d < 0 ? d + dims : d;
}

Dims broadcast_sizes(IntList a, IntList b) {
  const size_t n = std::max(a.size(), b.size());
  Dims out(n);
  for (size_t i = n; i-- > 0;) {  // the last dimension first: its clash is the one reported
    const int64_t x = i + a.size() < n ? 1 : a[i + a.size() - n];
    const int64_t y = i + b.size() < n ? 1 : b[i + b.size() - n];
    RL_CHECK(x == y || x == 1 || y == 1, "The size of tensor a (", x,
             ") must match the size of tensor b (", y, ") at non-singleton dimension ", i);
    out[i] = x == 1 ? y : x;
  }
  return out;
}

void check_sizes_nonnegative(IntList sizes) {
  for (const int64_t s : sizes)
    RL_CHECK(s >= 0, "Trying to create tensor with negative dimension ", s, ": ", sizes);
}

Tensor empty_strided(IntList sizes, IntList strides, Dtype dtype, Device device) {
  const size_t bytes = storage_bytes(sizes, strides, 0, size_of(dtype));
  return Tensor::make(Storage::make(bytes, device), dtype, sizes, strides);
}

Tensor empty(IntList sizes, Dtype dtype, Device device) {
  return empty_strided(sizes, contiguous_strides(sizes), dtype, device);
}

Tensor empty(IntList sizes, Dtype dtype, Device device, MemoryFormat format) {
  if (format == MemoryFormat::ChannelsLast || format == MemoryFormat::ChannelsLast3d) {
    const size_t rank = format == MemoryFormat::ChannelsLast ? 4 : 5;
    RL_CHECK(sizes.size() == rank, "required rank ", rank, " tensor to use ",
             rank == 4 ? "channels_last" : "channels_last_3d", " format");
    return empty_strided(sizes, channels_last_strides(sizes), dtype, device);
  }
  return empty(sizes, dtype, device);
}

Dims dense_strides_like(IntList sizes, IntList strides) {
  // Expanded dimensions (stride 0) sort by what their neighbours need, so contiguous order is the
  // tie-break: later dimensions are faster.
  Dims order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::reverse(order.begin(), order.end());
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
    if (strides[i] == 0 || strides[j] == 0) return false;
    return strides[i] < strides[j];
  });
  Dims out(sizes.size());
  int64_t step = 1;
  for (const int64_t d : order) {
    out[static_cast<size_t>(d)] = step;
    step *= std::max<int64_t>(sizes[static_cast<size_t>(d)], 1);
  }
  return out;
}

Tensor empty_like(const Tensor& t, Dtype dtype) {
  // Contiguous tensors too: dimensions of size 1 keep their strides.
  if (t.numel() > 0 && (t.is_contiguous() || is_non_overlapping_and_dense(t.sizes(), t.strides())))
    return empty_strided(t.sizes(), t.strides(), dtype, t.device());
  return empty_strided(t.sizes(), dense_strides_like(t.sizes(), t.strides()), dtype, t.device());
}

Tensor scalar_tensor(const Scalar& value, Dtype dtype) {
  Tensor out = empty({}, dtype);
  dispatch(AllTypes{}, dtype, "scalar_tensor", [&]<class T>() { *out.data<T>() = value.to<T>(); });
  return out;
}

Tensor alias(const Tensor& t, IntList sizes, IntList strides, int64_t offset) {
  return Tensor::make(t.storage(), t.dtype(), sizes, strides, offset);
}

Scalar item(const Tensor& t) {
  RL_CHECK(t.numel() == 1, "a Tensor with ", t.numel(), " elements cannot be converted to Scalar");
  RL_CHECK(!t.is_meta(), "Tensor.item() cannot be called on meta tensors");
  Scalar out;
  dispatch(AllTypes{}, t.dtype(), "item", [&]<class T>() {
    const T v = *t.data<T>();
    if constexpr (std::is_same_v<T, bool>)
      out = Scalar(v);
    else if constexpr (is_complex_type<T>)
      out = Scalar(Complex128(v));
    else if constexpr (std::is_integral_v<T>)
      out = Scalar(static_cast<int64_t>(v));
    else
      out = Scalar(static_cast<double>(v));
  });
  return out;
}

bool may_overlap(const Tensor& a, const Tensor& b) {
  if (a.storage().get() != b.storage().get()) {
    // Two storages may still borrow the same bytes (NumPy, DLPack).
    if (a.storage()->resizable() && b.storage()->resizable()) return false;
  }
  if (a.numel() == 0 || b.numel() == 0) return false;
  const auto span = [](const Tensor& t) {
    int64_t last = 0;
    for (size_t i = 0; i < t.sizes().size(); ++i) last += (t.sizes()[i] - 1) * t.strides()[i];
    return last * static_cast<int64_t>(t.item_size()) + static_cast<int64_t>(t.item_size());
  };
  return a.raw() < b.raw() + span(b) && b.raw() < a.raw() + span(a);
}

bool has_internal_overlap(const Tensor& t) {
  if (t.numel() == 0) return false;
  for (size_t i = 0; i < t.sizes().size(); ++i)
    if (t.sizes()[i] > 1 && t.strides()[i] == 0) return true;
  return false;
}

Tensor contiguous_copy(const Tensor& t, Dtype dtype) {
  Tensor out = empty(t.sizes(), dtype, t.device());
  copy_into(out, t);
  return out;
}

Tensor as_contiguous(const Tensor& t, Dtype dtype) {
  return t.is_contiguous() && t.dtype() == dtype ? t : contiguous_copy(t, dtype);
}

}  // namespace rl
