// Recording calls into the graph and running their derivatives.
#include "core/op/op_node.h"

#include "core/autograd/grad_mode.h"
#include "core/op/op.h"

namespace rl {
namespace {

TensorGeometry meta_of(const Tensor& t) {
  if (!t.defined()) return {};
  return {t.sizes(), t.strides(), t.offset(), t.dtype(), t.device()};
}

void save_argument(SavedValue& to, const Value& from, bool data, bool sizes, bool clone) {
  const auto extra = [&]() -> SavedValue::Extra& {
    if (!to.extra) to.extra = std::make_unique<SavedValue::Extra>();
    return *to.extra;
  };
  switch (from.tag()) {
    case Tag::Tensor:
      // The clone has a history: the derivative's derivative reaches what was there before.
      if (data)
        to.tensor = SavedTensor(clone ? grad_ops.clone(from.tensor()) : from.tensor(), false);
      if (sizes) extra().metas.push_back(meta_of(from.tensor()));
      break;
    case Tag::TensorList:
      extra();
      for (const Tensor& t : from.tensors()) {
        if (data) to.extra->tensors.emplace_back(t, false);
        if (sizes) to.extra->metas.push_back(meta_of(t));
      }
      break;
    case Tag::IntList:
      extra().ints = Dims(from.ints());
      to.value = Value(to.extra->ints);
      break;
    case Tag::FloatList:
      extra().floats.assign(from.floats().begin(), from.floats().end());
      to.value = Value(std::span<const double>(to.extra->floats));
      break;
    case Tag::ScalarList:
      extra().scalars.assign(from.scalars().begin(), from.scalars().end());
      to.value = Value(std::span<const Scalar>(to.extra->scalars));
      break;
    case Tag::String:
      extra().text = from.string();
      to.value = Value(std::string_view(to.extra->text));
      break;
    case Tag::Complex:
      extra().scalars.push_back(from.scalar());
      to.value = Value(to.extra->scalars[0]);
      break;
    default:
      to.value = from;
      break;
  }
  if (sizes && from.is_none()) extra().metas.emplace_back();
}

}  // namespace

bool any_requires_grad(const Call& call) {
  for (int i = 0; i < call.op.param_count; ++i) {
    const Value& v = call.args[i];
    if (v.is_tensor()) {
      if (requires_grad(v.tensor())) return true;
    } else if (v.tag() == Tag::TensorList) {
      for (const Tensor& t : v.tensors())
        if (t.defined() && requires_grad(t)) return true;
    }
  }
  return false;
}

Ptr<OpNode> begin_record(const Call& call) {
  auto node = make_node<OpNode>(call.op);
  const OpRecord& op = call.op;
  node->inplace_view = call.mode == Mode::InPlace && op.kind == OpKind::View;
  node->args.resize(op.param_count);
  node->edge_begin.resize(op.param_count + 1u);
  for (uint32_t i = 0; i < op.param_count; ++i) {
    const Value& v = call.args[i];
    const auto first = static_cast<uint32_t>(node->edges.size());
    node->edge_begin[i] = first;
    if (v.is_tensor()) {
      node->edges.push_back(gradient_edge(v.tensor()));
    } else if (v.tag() == Tag::TensorList) {
      for (const Tensor& t : v.tensors()) node->edges.push_back(gradient_edge(t));
    } else if (op.params[i].type == ParamType::Tensor || op.params[i].type == ParamType::Operand) {
      node->edges.emplace_back();  // a number or None: keeps one edge a parameter
    }
    bool needed = false;
    for (uint32_t e = first; e < node->edges.size(); ++e) needed = needed || node->edges[e];
    if (!needed || !op.saves) continue;
    node->saves.tensors |= op.saves[i].tensors;
    node->saves.sizes |= op.saves[i].sizes;
    node->saves.results |= op.saves[i].results;
  }
  const bool writes_self = call.mode == Mode::InPlace || op.kind == OpKind::Mutate;
  for (uint32_t i = 0; i < op.param_count; ++i) {
    const bool data = node->saves.tensors >> i & 1;
    const bool sizes = node->saves.sizes >> i & 1;
    save_argument(node->args[i], call.args[i], data, sizes, i == 0 && writes_self && data);
  }
  node->edge_begin[op.param_count] = static_cast<uint32_t>(node->edges.size());
  return node;
}

void finish_record(Call& call, const Ptr<OpNode>& node) {
  const OpRecord& op = call.op;
  if (call.mode == Mode::InPlace || op.kind == OpKind::Mutate) {
    rebase_history(call.mode == Mode::InPlace ? call.results[0] : call.args[0].tensor(), node);
  } else if (op.flags & kList) {
    for (const Tensor& t : call.list) set_history(t, node);
  } else {
    for (uint32_t k = 0; k < op.result_count; ++k) {
      const Tensor& t = call.results[k];
      const bool tracked =
          t.defined() && (op.differentiable_results >> k & 1) && is_differentiable(t.dtype());
      if (tracked)
        set_history(t, node);
      else if (t.defined())
        node->add_slot(t);
      else
        node->slots.emplace_back();
    }
  }
  if (node->saves.results) {
    node->results.resize(op.result_count);
    for (uint32_t k = 0; k < op.result_count; ++k)
      if (node->saves.results >> k & 1) node->results[k] = SavedTensor(call.results[k], true);
  }
}

// "A/B/C" names A for tensor operands, B and C with a number as a later or the first one. A view's
// "A/B" names B in place.
std::string OpNode::name() const {
  std::string_view all = op.node_name;
  size_t which = inplace_view ? 1 : 0;
  for (uint32_t i = 0; i < op.param_count; ++i)
    if (op.params[i].type == ParamType::Operand && args[i].value.is_number()) {
      which = i == 0 ? 2 : 1;
      break;
    }
  for (size_t slash = all.find('/'); slash != all.npos; slash = all.find('/')) {
    if (which-- == 0) return std::string(all.substr(0, slash));
    all.remove_prefix(slash + 1);
  }
  return std::string(all);
}

TensorVec OpNode::apply(TensorVec&& grads) {
  bool any = false;
  for (const Tensor& g : grads) any = any || g.defined();
  if (!any) return TensorVec(edges.size());
  Vjp v{*this, grads, TensorVec(edges.size())};
  op.vjp(v);
  return std::move(v.out);
}

void OpNode::release_saved() {
  // Where a number has no node name of its own PyTorch saves it as a tensor: a second backward
  // pass is refused too.
  const auto saved_as_tensor = [&](uint32_t i) {
    return saves.tensors >> i & 1 && op.params[i].type == ParamType::Operand &&
           args[i].value.is_number() &&
           std::string_view(op.node_name).find('/') == std::string_view::npos;
  };
  for (uint32_t i = 0; i < args.size(); ++i) {
    SavedValue& arg = args[i];
    if (arg.tensor.defined() || saved_as_tensor(i)) arg.tensor.reset();
    if (!arg.extra) continue;
    for (SavedTensor& t : arg.extra->tensors) t.reset();
  }
  for (SavedTensor& t : results)
    if (t.defined()) t.reset();
}

Tensor Vjp::grad(uint32_t k) const {
  if (has_grad(k)) return grads[k];
  const SlotMeta& slot = node.slots[k];
  Tensor zeros = empty(slot.sizes, slot.dtype, slot.device);
  copy_into(zeros, scalar_tensor(Scalar(0), slot.dtype));
  return zeros;
}

Tensor Vjp::zeros() const {
  const Tensor like = grad();
  Tensor out = empty(like.sizes(), like.dtype(), like.device());
  copy_into(out, scalar_tensor(Scalar(0), like.dtype()));
  return out;
}

bool Vjp::needs(uint32_t param) const {
  for (uint32_t e = node.edge_begin[param]; e < node.edge_begin[param + 1]; ++e)
    if (node.edges[e]) return true;
  return false;
}

Tensor Vjp::tensor(uint32_t param) const { return node.args[param].tensor.unpack(&node); }

Operand Vjp::operand(uint32_t param) const {
  const Value& number = node.args[param].value;
  const Tensor saved = tensor(param);  // reports the second backward of a number too
  return number.is_none() ? Operand(saved) : Operand(number);
}

TensorVec Vjp::tensors(uint32_t param) const {
  TensorVec out;
  if (const auto& extra = node.args[param].extra)
    for (const SavedTensor& t : extra->tensors) out.push_back(t.unpack(&node));
  return out;
}

Tensor Vjp::result(uint32_t k) const { return node.results[k].unpack(&node); }

}  // namespace rl
