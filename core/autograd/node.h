// A node of the backward graph: turns gradients of its outputs into gradients of its inputs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/small_vector.h"
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
  // Tensor hooks get one gradient, node hooks all; hooks after a node also get its `inputs`.
  virtual void run(TensorVec& grads, const TensorVec* inputs) = 0;
  virtual bool alive() const { return true; }  // false once removed
};
using HookList = std::vector<std::shared_ptr<NodeHook>>;
// Hooks may come and go while another thread runs backward: lists are changed and read under a
// lock.
void add_hook(HookList& list, std::shared_ptr<NodeHook> hook);
HookList copy_hooks(const HookList& list);

struct NodeHooks {
  // Hooks of single outputs (tensor.register_hook), in order of registration, then the ones that
  // store `.grad` of a non-leaf, then hooks of the whole node.
  std::vector<HookList> tensor;  // by output
  std::vector<HookList> retain_grad;
  HookList pre;
  HookList post;
};

// Where a node was made: the whole Python stack, and the program's own line.
struct Trace {
  std::string stack;
  std::string place;
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
  // The forward operation, as the program names it.
  virtual std::string operation() const;
  // Frees what was saved for backward; apply() afterwards reports the second backward.
  virtual void release_saved() {}
  virtual bool is_accumulator() const { return false; }
  // What the history of this node's result `t` starts with: this node, unless it runs inside
  // another one. `slot` becomes the output number.
  virtual Ptr<Node> history_of(const Tensor& t, uint32_t& slot);

  uint32_t add_slot(const Tensor& output);
  NodeHooks& hooks();

  SmallVector<Edge, 3> edges;
  SmallVector<SlotMeta, 1> slots;
  uint64_t sequence;  // nodes made later run earlier
  std::unique_ptr<NodeHooks> hooks_;
  void* python_object = nullptr;  // the wrapper made by the binding; it holds us, not we it
  // Where the node was made (anomaly mode) and which node's backward made it.
  std::shared_ptr<Trace> trace;
  Ptr<Node> trace_parent;
};

// The name as error texts have it: "Mul" for "MulBackward0".
std::string operation_name(const Node& node);

template <class T, class... Args>
Ptr<T> make_node(Args&&... args) {
  return Ptr<T>::adopt(new T(std::forward<Args>(args)...));
}

}  // namespace rl
