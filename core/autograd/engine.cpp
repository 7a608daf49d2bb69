// A backward pass: count who depends on whom, then a heap of ready nodes.
#include "core/autograd/engine.h"

#include <algorithm>

#include "core/autograd/accumulate_grad.h"
#include "core/autograd/grad_mode.h"
#include "core/autograd/variable.h"

namespace rl {

EngineCallbacks engine_callbacks;

namespace {

thread_local Node* running_node = nullptr;

// What one pass knows of one node.
struct Task {
  Node* node = nullptr;
  int dependencies = 0;
  bool needed = true;
  bool captured = false;
  TensorVec buffer;                                   // gradients gathered so far, one a slot
  std::vector<std::pair<uint32_t, size_t>> captures;  // slot -> place in the result
};

// Node* -> index of its task, by open addressing: a pass looks nodes up several times each.
class TaskTable {
 public:
  TaskTable() : slots_(128, -1) { tasks.reserve(64); }
  // The task's index; made when absent (then `fresh`).
  size_t find_or_add(Node* node, bool& fresh) {
    if (tasks.size() * 2 >= slots_.size()) grow();
    const size_t at = probe(node);
    fresh = slots_[at] < 0;
    if (fresh) {
      slots_[at] = static_cast<int64_t>(tasks.size());
      tasks.emplace_back().node = node;
    }
    return static_cast<size_t>(slots_[at]);
  }
  Task* find(Node* node) {
    const size_t at = probe(node);
    return slots_[at] < 0 ? nullptr : &tasks[static_cast<size_t>(slots_[at])];
  }
  std::vector<Task> tasks;

 private:
  size_t probe(Node* node) const {
    const size_t mask = slots_.size() - 1;
    size_t at = (reinterpret_cast<uintptr_t>(node) >> 6) * 0x9E3779B97F4A7C15ull >> 20 & mask;
    while (slots_[at] >= 0 && tasks[static_cast<size_t>(slots_[at])].node != node)
      at = (at + 1) & mask;
    return at;
  }
  void grow() {
    slots_.assign(slots_.size() * 4, -1);
    for (size_t i = 0; i < tasks.size(); ++i)
      slots_[probe(tasks[i].node)] = static_cast<int64_t>(i);
  }
  std::vector<int64_t> slots_;
};

bool can_reduce_to(IntList from, IntList to) {
  if (to.size() > from.size()) return false;
  const size_t lead = from.size() - to.size();
  for (size_t i = 0; i < to.size(); ++i)
    if (to[i] != from[lead + i] && to[i] != 1) return false;
  return true;
}

// Brings a gradient to the size and dtype its slot expects.
Tensor fit(Tensor grad, const Edge& edge, const Node& from, size_t index) {
  const SlotMeta& slot = edge.node->slots[edge.slot];
  if (!(grad.sizes() == slot.sizes)) {
    RL_CHECK(can_reduce_to(grad.sizes(), slot.sizes), "Function ", from.name(),
             " returned an invalid gradient at index ", index, " - got ", IntList(grad.sizes()),
             " but expected shape compatible with ", IntList(slot.sizes));
    grad = grad_ops.sum_to_size(grad, slot.sizes);
  }
  if (grad.dtype() != slot.dtype) grad = grad_ops.cast(grad, slot.dtype);
  return grad;
}

void accumulate(Tensor& into, Tensor&& grad) {
  if (!into.defined())
    into = std::move(grad);
  else
    into = grad_ops.add(into, grad);
}

void run_tensor_hooks(const HookList& hooks, Tensor& grad) {
  if (hooks.empty()) return;
  for (const auto& hook : copy_hooks(hooks)) {
    TensorVec one{grad};
    hook->run(one, nullptr);
    grad = std::move(one[0]);
  }
}

class Pass;
thread_local Pass* running_pass = nullptr;

class Pass {
 public:
  explicit Pass(BackwardRequest& request) : request_(request), outer_(running_pass) {
    static std::atomic<uint64_t> count{0};
    id = ++count;
    running_pass = this;
  }
  ~Pass() { running_pass = outer_; }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  uint64_t id;
  bool goes_everywhere() const { return request_.inputs.empty(); }
  bool will_run(Node* node) {
    const Task* task = table_.find(node);
    return task && (task->needed || task->captured);
  }

  TensorVec run() {
    discover();
    if (!request_.inputs.empty()) mark_needed();
    results_.resize(request_.inputs.size());
    const GradModeGuard mode(request_.create_graph);
    for (size_t i = 0; i < request_.roots.size(); ++i) seed(i);
    std::make_heap(ready_.begin(), ready_.end(), later);
    while (!ready_.empty()) {
      std::pop_heap(ready_.begin(), ready_.end(), later);
      Ptr<Node> node = std::move(ready_.back());
      ready_.pop_back();
      execute(node);
    }
    return std::move(results_);
  }

 private:
  static bool later(const Ptr<Node>& a, const Ptr<Node>& b) { return a->sequence < b->sequence; }

  void discover() {
    std::vector<size_t> stack;
    bool fresh = false;
    for (const Edge& root : request_.roots) {
      const size_t at = table_.find_or_add(root.node.get(), fresh);
      if (fresh) stack.push_back(at);
    }
    while (!stack.empty()) {
      Node* node = table_.tasks[stack.back()].node;
      stack.pop_back();
      for (const Edge& edge : node->edges) {
        if (!edge) continue;
        const size_t at = table_.find_or_add(edge.node.get(), fresh);
        table_.tasks[at].dependencies++;
        if (fresh) stack.push_back(at);
      }
    }
  }

  // Only nodes from which an input can be reached run.
  void mark_needed() {
    for (Task& task : table_.tasks) task.needed = false;
    for (size_t i = 0; i < request_.inputs.size(); ++i) {
      const Edge& input = request_.inputs[i];
      if (Task* task = input.node ? table_.find(input.node.get()) : nullptr) {
        task->captures.emplace_back(input.slot, i);
        task->captured = true;
        task->needed = request_.accumulate;
      }
    }
    // Depth first, children before parents.
    std::vector<char> state(table_.tasks.size(), 0);
    std::vector<std::pair<size_t, size_t>> stack;
    bool fresh = false;
    for (size_t start = 0; start < table_.tasks.size(); ++start) {
      if (state[start]) continue;
      state[start] = 1;
      stack.emplace_back(start, 0);
      while (!stack.empty()) {
        auto& [at, next] = stack.back();
        Node* node = table_.tasks[at].node;
        if (next == node->edges.size()) {
          for (const Edge& edge : node->edges) {
            if (!edge) continue;
            const Task& child = *table_.find(edge.node.get());
            if (child.needed || !child.captures.empty()) table_.tasks[at].needed = true;
          }
          stack.pop_back();
          continue;
        }
        const Edge& edge = node->edges[next++];
        if (!edge) continue;
        const size_t child = table_.find_or_add(edge.node.get(), fresh);
        if (!state[child]) {
          state[child] = 1;
          stack.emplace_back(child, 0);
        }
      }
    }
  }

  void seed(size_t i) {
    const Edge& root = request_.roots[i];
    Task& task = *table_.find(root.node.get());
    const bool first = task.buffer.empty();
    if (first) task.buffer.resize(root.node->slots.size());
    accumulate(task.buffer[root.slot], std::move(request_.gradients[i]));
    if (first && task.dependencies == 0) push(root.node);
  }

  void push(const Ptr<Node>& node) {
    ready_.push_back(node);
    std::push_heap(ready_.begin(), ready_.end(), later);
  }

  void execute(const Ptr<Node>& node) {
    Task& task = *table_.find(node.get());
    TensorVec grads = std::move(task.buffer);
    task.buffer.clear();
    grads.resize(node->slots.size());
    const std::vector<std::pair<uint32_t, size_t>> captures = std::move(task.captures);
    const bool needed = task.needed;
    if (!needed && !task.captured) return route(*node, {});
    // What a node that runs was given is captured before hooks change it, as PyTorch does.
    const auto capture = [&] {
      for (const auto& [slot, place] : captures) results_[place] = grads[slot];
    };
    if (needed) capture();
    if (node->hooks_) {
      for (const auto* lists : {&node->hooks_->tensor, &node->hooks_->retain_grad})
        for (size_t slot = 0; slot < lists->size(); ++slot)
          run_tensor_hooks((*lists)[slot], grads[slot]);
    }
    // Leaves keep their hooks in the tensor: they may come after the accumulator was made.
    if (node->is_accumulator()) run_leaf_hooks(*node, grads);
    if (node->hooks_ && needed && !node->hooks_->pre.empty())
      for (const auto& hook : copy_hooks(node->hooks_->pre)) hook->run(grads, nullptr);
    if (!needed) capture();
    TensorVec outputs;
    if (needed) outputs = call(*node, std::move(grads));
    route(*node, std::move(outputs));
  }

  static void run_leaf_hooks(Node& node, TensorVec& grads) {
    const AutogradMeta* meta = autograd_meta(static_cast<AccumulateGrad&>(node).variable);
    if (meta) run_tensor_hooks(meta->hooks, grads[0]);
  }

  TensorVec call(Node& node, TensorVec&& grads) {
    Node* const before = std::exchange(running_node, &node);
    TensorVec inputs;
    const bool post = node.hooks_ && !node.hooks_->post.empty();
    if (post) inputs = grads;
    TensorVec outputs;
    try {
      outputs = node.apply(std::move(grads));
      if (thread_state().anomaly && thread_state().anomaly_check_nan) check_nan(node, outputs);
      if (post) {
        // Hooks see gradients as the next nodes take them.
        for (size_t i = 0; i < std::min(outputs.size(), node.edges.size()); ++i)
          if (outputs[i].defined() && node.edges[i])
            outputs[i] = fit(std::move(outputs[i]), node.edges[i], node, i);
        for (const auto& hook : copy_hooks(node.hooks_->post)) hook->run(outputs, &inputs);
      }
    } catch (...) {
      running_node = before;
      if (engine_callbacks.on_error) engine_callbacks.on_error(node);
      throw;
    }
    running_node = before;
    if (!request_.keep_graph) node.release_saved();
    RL_CHECK(outputs.size() <= node.edges.size() || node.edges.empty(), "Function ", node.name(),
             " returned an incorrect number of gradients (expected ", node.edges.size(), ", got ",
             outputs.size(), ")");
    return outputs;
  }

  void route(Node& node, TensorVec&& outputs) {
    for (size_t i = 0; i < node.edges.size(); ++i) {
      const Edge& edge = node.edges[i];
      if (!edge) continue;
      Task& next = *table_.find(edge.node.get());
      if (i < outputs.size() && outputs[i].defined() && (next.needed || !next.captures.empty())) {
        Tensor grad = fit(std::move(outputs[i]), edge, node, i);
        if (next.buffer.empty()) next.buffer.resize(edge.node->slots.size());
        accumulate(next.buffer[edge.slot], std::move(grad));
      }
      if (--next.dependencies == 0) push(edge.node);
    }
  }

  void check_nan(const Node& node, const TensorVec& outputs) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].defined() || !grad_ops.has_nan(outputs[i])) continue;
      fail(ErrorType::Runtime, "Function '", node.name(), "' returned nan values in its ", i,
           "th output.");
    }
  }

  BackwardRequest& request_;
  Pass* const outer_;  // a pass may start within another's hook
  TaskTable table_;
  std::vector<Ptr<Node>> ready_;
  TensorVec results_;
};

}  // namespace

Node* current_node() { return running_node; }
uint64_t current_pass() { return running_pass ? running_pass->id : 0; }
bool pass_goes_everywhere() { return !running_pass || running_pass->goes_everywhere(); }
bool pass_will_run(Node* node) { return running_pass && running_pass->will_run(node); }

namespace {

thread_local std::vector<std::function<void()>>* pending = nullptr;

}  // namespace

void queue_callback(std::function<void()> f) {
  RL_CHECK(pending != nullptr, "Final callbacks can only be installed during backward pass.");
  pending->push_back(std::move(f));
}

TensorVec run_backward(BackwardRequest request) {
  std::vector<std::function<void()>> callbacks;
  auto* const before = std::exchange(pending, &callbacks);
  TensorVec results;
  try {
    results = Pass(request).run();
  } catch (...) {
    pending = before;
    throw;
  }
  pending = before;
  for (size_t i = 0; i < callbacks.size(); ++i) callbacks[i]();
  return results;
}

}  // namespace rl
