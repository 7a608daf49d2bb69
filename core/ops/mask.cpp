// Finding, choosing and replacing the elements where a condition holds.
#include "core/base/threads.h"
#include "core/kernels/cpu/by_size.h"
#include "core/ops/index.h"
#include "core/ops/operators.h"

namespace rl {
namespace {

constexpr int64_t kChunk = 16384;

// The first true element's rank in each chunk of a mask, and the number of all.
struct Ranks {
  std::vector<int64_t> before;
  int64_t total = 0;
};

Ranks rank_chunks(const bool* p, int64_t n) {
  Ranks out;
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  out.before.resize(static_cast<size_t>(chunks));
  parallel_for(0, chunks, 8, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; ++c) {
      int64_t count = 0;
      const int64_t end = std::min(n, (c + 1) * kChunk);
      for (int64_t i = c * kChunk; i < end; ++i) count += p[i];
      out.before[static_cast<size_t>(c)] = count;
    }
  });
  for (int64_t& count : out.before) {
    const int64_t here = count;
    count = out.total;
    out.total += here;
  }
  return out;
}

// f(places, first_rank, count) for each chunk: the true elements' places in a buffer.
template <class F>
void for_each_true(const bool* p, int64_t n, const Ranks& ranks, const F& f) {
  const auto chunks = static_cast<int64_t>(ranks.before.size());
  parallel_for(0, chunks, 8, [&](int64_t first, int64_t last) {
    std::vector<int64_t> places(kChunk);
    for (int64_t c = first; c < last; ++c) {
      const int64_t rank = ranks.before[static_cast<size_t>(c)];
      const int64_t end = c + 1 < chunks ? ranks.before[static_cast<size_t>(c) + 1] : ranks.total;
      // Without a branch on the mask: what a false element writes is overwritten.
      int64_t k = 0;
      for (int64_t i = c * kChunk; k < end - rank; ++i) {
        places[static_cast<size_t>(k)] = i;
        k += p[i];
      }
      f(places.data(), rank, k);
    }
  });
}

Tensor stretched(const Tensor& t, IntList sizes) {
  return as_contiguous(equal(t.sizes(), sizes) ? t : impl::expand(t, sizes, false));
}

// The coordinates of a mask's true elements, a row a dimension.
void write_coordinates(const Tensor& self, const Tensor& flags, const Ranks& ranks, int64_t* out) {
  const int64_t dims = self.dim();
  const Dims& sizes = self.sizes();
  for_each_true(flags.data<bool>(), flags.numel(), ranks,
                [&](const int64_t* places, int64_t rank, int64_t count) {
                  for (int64_t k = 0; k < count; ++k) {
                    int64_t* const to = out + rank + k;
                    int64_t rest = places[k];
                    for (int64_t d = dims; d-- > 1;) {
                      const int64_t n = sizes[static_cast<size_t>(d)], up = rest / n;
                      to[d * ranks.total] = rest - up * n;
                      rest = up;
                    }
                    to[0] = rest;
                  }
                });
}

Tensor flags_of(const Tensor& self) { return as_contiguous(self, Dtype::Bool); }

}  // namespace

namespace check {

void masked_fill(const Tensor& self, const Tensor& mask, const Operand& value) {
  RL_CHECK(mask.dtype() == Dtype::Bool,
           "masked_fill_ only supports boolean masks, but got mask with dtype ",
           type_name(mask.dtype()));
  if (!value.is_tensor()) return check_number_fits(value.scalar(), self.dtype());
  RL_CHECK(value.tensor().dim() == 0,
           "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ",
           value.tensor().dim(), " dimension(s).");
  if (value.is_complex() && !self.is_complex())
    check_number_fits(item(value.tensor()), self.dtype());
}

}  // namespace check

namespace impl {

Tensor nonzero(const Tensor& self) {
  const Tensor flags = flags_of(self);
  const Ranks ranks = rank_chunks(flags.data<bool>(), flags.numel());
  // One block, a row a dimension, seen with dimensions as columns.
  const Tensor all = rl::empty(Dims{self.dim(), ranks.total}, Dtype::Int64);
  if (self.dim()) write_coordinates(self, flags, ranks, all.data<int64_t>());
  return rl::alias(all, Dims{ranks.total, self.dim()}, Dims{1, std::max<int64_t>(ranks.total, 1)},
                   0);
}

TensorVec nonzero_numpy(const Tensor& given) {
  const Tensor self = given.dim() ? given : rl::alias(given, Dims{1}, Dims{1}, given.offset());
  const Tensor rows = nonzero(self);
  TensorVec out;
  for (int64_t d = 0; d < self.dim(); ++d) out.push_back(select(rows, 1, d));
  return out;
}

Tensor nonzero_static(const Tensor& self, int64_t size, int64_t fill_value) {
  RL_CHECK(size >= 0, "nonzero_static: 'size' must be an non-negative integer");
  const Tensor found = nonzero(self);
  Tensor out = rl::empty(Dims{size, self.dim()}, Dtype::Int64);
  fill(out, Scalar(fill_value));
  const int64_t n = std::min(size, found.size(0));
  copy_into(slice(out, 0, 0, n, 1), slice(found, 0, 0, n, 1));
  return out;
}

Tensor masked_select(const Tensor& self, const Tensor& mask) {
  RL_CHECK(mask.dtype() == Dtype::Bool, "masked_select: expected BoolTensor for mask");
  const Dims sizes = broadcast_sizes(mask.sizes(), self.sizes());
  const Tensor flags = flags_of(stretched(mask, sizes)), values = stretched(self, sizes);
  const bool* const p = flags.data<bool>();
  const Ranks ranks = rank_chunks(p, flags.numel());
  Tensor out = rl::empty(Dims{ranks.total}, self.dtype());
  cpu::with_size(self.item_size(), [&]<class T>() {
    T* const to = out.data<T>();
    const T* const from = values.data<T>();
    for_each_true(p, flags.numel(), ranks, [&](const int64_t* places, int64_t rank, int64_t count) {
      for (int64_t k = 0; k < count; ++k) to[rank + k] = from[places[k]];
    });
  });
  return out;
}

Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source) {
  const Dims sizes = broadcast_sizes(self.sizes(), mask.sizes());
  Tensor out =
      contiguous_copy(equal(self.sizes(), sizes) ? self : expand(self, sizes, false), self.dtype());
  cpu::masked_scatter_(out, mask, source);
  return out;
}

}  // namespace impl

namespace cpu {

void masked_scatter_(const Tensor& self, const Tensor& mask, const Tensor& source) {
  RL_CHECK(self.dtype() == source.dtype(),
           "masked_scatter: expected self and source to have same dtypes but got", self.dtype(),
           " and ", source.dtype());
  RL_CHECK(mask.dtype() == Dtype::Bool,
           "masked_scatter_ only supports boolean masks, but got mask with dtype ", mask.dtype());
  check_not_expanded(self);
  if (self.is_meta()) return;
  const Tensor flags = stretched(mask, self.sizes());
  const Tensor values =
      may_overlap(self, source) ? contiguous_copy(source, source.dtype()) : as_contiguous(source);
  const Tensor to = as_contiguous(self);
  const bool* const p = flags.data<bool>();
  const Ranks ranks = rank_chunks(p, flags.numel());
  RL_CHECK(ranks.total <= values.numel(), "Number of elements of source < number of ones in mask");
  cpu::with_size(self.item_size(), [&]<class T>() {
    T* const out = to.data<T>();
    const T* const from = values.data<T>();
    for_each_true(p, flags.numel(), ranks, [&](const int64_t* places, int64_t rank, int64_t count) {
      for (int64_t k = 0; k < count; ++k) out[places[k]] = from[rank + k];
    });
  });
  if (!to.is_same(self)) copy_into(self, to);
}

}  // namespace cpu

Tensor masked_select_backward(const Tensor& grad, IntList sizes, const Tensor& mask) {
  // Over the broadcast shape: the engine sums what was stretched.
  return ops::masked_scatter(ops::zeros(broadcast_sizes(sizes, mask.sizes()), grad.dtype()), mask,
                             grad);
}

Tensor masked_scatter_backward(const Tensor& grad, const Tensor& mask, IntList sizes) {
  const Tensor used = ops::masked_select(grad, mask);
  const Tensor rest = ops::zeros(Dims{product(sizes) - used.numel()}, grad.dtype());
  const TensorVec parts{used, rest};
  return ops::reshape(ops::cat(parts), sizes);
}

}  // namespace rl
