// Reference counting inside the object, with an atomic count and no Python.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace rl {

// Base of counted classes. The last release calls `Derived::destroy(Derived*)`.
template <class Derived>
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void retain() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    // A sole owner needs no atomic read-modify-write: nobody else can add a reference.
    if (count_.load(std::memory_order_acquire) == 1 ||
        count_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      Derived::destroy(const_cast<Derived*>(static_cast<const Derived*>(this)));
    }
  }
  uint32_t use_count() const { return count_.load(std::memory_order_acquire); }
  // Takes a reference unless the object is already dying (for weak slots guarded by a lock).
  bool try_retain() const {
    uint32_t n = count_.load(std::memory_order_relaxed);
    while (n != 0) {
      if (count_.compare_exchange_weak(n, n + 1, std::memory_order_acq_rel)) return true;
    }
    return false;
  }

 protected:
  ~RefCounted() = default;
  mutable std::atomic<uint32_t> count_{1};
};

template <class T>
class Ptr {
 public:
  Ptr() = default;
  Ptr(std::nullptr_t) {}
  // Takes over a reference the caller holds.
  static Ptr adopt(T* p) {
    Ptr r;
    r.p_ = p;
    return r;
  }
  static Ptr share(T* p) {
    if (p) p->retain();
    return adopt(p);
  }
  Ptr(const Ptr& o) : p_(o.p_) {
    if (p_) p_->retain();
  }
  Ptr(Ptr&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  template <class U>
  requires std::is_convertible_v<U*, T*> Ptr(const Ptr<U>& o) : p_(o.get()) {
    if (p_) p_->retain();
  }
  template <class U>
  requires std::is_convertible_v<U*, T*> Ptr(Ptr<U>&& o)
  noexcept : p_(o.detach()) {}
  Ptr& operator=(Ptr o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ptr() {
    if (p_) p_->release();
  }

  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ptr& o) const { return p_ == o.p_; }
  // Gives the reference to the caller.
  T* detach() { return std::exchange(p_, nullptr); }
  void reset() { Ptr().swap(*this); }
  void swap(Ptr& o) noexcept { std::swap(p_, o.p_); }

 private:
  T* p_ = nullptr;
};

}  // namespace rl
