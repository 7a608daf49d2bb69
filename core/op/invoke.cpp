// invoke(): interception, in-place rules, the kernel, and recording for backward.
#include "core/autograd/grad_mode.h"
#include "core/op/devices.h"
#include "core/op/op_node.h"
#include "core/op/pointwise.h"
#include "core/ops/ops.h"

namespace rl {

void (*warn_handler)(const char* text) = nullptr;
void warn(const std::string& text) {
  if (warn_handler) warn_handler(text.c_str());
}

void warn_once(std::atomic<bool>& warned, const char* text) {
  if (!warned.exchange(true)) warn(text);
}

void resize_tensor(const Tensor& t, IntList sizes) {
  const Dims strides = contiguous_strides(sizes);
  const size_t bytes = storage_bytes(sizes, strides, t.offset(), t.item_size());
  if (bytes > t.storage()->nbytes()) t.storage()->resize(bytes);
  t.impl()->set_geometry(sizes, strides, t.offset());
}

void resize_out(const Tensor& out, IntList sizes) {
  if (out.numel() != 0) {
    warn(str("An output with one or more elements was resized since it had shape ",
             IntList(out.sizes()), ", which does not match the required output shape ", sizes,
             ". This behavior is deprecated, and in a future PyTorch release outputs will not be "
             "resized unless they have zero elements. You can explicitly reuse an out tensor t by "
             "resizing it, inplace, to zero elements with t.resize_(0)."));
  }
  resize_tensor(out, sizes);
}

void Plan::result_strided(int i, IntList sizes, IntList strides, Dtype dtype, Device device) {
  call_.results[i] = empty_strided(sizes, strides, dtype, device);
}
void Plan::result(int i, IntList sizes, Dtype dtype, Device device) {
  call_.results[i] = empty(sizes, dtype, device);
}
void Plan::result_like(int i, const Tensor& like, Dtype dtype) {
  call_.results[i] = empty_like(like, dtype);
}

void push_interceptor(Interceptor& interceptor) {
  interceptor.outer = thread_state().interceptor;
  thread_state().interceptor = &interceptor;
}
void pop_interceptor(Interceptor& interceptor) { thread_state().interceptor = interceptor.outer; }

namespace {

WriteForm written_as(Mode mode) {
  return mode == Mode::InPlace ? WriteForm::InPlace
         : mode == Mode::Out   ? WriteForm::Out
                               : WriteForm::Named;
}

// Delivers computed results to self or to out= tensors.
void deliver(const OpRecord& op, const Tensor& target, const Tensor& value, Mode mode) {
  if (target.is_same(value)) return;
  if (mode == Mode::Out && !(op.flags & kOutCasts))
    RL_CHECK(value.dtype() == target.dtype(), "Expected out tensor to have dtype ",
             type_name(value.dtype()), ", but got ", type_name(target.dtype()), " instead");
  RL_CHECK(can_cast(value.dtype(), target.dtype()), "result type ", value.dtype(),
           " can't be cast to the desired output type ", target.dtype());
  if (!(target.sizes() == value.sizes())) {
    RL_CHECK(mode == Mode::Out, op.name, "_(): output with shape ", IntList(target.sizes()),
             " doesn't match the broadcast shape ", IntList(value.sizes()));
    // What is made from sizes gives them to its out= without a warning.
    op.flags& kFactory ? resize_tensor(target, value.sizes()) : resize_out(target, value.sizes());
  }
  RL_CHECK(!has_internal_overlap(target),
           "unsupported operation: more than one element of the written-to tensor refers to a "
           "single memory location. Please clone() the tensor before performing the operation.");
  if (!target.is_meta()) copy_into(target, value);
}

// Kernels would read memory that tensors of the meta device do not have.
void check_devices(const Call& call) {
  const Tensor* first = nullptr;
  for (int i = 0; i < call.op.param_count; ++i) {
    if (!call.args[i].is_tensor()) continue;
    const Tensor& t = call.args[i].tensor();
    if (t.dim() == 0 && !t.is_meta()) continue;
    if (!first) first = &t;
    check_device(t, first->device());
  }
}

void invoke_direct(Call& call);

// Runs plan and kernel; afterwards call.results hold fresh tensors, or the targets written.
void compute(Call& call) {
  const OpRecord& op = call.op;
  if (op.kind == OpKind::Pointwise) return run_pointwise(call);
  // Kernels may call other operators; this call's node is the record of them all.
  const GradModeGuard no_grad(false);
  if (op.kind == OpKind::Mutate) return op.run(call);
  Tensor targets[kMaxResults];
  const int count = call.mode == Mode::InPlace ? 1 : op.result_count;
  if (call.mode != Mode::Functional)
    for (int i = 0; i < count; ++i) targets[i] = std::move(call.results[i]);
  if (op.plan) {
    check_devices(call);
    Plan plan(call);
    op.plan(plan, call.args);
    bool meta = false;
    for (int i = 0; i < op.result_count; ++i)
      meta = meta || (call.results[i] && call.results[i].is_meta());
    if (!meta) op.run(call);
  } else {
    op.run(call);
  }
  if (call.mode == Mode::Functional) return;
  for (int i = 0; i < count; ++i) {
    if (!targets[i]) continue;
    deliver(op, targets[i], call.results[i], call.mode);
    call.results[i] = std::move(targets[i]);
  }
}

void deliver_inplace(const Tensor& target, const Tensor& value) {
  RL_CHECK(can_cast(value.dtype(), target.dtype()), "result type ", value.dtype(),
           " can't be cast to the desired output type ", target.dtype());
  ops::copy_.inplace(target, value);
}

void run_composite(Call& call) {
  if (call.mode == Mode::Functional) return call.op.run(call);
  // Computed apart, then copied over with history.
  Tensor targets[kMaxResults];
  const int count = call.mode == Mode::InPlace ? 1 : call.op.result_count;
  for (int i = 0; i < count; ++i) targets[i] = std::move(call.results[i]);
  // What the parts save of self must survive the write.
  Tensor before;
  Value args[kMaxParams];
  std::copy_n(call.args, call.op.param_count, args);
  if (call.mode == Mode::InPlace && thread_state().grad_enabled && any_requires_grad(call)) {
    before = grad_ops.clone(call.args[0].tensor());
    args[0] = before;
  }
  Call inner{call.op, args, Mode::Functional, {}, {}};
  call.op.run(inner);
  for (int i = 0; i < count; ++i) {
    if (call.mode == Mode::Out) {
      const bool recorded = requires_grad(targets[i]) || requires_grad(inner.results[i]);
      RL_CHECK(!recorded || !thread_state().grad_enabled, call.op.name,
               "(): functions with out=... arguments don't support automatic differentiation, but "
               "one of the arguments requires grad.");
      deliver(call.op, targets[i], inner.results[i], Mode::Out);
      note_write(targets[i], call.op.name, WriteForm::Out);
    } else {
      deliver_inplace(targets[i], inner.results[i]);
      targets[i].impl()->shared_version()->rename_last(call.op.name, WriteForm::InPlace);
    }
    call.results[i] = std::move(targets[i]);
  }
}

void finish_view(Call& call) {
  const Tensor& base = call.args[0].tensor();
  const ThreadState& state = thread_state();
  if (base.impl()->inference) {
    for (Tensor& t : call.list) t.impl()->inference = true;
    if (call.results[0]) call.results[0].impl()->inference = true;
    return;
  }
  const ViewKind kind = state.inference              ? ViewKind::Inference
                        : !state.grad_enabled        ? ViewKind::NoGrad
                        : call.op.flags & kMultiView ? ViewKind::MultiOutput
                                                     : ViewKind::Default;
  const auto mark = [&](const Tensor& t) {
    if (t.storage() != base.storage() || t.is_same(base)) return;
    if (call.op.vjp)
      set_view(t, base, kind);
    else  // nothing to differentiate: the bytes are shared, and the count of writes
      t.impl()->version_counter = base.impl()->shared_version();
  };
  if (call.op.flags & kList)
    for (Tensor& t : call.list) mark(t);
  else if (call.results[0])
    mark(call.results[0]);
}

void mark_inference(Call& call) {
  for (int i = 0; i < call.op.result_count; ++i)
    if (call.results[i]) call.results[i].impl()->inference = true;
  for (Tensor& t : call.list) t.impl()->inference = true;
}

// transpose_ and the like: the tensor itself takes the view's geometry. Its history is its own:
// those who share its storage, a base included, did not change.
void run_inplace_view(Call& call, bool needs_grad) {
  const OpRecord& op = call.op;
  const Tensor self = call.args[0].tensor();
  const ThreadState& state = thread_state();
  if (autograd_meta(self) || self.impl()->inference)
    check_inplace(self, state.grad_enabled && needs_grad);
  Ptr<OpNode> node;
  if (needs_grad && op.vjp) node = begin_record(call);
  Call inner{op, call.args, Mode::Functional, {}, {}};
  {
    const GradModeGuard no_grad(false);
    op.run(inner);
  }
  const Tensor& view = inner.results[0];
  self.impl()->set_geometry(view.sizes(), view.strides(), view.offset());
  note_write(self, op.name, WriteForm::InPlace);
  call.results[0] = self;
  if (!node) return;
  set_history(self, node);
}

// Reductions and scans compute in the dtype of out= unless one is given.
void invoke_in_dtype_of_out(Call& call, int dtype_param) {
  Value args[kMaxParams];
  std::copy_n(call.args, call.op.param_count, args);
  args[dtype_param] = Value(call.results[0].dtype());
  Call inner{call.op, args, call.mode, {}, {}};
  inner.results[0] = call.results[0];
  invoke_direct(inner);
  call.results[0] = inner.results[0];
}

int dtype_param_to_fill(const Call& call) {
  const OpRecord& op = call.op;
  if (call.mode != Mode::Out || !(op.flags & kOutDtype)) return -1;
  for (int i = 0; i < op.param_count; ++i)
    if (op.params[i].type == ParamType::Dtype && call.args[i].is_none()) return i;
  return -1;
}

void invoke_direct(Call& call) {
  const OpRecord& op = call.op;
  if (const int i = dtype_param_to_fill(call); i >= 0) return invoke_in_dtype_of_out(call, i);
  if (op.check) op.check(call.args);
  if (op.kind == OpKind::Choose) return op.run(call);
  if (op.kind == OpKind::Composite) return run_composite(call);
  const ThreadState& state = thread_state();
  const bool needs_grad = state.grad_enabled && !state.inference && any_requires_grad(call);
  Ptr<OpNode> node;
  if (call.mode == Mode::InPlace && op.kind == OpKind::View)
    return run_inplace_view(call, needs_grad);
  if (call.mode == Mode::InPlace || op.kind == OpKind::Mutate) {
    const Tensor& self = call.args[0].tensor();
    const bool differentiable = !(op.flags & kNotDifferentiable);
    if (autograd_meta(self) || self.impl()->inference)
      check_inplace(self, needs_grad && differentiable);
    if (needs_grad && op.vjp && is_differentiable(self.dtype())) node = begin_record(call);
    compute(call);
    if (op.kind == OpKind::Mutate && !call.results[0]) call.results[0] = self;
    note_write(self, op.name, written_as(call.mode));
    if (node) finish_record(call, node);
    return;
  }
  if (call.mode == Mode::Out) {
    RL_CHECK(
        !needs_grad || op.flags & (kNotDifferentiable | kBoolResult), op.name,
        "(): functions with out=... arguments don't support automatic differentiation, but one "
        "of the arguments requires grad.");
    for (int i = 0; i < op.result_count; ++i)
      RL_CHECK(!call.results[i] || !state.grad_enabled || !requires_grad(call.results[i]), op.name,
               "(): functions with out=... arguments don't support automatic differentiation, but "
               "one of the arguments requires grad.");
    compute(call);
    for (int i = 0; i < op.result_count; ++i)
      if (call.results[i]) note_write(call.results[i], op.name, WriteForm::Out);
    return;
  }
  if (needs_grad && op.vjp && !(op.flags & kBoolResult)) node = begin_record(call);
  compute(call);
  if (op.kind == OpKind::View)
    finish_view(call);
  else if (state.inference)
    mark_inference(call);
  if (node) finish_record(call, node);
}

}  // namespace

void forward(Call& call, const OpRecord& op, const Value* args) {
  Call inner{op, args, call.mode, {}, {}};
  std::move(call.results, call.results + op.result_count, inner.results);
  invoke(inner);
  std::move(inner.results, inner.results + op.result_count, call.results);
  call.list = std::move(inner.list);
}

void invoke(Call& call) {
  Interceptor* const interceptor = thread_state().interceptor;
  if (!interceptor) [[likely]]
    return invoke_direct(call);
  // Calls made while intercepting see the next interceptor outwards.
  thread_state().interceptor = interceptor->outer;
  struct Restore {
    Interceptor* before;
    ~Restore() { thread_state().interceptor = before; }
  } restore{interceptor};
  interceptor->intercept(call, invoke);
}

}  // namespace rl
