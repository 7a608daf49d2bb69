// The backward engine: runs nodes in reverse order of creation and routes gradients along edges.
#pragma once

#include <functional>

#include "core/autograd/node.h"

namespace rl {

struct BackwardRequest {
  std::vector<Edge> roots;
  TensorVec gradients;  // one a root
  bool keep_graph = false;
  bool create_graph = false;
  // When non-empty: gradients of these are returned and only what leads to them runs.
  std::vector<Edge> inputs;
  // With `inputs`: also accumulate into their `.grad` (backward(inputs=...)).
  bool accumulate = false;
};

// One gradient an input (undefined where none flows), or nothing without inputs.
TensorVec run_backward(BackwardRequest request);

// The node whose backward runs on this thread, or null.
Node* current_node();
// The backward pass this thread is in: a number of its own, 0 outside.
uint64_t current_pass();
// Whether that pass goes to all leaves, not to chosen inputs only.
bool pass_goes_everywhere();
// Whether that pass reaches the node.
bool pass_will_run(Node* node);

// Hooks of the layers above.
struct EngineCallbacks {
  // Called with what a failing node threw, before it travels on (anomaly mode prints the trace).
  void (*on_error)(const Node& node) = nullptr;
  // Where the program is, for a node made in anomaly mode.
  std::shared_ptr<Trace> (*make_trace)() = nullptr;
  // The program's own line, for an in-place write in anomaly mode.
  std::string (*program_line)() = nullptr;
};
extern EngineCallbacks engine_callbacks;
// Runs `f` once when the backward pass of this thread ends
// (Variable._execution_engine.queue_callback).
void queue_callback(std::function<void()> f);

}  // namespace rl
