// OpNode: the graph node of a recorded operator, and Vjp: what a derivative formula sees.
#pragma once

#include "core/autograd/saved_tensor.h"
#include "core/op/call.h"
#include "core/op/operand.h"

namespace rl {

// A tensor's shape without its data.
struct TensorGeometry {
  Dims sizes;
  Dims strides;
  int64_t offset = 0;
  Dtype dtype = Dtype::Float32;
  Device device;
};

// An argument kept for backward. Tensors and numbers, the usual case, need no heap.
struct SavedValue {
  // What a Value only borrows, and what few arguments have.
  struct Extra {
    Dims ints;
    std::vector<double> floats;
    std::vector<Scalar> scalars;
    std::string text;
    std::vector<SavedTensor> tensors;   // of a list
    std::vector<TensorGeometry> metas;  // where only sizes are needed
  };
  Value value;
  SavedTensor tensor;
  std::unique_ptr<Extra> extra;
};

class OpNode final : public Node {
 public:
  explicit OpNode(const OpRecord& op) : op(op) {}
  TensorVec apply(TensorVec&& grads) override;
  std::string name() const override;
  std::string operation() const override { return op.name; }
  void release_saved() override;
  Ptr<Node> history_of(const Tensor& t, uint32_t& slot) override {
    return outer ? outer->history_of(t, slot) : Ptr<Node>::share(this);
  }

  const OpRecord& op;
  Node* outer = nullptr;                // the node this one runs inside of (a write through a view)
  SmallVector<SavedValue, 3> args;      // one a parameter
  SmallVector<SavedTensor, 1> results;  // as many as there are, or none
  bool inplace_view = false;            // recorded by transpose_ and the like
  Saves saves;                          // what the derivatives that will run read
  // Edges of parameter i: [begin[i], begin[i + 1]).
  SmallVector<uint32_t, 4> edge_begin;
};

// Backward of one call: gradients in, saved arguments, gradients out.
struct Vjp {
  OpNode& node;
  TensorVec& grads;
  TensorVec out;

  // Gradient of result k; zeros where none arrived.
  Tensor grad(uint32_t k = 0) const;
  // Zeros like the gradient of the first result.
  Tensor zeros() const;
  bool has_grad(uint32_t k) const { return k < grads.size() && grads[k].defined(); }
  bool needs(uint32_t param) const;
  Tensor tensor(uint32_t param) const;
  Operand operand(uint32_t param) const;
  TensorVec tensors(uint32_t param) const;
  Tensor result(uint32_t k) const;
  const Value& arg(uint32_t param) const { return node.args[param].value; }
  const std::vector<TensorGeometry>& metas(uint32_t param) const {
    return node.args[param].extra->metas;
  }
  const Dims& sizes(uint32_t param) const { return metas(param).at(0).sizes; }
  Dtype dtype(uint32_t param) const { return metas(param).at(0).dtype; }
  void set(uint32_t param, Tensor grad) { out[node.edge_begin[param]] = std::move(grad); }
  void set(uint32_t param, TensorVec&& list) {
    for (uint32_t i = 0; i < list.size(); ++i) out[node.edge_begin[param] + i] = std::move(list[i]);
  }
};

// Whether any tensor argument needs a gradient.
bool any_requires_grad(const Call& call);
// Makes the node with its edges and saved arguments, before an in-place write changes them.
Ptr<OpNode> begin_record(const Call& call);
// Gives the results their history and saves those that backward reads.
void finish_record(Call& call, const Ptr<OpNode>& node);

}  // namespace rl
