// Convolutions beside plain loops: random shapes of one to three dimensions with strides, paddings,
// dilations and groups. The gradients are checked by the adjoint identity with the forward pass:
// <g, conv(x, w)> = <grad_x, x> = <grad_w, w>.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/convolution_native.h"

namespace {

using namespace rl;
using Values = std::vector<double>;

std::mt19937 random_engine(2);
int failures = 0;

int64_t between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random_engine() % static_cast<uint32_t>(high - low + 1));
}

Values random_values(int64_t n) {
  Values v(static_cast<size_t>(n));
  for (double& x : v) x = std::normal_distribution<double>()(random_engine);
  return v;
}

double dot(const Values& a, const Values& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Sums over every tap of every output, with sizes brought to three dimensions.
Values reference(const cpu::ConvParams& p, const Values& x, const Values& w, const Values& bias) {
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, kernel[3] = {1, 1, 1}, stride[3] = {1, 1, 1};
  int64_t padding[3] = {0, 0, 0}, dilation[3] = {1, 1, 1};
  for (int d = 0; d < p.ndim; ++d) {
    const int to = d + 3 - p.ndim;
    in[to] = p.input[d];
    out[to] = p.output[d];
    kernel[to] = p.kernel[d];
    stride[to] = p.stride[d];
    padding[to] = p.padding[d];
    dilation[to] = p.dilation[d];
  }
  const int64_t group_in = p.in_channels / p.groups, group_out = p.out_channels / p.groups;
  Values y;
  for (int64_t n = 0; n < p.batch; ++n) {
    for (int64_t o = 0; o < p.out_channels; ++o) {
      for (int64_t at = 0; at < out[0] * out[1] * out[2]; ++at) {
        const int64_t q[3] = {at / out[2] / out[1], at / out[2] % out[1], at % out[2]};
        double sum = bias[static_cast<size_t>(o)];
        for (int64_t c = 0; c < group_in; ++c) {
          for (int64_t t = 0; t < kernel[0] * kernel[1] * kernel[2]; ++t) {
            const int64_t tap[3] = {t / kernel[2] / kernel[1], t / kernel[2] % kernel[1],
                                    t % kernel[2]};
            int64_t from = n * p.in_channels + o / group_out * group_in + c;
            bool inside = true;
            for (int d = 0; d < 3; ++d) {
              const int64_t i = q[d] * stride[d] + tap[d] * dilation[d] - padding[d];
              inside = inside && i >= 0 && i < in[d];
              from = from * in[d] + i;
            }
            const int64_t weight = (o * group_in + c) * kernel[0] * kernel[1] * kernel[2] + t;
            if (inside) sum += x[static_cast<size_t>(from)] * w[static_cast<size_t>(weight)];
          }
        }
        y.push_back(sum);
      }
    }
  }
  return y;
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-10 * (1 + std::abs(a)); }

void check_one() {
  cpu::ConvParams p;
  p.ndim = static_cast<int>(between(1, 3));
  p.batch = between(1, 4);
  p.groups = between(1, 3);
  const bool wide = between(0, 3) == 0;
  const int64_t group_in = between(1, wide ? 40 : 9), group_out = between(1, wide ? 150 : 20);
  p.in_channels = p.groups * group_in;
  p.out_channels = p.groups * group_out;
  int64_t in_size = 1, out_size = 1, taps = 1;
  for (int d = 0; d < p.ndim; ++d) {
    p.kernel[d] = between(1, 4);
    p.stride[d] = between(1, 3);
    p.padding[d] = between(0, 3);
    p.dilation[d] = between(1, 2);
    p.input[d] = between(1, p.ndim == 1 ? 80 : p.ndim == 2 ? 20 : 7) + p.dilation[d] * p.kernel[d];
    p.output[d] = p.output_size(d);
    in_size *= p.input[d];
    out_size *= p.output[d];
    taps *= p.kernel[d];
  }
  const Values x = random_values(p.batch * p.in_channels * in_size);
  const Values w = random_values(p.out_channels * group_in * taps);
  const Values bias = random_values(p.out_channels), zero(bias.size());
  const Values g = random_values(p.batch * p.out_channels * out_size);
  const Values expected = reference(p, x, w, bias), plain = reference(p, x, w, zero);
  Values y(g.size()), grad_x(x.size()), grad_w(w.size()), grad_bias(bias.size());
  set_num_threads(static_cast<int>(between(1, 3)));
  cpu::conv_forward(Dtype::Float64, p, x.data(), w.data(), bias.data(), y.data());
  cpu::conv_backward_data(Dtype::Float64, p, g.data(), w.data(), nullptr, grad_x.data());
  cpu::conv_backward_weights(Dtype::Float64, p, g.data(), x.data(), grad_w.data(),
                             grad_bias.data());
  bool right = true;
  for (size_t i = 0; i < y.size(); ++i) right = right && close(expected[i], y[i]);
  // Each gradient is linear in g: beside random x and w, the identity leaves no room for errors.
  right = right && close(dot(g, plain), dot(grad_x, x)) && close(dot(g, plain), dot(grad_w, w));
  Values with_bias(expected);
  for (size_t i = 0; i < expected.size(); ++i) with_bias[i] -= plain[i];
  right = right && close(dot(g, with_bias), dot(grad_bias, bias));
  Values other_w(w.size()), other_x(x.size());
  set_num_threads(static_cast<int>(between(1, 5)));
  cpu::conv_backward_weights(Dtype::Float64, p, g.data(), x.data(), other_w.data(), nullptr);
  cpu::conv_backward_data(Dtype::Float64, p, g.data(), w.data(), nullptr, other_x.data());
  right = right && other_w == grad_w && other_x == grad_x;
  if (right) return;
  ++failures;
  std::printf("failed: %d dimensions, batch %ld, channels %ld to %ld in %ld groups\n", p.ndim,
              static_cast<long>(p.batch), static_cast<long>(p.in_channels),
              static_cast<long>(p.out_channels), static_cast<long>(p.groups));
}

}  // namespace

int main() {
  for (int i = 0; i < 150; ++i) check_one();
  std::printf("%d failures\n", failures);
  return failures != 0;
}
