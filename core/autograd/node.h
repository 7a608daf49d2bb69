// A node of the backward graph: turns gradients of its outputs into gradients of its inputs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/tensor/tensor.h"

namespace rl {

class Node;

// Where a gradient goes: input slot `slot` of `node`. An empty edge takes none.
struct Edge {
  Ptr<Node> node;
  uint32_t slot = 0;
  explicit operator bool() const { return static_cast<bool>(node); }
};

// What a gradient must look like to enter a slot: the forward output's metadata.
struct SlotMeta {
  Dims sizes;
  Dtype dtype = Dtype::Float32;
  Device device;
};

// User callbacks of a node. Each may replace the gradients by returning true.
struct NodeHook {
  virtual ~NodeHook() = default;
  virtual void run(TensorVec& grads, const TensorVec* inputs) = 0;
  virtual void* python() const { return nullptr; }
};

struct NodeHooks {
  // Hooks of single outputs (tensor.register_hook), in order of registration, then the ones that
  // store `.grad` of a non-leaf, then hooks of the whole node.
  std::vector<std::pair<uint32_t, std::shared_ptr<NodeHook>>> tensor;
  std::vector<std::pair<uint32_t, std::shared_ptr<NodeHook>>> retain_grad;
  std::vector<std::shared_ptr<NodeHook>> pre;
  std::vector<std::shared_ptr<NodeHook>> post;
};

class Node : public RefCounted<Node> {
 public:
  Node();
  virtual ~Node();
  static void destroy(Node* self);
  static void* operator new(size_t bytes) { return allocate(bytes); }
  static void operator delete(void* p, size_t bytes) { deallocate(p, bytes); }

  // `grads[i]` belongs to slot i and may be undefined; the result has one entry an edge.
  virtual TensorVec apply(TensorVec&& grads) = 0;
  virtual std::string name() const = 0;
  // Frees what was saved for backward; apply() afterwards reports the second backward.
  virtual void release_saved() {}
  virtual bool is_accumulator() const { return false; }

  uint32_t add_slot(const Tensor& output);
  NodeHooks& hooks();

  std::vector<Edge> edges;
  std::vector<SlotMeta> slots;
  uint64_t sequence;  // nodes made later run earlier
  std::unique_ptr<NodeHooks> hooks_;
  void* python_object = nullptr;  // the wrapper made by the binding; it holds us, not we it
  // Where the node was made (anomaly mode) and which node's backward made it.
  std::shared_ptr<std::string> trace;
  Ptr<Node> trace_parent;
};

template <class T, class... Args>
Ptr<T> make_node(Args&&... args) {
  return Ptr<T>::adopt(new T(std::forward<Args>(args)...));
}

}  // namespace rl
