// A tensor kept for backward, with the version it had.
#pragma once

#include "core/autograd/variable.h"

namespace rl {

// Python's saved_tensors_hooks: pack when saving, unpack when used.
struct SavedTensorHooks {
  virtual ~SavedTensorHooks() = default;
  virtual std::shared_ptr<void> pack(const Tensor& t) = 0;
  virtual Tensor unpack(const std::shared_ptr<void>& packed) = 0;
};
// The innermost hooks of this thread, or null.
std::shared_ptr<SavedTensorHooks>& saved_tensor_hooks();

class SavedTensor {
 public:
  SavedTensor() = default;
  // An output is kept without its history, because its history is the node that keeps it.
  SavedTensor(const Tensor& t, bool is_output);

  // `owner` is the node that saved the tensor; errors name it.
  Tensor unpack(const Ptr<Node>& owner) const;
  bool defined() const { return was_defined_; }
  void reset() {
    data_ = {};
    packed_.reset();
    hooks_.reset();
    released_ = true;
  }
  bool released() const { return released_; }
  uint32_t saved_version() const { return version_; }

 private:
  Tensor data_;
  std::shared_ptr<void> packed_;
  std::shared_ptr<SavedTensorHooks> hooks_;
  Ptr<VersionCounter> counter_;  // of the original, when data_ was packed away
  uint32_t version_ = 0;
  uint32_t output_nr_ = 0;
  bool is_output_ = false;
  bool requires_grad_ = false;
  bool was_defined_ = false;
  bool released_ = false;
};

[[noreturn]] void fail_backward_twice();

}  // namespace rl
