// Sampling at the places of a grid, and the grids of affine maps.
#include "core/kernels/cpu/layout.h"
#include "core/op/op_node.h"
#include "core/ops/interpolate.h"
#include "core/ops/ops.h"

namespace rl {
namespace {

void check_grid(const Tensor& input, const Tensor& grid, int64_t mode) {
  const IntList x = input.sizes(), g = grid.sizes();
  RL_CHECK(
      !x.empty() && !g.empty() && x[0] == g[0],
      "grid_sampler(): expected grid and input to have same batch size, but got input with sizes ",
      x, " and grid with sizes ", g);
  RL_CHECK(g.back() == input.dim() - 2, "grid_sampler(): expected grid to have size ",
           input.dim() - 2, " in last dimension, but got grid with sizes ", g);
  for (size_t d = 2; d < x.size(); ++d)
    RL_CHECK(
        x[d] > 0,
        "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes ",
        x, " with dimension ", d, " being empty");
  RL_CHECK((x.size() == 4 || x.size() == 5) && x.size() == g.size(),
           "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but "
           "got input with sizes ",
           x, " and grid with sizes ", g);
  RL_CHECK(x.size() == 4 || mode != 2,
           "grid_sampler(): bicubic interpolation only supports 4D input");
}

// Centres from -1 to 1 of `n` cells, or of `n` points with aligned corners.
double centre(int64_t i, int64_t n, bool align_corners) {
  if (n <= 1) return 0;
  const double at = -1 + 2 * static_cast<double>(i) / static_cast<double>(n - 1);
  return align_corners ? at : at * static_cast<double>(n - 1) / static_cast<double>(n);
}

// (points, dims + 1): the homogeneous coordinates of every output, x first.
Tensor base_grid(IntList size, bool align_corners, Dtype dtype) {
  const IntList space = size.subspan(2);
  const auto n = static_cast<int64_t>(space.size());
  const Tensor out = empty(Dims{product(space), n + 1}, Dtype::Float64);
  double* at = out.data<double>();
  for (int64_t i = 0; i < product(space); ++i) {
    int64_t rest = i;
    for (int64_t d = n - 1; d >= 0; --d) {
      const int64_t extent = space[static_cast<size_t>(d)];
      *at++ = centre(rest % extent, extent, align_corners);
      rest /= extent;
    }
    *at++ = 1;
  }
  return as_contiguous(out, dtype);
}

}  // namespace

Tensor affine_grid_gradient(const Tensor& grad, IntList size, bool align_corners) {
  const auto n = static_cast<int64_t>(size.size()) - 2;
  const Tensor points = ops::reshape(grad, Dims{size[0], product(size.subspan(2)), n});
  return ops::matmul(ops::transpose(points, 1, 2), base_grid(size, align_corners, grad.dtype()));
}

namespace plan {

void grid_sampler(Plan& p, const Tensor& input, const Tensor& grid, int64_t mode, int64_t, bool) {
  check_grid(input, grid, mode);
  RL_CHECK(input.dtype() == grid.dtype(), "expected scalar type ", legacy_name(input.dtype()),
           " but found ", legacy_name(grid.dtype()));
  if (!input.is_floating())
    throw_not_implemented_for(
        input.dim() == 4 ? "grid_sampler_2d_cpu_kernel_impl" : "grid_sampler3d_cpu", input.dtype());
  Dims sizes{input.size(0), input.size(1)};
  for (int64_t d = 1; d < grid.dim() - 1; ++d) sizes.push_back(grid.size(d));
  p.result(0, sizes, input.dtype(), input.device());
}

void grid_sampler_backward(Plan& p, const Tensor&, const Tensor& input, const Tensor& grid, int64_t,
                           int64_t, bool) {
  p.result(0, input.sizes(), input.dtype(), input.device());
  p.result(1, grid.sizes(), grid.dtype(), grid.device());
}

}  // namespace plan

namespace impl {

Tensor grid_sampler(const Tensor& input, const Tensor& grid, int64_t mode, int64_t padding,
                    bool align_corners) {
  check_grid(input, grid, mode);
  return (input.dim() == 4 ? ops::grid_sampler_2d : ops::grid_sampler_3d)(input, grid, mode,
                                                                          padding, align_corners);
}

Tensor affine_grid_generator(const Tensor& theta, IntList size, bool align_corners) {
  RL_CHECK(size.size() == 4 || size.size() == 5,
           "AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.");
  const auto n = static_cast<int64_t>(size.size()) - 2;
  RL_CHECK(
      theta.dim() == 3 && theta.size(0) == size[0] && theta.size(1) == n && theta.size(2) == n + 1,
      "Expected size for first two dimensions of batch2 tensor to be: [", size[0], ", ", n + 1,
      "] but got: [", theta.size(0), ", ", theta.size(-1), "].");
  Dims sizes{size[0]};
  for (const int64_t s : size.subspan(2)) sizes.push_back(s);
  sizes.push_back(n);
  if (theta.is_meta()) return empty(sizes, theta.dtype(), theta.device());
  const Tensor base = base_grid(size, align_corners, theta.dtype());
  return as_contiguous(ops::reshape(ops::matmul(base, ops::transpose(theta, 1, 2)), sizes));
}

}  // namespace impl

namespace vjp {

void grid_sampler(Vjp& v) {
  auto found = ops::_grid_sampler_backward(v.grad(), v.tensor(0), v.tensor(1), v.arg(2).to_int(),
                                           v.arg(3).to_int(), v.arg(4).to_bool());
  if (v.needs(0)) v.set(0, std::move(found[0]));
  if (v.needs(1)) v.set(1, std::move(found[1]));
}

void grid_sampler_twice(Vjp&) {
  fail(ErrorType::NotImplemented,
       "derivative for aten::grid_sampler_2d_backward is not implemented");
}

}  // namespace vjp
}  // namespace rl
