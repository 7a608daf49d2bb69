// Dropout in all its forms, random leaky slopes, and draws from weights.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/kernels/cpu/random_fill.h"
#include "core/kernels/cpu/random_sample.h"
#include "core/ops/operators.h"
#include "core/ops/random.h"

namespace rl {
namespace {

void check_probability(double p) {
  RL_CHECK(p >= 0 && p <= 1, "dropout probability has to be between 0 and 1, but got ", p);
}

// 1 / keep, as an element of this dtype.
double rounded_inverse(double keep, Dtype dtype) {
  double out = 0;
  dispatch(Floats{}, dtype, "dropout", [&]<class T>() {
    out = static_cast<double>(
        static_cast<Compute<T>>(T(Compute<T>(1) / static_cast<Compute<T>>(keep))));
  });
  return out;
}

}  // namespace

Tensor dropout(const Tensor& self, double p, bool train) {
  check_probability(p);
  if (p == 0 || !train || self.numel() == 0) return self;
  if (p == 1) return self * ops::zeros(Dims{}, self.dtype());
  RL_CHECK(!is_integral(self.dtype(), true),
           "result type Float can't be cast to the desired output type ", self.dtype());
  return ops::_scale_kept(self, ops::_kept(self, 1 - p), rounded_inverse(1 - p, self.dtype()));
}

Tensor masked_dropout(const char*, const Tensor& self, double p, bool train, bool feature,
                      bool alpha) {
  check_probability(p);
  if (p == 0 || !train || self.numel() == 0) return self;
  if (p == 1) return self * ops::zeros(Dims{}, self.dtype());
  Dims sizes = self.sizes();
  if (feature) {
    RL_CHECK(self.dim() >= 2, "Feature dropout requires at least 2 dimensions in the input");
    for (size_t d = 2; d < sizes.size(); ++d) sizes[d] = 1;
  }
  RL_CHECK(!is_integral(self.dtype(), true),
           "result type Float can't be cast to the desired output type ",
           alpha ? Dtype::Int64 : self.dtype());
  Tensor noise = feature ? ops::empty(sizes, self.dtype()) : ops::empty_like(self);
  ops::bernoulli__float(noise, 1 - p);
  if (!alpha) return self * (noise / (1 - p));
  // The constants of SELU's self-normalisation (Klambauer et al., 2017).
  constexpr double kAlpha = 1.7580993408473766;
  const double a = 1 / std::sqrt((kAlpha * kAlpha * p + 1) * (1 - p));
  const Tensor shift = (noise + -1) * (kAlpha * a) + kAlpha * a * p;
  return self * (noise * a) + shift;
}

namespace impl {

Tensor kept(const Tensor& self, double p) {
  Tensor out = rl::empty_like(self, Dtype::Bool);
  cpu::bernoulli_(out, p, nullptr);
  return out;
}

std::array<Tensor, 2> native_dropout(const Tensor& input, double p, std::optional<bool> train) {
  if (input.numel() == 0) return {input, ops::empty_like(input)};
  if (!train.value_or(true)) return {ops::clone(input), ops::ones_like(input, Dtype::Bool)};
  const Tensor mask = ops::_kept(input, 1 - p);
  return {ops::_scale_kept(input, mask, p == 1 ? 0.0 : 1 / (1 - p)), mask};
}

namespace {

// The largest `count` of each row of weights / q, in falling order.
template <class T>
void largest_ratios(const T* weights, const T* q, int64_t rows, int64_t n, int64_t count,
                    int64_t* out) {
  std::vector<Compute<T>> ratio(static_cast<size_t>(n));
  std::vector<int64_t> order(static_cast<size_t>(n));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < n; ++i)
      ratio[static_cast<size_t>(i)] = static_cast<Compute<T>>(
          T(static_cast<Compute<T>>(weights[r * n + i]) / static_cast<Compute<T>>(q[r * n + i])));
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](int64_t a, int64_t b) {
      const auto x = ratio[static_cast<size_t>(a)], y = ratio[static_cast<size_t>(b)];
      return x != y ? x > y : a < b;
    });
    std::copy_n(order.begin(), count, out + r * count);
  }
}

}  // namespace

Tensor multinomial(const Tensor& self, int64_t samples, bool replacement, Generator* g) {
  RL_CHECK(self.dim() == 1 || self.dim() == 2, "prob_dist must be 1 or 2 dim");
  RL_CHECK(self.is_floating(),
           "multinomial only supports floating-point dtypes for input, got: ", self.dtype());
  RL_CHECK(samples > 0, "cannot sample n_sample <= 0 samples");
  const int64_t n = self.size(-1), rows = self.dim() == 2 ? self.size(0) : 1;
  RL_CHECK(replacement || samples <= n,
           "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  RL_CHECK(n <= int64_t{1} << 24, "number of categories cannot exceed 2^24");
  Tensor out = rl::empty(self.dim() == 2 ? Dims{rows, samples} : Dims{samples}, Dtype::Int64);
  if (out.numel() == 0) return out;
  const Tensor weights = as_contiguous(self);
  dispatch(Floats{}, self.dtype(), "multinomial", [&]<class T>() {
    if (replacement && samples > 1) {
      cpu::sample_multinomial<T>(or_default(g), out.data<int64_t>(), weights.data<T>(), rows, n,
                                 samples);
      return;
    }
    for (int64_t r = 0; r < rows; ++r) {
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) {
        const auto w = static_cast<double>(static_cast<Compute<T>>(weights.data<T>()[r * n + i]));
        RL_CHECK(w >= 0 && w < INFINITY,
                 "probability tensor contains either `inf`, `nan` or element < 0");
        sum += w;
      }
      RL_CHECK(sum > 0, "invalid multinomial distribution (sum of probabilities <= 0)");
    }
    // The largest of weights over exponential numbers falls on each category in proportion.
    const Tensor q = rl::empty_like(self);
    cpu::exponential_(q, 1, g);
    const Tensor rates = as_contiguous(q);
    largest_ratios(weights.data<T>(), rates.data<T>(), rows, n, samples, out.data<int64_t>());
  });
  return out;
}

}  // namespace impl
}  // namespace rl
