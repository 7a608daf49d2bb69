// CTC by dynamic programming in logarithms (Graves et al., ICML 2006, sections 4.1 and 4.2). A
// target of S labels is walked as 2 S + 1 states, a blank before, between and after the labels.
#include "core/kernels/cpu/ctc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/threads.h"

namespace rl::cpu {
namespace {

template <class T>
constexpr T kNever = -std::numeric_limits<T>::infinity();

// log(exp(a) + exp(b) + exp(c))
template <class T>
T log_sum(T a, T b, T c = kNever<T>) {
  const T top = std::max(a, std::max(b, c));
  if (top == kNever<T>) return top;
  return top + std::log(std::exp(a - top) + std::exp(b - top) + std::exp(c - top));
}

// One sample's states and log-probabilities.
template <class T>
struct Sample {
  const T* log_probs;
  int64_t step;  // between times
  const int64_t* labels;
  int64_t count, times, states, blank;

  Sample(const CtcTargets& t, const Tensor& probs, int64_t n)
      : log_probs(probs.data<T>() + n * probs.size(2)),
        step(probs.size(1) * probs.size(2)),
        labels(t.labels + t.starts[static_cast<size_t>(n)]),
        count(t.lengths[static_cast<size_t>(n)]),
        times(t.input_lengths[static_cast<size_t>(n)]),
        states(2 * count + 1),
        blank(t.blank) {}

  int64_t label(int64_t state) const { return state % 2 ? labels[state / 2] : blank; }
  // A label follows the one before it without a blank, unless they are equal.
  bool skips(int64_t state) const {
    return state % 2 && state > 1 && labels[state / 2] != labels[state / 2 - 1];
  }
  T at(int64_t time, int64_t state) const { return log_probs[time * step + label(state)]; }
};

template <class T>
T forward(const Sample<T>& s, T* alpha, int64_t width) {
  if (s.times == 0) return s.count == 0 ? T(0) : -kNever<T>;
  alpha[0] = s.at(0, 0);
  if (s.states > 1) alpha[1] = s.at(0, 1);
  for (int64_t t = 1; t < s.times; ++t) {
    const T* const before = alpha + (t - 1) * width;
    T* const now = alpha + t * width;
    for (int64_t k = 0; k < s.states; ++k)
      now[k] = log_sum(before[k], k > 0 ? before[k - 1] : kNever<T>,
                       s.skips(k) ? before[k - 2] : kNever<T>) +
               s.at(t, k);
  }
  const T* const last = alpha + (s.times - 1) * width;
  return -log_sum(last[s.states - 1], s.states > 1 ? last[s.states - 2] : kNever<T>);
}

template <class T>
void backward(const Sample<T>& s, const T* alpha, int64_t width, T loss, T grad, int64_t classes,
              T* out) {
  std::vector<T> beta(static_cast<size_t>(s.states), kNever<T>), next(beta),
      sums(static_cast<size_t>(classes));
  for (int64_t t = s.times - 1; t >= 0; --t) {
    std::swap(beta, next);
    for (int64_t k = 0; k < s.states; ++k) {
      const auto i = static_cast<size_t>(k);
      if (t == s.times - 1) {
        beta[i] = k >= s.states - 2 ? s.at(t, k) : kNever<T>;
        continue;
      }
      const T one = k + 1 < s.states ? next[i + 1] : kNever<T>;
      const T two = k + 2 < s.states && s.skips(k + 2) ? next[i + 2] : kNever<T>;
      beta[i] = log_sum(next[i], one, two) + s.at(t, k);
    }
    std::fill(sums.begin(), sums.end(), kNever<T>);
    for (int64_t k = 0; k < s.states; ++k) {
      T& sum = sums[static_cast<size_t>(s.label(k))];
      sum = log_sum(sum, alpha[t * width + k] + beta[static_cast<size_t>(k)]);
    }
    for (int64_t c = 0; c < classes; ++c) {
      const T p = s.log_probs[t * s.step + c];
      out[t * s.step + c] =
          (std::exp(p) - std::exp(sums[static_cast<size_t>(c)] + loss - p)) * grad;
    }
  }
}

}  // namespace

void ctc_loss(const CtcTargets& targets, const Tensor& log_probs, const Tensor& loss,
              const Tensor& log_alpha) {
  dispatch(WideFloats{}, log_probs.dtype(), "ctc_loss_cpu", [&]<class T>() {
    const int64_t width = log_alpha.size(2), plane = log_alpha.size(1) * width;
    std::fill_n(log_alpha.data<T>(), log_alpha.numel(), kNever<T>);
    parallel_for(0, log_probs.size(1), 1, [&](int64_t first, int64_t last) {
      for (int64_t n = first; n < last; ++n)
        loss.data<T>()[n] =
            forward(Sample<T>(targets, log_probs, n), log_alpha.data<T>() + n * plane, width);
    });
  });
}

void ctc_loss_backward(const CtcTargets& targets, const Tensor& grad, const Tensor& log_probs,
                       const Tensor& loss, const Tensor& log_alpha, bool zero_infinity,
                       const Tensor& out) {
  dispatch(WideFloats{}, log_probs.dtype(), "ctc_loss_backward_cpu", [&]<class T>() {
    const int64_t width = log_alpha.size(2), plane = log_alpha.size(1) * width,
                  classes = log_probs.size(2);
    std::fill_n(out.data<T>(), out.numel(), T(0));
    parallel_for(0, log_probs.size(1), 1, [&](int64_t first, int64_t last) {
      for (int64_t n = first; n < last; ++n) {
        const T nll = loss.data<T>()[n];
        if (zero_infinity && std::isinf(nll)) continue;
        backward(Sample<T>(targets, log_probs, n), log_alpha.data<T>() + n * plane, width, nll,
                 grad.data<T>()[n], classes, out.data<T>() + n * classes);
      }
    });
  });
}

}  // namespace rl::cpu
