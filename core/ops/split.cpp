// Cutting tensors into pieces.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {

Tensor split_backward(Vjp& v, int64_t dim) {
  TensorVec pieces;
  for (uint32_t k = 0; k < v.grads.size(); ++k) pieces.push_back(v.grad(k));
  return ops::cat(pieces, dim);
}

Tensor unbind_backward(Vjp& v, int64_t dim) {
  TensorVec pieces;
  for (uint32_t k = 0; k < v.grads.size(); ++k) pieces.push_back(v.grad(k));
  return ops::stack(pieces, dim);
}

namespace impl {

TensorVec split_sizes(const Tensor& self, IntList sizes, int64_t dim) {
  RL_CHECK(self.dim() > 0, "split expects at least a 1-dimensional tensor");
  const int64_t d = wrap_dim(dim, self.dim());
  const int64_t n = self.size(d);
  int64_t sum = 0;
  for (const int64_t s : sizes) {
    RL_CHECK(
        s >= 0,
        "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=",
        sizes);
    sum += s;
  }
  RL_CHECK(sum == n, "split_with_sizes expects split_sizes to sum exactly to ", n,
           " (input tensor's size at dimension ", d, "), but got split_sizes=", sizes);
  TensorVec out;
  int64_t at = 0;
  for (const int64_t s : sizes) {
    out.push_back(slice(self, d, at, at + s, 1));
    at += s;
  }
  return out;
}

TensorVec split_size(const Tensor& self, int64_t size, int64_t dim) {
  RL_CHECK(self.dim() > 0, "split expects at least a 1-dimensional tensor");
  RL_CHECK(size >= 0, "split expects split_size be non-negative, but got split_size=", size);
  const int64_t d = wrap_dim(dim, self.dim());
  const int64_t n = self.size(d);
  RL_CHECK(size > 0 || n == 0,
           "split_size can only be 0 if dimension size is 0, but got dimension size of ", n);
  const int64_t count = size == 0 ? 1 : std::max<int64_t>((n + size - 1) / size, 1);
  TensorVec out;
  for (int64_t k = 0; k < count; ++k)
    out.push_back(slice(self, d, k * size, std::min(n, (k + 1) * size), 1));
  return out;
}

TensorVec chunk(const Tensor& self, int64_t chunks, int64_t dim) {
  RL_CHECK(self.dim() > 0, "chunk expects at least a 1-dimensional tensor");
  RL_CHECK(chunks > 0, "chunk expects `chunks` to be greater than 0, got: ", chunks);
  const int64_t n = self.size(wrap_dim(dim, self.dim()));
  const int64_t size = (n + chunks - 1) / chunks;
  if (size == 0) return ops::split(self, Dims(static_cast<size_t>(chunks), 0), dim);
  return ops::split_Tensor(self, size, dim);
}

TensorVec tensor_split_indices(const Tensor& self, IntList indices, int64_t dim) {
  RL_CHECK(self.dim() > 0,
           "tensor_split expected at least a 1-dimensional tensor, but got a tensor with ",
           self.dim(), " dims");
  const int64_t d = wrap_dim(dim, self.dim());
  TensorVec out;
  int64_t at = 0;
  for (const int64_t end : indices) {
    out.push_back(ops::slice(self, d, at, end, 1));
    at = end;
  }
  out.push_back(ops::slice(self, d, at, self.size(d), 1));
  return out;
}

TensorVec tensor_split_sections(const Tensor& self, int64_t sections, int64_t dim) {
  RL_CHECK(self.dim() > 0,
           "tensor_split expected at least a 1-dimensional tensor, but got a tensor with ",
           self.dim(), " dims");
  RL_CHECK(sections > 0, "number of sections must be larger than 0, got ", sections);
  const int64_t n = self.size(wrap_dim(dim, self.dim()));
  Dims indices;
  for (int64_t k = 1, at = 0; k < sections; ++k) {
    at += n / sections + (k <= n % sections ? 1 : 0);
    indices.push_back(at);
  }
  return tensor_split_indices(self, indices, dim);
}

TensorVec tensor_split_tensor(const Tensor& self, const Tensor& where, int64_t dim) {
  RL_CHECK(where.dtype() == Dtype::Int64,
           "tensor_split expected tensor_indices_or_sections to have dtype of long, but got ",
           where.dtype());
  RL_CHECK(where.dim() <= 1,
           "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
           "one-dimensional tensor, but got a tensor with ",
           where.dim(), " dims");
  if (where.dim() == 0) return tensor_split_sections(self, item(where).to_int(), dim);
  const Tensor flat = as_contiguous(where);
  return tensor_split_indices(
      self, IntList(flat.data<int64_t>(), static_cast<size_t>(flat.numel())), dim);
}

namespace {
// NumPy's three splits: dimension `d` of a tensor with at least `least` dimensions.
int64_t split_dim(const Tensor& self, const char* name, int64_t least, int64_t d) {
  RL_CHECK(self.dim() >= least, "torch.", name, " requires a tensor with at least ", least,
           least == 1 ? " dimension, but got a tensor with " : " dimension, but got a tensor with ",
           self.dim(), " dimensions!");
  return d;
}
void check_sections(const Tensor& self, const char* name, int64_t sections, int64_t dim) {
  RL_CHECK(sections != 0 && self.size(dim) % sections == 0, "torch.", name,
           " attempted to split along dimension ", dim, ", but the size of the dimension ",
           self.size(dim), " is not divisible by the split_size ", sections, "!");
}
}  // namespace

TensorVec hsplit_sections(const Tensor& self, int64_t sections) {
  const int64_t d = split_dim(self, "hsplit", 1, self.dim() == 1 ? 0 : 1);
  check_sections(self, "hsplit", sections, d);
  return tensor_split_sections(self, sections, d);
}
TensorVec hsplit_indices(const Tensor& self, IntList indices) {
  return tensor_split_indices(self, indices, split_dim(self, "hsplit", 1, self.dim() == 1 ? 0 : 1));
}
TensorVec vsplit_sections(const Tensor& self, int64_t sections) {
  const int64_t d = split_dim(self, "vsplit", 2, 0);
  check_sections(self, "vsplit", sections, d);
  return tensor_split_sections(self, sections, d);
}
TensorVec vsplit_indices(const Tensor& self, IntList indices) {
  return tensor_split_indices(self, indices, split_dim(self, "vsplit", 2, 0));
}
TensorVec dsplit_sections(const Tensor& self, int64_t sections) {
  const int64_t d = split_dim(self, "dsplit", 3, 2);
  check_sections(self, "dsplit", sections, d);
  return tensor_split_sections(self, sections, d);
}
TensorVec dsplit_indices(const Tensor& self, IntList indices) {
  return tensor_split_indices(self, indices, split_dim(self, "dsplit", 3, 2));
}

TensorVec unbind(const Tensor& self, int64_t dim) {
  const int64_t d = wrap_dim(dim, self.dim(), false);
  TensorVec out;
  for (int64_t k = 0; k < self.size(d); ++k) out.push_back(select(self, d, k));
  return out;
}

}  // namespace impl
}  // namespace rl
