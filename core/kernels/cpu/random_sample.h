// Random samples whose distribution differs by element, over contiguous memory. The numbers, and
// the state left behind, are those of PyTorch 2.13's CPU generator. All are serial: how many words
// an element takes depends on the words. Each takes the generator's lock.
#pragma once

#include <cstdint>

#include "core/base/dtype.h"
#include "core/base/generator.h"

namespace rl::cpu {

// T: Floats. Throws RuntimeError on a negative rate.
template <class T>
void sample_poisson(Generator& g, T* out, const T* rate, int64_t n);

// `count` trials of probability `prob`, both tensors of n elements. T: WideFloats.
template <class T>
void sample_binomial(Generator& g, T* out, const T* count, const T* prob, int64_t n);

// Gamma(alpha, 1), at least the smallest normal number of T. T: WideFloats. A Dirichlet sample is
// made of these in double, divided by their sum.
template <class T>
void sample_gamma(Generator& g, T* out, const T* alpha, int64_t n);

// Draws with replacement: `weights` is [rows, categories], `out` [rows, samples]. T: Floats. Throws
// RuntimeError on a weight that is negative or not finite, and on a row without a positive sum.
// (multinomial without replacement, or of one sample, is: q = empty_like(weights).exponential_(1);
// argmax(weights / q, -1), or the indices of topk(weights / q, samples).)
template <class T>
void sample_multinomial(Generator& g, int64_t* out, const T* weights, int64_t rows,
                        int64_t categories, int64_t samples);

}  // namespace rl::cpu
