// Grids, combinations and other arrangements, made of views and copies.
#include "core/ops/index.h"
#include "core/ops/operators.h"

namespace rl {

Tensor atleast(const Tensor& self, int64_t dims) {
  if (self.dim() >= dims) return self;
  if (self.dim() == 0) return ops::reshape(self, Dims(static_cast<size_t>(dims), 1));
  const Tensor matrix = self.dim() == 1 ? ops::unsqueeze(self, 0) : self;
  return dims == 3 ? ops::unsqueeze(matrix, -1) : matrix;
}

TensorVec atleast_all(TensorList tensors, int64_t dims) {
  TensorVec out;
  for (const Tensor& t : tensors) out.push_back(atleast(t, dims));
  return out;
}

namespace impl {

TensorVec broadcast_tensors(TensorList tensors) {
  Dims shape;
  for (const Tensor& t : tensors) shape = broadcast_sizes(shape, t.sizes());
  TensorVec out;
  for (const Tensor& t : tensors) out.push_back(ops::expand(t, shape));
  return out;
}

TensorVec meshgrid(TensorList tensors, std::string_view indexing) {
  RL_CHECK(!tensors.empty(), "meshgrid expects a non-empty TensorList");
  for (const Tensor& t : tensors) {
    RL_CHECK(t.dtype() == tensors[0].dtype(),
             "meshgrid expects all tensors to have the same dtype");
    RL_CHECK(t.dim() <= 1,
             "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got a tensor with ",
             t.dim(), " dimensions");
  }
  RL_CHECK(indexing == "ij" || indexing == "xy",
           "torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: ", indexing);
  const bool swaps = indexing == "xy" && tensors.size() >= 2;
  TensorVec axes(tensors.begin(), tensors.end());
  if (swaps) std::swap(axes[0], axes[1]);
  Dims shape;
  for (const Tensor& t : axes) shape.push_back(t.numel());
  TensorVec out;
  for (size_t i = 0; i < axes.size(); ++i) {
    Dims one(axes.size(), 1);
    one[i] = axes[i].numel();
    out.push_back(ops::expand(ops::view(axes[i], one), shape));
  }
  if (swaps) std::swap(out[0], out[1]);
  return out;
}

Tensor cartesian_prod(TensorList tensors) {
  for (const Tensor& t : tensors)
    RL_CHECK(t.dim() == 1, "Expect a 1D vector, but got shape ", IntList(t.sizes()));
  if (tensors.size() == 1) return tensors[0];
  TensorVec columns;
  for (const Tensor& grid : meshgrid(tensors, "ij"))
    columns.push_back(ops::reshape(grid, Dims{-1}));
  return ops::stack(columns, 1);
}

Tensor combinations(const Tensor& self, int64_t r, bool with_replacement) {
  RL_CHECK(self.dim() == 1, "Expect a 1D vector, but got shape ", IntList(self.sizes()));
  RL_CHECK(r >= 0, "Expect a non-negative number, but got ", r);
  if (r == 0) return created_empty(Dims{0}, options_of(self, {}));
  const int64_t n = self.numel(), gap = with_replacement ? 0 : 1;
  // All rising sequences of r indices, in lexical order.
  std::vector<int64_t> rows;
  std::vector<int64_t> at(static_cast<size_t>(r));
  for (int64_t k = 0; k < r; ++k) at[static_cast<size_t>(k)] = k * gap;
  bool more = n > 0 && at.back() < n;
  while (more) {
    rows.insert(rows.end(), at.begin(), at.end());
    int64_t k = r - 1;
    while (k >= 0 && at[static_cast<size_t>(k)] == n - 1 - gap * (r - 1 - k)) --k;
    more = k >= 0;
    if (!more) break;
    ++at[static_cast<size_t>(k)];
    for (int64_t j = k + 1; j < r; ++j)
      at[static_cast<size_t>(j)] = at[static_cast<size_t>(j - 1)] + gap;
  }
  const Tensor index = rl::empty(Dims{static_cast<int64_t>(rows.size())}, Dtype::Int64);
  std::copy(rows.begin(), rows.end(), index.data<int64_t>());
  return ops::view(ops::index_select(self, 0, index), Dims{index.numel() / r, r});
}

Tensor block_diag(TensorList tensors) {
  if (tensors.empty()) return created_empty(Dims{1, 0}, {});
  TensorVec blocks;
  int64_t cols = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    RL_CHECK(tensors[i].dim() <= 2,
             "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input ", i, " has ",
             tensors[i].dim(), " dimensions");
    blocks.push_back(atleast(tensors[i], 2));
    cols += blocks.back().size(1);
  }
  TensorVec rows;
  int64_t before = 0;
  for (const Tensor& block : blocks) {
    const int64_t n = block.size(0), after = cols - before - block.size(1);
    const TensorVec pieces{ops::zeros(Dims{n, before}, block.dtype()), block,
                           ops::zeros(Dims{n, after}, block.dtype())};
    rows.push_back(ops::cat(pieces, 1));
    before += block.size(1);
  }
  return ops::cat(rows, 0);
}

}  // namespace impl
}  // namespace rl
