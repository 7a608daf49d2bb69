// Node lifetime: graphs are freed without recursion, whatever their depth.
#include "core/autograd/node.h"

#include "core/autograd/engine.h"
#include "core/autograd/grad_mode.h"
#include "core/base/fork.h"

namespace rl {
namespace {
thread_local uint64_t next_sequence = 0;
thread_local std::vector<Node*>* doomed = nullptr;
constinit ForkMutex hook_mutex;
}  // namespace

void add_hook(HookList& list, std::shared_ptr<NodeHook> hook) {
  const std::lock_guard lock(hook_mutex);
  // Removed hooks go here, so that a hook added and removed in every step leaves nothing behind.
  std::erase_if(list, [](const auto& old) { return !old->alive(); });
  list.push_back(std::move(hook));
}

HookList copy_hooks(const HookList& list) {
  const std::lock_guard lock(hook_mutex);
  return list;
}

Node::Node() : sequence(next_sequence++) {
  if (thread_state().anomaly) [[unlikely]] {
    if (engine_callbacks.make_trace) trace = engine_callbacks.make_trace();
    trace_parent = Ptr<Node>::share(current_node());
  }
}
Node::~Node() = default;

Ptr<Node> Node::history_of(const Tensor&, uint32_t&) { return Ptr<Node>::share(this); }

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

std::string operation_name(const Node& node) {
  const std::string name = node.name();
  const size_t end = name.find_last_not_of("0123456789") + 1;
  constexpr std::string_view kSuffix = "Backward";
  const bool has_suffix =
      end >= kSuffix.size() && std::string_view(name).substr(0, end).ends_with(kSuffix);
  return has_suffix ? name.substr(0, end - kSuffix.size()) : name;
}

std::string Node::operation() const { return operation_name(*this); }

uint32_t Node::add_slot(const Tensor& output) {
  slots.push_back({output.sizes(), output.dtype(), output.device()});
  return static_cast<uint32_t>(slots.size() - 1);
}

NodeHooks& Node::hooks() {
  if (!hooks_) hooks_ = std::make_unique<NodeHooks>();
  return *hooks_;
}

}  // namespace rl
