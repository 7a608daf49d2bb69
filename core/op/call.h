// A call in flight, and invoke(): the single path of every operator call.
#pragma once

#include <atomic>

#include "core/op/record.h"

namespace rl {

struct Call {
  const OpRecord& op;
  const Value* args;
  Mode mode = Mode::Functional;
  // Functional: filled by the call. InPlace: [0] is self. Out: the given tensors.
  Tensor results[kMaxResults];
  TensorVec list;  // results of an operator that returns a list
};

void invoke(Call& call);

// Runs `op` in the place of call.op, with its mode and targets.
void forward(Call& call, const OpRecord& op, const Value* args);

// What a plan decides: geometry of each result, before anything is allocated.
class Plan {
 public:
  explicit Plan(Call& call) : call_(call) {}
  const OpRecord& op() const { return call_.op; }
  bool in_place() const { return call_.mode == Mode::InPlace; }
  void result(int i, IntList sizes, Dtype dtype, Device device = {});
  void result_strided(int i, IntList sizes, IntList strides, Dtype dtype, Device device = {});
  // Like `like` in sizes, and in strides where those are dense.
  void result_like(int i, const Tensor& like, Dtype dtype);

 private:
  Call& call_;
};

// Sees every call of its thread, and decides when it runs (profiler, capture, autocast, ...).
class Interceptor {
 public:
  virtual ~Interceptor() = default;
  // Must call next(call) unless it fills the results itself.
  virtual void intercept(Call& call, void (*next)(Call&)) = 0;
  Interceptor* outer = nullptr;
};

// Puts an interceptor on this thread for a scope.
void push_interceptor(Interceptor& interceptor);
void pop_interceptor(Interceptor& interceptor);

// Resizes a tensor given as out= (a non-empty one with a warning).
void resize_out(const Tensor& out, IntList sizes);
extern void (*warn_handler)(const char* text);  // set by the binding
void warn(const std::string& text);
void warn_once(std::atomic<bool>& warned, const char* text);

// Sizes, strides and data of `t` now belong to `t`'s storage resized to fit.
void resize_tensor(const Tensor& t, IntList sizes);

}  // namespace rl
