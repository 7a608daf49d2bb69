// Per-thread switches of the call path: gradient recording, inference mode, the interceptor.
#pragma once

namespace rl {

class Interceptor;

struct ThreadState {
  bool grad_enabled = true;
  bool inference = false;
  bool anomaly = false;  // record where each node was made
  bool anomaly_check_nan = true;
  Interceptor* interceptor = nullptr;
};

// One thread-local block, so that a call reads one address.
inline ThreadState& thread_state() {
  static thread_local ThreadState state __attribute__((tls_model("initial-exec")));
  return state;
}

class GradModeGuard {
 public:
  explicit GradModeGuard(bool enabled) : before_(thread_state().grad_enabled) {
    thread_state().grad_enabled = enabled;
  }
  ~GradModeGuard() { thread_state().grad_enabled = before_; }
  GradModeGuard(const GradModeGuard&) = delete;
  GradModeGuard& operator=(const GradModeGuard&) = delete;

 private:
  bool before_;
};

}  // namespace rl
