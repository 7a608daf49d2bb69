// Matrix products of strided tensors: rows or columns that are contiguous go to gemm as they are.
#include "core/kernels/cpu/gemm.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

// A matrix as gemm takes it.
struct Matrix {
  Tensor held;
  bool transposed = false;
  int64_t ld = 1;
  const void* data = nullptr;
};

// The last two dimensions of `t`; the strides must allow rows or columns without gaps between
// elements.
Matrix as_matrix(const Tensor& t) {
  Matrix m{t};
  const int64_t rows = t.size(-2), columns = t.size(-1);
  const auto fits = [](int64_t inner_stride, int64_t inner, int64_t outer_stride, int64_t outer) {
    return (inner_stride == 1 || inner <= 1) &&
           (outer_stride >= std::max<int64_t>(inner, 1) || outer <= 1);
  };
  if (fits(t.stride(-1), columns, t.stride(-2), rows)) {
    m.ld = rows <= 1 ? std::max<int64_t>(columns, 1) : t.stride(-2);
  } else if (fits(t.stride(-2), rows, t.stride(-1), columns)) {
    m.transposed = true;
    m.ld = columns <= 1 ? std::max<int64_t>(rows, 1) : t.stride(-1);
  } else {
    m.held = contiguous_copy(t, t.dtype());
    m.ld = std::max<int64_t>(columns, 1);
  }
  m.data = m.held.raw();
  return m;
}

void product(const Tensor& a, const Tensor& b, const Scalar& alpha, const Scalar& beta,
             const Tensor& out) {
  if (out.numel() == 0) return;
  const Matrix x = as_matrix(a), y = as_matrix(b);
  gemm(out.dtype(), x.transposed, y.transposed, a.size(0), b.size(1), a.size(1), alpha, x.data,
       x.ld, y.data, y.ld, beta, out.raw(), std::max<int64_t>(out.size(1), 1));
}

void batch_product(const Tensor& a, const Tensor& b, const Scalar& alpha, const Scalar& beta,
                   const Tensor& out) {
  if (out.numel() == 0) return;
  const Matrix x = as_matrix(a), y = as_matrix(b);
  gemm_batched(out.dtype(), x.transposed, y.transposed, a.size(0), a.size(1), b.size(2), a.size(2),
               alpha, x.data, x.ld, x.held.stride(0), y.data, y.ld, y.held.stride(0), beta,
               out.raw(), std::max<int64_t>(out.size(2), 1), out.stride(0));
}

// beta * self as the value to add to; nothing is read of self when beta is 0.
void start_from(const Tensor& self, const Scalar& beta, const Tensor& out) {
  if (!beta.equals(0)) copy_into(out, impl::expand(self, out.sizes(), false));
}

Tensor column(const Tensor& vec) {
  return rl::alias(vec, Dims{vec.size(0), 1}, Dims{vec.stride(0), 1}, vec.offset());
}
Tensor as_column(const Tensor& out) {
  return rl::alias(out, Dims{out.size(0), 1}, Dims{1, 1}, out.offset());
}

}  // namespace

void mm(const Tensor& self, const Tensor& mat2, const Tensor& out) {
  product(self, mat2, 1, 0, out);
}
void bmm(const Tensor& self, const Tensor& mat2, const Tensor& out) {
  batch_product(self, mat2, 1, 0, out);
}

void mv(const Tensor& self, const Tensor& vec, const Tensor& out) {
  product(self, as_contiguous(column(vec)), 1, 0, as_column(out));
}

void dot(const Tensor& self, const Tensor& other, const Tensor& out) {
  const Tensor a = as_contiguous(self), b = as_contiguous(other);
  const int64_t n = a.numel();
  gemm(out.dtype(), false, false, 1, 1, n, 1, a.raw(), std::max<int64_t>(n, 1), b.raw(), 1, 0,
       out.raw(), 1);
}

void addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
           const Scalar& alpha, const Tensor& out) {
  start_from(self, beta, out);
  product(mat1, mat2, alpha, beta, out);
}

void addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta,
           const Scalar& alpha, const Tensor& out) {
  start_from(self, beta, out);
  product(mat, as_contiguous(column(vec)), alpha, beta, as_column(out));
}

void baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
             const Scalar& alpha, const Tensor& out) {
  start_from(self, beta, out);
  batch_product(batch1, batch2, alpha, beta, out);
}

}  // namespace rl::cpu
