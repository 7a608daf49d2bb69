// Random fills of tensors of any layout, with PyTorch's argument checks.
#pragma once

#include "core/base/generator.h"
#include "core/ops/memory.h"

namespace rl {

// Draws for every element in the order of its memory, whatever the dimensions' order. PyTorch walks
// tensors that way, so that a permuted dense tensor gets the same stream as a flat one.
// fill(memory, n) fills n contiguous elements.
template <class F>
void fill_in_memory_order(const Tensor& self, const F& fill_memory) {
  check_not_expanded(self);
  if (self.numel() == 0 || self.is_meta()) return;
  if (is_dense(self)) return fill_memory(self);
  const Tensor buffer =
      empty_strided(self.sizes(), dense_strides_like(self.sizes(), self.strides()), self.dtype());
  fill_memory(buffer);
  copy_into(self, buffer);
}

inline Generator& or_default(Generator* g) { return g ? *g : default_generator(); }

// Fresh tensors, filled.
Tensor uniform_sample(Tensor out, Generator* g);
Tensor normal_sample(Tensor out, Generator* g, double mean = 0, double std = 1);
// Whole numbers in [low, high).
Tensor integer_sample(Tensor out, int64_t low, int64_t high, Generator* g);

Tensor permutation_sample(int64_t n, Generator* g, TensorOptions options);

// Throws NotImplementedError for operators that have no derivative here.
[[noreturn]] Tensor no_derivative(const char* name);

Tensor dropout(const Tensor& self, double p, bool train);
// Whole channels; `alpha` keeps mean and variance for SELU.
Tensor masked_dropout(const char* name, const Tensor& self, double p, bool train, bool feature,
                      bool alpha);

}  // namespace rl
