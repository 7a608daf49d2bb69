// Value: a 16-byte tagged argument. It borrows; whoever makes a call keeps its arguments alive.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/device.h"
#include "core/tensor/tensor.h"

namespace rl {

class Generator;

enum class Tag : uint8_t {
  None,
  Bool,
  Int,
  Float,
  Complex,
  Tensor,
  TensorList,  // elements may be undefined
  IntList,
  FloatList,
  ScalarList,
  String,
  Dtype,
  Device,
  Layout,
  MemoryFormat,
  Generator,
};

class Value {
 public:
  constexpr Value() : i_(0) {}
  constexpr Value(std::nullopt_t) : i_(0) {}
  constexpr Value(bool v) : tag_(Tag::Bool), i_(v) {}
  constexpr Value(int v) : tag_(Tag::Int), i_(v) {}
  constexpr Value(int64_t v) : tag_(Tag::Int), i_(v) {}
  constexpr Value(double v) : tag_(Tag::Float), d_(v) {}
  constexpr Value(Dtype v) : tag_(Tag::Dtype), i_(static_cast<int64_t>(v)) {}
  constexpr Value(Device v)
      : tag_(Tag::Device),
        size_(static_cast<uint32_t>(v.index + 1)),
        i_(static_cast<int64_t>(v.type)) {}
  constexpr Value(Layout v) : tag_(Tag::Layout), i_(static_cast<int64_t>(v)) {}
  constexpr Value(MemoryFormat v) : tag_(Tag::MemoryFormat), i_(static_cast<int64_t>(v)) {}
  constexpr Value(const char* v)
      : tag_(Tag::String), size_(static_cast<uint32_t>(std::string_view(v).size())), p_(v) {}
  constexpr Value(std::string_view v)
      : tag_(Tag::String), size_(static_cast<uint32_t>(v.size())), p_(v.data()) {}
  constexpr Value(IntList v)
      : tag_(Tag::IntList), size_(static_cast<uint32_t>(v.size())), p_(v.data()) {}
  Value(const Dims& v) : Value(IntList(v)) {}
  constexpr Value(std::span<const double> v)
      : tag_(Tag::FloatList), size_(static_cast<uint32_t>(v.size())), p_(v.data()) {}
  constexpr Value(std::span<const Scalar> v)
      : tag_(Tag::ScalarList), size_(static_cast<uint32_t>(v.size())), p_(v.data()) {}
  Value(const Tensor& v) : tag_(v.defined() ? Tag::Tensor : Tag::None), impl_(v.impl()) {}
  Value(TensorList v)
      : tag_(Tag::TensorList), size_(static_cast<uint32_t>(v.size())), p_(v.data()) {}
  Value(const TensorVec& v) : Value(TensorList(v)) {}
  Value(Generator* g) : tag_(g ? Tag::Generator : Tag::None), p_(g) {}
  // A complex number stands behind a pointer, so a Scalar must outlive its Value.
  Value(const Scalar& s) : i_(0) {
    switch (s.kind()) {
      case Scalar::Kind::None:
        break;
      case Scalar::Kind::Bool:
        *this = Value(s.to_bool());
        break;
      case Scalar::Kind::Int:
        *this = Value(s.to_int());
        break;
      case Scalar::Kind::Float:
        *this = Value(s.to_double());
        break;
      case Scalar::Kind::Complex:
        tag_ = Tag::Complex;
        p_ = &s;
        break;
    }
  }
  template <class T>
  Value(const std::optional<T>& v) : i_(0) {
    if (v) *this = Value(*v);
  }

  Tag tag() const { return tag_; }
  bool is_none() const { return tag_ == Tag::None; }
  bool is_tensor() const { return tag_ == Tag::Tensor; }
  bool is_number() const { return tag_ >= Tag::Bool && tag_ <= Tag::Complex; }
  uint32_t list_size() const { return size_; }

  // An undefined tensor for None. The payload is laid out as a Tensor: one pointer.
  const Tensor& tensor() const { return *reinterpret_cast<const Tensor*>(&impl_); }
  TensorList tensors() const { return {static_cast<const Tensor*>(p_), size_}; }
  bool to_bool() const { return i_ != 0; }
  int64_t to_int() const { return tag_ == Tag::Float ? static_cast<int64_t>(d_) : i_; }
  double to_double() const { return tag_ == Tag::Float ? d_ : static_cast<double>(i_); }
  IntList ints() const { return {static_cast<const int64_t*>(p_), size_}; }
  std::span<const double> floats() const { return {static_cast<const double*>(p_), size_}; }
  std::span<const Scalar> scalars() const { return {static_cast<const Scalar*>(p_), size_}; }
  std::string_view string() const { return {static_cast<const char*>(p_), size_}; }
  Generator* generator() const {
    return is_none() ? nullptr : static_cast<Generator*>(const_cast<void*>(p_));
  }
  Dtype dtype() const { return static_cast<Dtype>(i_); }
  Device device() const {
    return {static_cast<DeviceType>(i_), static_cast<int8_t>(static_cast<int>(size_) - 1)};
  }
  Layout layout() const { return static_cast<Layout>(i_); }
  MemoryFormat memory_format() const { return static_cast<MemoryFormat>(i_); }
  Scalar scalar() const {
    switch (tag_) {
      case Tag::Bool:
        return Scalar(i_ != 0);
      case Tag::Int:
        return Scalar(i_);
      case Tag::Float:
        return Scalar(d_);
      case Tag::Complex:
        return *static_cast<const Scalar*>(p_);
      default:
        return Scalar();
    }
  }
  std::optional<bool> opt_bool() const { return opt(to_bool()); }
  std::optional<int64_t> opt_int() const { return opt(to_int()); }
  std::optional<double> opt_double() const { return opt(to_double()); }
  std::optional<Dtype> opt_dtype() const { return opt(dtype()); }
  std::optional<Device> opt_device() const { return opt(device()); }
  std::optional<Layout> opt_layout() const { return opt(layout()); }
  std::optional<MemoryFormat> opt_memory_format() const { return opt(memory_format()); }
  std::optional<std::string_view> opt_string() const { return opt(string()); }
  // Given and None lists differ: dim=[] is not dim=None.
  std::optional<IntList> opt_ints() const { return opt(ints()); }
  std::optional<std::span<const double>> opt_floats() const { return opt(floats()); }

 private:
  template <class T>
  std::optional<T> opt(T v) const {
    return is_none() ? std::nullopt : std::optional<T>(v);
  }

  Tag tag_ = Tag::None;
  uint32_t size_ = 0;
  union {
    int64_t i_;
    double d_;
    const void* p_;
    TensorImpl* impl_;
  };
};
static_assert(sizeof(Value) == 16);
static_assert(sizeof(Tensor) == sizeof(TensorImpl*));

}  // namespace rl
