// Sums, means and maxima of bags of table rows, made of differentiable operators.
#include "core/ops/index.h"
#include "core/ops/operators.h"

namespace rl::impl {
namespace {

enum Mode : int64_t { kSum, kMean, kMax };

// The bag of each index, and the number of bags.
Tensor bag_of_each(const Tensor& indices, const Tensor& offsets, bool include_last, int64_t& bags) {
  const Tensor starts = as_contiguous(offsets, Dtype::Int64);
  const int64_t* const p = starts.data<int64_t>();
  const int64_t n = indices.numel();
  bags = starts.numel() - (include_last ? 1 : 0);
  RL_CHECK(bags >= 0, "include_last_offset: number of offset should be at least 1");
  if (starts.numel() > 0) {
    RL_CHECK(p[0] == 0,
             "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
             "position 0. However, got ",
             p[0]);
    const int64_t last = p[starts.numel() - 1];
    RL_CHECK(last <= n, "offsets[-1] can not be greater than input's length(", n,
             ") but got offsets[-1] of ", last);
  }
  Tensor out = rl::empty(Dims{n}, Dtype::Int64);
  for (int64_t b = 0; b < bags; ++b) {
    const int64_t end = b + 1 < starts.numel() ? p[b + 1] : n;
    std::fill(out.data<int64_t>() + std::min(p[b], n),
              out.data<int64_t>() + std::clamp(end, p[b], n), b);
  }
  return out;
}

// Row of each bag's largest element, column by column; the first of equals. -1 for empty bags.
Tensor largest_rows(const Tensor& rows, const Tensor& bag, int64_t bags) {
  const Tensor out = rl::empty(Dims{bags, rows.size(1)}, Dtype::Int64);
  fill(out, Scalar(-1));
  const Tensor values = as_contiguous(rows);
  const int64_t width = rows.size(1);
  dispatch(Floats{}, rows.dtype(), "embedding_bag", [&]<class T>() {
    for (int64_t i = 0; i < rows.size(0); ++i) {
      int64_t* const best = out.data<int64_t>() + bag.data<int64_t>()[i] * width;
      const T* const row = values.data<T>() + i * width;
      for (int64_t c = 0; c < width; ++c)
        if (best[c] < 0 || row[c] > values.data<T>()[best[c] * width + c]) best[c] = i;
    }
  });
  return out;
}

}  // namespace

std::array<Tensor, 4> embedding_bag(const Tensor& weight, const Tensor& given,
                                    const Tensor& offsets, bool scale_by_frequency, int64_t mode,
                                    bool sparse, const Tensor& sample_weights,
                                    bool include_last_offset, std::optional<int64_t> padding_idx) {
  RL_CHECK(given.dim() == 1 || given.dim() == 2,
           "input has to be a 1D or 2D Tensor, but got Tensor of dimension ", given.dim());
  RL_CHECK(weight.dim() == 2, "weight has to be a 2D Tensor");
  RL_CHECK(
      weight.is_floating(),
      "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, "
      "BFloat16, Float, Double; but got ",
      weight.dtype(), " instead (while checking arguments for embedding_bag)");
  for (const Tensor* t : {&given, &offsets})
    RL_CHECK(t->dtype() == Dtype::Int32 || t->dtype() == Dtype::Int64,
             "Expected tensor for argument #1 '", t == &given ? "indices" : "offsets",
             "' to have one of the following scalar types: Long, Int; but got torch.",
             legacy_name(t->dtype()),
             "Tensor instead (while checking arguments for embedding_bag)");
  RL_CHECK(offsets.dim() == 1, "offsets has to be a 1D Tensor, but got Tensor of dimension ",
           offsets.dim());
  RL_CHECK(!sample_weights.defined() || mode == kSum,
           "embedding_bag: per_sample_weights only supported with mode='sum'");
  int64_t bags = 0;
  const Tensor all_bags = bag_of_each(given, offsets, include_last_offset, bags);
  Tensor indices = ops::reshape(given, Dims{-1}), bag = all_bags, scale = sample_weights;
  const int64_t padding = padding_idx.value_or(-1);
  if (padding != -1) {
    const int64_t skipped = padding < 0 ? padding + weight.size(0) : padding;
    const Tensor index64 = as_contiguous(indices, Dtype::Int64);
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < index64.numel(); ++i)
      if (index64.data<int64_t>()[i] != skipped) kept.push_back(i);
    const Tensor keep = rl::empty(Dims{static_cast<int64_t>(kept.size())}, Dtype::Int64);
    std::copy(kept.begin(), kept.end(), keep.data<int64_t>());
    indices = ops::index_select(indices, 0, keep);
    bag = ops::index_select(bag, 0, keep);
    if (scale.defined()) scale = ops::index_select(scale, 0, keep);
  }
  const Tensor sizes = created(Dims{bags}, Scalar(0), {Dtype::Int64, {}, {}});
  for (int64_t i = 0; i < bag.numel(); ++i) ++sizes.data<int64_t>()[bag.data<int64_t>()[i]];

  Tensor rows = ops::embedding(weight, indices, -1, scale_by_frequency, sparse);
  if (scale.defined()) rows = rows * ops::unsqueeze(scale, 1);
  Tensor largest = sizes;
  if (mode == kMax) {
    const Tensor best = largest_rows(rows, bag, bags);
    const Tensor empty_bags =
        ops::_to_dtype(ops::expand(ops::unsqueeze(sizes, 1), best.sizes()), Dtype::Bool);
    const Tensor picked =
        rows.size(0)
            ? ops::gather(rows, 0, ops::mul(best, ops::_to_dtype(empty_bags, Dtype::Int64)))
            : ops::expand(ops::sum_dim(rows, Dims{0}, true), best.sizes());
    largest = rows.size(0)
                  ? ops::take(indices, ops::mul(best, ops::_to_dtype(empty_bags, Dtype::Int64)))
                  : best;
    return {ops::mul(picked, ops::_to_dtype(empty_bags, rows.dtype())), all_bags, sizes, largest};
  }
  Tensor out = ops::index_add(ops::zeros(Dims{bags, weight.size(1)}, rows.dtype()), 0, bag, rows);
  if (mode == kMean) {
    const Tensor counts = rl::empty(Dims{bags, 1}, Dtype::Int64);
    for (int64_t b = 0; b < bags; ++b)
      counts.data<int64_t>()[b] = std::max<int64_t>(1, sizes.data<int64_t>()[b]);
    out = out / ops::_to_dtype(counts, rows.dtype());
  }
  return {out, all_bags, sizes, largest};
}

}  // namespace rl::impl
