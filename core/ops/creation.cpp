// Tensors from sizes and numbers.
#include "core/ops/creation.h"

#include <cmath>
#include <limits>

#include "core/base/threads.h"
#include "core/ops/operators.h"

namespace rl {

void check_available(std::optional<Device> device, std::optional<bool> pin_memory) {
  if (device && device->type == DeviceType::Cuda)
    fail(ErrorType::Assertion,
         "Torch not compiled with CUDA enabled: rushlight computes on the CPU");
  RL_CHECK(
      !pin_memory.value_or(false),
      "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is "
      "available on this system.");
}

TensorOptions options_of(const Tensor& self, TensorOptions given) {
  if (!given.dtype) given.dtype = self.dtype();
  if (!given.device) given.device = self.device();
  return given;
}

Tensor created_empty(IntList size, const TensorOptions& options) {
  check_sizes_nonnegative(size);
  check_available(options.device, options.pin_memory);
  const MemoryFormat format = options.format.value_or(MemoryFormat::Contiguous);
  RL_CHECK(format != MemoryFormat::Preserve, "unsupported memory format Preserve");
  return empty(size, options.dtype.value_or(default_dtype()), options.device.value_or(Device{}),
               format);
}

Tensor created(IntList size, const Scalar& value, const TensorOptions& options) {
  Tensor out = created_empty(size, options);
  fill(out, value);
  return out;
}

Tensor created_empty_like(const Tensor& self, const TensorOptions& given) {
  const TensorOptions options = options_of(self, given);
  check_available(options.device, options.pin_memory);
  const MemoryFormat format = options.format.value_or(MemoryFormat::Preserve);
  if (format != MemoryFormat::Preserve)
    return empty(self.sizes(), *options.dtype, *options.device, format);
  const bool kept = self.numel() > 0 && is_dense(self);
  const Dims strides = kept ? self.strides() : dense_strides_like(self.sizes(), self.strides());
  return empty_strided(self.sizes(), strides, *options.dtype, *options.device);
}

Tensor created_like(const Tensor& self, const Scalar& value, const TensorOptions& options) {
  Tensor out = created_empty_like(self, options);
  fill(out, value);
  return out;
}

Tensor zeros(IntList size, const TensorOptions& options) {
  for (const int64_t s : size) RL_CHECK(s >= 0, "zeros: Dimension size must be non-negative.");
  return created(size, Scalar(0), options);
}

Tensor empty_strided(IntList size, IntList stride, const TensorOptions& options) {
  check_sizes_nonnegative(size);
  check_available(options.device, options.pin_memory);
  RL_CHECK(size.size() == stride.size(), "dimensionality of sizes (", size.size(),
           ") must match dimensionality of strides (", stride.size(), ")");
  for (const int64_t s : stride)
    RL_CHECK(s >= 0, "Storage size calculation overflowed with sizes=", size,
             " and strides=", stride);
  return empty_strided(size, stride, options.dtype.value_or(default_dtype()),
                       options.device.value_or(Device{}));
}

Tensor empty_permuted(IntList size, IntList order, const TensorOptions& options) {
  const auto n = static_cast<int64_t>(size.size());
  RL_CHECK(size.size() == order.size(),
           "Number of dimensions in size does not match the length of the physical_layout; i.e. "
           "len(size) = ",
           n, " is not equal to len(physical_layout) = ", order.size());
  Dims strides(size.size());
  std::vector<char> seen(size.size());
  int64_t step = 1;
  for (auto i = n; i-- > 0;) {
    const int64_t d = order[static_cast<size_t>(i)];
    RL_CHECK(d >= 0 && d < n, "Dimension out of range (expected to be between 0 and ", n - 1,
             ", but got ", d, " at index ", i,
             ").  NB: negative dims not currently supported; file an issue if you want it.");
    const auto at = static_cast<size_t>(d);
    RL_CHECK(!seen[at], "Duplicate dim not allowed");
    seen[at] = 1;
    strides[at] = step;
    step *= std::max<int64_t>(size[at], 1);
  }
  return empty_strided(size, strides, options);
}

Tensor eye(int64_t n, int64_t m, const TensorOptions& options) {
  RL_CHECK(n >= 0, "n must be greater or equal to 0, got ", n);
  RL_CHECK(m >= 0, "m must be greater or equal to 0, got ", m);
  Tensor out = zeros(Dims{n, m}, options);
  if (!out.is_meta()) fill(alias(out, Dims{std::min(n, m)}, Dims{m + 1}, 0), Scalar(1));
  return out;
}

Tensor triangle_indices(const char* name, int64_t row, int64_t col, int64_t offset,
                        const TensorOptions& options) {
  RL_CHECK(row >= 0, "row must be non-negative, got", row);
  RL_CHECK(col >= 0, "col must be non-negative, got", col);
  const bool upper = std::string_view(name) == "triu_indices";
  // Columns [first(r), last(r)) of row r.
  const auto first = [&](int64_t r) { return upper ? std::clamp<int64_t>(r + offset, 0, col) : 0; };
  const auto last = [&](int64_t r) {
    return upper ? col : std::clamp<int64_t>(r + offset + 1, 0, col);
  };
  int64_t n = 0;
  for (int64_t r = 0; r < row; ++r) n += last(r) - first(r);
  TensorOptions chosen = options;
  chosen.dtype = options.dtype.value_or(Dtype::Int64);
  Tensor out = created_empty(Dims{2, n}, chosen);
  if (out.is_meta()) return out;
  dispatch(Integers{}, out.dtype(), name, [&]<class T>() {
    T* rows = out.data<T>();
    T* cols = rows + n;
    for (int64_t r = 0; r < row; ++r)
      for (int64_t c = first(r); c < last(r); ++c) {
        *rows++ = static_cast<T>(r);
        *cols++ = static_cast<T>(c);
      }
  });
  return out;
}

namespace impl {

Tensor vander(const Tensor& x, std::optional<int64_t> given, bool increasing) {
  RL_CHECK(x.dim() == 1, "x must be a one-dimensional tensor.");
  const int64_t n = given.value_or(x.numel());
  RL_CHECK(n >= 0, "N must be non-negative.");
  const Dtype dtype = is_integral(x.dtype(), true) ? Dtype::Int64 : x.dtype();
  const Tensor base = converted(x, dtype, std::nullopt, false, std::nullopt);
  if (n == 0) return created_empty(Dims{x.numel(), 0}, options_of(base, {}));
  TensorVec columns{ops::ones_like(base)};
  while (static_cast<int64_t>(columns.size()) < n) columns.push_back(columns.back() * base);
  if (!increasing) std::reverse(columns.begin(), columns.end());
  return ops::stack(columns, 1);
}

}  // namespace impl
}  // namespace rl
