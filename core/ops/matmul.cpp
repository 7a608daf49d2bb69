// Shapes of matrix products, and the products made of others.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {

Tensor scaled(const Tensor& t, const Scalar& by) { return by.equals(1) ? t : t * by.conj(); }

namespace {

void check_not_bool(const char* op, const Tensor& t) {
  if (t.dtype() == Dtype::Bool) throw_not_implemented_for(op, t.dtype());
}

void check_shapes(const Tensor& a, const Tensor& b) {
  RL_CHECK(a.size(1) == b.size(0), "mat1 and mat2 shapes cannot be multiplied (", a.size(0), "x",
           a.size(1), " and ", b.size(0), "x", b.size(1), ")");
}

void check_expands(const Tensor& self, IntList sizes) { impl::expand(self, sizes, false); }

void check_batches(const Tensor& a, const Tensor& b) {
  RL_CHECK(a.dim() == 3, "batch1 must be a 3D tensor");
  RL_CHECK(b.dim() == 3, "batch2 must be a 3D tensor");
  const Dims expected{a.size(0), a.size(2)};
  RL_CHECK(b.size(0) == expected[0] && b.size(1) == expected[1],
           "Expected size for first two dimensions of batch2 tensor to be: ", IntList(expected),
           " but got: ", IntList(b.sizes()).first(2), ".");
  RL_CHECK(a.dtype() == b.dtype(), "expected scalar type ", a.dtype(), " but found ", b.dtype());
  check_not_bool("baddbmm_with_gemm", a);
}

}  // namespace

namespace plan {

void mm(Plan& p, const Tensor& self, const Tensor& mat2) {
  RL_CHECK(self.dim() == 2, "self must be a matrix");
  RL_CHECK(mat2.dim() == 2, "mat2 must be a matrix");
  check_shapes(self, mat2);
  RL_CHECK(self.dtype() == mat2.dtype(),
           "expected m1 and m2 to have the same dtype, but got: ", type_name(self.dtype()),
           " != ", type_name(mat2.dtype()));
  check_not_bool("addmm_impl_cpu_", self);
  p.result(0, Dims{self.size(0), mat2.size(1)}, self.dtype(), self.device());
}

void bmm(Plan& p, const Tensor& self, const Tensor& mat2) {
  check_batches(self, mat2);
  p.result(0, Dims{self.size(0), self.size(1), mat2.size(2)}, self.dtype(), self.device());
}

void mv(Plan& p, const Tensor& self, const Tensor& vec) {
  RL_CHECK(self.dim() == 2 && vec.dim() == 1, "vector + matrix @ vector expected, got 1, ",
           self.dim(), ", ", vec.dim());
  RL_CHECK(self.size(1) == vec.size(0), "size mismatch, got input (", self.size(0), "), mat (",
           self.size(0), "x", self.size(1), "), vec (", vec.size(0), ")");
  RL_CHECK(self.dtype() == vec.dtype(), "addmv input tensors must have the same dtype, but got ",
           vec.dtype(), ", ", self.dtype(), ", and ", vec.dtype());
  check_not_bool("addmv_impl_cpu", self);
  p.result(0, Dims{self.size(0)}, self.dtype(), self.device());
}

void dot(Plan& p, const Tensor& self, const Tensor& other) {
  RL_CHECK(self.dim() == 1 && other.dim() == 1, "1D tensors expected, but got ", self.dim(),
           "D and ", other.dim(), "D tensors");
  RL_CHECK(self.dtype() == other.dtype(),
           "dot : expected both vectors to have same dtype, but found ", self.dtype(), " and ",
           other.dtype());
  RL_CHECK(self.numel() == other.numel(), "inconsistent tensor size, expected tensor ",
           IntList(self.sizes()), " and src ", IntList(other.sizes()),
           " to have the same number of elements, but got ", self.numel(), " and ", other.numel(),
           " elements respectively");
  check_not_bool("dot", self);
  p.result(0, {}, self.dtype(), self.device());
}

void addmm(Plan& p, const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar&,
           const Scalar&) {
  RL_CHECK(mat1.dim() == 2, "mat1 must be a matrix, got ", mat1.dim(), "-D tensor");
  RL_CHECK(mat2.dim() == 2, "mat2 must be a matrix, got ", mat2.dim(), "-D tensor");
  check_shapes(mat1, mat2);
  RL_CHECK(self.dtype() == mat2.dtype(), "self and mat2 must have the same dtype, but got ",
           self.dtype(), " and ", mat2.dtype());
  RL_CHECK(mat1.dtype() == mat2.dtype(), "mat1 and mat2 must have the same dtype, but got ",
           mat1.dtype(), " and ", mat2.dtype());
  check_not_bool("addmm_impl_cpu_", self);
  const Dims sizes{mat1.size(0), mat2.size(1)};
  check_expands(self, sizes);
  p.result(0, sizes, self.dtype(), self.device());
}

void addmv(Plan& p, const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar&,
           const Scalar&) {
  RL_CHECK(self.dim() <= 1 && mat.dim() == 2 && vec.dim() == 1,
           "vector + matrix @ vector expected, got ", self.dim(), ", ", mat.dim(), ", ", vec.dim());
  RL_CHECK(mat.size(1) == vec.size(0) && (self.numel() == 1 || self.numel() == mat.size(0)),
           "size mismatch, got input (", self.dim() ? self.size(0) : 1, "), mat (", mat.size(0),
           "x", mat.size(1), "), vec (", vec.size(0), ")");
  RL_CHECK(self.dtype() == mat.dtype() && mat.dtype() == vec.dtype(),
           "addmv input tensors must have the same dtype, but got ", self.dtype(), ", ",
           mat.dtype(), ", and ", vec.dtype());
  check_not_bool("addmv_impl_cpu", self);
  p.result(0, Dims{mat.size(0)}, self.dtype(), self.device());
}

void baddbmm(Plan& p, const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar&,
             const Scalar&) {
  check_batches(batch1, batch2);
  RL_CHECK(self.dtype() == batch1.dtype(), "Input dtypes must be the same, got: input ",
           name_of(self.dtype()), ", batch1: ", name_of(batch1.dtype()),
           ", batch2: ", name_of(batch2.dtype()));
  const Dims sizes{batch1.size(0), batch1.size(1), batch2.size(2)};
  check_expands(self, sizes);
  p.result(0, sizes, self.dtype(), self.device());
}

}  // namespace plan

namespace impl {

Tensor outer(const Tensor& self, const Tensor& vec2) {
  RL_CHECK(self.dim() == 1, "outer: Expected 1-D argument self, but got ", self.dim(), "-D");
  RL_CHECK(vec2.dim() == 1, "outer: Expected 1-D argument vec2, but got ", vec2.dim(), "-D");
  return ops::mul(
      ops::view(
          as_contiguous(self).is_same(self) ? self : ops::clone(self, MemoryFormat::Contiguous),
          Dims{self.size(0), 1}),
      vec2);
}

Tensor addbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
              const Scalar& alpha) {
  check_batches(batch1, batch2);
  // Sum over the batch of A_b B_b = [A_1 A_2 ...] [B_1; B_2; ...].
  const int64_t b = batch1.size(0), m = batch1.size(1), k = batch1.size(2), n = batch2.size(2);
  const Tensor left = ops::reshape(ops::transpose(batch1, 0, 1), Dims{m, b * k});
  return ops::addmm(self, left, ops::reshape(batch2, Dims{b * k, n}), beta, alpha);
}

Tensor addr(const Tensor& self, const Tensor& vec1, const Tensor& vec2, const Scalar& beta,
            const Scalar& alpha) {
  RL_CHECK(vec1.dim() == 1 && vec2.dim() == 1,
           "addr: Expected 1-D argument vec1 and vec2, but got ", vec1.dim(), "-D and ", vec2.dim(),
           "-D");
  check_expands(self, Dims{vec1.size(0), vec2.size(0)});
  const Tensor product = outer(vec1, vec2);
  const Tensor term = alpha.equals(1) ? product : product * alpha;
  if (beta.equals(0)) return ops::add(ops::zeros_like(self), term);
  return ops::add(beta.equals(1) ? self : self * beta, term);
}

Tensor matmul(const Tensor& self, const Tensor& other) {
  const int64_t a = self.dim(), b = other.dim();
  RL_CHECK(a > 0 && b > 0, "both arguments to matmul need to be at least 1D, but they are ", a,
           "D and ", b, "D");
  if (a == 1 && b == 1) return ops::dot(self, other);
  if (a == 2 && b == 2) return ops::mm(self, other);
  if (a == 2 && b == 1) return ops::mv(self, other);
  if (a == 1 && b == 2) return ops::squeeze_dim(ops::mm(ops::unsqueeze(self, 0), other), 0);
  // A batch times one matrix or vector is one product of a taller matrix.
  if (a >= 3 && b <= 2) {
    Dims sizes = self.sizes();
    const int64_t inner = sizes.back();
    sizes.erase(sizes.size() - 1);
    const int64_t rows = product(sizes);
    const Tensor flat = ops::reshape(self, Dims{rows, inner});
    if (b == 1) return ops::_unsafe_view(ops::mv(flat, other), sizes);
    const Tensor out = ops::mm(flat, other);
    sizes.push_back(other.size(1));
    return ops::_unsafe_view(out, sizes);
  }
  if (a <= 2) {  // the mirror image, by (A B)^T = B^T A^T
    const Tensor left = a == 1 ? ops::unsqueeze(self, 0) : self;
    const Tensor flipped = matmul(ops::transpose(other, -1, -2), ops::t(left));
    return a == 1 ? ops::squeeze_dim(flipped, -1) : ops::transpose(flipped, -1, -2);
  }
  const auto batch = broadcast_sizes(IntList(self.sizes()).first(static_cast<size_t>(a) - 2),
                                     IntList(other.sizes()).first(static_cast<size_t>(b) - 2));
  const int64_t n = product(batch), rows = self.size(-2), inner = self.size(-1),
                columns = other.size(-1);
  const auto batched = [&](const Tensor& t) {
    Dims sizes = batch;
    sizes.push_back(t.size(-2));
    sizes.push_back(t.size(-1));
    return ops::reshape(ops::expand(t, sizes), Dims{n, t.size(-2), t.size(-1)});
  };
  (void)inner;
  Dims sizes = batch;
  sizes.push_back(rows);
  sizes.push_back(columns);
  return ops::_unsafe_view(ops::bmm(batched(self), batched(other)), sizes);
}

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  const int64_t dims = input.dim();
  RL_CHECK(dims > 0, "both arguments to linear need to be at least 1D, but they are ", dims,
           "D and ", weight.dim(), "D");
  if (!bias.defined()) return matmul(input, weight.dim() == 1 ? weight : ops::t(weight));
  if (weight.dim() == 2) {
    if (dims == 2) return ops::addmm(bias, input, ops::t(weight));
    if (dims != 2 && input.is_contiguous()) {
      Dims sizes = input.sizes();
      const int64_t inner = sizes.back();
      const Tensor flat = ops::reshape(
          input,
          Dims{inner ? input.numel() / inner : product(IntList(sizes).first(sizes.size() - 1)),
               inner});
      sizes.back() = weight.size(0);
      return ops::view(ops::addmm(bias, flat, ops::t(weight)), sizes);
    }
  }
  return ops::add(matmul(input, weight.dim() == 1 ? weight : ops::t(weight)), bias);
}

Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias) {
  RL_CHECK(x1.dim() == x2.dim(), "bilinear(): input dimensions do not match: got ", x1.dim(),
           " and ", x2.dim());
  for (int64_t d = 0; d + 1 < x1.dim(); ++d)
    RL_CHECK(x1.size(d) == x2.size(d), "bilinear(): input batch dimensions do not match at dim ", d,
             ": got ", x1.size(d), " and ", x2.size(d));
  RL_CHECK(x1.size(-1) == weight.size(1),
           "bilinear(): input1 size does not match weight size: got ", x1.size(-1),
           " but expected ", weight.size(1));
  RL_CHECK(x2.size(-1) == weight.size(2),
           "bilinear(): input2 size does not match weight size: got ", x2.size(-1),
           " but expected ", weight.size(2));
  RL_CHECK(!bias.defined() || bias.size(0) == weight.size(0),
           "bilinear(): bias size does not match weight size: got ",
           bias.defined() ? bias.size(0) : 0, " but expected ", weight.size(0));
  RL_CHECK(x1.dtype() == x2.dtype() && x1.dtype() == weight.dtype() &&
               (!bias.defined() || x1.dtype() == bias.dtype()),
           "All tensors must have the same dtype, got input1: ", type_name(x1.dtype()),
           ", input2: ", type_name(x2.dtype()), ", weight: ", type_name(weight.dtype()),
           bias.defined() ? str(", bias: ", type_name(bias.dtype())) : std::string());
  Dims sizes = x1.sizes();
  const int64_t rows = x1.numel() / std::max<int64_t>(x1.size(-1), 1), in1 = x1.size(-1),
                in2 = x2.size(-1);
  const int64_t out = weight.size(0);
  // (rows, in1) @ (in1, out * in2), then a row-wise product with x2.
  const Tensor left =
      ops::mm(ops::reshape(x1, Dims{rows, in1}),
              ops::reshape(ops::permute(weight, Dims{1, 0, 2}), Dims{in1, out * in2}));
  const Tensor y =
      ops::bmm(ops::reshape(left, Dims{rows, out, in2}), ops::reshape(x2, Dims{rows, in2, 1}));
  sizes.back() = out;
  const Tensor shaped = ops::reshape(y, sizes);
  return bias.defined() ? ops::add(shaped, bias) : shaped;
}

Tensor inner(const Tensor& self, const Tensor& other) {
  if (self.dim() == 0 || other.dim() == 0) return ops::mul(self, other);
  RL_CHECK(self.size(-1) == other.size(-1),
           "inner() the last dimension must match on both input tensors but got shapes ",
           IntList(self.sizes()), " and ", IntList(other.sizes()));
  const int64_t k = self.size(-1);
  Dims sizes = self.sizes();
  sizes.erase(sizes.size() - 1);
  for (int64_t d = 0; d + 1 < other.dim(); ++d) sizes.push_back(other.size(d));
  const auto flat = [&](const Tensor& t) {
    Dims lead = t.sizes();
    lead.erase(lead.size() - 1);
    return ops::reshape(t, Dims{product(lead), k});
  };
  return ops::reshape(ops::mm(flat(self), ops::t(flat(other))), sizes);
}

Tensor kron(const Tensor& self, const Tensor& other) {
  const auto n = static_cast<size_t>(std::max(self.dim(), other.dim()));
  Dims a, b, out;
  for (size_t i = 0; i < n; ++i) {
    const size_t skip_a = n - self.sizes().size(), skip_b = n - other.sizes().size();
    const int64_t x = i < skip_a ? 1 : self.sizes()[i - skip_a],
                  y = i < skip_b ? 1 : other.sizes()[i - skip_b];
    a.push_back(x);
    a.push_back(1);
    b.push_back(1);
    b.push_back(y);
    out.push_back(x * y);
  }
  return ops::reshape(ops::mul(ops::reshape(self, a), ops::reshape(other, b)), out);
}

Tensor linalg_cross(const Tensor& self, const Tensor& other, int64_t dim) {
  RL_CHECK(self.dim() == other.dim(),
           "linalg.cross: inputs must have the same number of dimensions.");
  const int64_t d = wrap_dim(dim, self.dim());
  RL_CHECK(self.size(d) == 3 && other.size(d) == 3, "linalg.cross: inputs dimension ", dim,
           " must have length 3. Got ", self.size(d), " and ", other.size(d));
  const auto rolled = [&](const Tensor& t, int64_t by) { return ops::roll(t, Dims{by}, Dims{d}); };
  return rolled(self, -1) * rolled(other, 1) - rolled(self, 1) * rolled(other, -1);
}

Tensor cross(const Tensor& self, const Tensor& other, std::optional<int64_t> dim) {
  if (dim) return linalg_cross(self, other, *dim);
  warn(
      "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim "
      "explicitly or "
      "simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of "
      "linalg.cross in a "
      "future release.");
  for (int64_t d = 0; d < self.dim(); ++d)
    if (self.size(d) == 3) return linalg_cross(self, other, d);
  fail(ErrorType::Runtime, "no dimension of size 3 in input");
}

Tensor chain_matmul(TensorList matrices) {
  RL_CHECK(!matrices.empty(), "chain_matmul(): Expected one or more matrices");
  const size_t n = matrices.size();
  for (const Tensor& t : matrices)
    RL_CHECK(t.dim() == 2, "Tensor dimension is ", t.dim(), ", expected 2 instead.");
  // Cheapest order by dynamic programming (Cormen et al., chapter 15.2).
  std::vector<std::vector<double>> cost(n, std::vector<double>(n, 0));
  std::vector<std::vector<size_t>> cut(n, std::vector<size_t>(n, 0));
  const auto rows = [&](size_t i) { return static_cast<double>(matrices[i].size(0)); };
  for (size_t length = 1; length < n; ++length) {
    for (size_t i = 0; i + length < n; ++i) {
      const size_t j = i + length;
      cost[i][j] = std::numeric_limits<double>::infinity();
      for (size_t k = i; k < j; ++k) {
        const double c = cost[i][k] + cost[k + 1][j] +
                         rows(i) * rows(k + 1) * static_cast<double>(matrices[j].size(1));
        if (c < cost[i][j]) {
          cost[i][j] = c;
          cut[i][j] = k;
        }
      }
    }
  }
  const auto multiply = [&](auto&& again, size_t i, size_t j) -> Tensor {
    if (i == j) return matrices[i];
    return ops::mm(again(again, i, cut[i][j]), again(again, cut[i][j] + 1, j));
  };
  return multiply(multiply, 0, n - 1);
}

Tensor matrix_power(const Tensor& self, int64_t n) {
  RL_CHECK(self.dim() >= 2,
           "linalg.matrix_power: The input tensor A must have at least 2 dimensions.");
  RL_CHECK(self.size(-1) == self.size(-2),
           "linalg.matrix_power: A must be batches of square matrices, but they are ",
           self.size(-2), " by ", self.size(-1), " matrices");
  if (n < 0)
    fail(ErrorType::NotImplemented,
         "rushlight.matrix_power with a negative exponent is not implemented");
  if (n == 0) return ops::copy(self, ops::eye(self.size(-1), self.dtype()));
  if (n == 1) return ops::clone(self, MemoryFormat::Contiguous);
  Tensor out, power = self;
  for (int64_t k = n;; power = ops::matmul(power, power)) {
    if (k & 1) out = out.defined() ? ops::matmul(out, power) : power;
    k >>= 1;
    if (!k) return out;
  }
}

}  // namespace impl
}  // namespace rl
