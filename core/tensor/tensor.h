// The tensor: sizes, strides and offset over a shared storage, and the handle everything passes.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/base/device.h"
#include "core/base/dims.h"
#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/intrusive.h"
#include "core/base/scalar.h"
#include "core/tensor/storage.h"

namespace rl {

// How a write goes by its name: "add" in place is add_, with out= add(out=...).
enum class WriteForm : uint8_t { Named, InPlace, Out };

// Counts in-place writes; shared by a tensor and its views. See Note [Versions] in variable.h.
class VersionCounter final : public RefCounted<VersionCounter> {
 public:
  // A write with its place in the program, which only anomaly mode notes.
  struct PlacedWrite {
    uint32_t version = 0;  // after the write
    std::string writer;
    std::string place;
  };

  uint32_t current() const { return value_.load(std::memory_order_relaxed); }
  // `writer` lives as long as the program.
  void bump(const char* writer, WriteForm form) {
    writer_.store(writer, std::memory_order_relaxed);
    form_.store(form, std::memory_order_relaxed);
    value_.fetch_add(1, std::memory_order_relaxed);
  }
  // For a write made of others: the name by which the program called it.
  void rename_last(const char* writer, WriteForm form);
  std::string last_writer() const;
  void note_place(std::string place);
  // The earliest write after `version` whose place is known; an empty place where none is.
  PlacedWrite first_place_after(uint32_t version) const;
  static void destroy(VersionCounter* self) { delete self; }

 private:
  std::atomic<uint32_t> value_{0};
  std::atomic<WriteForm> form_{WriteForm::Named};
  std::atomic<const char*> writer_{nullptr};
  std::vector<PlacedWrite> places_;  // the latest few
};

// What autograd attaches to a tensor; this layer only owns it.
struct TensorExtension {
  virtual ~TensorExtension() = default;
};

class TensorImpl final : public RefCounted<TensorImpl> {
 public:
  TensorImpl(Ptr<Storage> storage, Dtype dtype, IntList sizes, IntList strides, int64_t offset);
  static void destroy(TensorImpl* self);
  static void* operator new(size_t bytes) { return allocate(bytes); }
  static void operator delete(void* p, size_t bytes) { deallocate(p, bytes); }

  void set_geometry(IntList sizes, IntList strides, int64_t offset);
  uint32_t version() const { return version_counter ? version_counter->current() : 0; }
  const Ptr<VersionCounter>& shared_version();  // creates the counter when there is none

  Ptr<Storage> storage;
  Dims sizes;
  Dims strides;  // in elements
  int64_t offset = 0;
  int64_t numel = 0;
  Dtype dtype;
  bool contiguous = true;
  bool inference = false;
  // Tensors made from Python numbers promote like numbers (kept for results such as `2 * x`).
  bool wrapped_number = false;
  Ptr<VersionCounter> version_counter;
  std::unique_ptr<TensorExtension> autograd;

  // The Python object for this tensor. Who owns whom: see core/python/tensor_object.cpp.
  void* python_object = nullptr;
  bool owns_python_object = false;
  static void (*release_python_object)(TensorImpl*);
};

class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ptr<TensorImpl> impl) : impl_(std::move(impl)) {}
  static Tensor make(Ptr<Storage> storage, Dtype dtype, IntList sizes, IntList strides,
                     int64_t offset = 0) {
    return Tensor(
        Ptr<TensorImpl>::adopt(new TensorImpl(std::move(storage), dtype, sizes, strides, offset)));
  }

  bool defined() const { return static_cast<bool>(impl_); }
  explicit operator bool() const { return defined(); }
  TensorImpl* impl() const { return impl_.get(); }
  const Ptr<TensorImpl>& ptr() const { return impl_; }
  bool is_same(const Tensor& o) const { return impl_ == o.impl_; }

  int64_t dim() const { return static_cast<int64_t>(impl_->sizes.size()); }
  const Dims& sizes() const { return impl_->sizes; }
  const Dims& strides() const { return impl_->strides; }
  int64_t size(int64_t d) const { return impl_->sizes[wrap(d)]; }
  int64_t stride(int64_t d) const { return impl_->strides[wrap(d)]; }
  int64_t offset() const { return impl_->offset; }
  int64_t numel() const { return impl_->numel; }
  Dtype dtype() const { return impl_->dtype; }
  size_t item_size() const { return size_of(impl_->dtype); }
  Device device() const { return impl_->storage->device(); }
  bool is_meta() const { return device().is_meta(); }
  bool is_contiguous() const { return impl_->contiguous; }
  bool is_contiguous(MemoryFormat format) const;
  const Ptr<Storage>& storage() const { return impl_->storage; }
  uint32_t version() const { return impl_->version(); }
  bool is_floating() const { return rl::is_floating(dtype()); }
  bool is_complex() const { return rl::is_complex(dtype()); }

  std::byte* raw() const {
    return impl_->storage->data() + impl_->offset * static_cast<int64_t>(item_size());
  }
  template <class T>
  T* data() const {
    return reinterpret_cast<T*>(raw());
  }

 private:
  size_t wrap(int64_t d) const { return static_cast<size_t>(d < 0 ? d + dim() : d); }
  Ptr<TensorImpl> impl_;
};

using TensorList = std::span<const Tensor>;
using TensorVec = std::vector<Tensor>;

// --- geometry
Dims contiguous_strides(IntList sizes);
Dims channels_last_strides(IntList sizes);
bool is_contiguous(IntList sizes, IntList strides);
// No two elements share memory and there are no gaps, in some order of the dimensions.
bool is_non_overlapping_and_dense(IntList sizes, IntList strides);
// Bytes a storage needs for this geometry.
size_t storage_bytes(IntList sizes, IntList strides, int64_t offset, size_t item_size);
// -dim..dim-1 to 0..dim-1, or IndexError. A 0-d tensor counts as 1-d.
int64_t wrap_dim(int64_t d, int64_t dims, bool scalar_counts_as_one = true);
Dims broadcast_sizes(IntList a, IntList b);
void check_sizes_nonnegative(IntList sizes);

// --- making tensors; none of these touches autograd
Tensor empty(IntList sizes, Dtype dtype, Device device = {});
Tensor empty_strided(IntList sizes, IntList strides, Dtype dtype, Device device = {});
Tensor empty(IntList sizes, Dtype dtype, Device device, MemoryFormat format);
// Same sizes; strides kept where dense (PyTorch's preserve_format).
Tensor empty_like(const Tensor& t, Dtype dtype);
inline Tensor empty_like(const Tensor& t) { return empty_like(t, t.dtype()); }
// Dense strides in the same order of dimensions as `strides` has.
Dims dense_strides_like(IntList sizes, IntList strides);
// 0-d, on the CPU.
Tensor scalar_tensor(const Scalar& value, Dtype dtype);
// Another tensor over the same storage, history and version left behind.
Tensor alias(const Tensor& t, IntList sizes, IntList strides, int64_t offset);
inline Tensor alias(const Tensor& t) { return alias(t, t.sizes(), t.strides(), t.offset()); }
// The value of a one-element tensor.
Scalar item(const Tensor& t);
// Memory that both write or read; conservative (spans of bytes).
bool may_overlap(const Tensor& a, const Tensor& b);
bool has_internal_overlap(const Tensor& t);

// Element-by-element copy with broadcasting and dtype conversion; no autograd, no version bump.
void copy_into(const Tensor& dst, const Tensor& src);
Tensor contiguous_copy(const Tensor& t, Dtype dtype);
// `t` itself when it already is contiguous and of this dtype.
Tensor as_contiguous(const Tensor& t, Dtype dtype);
inline Tensor as_contiguous(const Tensor& t) { return as_contiguous(t, t.dtype()); }

}  // namespace rl
