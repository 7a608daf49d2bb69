// A tensor kept for backward, with the version it had.
#pragma once

#include "core/autograd/variable.h"

namespace rl {

// Python's saved_tensors_hooks: pack when saving, unpack when used.
struct SavedTensorHooks {
  virtual ~SavedTensorHooks() = default;
  // `is_output`: the history of `t` is the node that saves it.
  virtual std::shared_ptr<void> pack(const Tensor& t, bool is_output) = 0;
  virtual Tensor unpack(const std::shared_ptr<void>& packed) = 0;
};
// The innermost hooks of this thread, or null.
std::shared_ptr<SavedTensorHooks>& saved_tensor_hooks();
// Why this thread may not save through hooks, or null where it may.
std::shared_ptr<const std::string>& saved_tensor_hooks_refusal();

class SavedTensor {
 public:
  SavedTensor() = default;
  // An output is kept without its history, because its history is the node that keeps it.
  SavedTensor(const Tensor& t, bool is_output);
  SavedTensor(SavedTensor&& o) noexcept;
  SavedTensor& operator=(SavedTensor&& o) noexcept;

  // `owner` is the node that saved the tensor; errors name it.
  Tensor unpack(Node* owner) const;
  // Packs what was saved without hooks.
  void register_hooks(std::shared_ptr<SavedTensorHooks> hooks);
  bool defined() const { return defined_; }
  // Frees the data; safe while another thread unpacks.
  void reset();

 private:
  struct Packed;
  void pack(std::shared_ptr<SavedTensorHooks> hooks, const Tensor& t);
  void check_version(const Tensor& t, Node* owner) const;

  Tensor data_;                     // empty once packed away
  std::shared_ptr<Packed> packed_;  // what the hooks made of it
  uint32_t version_ = 0;
  uint32_t output_nr_ = 0;
  bool is_output_ = false;
  bool is_leaf_ = true;
  bool requires_grad_ = false;
  bool defined_ = false;
  bool released_ = false;
  mutable std::atomic<bool> busy_{false};
};

[[noreturn]] void fail_backward_twice();

}  // namespace rl
