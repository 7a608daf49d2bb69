// Sizes and strides: a short vector of int64 that needs no heap up to six dimensions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>

namespace rl {

using IntList = std::span<const int64_t>;

class Dims {
 public:
  static constexpr uint32_t kInline = 6;

  Dims() = default;
  explicit Dims(size_t n, int64_t value = 0) { resize(n, value); }
  Dims(IntList v) { assign(v); }
  Dims(std::initializer_list<int64_t> v) { assign({v.begin(), v.size()}); }
  Dims(const Dims& o) { assign(o); }
  Dims(Dims&& o) noexcept { take(o); }
  Dims& operator=(const Dims& o) {
    if (this != &o) assign(o);
    return *this;
  }
  Dims& operator=(Dims&& o) noexcept {
    if (this != &o) {
      free_heap();
      take(o);
    }
    return *this;
  }
  ~Dims() { free_heap(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t* data() { return data_; }
  const int64_t* data() const { return data_; }
  int64_t* begin() { return data_; }
  int64_t* end() { return data_ + size_; }
  const int64_t* begin() const { return data_; }
  const int64_t* end() const { return data_ + size_; }
  int64_t& operator[](size_t i) { return data_[i]; }
  int64_t operator[](size_t i) const { return data_[i]; }
  int64_t& back() { return data_[size_ - 1]; }
  int64_t back() const { return data_[size_ - 1]; }
  operator IntList() const { return {data_, size_}; }
  bool operator==(const Dims& o) const { return std::equal(begin(), end(), o.begin(), o.end()); }

  void assign(IntList v) {
    reserve(v.size());
    if (!v.empty()) std::memmove(data_, v.data(), v.size() * sizeof(int64_t));
    size_ = static_cast<uint32_t>(v.size());
  }
  void resize(size_t n, int64_t value = 0) {
    reserve(n);
    for (size_t i = size_; i < n; ++i) data_[i] = value;
    size_ = static_cast<uint32_t>(n);
  }
  void push_back(int64_t v) {
    if (size_ == capacity_) reserve(2 * size_t{capacity_});
    data_[size_++] = v;
  }
  void insert(size_t at, int64_t v) {
    push_back(v);
    std::rotate(begin() + at, end() - 1, end());
  }
  void erase(size_t at) {
    std::copy(begin() + at + 1, end(), begin() + at);
    --size_;
  }
  void clear() { size_ = 0; }

  void reserve(size_t n) {
    if (n <= capacity_) return;
    int64_t* bigger = new int64_t[n];
    std::memcpy(bigger, data_, size_ * sizeof(int64_t));
    free_heap();
    data_ = bigger;
    capacity_ = static_cast<uint32_t>(n);
  }

 private:
  void free_heap() {
    if (data_ != inline_) delete[] data_;
  }
  void take(Dims& o) {
    size_ = o.size_;
    capacity_ = o.capacity_;
    if (o.data_ == o.inline_) {
      data_ = inline_;
      std::memcpy(inline_, o.inline_, sizeof(inline_));
    } else {
      data_ = o.data_;
      o.data_ = o.inline_;
      o.capacity_ = kInline;
    }
    o.size_ = 0;
  }

  int64_t* data_ = inline_;
  uint32_t size_ = 0;
  uint32_t capacity_ = kInline;
  int64_t inline_[kInline] = {};
};

inline bool equal(IntList a, IntList b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

inline int64_t product(IntList v) {
  int64_t n = 1;
  for (const int64_t s : v) n *= s;
  return n;
}

}  // namespace rl
