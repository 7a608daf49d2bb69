// Joining, repeating, flipping and rolling.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/ops/reduce.h"
#include "core/ops/view.h"

namespace rl {
namespace {

// cat() lets one-dimensional empty tensors pass whatever the others' shape, as PyTorch always has.
bool skipped(const Tensor& t) { return t.dim() == 1 && t.numel() == 0; }

Dtype common_dtype(TensorList tensors) {
  ResultType type;
  for (const Tensor& t : tensors) type.add(t);
  return type.get();
}

}  // namespace

TensorVec cat_backward(const Tensor& grad, const std::vector<TensorGeometry>& metas, int64_t dim) {
  TensorVec out;
  const int64_t d = wrap_dim(dim, grad.dim());
  int64_t at = 0;
  for (const TensorGeometry& m : metas) {
    if (m.sizes.size() == 1 && m.sizes[0] == 0) {
      out.emplace_back();
      continue;
    }
    const int64_t n = m.sizes[static_cast<size_t>(d)];
    out.push_back(ops::narrow(grad, d, at, n));
    at += n;
  }
  return out;
}

Tensor repeat_backward(const Tensor& grad, IntList repeats, IntList sizes) {
  if (sizes.empty()) return ops::sum(grad);
  // Every repeated dimension becomes (copies, size); the copies are summed.
  const size_t lead = repeats.size() - sizes.size();
  Dims shape, summed;
  for (size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] == 0) return ops::zeros(sizes, grad.dtype());
    summed.push_back(static_cast<int64_t>(shape.size()));
    shape.push_back(repeats[i]);
    if (i >= lead) shape.push_back(sizes[i - lead]);
  }
  return ops::sum_dim(ops::reshape(grad, shape), IntList(summed));
}

Dims negated(IntList v) {
  Dims out(v);
  for (int64_t& x : out) x = -x;
  return out;
}

namespace plan {

void cat(Plan& p, TensorList tensors, int64_t dim) {
  RL_CHECK_VALUE(!tensors.empty(), "torch.cat(): expected a non-empty list of Tensors");
  const Tensor* model = nullptr;
  for (size_t i = 0; i < tensors.size(); ++i) {
    RL_CHECK(tensors[i].defined() && tensors[i].dim() > 0, "zero-dimensional tensor (at position ",
             i, ") cannot be concatenated");
    if (!model && !skipped(tensors[i])) model = &tensors[i];
  }
  const Dtype dtype = common_dtype(tensors);
  if (!model) {
    wrap_dim(dim, 1);
    return p.result(0, Dims{0}, dtype, tensors[0].device());
  }
  const auto d = static_cast<size_t>(wrap_dim(dim, model->dim()));
  Dims sizes = model->sizes();
  sizes[d] = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& t = tensors[i];
    if (skipped(t)) continue;
    RL_CHECK(t.dim() == model->dim(), "Tensors must have same number of dimensions: got ",
             model->dim(), " and ", t.dim());
    for (size_t k = 0; k < sizes.size(); ++k) {
      RL_CHECK(k == d || t.sizes()[k] == sizes[k],
               "Sizes of tensors must match except in dimension ", d, ". Expected size ", sizes[k],
               " but got size ", t.sizes()[k], " for tensor number ", i, " in the list.");
    }
    sizes[d] += t.sizes()[d];
  }
  p.result(0, sizes, dtype, model->device());
}

void stack(Plan& p, TensorList tensors, int64_t dim) {
  RL_CHECK(!tensors.empty(), "stack expects a non-empty TensorList");
  const int64_t d = wrap_dim(dim, tensors[0].dim() + 1);
  for (size_t i = 1; i < tensors.size(); ++i)
    RL_CHECK(tensors[i].sizes() == tensors[0].sizes(),
             "stack expects each tensor to be equal size, but got ", IntList(tensors[0].sizes()),
             " at entry 0 and ", IntList(tensors[i].sizes()), " at entry ", i);
  Dims sizes = tensors[0].sizes();
  sizes.insert(static_cast<size_t>(d), static_cast<int64_t>(tensors.size()));
  p.result(0, sizes, common_dtype(tensors), tensors[0].device());
}

}  // namespace plan

namespace cpu {

void cat(TensorList tensors, int64_t dim, const Tensor& out) {
  int64_t at = 0;
  for (const Tensor& t : tensors) {
    if (skipped(t)) continue;
    const int64_t n = t.size(wrap_dim(dim, t.dim()));
    copy_into(impl::slice(out, dim, at, at + n, 1), t);
    at += n;
  }
}

void stack(TensorList tensors, int64_t dim, const Tensor& out) {
  const int64_t d = wrap_dim(dim, out.dim());
  for (size_t i = 0; i < tensors.size(); ++i)
    copy_into(impl::select(out, d, static_cast<int64_t>(i)), tensors[i]);
}

}  // namespace cpu

namespace impl {
namespace {

TensorVec at_least(TensorList tensors, int64_t dims) {
  TensorVec out;
  for (const Tensor& t : tensors) {
    Tensor r = t;
    if (r.dim() == 0) r = ops::reshape(r, Dims{1});
    if (dims >= 2 && r.dim() == 1) r = ops::unsqueeze(r, 0);
    if (dims >= 3 && r.dim() == 2) r = ops::unsqueeze(r, 2);
    out.push_back(r);
  }
  return out;
}

}  // namespace

Tensor hstack(TensorList tensors) {
  RL_CHECK(!tensors.empty(), "hstack expects a non-empty TensorList");
  const TensorVec rows = at_least(tensors, 1);
  return ops::cat(rows, rows[0].dim() == 1 ? 0 : 1);
}
Tensor vstack(TensorList tensors) {
  RL_CHECK(!tensors.empty(), "vstack expects a non-empty TensorList");
  return ops::cat(at_least(tensors, 2), 0);
}
Tensor dstack(TensorList tensors) {
  RL_CHECK(!tensors.empty(), "dstack expects a non-empty TensorList");
  return ops::cat(at_least(tensors, 3), 2);
}
Tensor column_stack(TensorList tensors) {
  RL_CHECK(!tensors.empty(), "column_stack expects a non-empty TensorList");
  TensorVec columns;
  for (const Tensor& t : tensors)
    columns.push_back(t.dim() <= 1 ? ops::reshape(t, Dims{t.numel(), 1}) : t);
  return ops::cat(columns, 1);
}

Tensor repeat(const Tensor& self, IntList repeats) {
  RL_CHECK(
      repeats.size() >= self.sizes().size(),
      "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor");
  for (const int64_t r : repeats)
    RL_CHECK(r >= 0, "Trying to create tensor with negative dimension ", r, ": ", repeats);
  const size_t lead = repeats.size() - self.sizes().size();
  Dims sizes, folded, source;
  for (size_t i = 0; i < repeats.size(); ++i) {
    const int64_t n = i < lead ? 1 : self.sizes()[i - lead];
    sizes.push_back(repeats[i] * n);
    folded.push_back(repeats[i]);
    folded.push_back(n);
    source.push_back(1);
    source.push_back(n);
  }
  Tensor out = rl::empty(sizes, self.dtype(), self.device());
  if (out.numel() == 0) return out;
  const auto strides = view_strides(self.sizes(), self.strides(), source);
  const Tensor from = strides
                          ? rl::alias(self, source, *strides, self.offset())
                          : rl::alias(as_contiguous(self), source, contiguous_strides(source), 0);
  copy_into(rl::alias(out, folded, contiguous_strides(folded), 0), from);
  return out;
}

Tensor tile(const Tensor& self, IntList dims) {
  Dims repeats(dims);
  while (repeats.size() < self.sizes().size()) repeats.insert(0, 1);
  return ops::repeat(self, repeats);
}

Tensor flip(const Tensor& self, IntList dims) {
  const uint64_t mask = dims.empty() ? 0 : reduced_mask(dims, std::max<int64_t>(self.dim(), 1));
  Tensor out = rl::empty_like(self);
  // A view with negative steps would be the source; copy slice by slice from the last such
  // dimension.
  const auto copy = [&](auto&& again, const Tensor& to, const Tensor& from, int64_t d) -> void {
    int64_t next = d;
    while (next < self.dim() && !(mask >> next & 1)) ++next;
    if (next >= self.dim()) return copy_into(to, from);
    Dims strides = from.strides();
    const auto i = static_cast<size_t>(next);
    const int64_t n = self.sizes()[i];
    if (n == 0) return;
    // Negative strides are fine inside the iterator, though no tensor has them.
    const Tensor flipped = rl::alias(
        from, from.sizes(),
        [&] {
          strides[i] = -strides[i];
          return strides;
        }(),
        from.offset() + (n - 1) * from.strides()[i]);
    again(again, to, flipped, next + 1);
  };
  copy(copy, out, self, 0);
  return out;
}

Tensor fliplr(const Tensor& self) {
  RL_CHECK(self.dim() >= 2, "Input must be >= 2-d.");
  return ops::flip(self, Dims{1});
}
Tensor flipud(const Tensor& self) {
  RL_CHECK(self.dim() >= 1, "Input must be >= 1-d.");
  return ops::flip(self, Dims{0});
}

Tensor roll(const Tensor& self, IntList shifts, IntList dims) {
  RL_CHECK(!shifts.empty(), "`shifts` required");
  if (dims.empty() && shifts.size() == 1) {
    const Tensor flat = as_contiguous(self);
    const Dims whole{self.numel()};
    const Tensor rolled = roll(rl::alias(flat, whole, Dims{1}, flat.offset()), shifts, Dims{0});
    return rl::alias(rolled, self.sizes(), contiguous_strides(self.sizes()), 0);
  }
  RL_CHECK(shifts.size() == dims.size(),
           "shifts and dimensions must align. shifts: ", shifts.size(), ", dims:", dims.size());
  if (self.dim() == 0)
    fail(ErrorType::Index, "Dimension specified as ", dims[0], " but tensor has no dimensions");
  Tensor from = self;
  for (size_t k = 0; k < dims.size(); ++k) {
    const int64_t d = wrap_dim(dims[k], self.dim());
    const int64_t n = self.dim() ? self.size(d) : 1;
    Tensor out = rl::empty(self.sizes(), self.dtype(), self.device());
    const int64_t by = n ? ((shifts[k] % n) + n) % n : 0;
    if (self.dim() == 0 || n == 0) {
      copy_into(out, from);
    } else {
      copy_into(slice(out, d, by, n, 1), slice(from, d, 0, n - by, 1));
      copy_into(slice(out, d, 0, by, 1), slice(from, d, n - by, n, 1));
    }
    from = out;
  }
  return from;
}

Tensor rot90(const Tensor& self, int64_t k, IntList dims) {
  RL_CHECK(dims.size() == 2, "expected total rotation dims == 2, but got dims = ", dims.size());
  RL_CHECK(self.dim() >= 2, "expected total dims >= 2, but got total dims = ", self.dim());
  const int64_t a = wrap_dim(dims[0], self.dim()), b = wrap_dim(dims[1], self.dim());
  RL_CHECK(a != b, "expected rotation dims to be different, but got dim0 = ", dims[0],
           " and dim1 = ", dims[1]);
  switch (((k % 4) + 4) % 4) {
    case 1:
      return ops::transpose(ops::flip(self, Dims{b}), a, b);
    case 2:
      return ops::flip(self, Dims{a, b});
    case 3:
      return ops::transpose(ops::flip(self, Dims{a}), a, b);
    default:
      return ops::clone(self, MemoryFormat::Contiguous);
  }
}

}  // namespace impl
}  // namespace rl
