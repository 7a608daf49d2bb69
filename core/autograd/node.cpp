// Node lifetime: graphs are freed without recursion, whatever their depth.
#include "core/autograd/node.h"

#include "core/autograd/engine.h"
#include "core/autograd/grad_mode.h"

namespace rl {
namespace {
thread_local uint64_t next_sequence = 0;
thread_local std::vector<Node*>* doomed = nullptr;
}  // namespace

Node::Node() : sequence(next_sequence++) {
  if (thread_state().anomaly) [[unlikely]] {
    if (engine_callbacks.make_trace) trace = engine_callbacks.make_trace();
    trace_parent = Ptr<Node>::share(current_node());
  }
}
Node::~Node() = default;

void Node::destroy(Node* self) {
  // Deleting a node drops edges and saved tensors, which may drop more nodes: queue those.
  if (doomed) {
    doomed->push_back(self);
    return;
  }
  std::vector<Node*> queue;
  doomed = &queue;
  delete self;
  while (!queue.empty()) {
    Node* next = queue.back();
    queue.pop_back();
    delete next;
  }
  doomed = nullptr;
}

uint32_t Node::add_slot(const Tensor& output) {
  slots.push_back({output.sizes(), output.dtype(), output.device()});
  return static_cast<uint32_t>(slots.size() - 1);
}

NodeHooks& Node::hooks() {
  if (!hooks_) hooks_ = std::make_unique<NodeHooks>();
  return *hooks_;
}

}  // namespace rl
