// Advanced indices, and the pieces of indexing operators that the table names.
#pragma once

#include "core/ops/memory.h"

namespace rl {

// Index tensors of a tensor, ready for the loops: masks turned into positions, all of one shape.
struct AdvancedIndex {
  // The indexed tensor's geometry over the result's shape: 0 strides where positions decide.
  Dims sizes;           // of the result
  Dims strides;         // of self over the result's dimensions, in elements
  Tensor offsets;       // int64, in elements, over the broadcast index shape
  Dims offset_strides;  // of offsets over the result's dimensions
  Dims result_strides;  // of a new result
};

// A 0-d tensor as the vector of one element that it is to index operators; others as they are.
inline Tensor as_vector(const Tensor& t) {
  return t.dim() ? t : alias(t, Dims{1}, Dims{1}, t.offset());
}

// One position tensor a dimension, undefined where all is taken: masks are resolved.
TensorVec expand_masks(const Tensor& self, TensorList indices);
AdvancedIndex resolve_index(const Tensor& self, TensorList positions);

Tensor index_backward(const Tensor& grad, IntList sizes, TensorList indices);
// grad.gather(...), with zeros where src is larger than index.
Tensor gather_for(const Tensor& grad, int64_t dim, const Tensor& index, IntList sizes);
Tensor masked_select_backward(const Tensor& grad, IntList sizes, const Tensor& mask);
Tensor masked_scatter_backward(const Tensor& grad, const Tensor& mask, IntList sizes);
Tensor embedding_double_backward(const Tensor& grad, const Tensor& indices, int64_t padding_idx,
                                 bool scale_by_frequency);

// scatter(reduce="add" or "multiply"), and a number as its source.
Tensor scatter_mode(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                    std::string_view reduce);
Tensor scatter_mode_inplace(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                            std::string_view reduce);
Tensor value_for(const Tensor& self, const Tensor& index, const Scalar& value);

Tensor atleast(const Tensor& self, int64_t dims);
TensorVec atleast_all(TensorList tensors, int64_t dims);

// A copy of self with `view(copy)` replaced by src.
void copy_into_slice(const Tensor& slice, const Tensor& src);
template <class F>
Tensor scattered_view(const Tensor& self, const Tensor& src, const F& view) {
  return written_copy(self, [&](const Tensor& out) { copy_into_slice(view(out), src); });
}

}  // namespace rl
