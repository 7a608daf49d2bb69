// Random fills of contiguous memory: the numbers, and the state left behind, are those of PyTorch
// 2.13's CPU generator, for any number of threads.
//
// Every function takes the generator's lock. PyTorch fills a tensor in the order of its memory
// (dimensions sorted by stride), so a dense permuted tensor is one contiguous fill; any other
// layout is a fill of a buffer that is then copied in that order. normal_ alone distinguishes: a
// tensor that is not contiguous in the plain sense takes fill_normal_serial.
#pragma once

#include <cstdint>

#include "core/base/dtype.h"
#include "core/base/generator.h"

namespace rl::cpu {

// uniform_, rand: [from, to). T: Floats, Complexes (real and imaginary parts in turn).
template <class T>
void fill_uniform(Generator& g, T* out, int64_t n, double from, double to);

// normal_, randn. T: Floats, Complexes (each part gets mean and std / sqrt(2)).
template <class T>
void fill_normal(Generator& g, T* out, int64_t n, double mean, double std);
// The same distribution from another stream, with the generator's waiting sample.
template <class T>
void fill_normal_serial(Generator& g, T* out, int64_t n, double mean, double std);

// random_(): [0, max] for integers, [0, 2^digits] for floats. T: RealAndBool.
template <class T>
void fill_random(Generator& g, T* out, int64_t n);
// random_(from, to), randint: base + [0, range), range > 0. T: RealAndBool.
template <class T>
void fill_random_range(Generator& g, T* out, int64_t n, uint64_t range, int64_t base);
// random_(lowest int64, None): all 64 bits.
void fill_random_bits(Generator& g, int64_t* out, int64_t n);

// bernoulli_(p), and with it dropout. T: RealAndBool.
template <class T>
void fill_bernoulli(Generator& g, T* out, int64_t n, double p);
// bernoulli(p) and bernoulli_(p) with a probability an element; throws RuntimeError where one is
// outside [0, 1]. P: Floats.
template <class T, class P>
void fill_bernoulli(Generator& g, T* out, int64_t n, const P* p);

// T: Floats, and for geometric the integers too.
template <class T>
void fill_exponential(Generator& g, T* out, int64_t n, double lambda);
template <class T>
void fill_geometric(Generator& g, T* out, int64_t n, double p);
template <class T>
void fill_log_normal(Generator& g, T* out, int64_t n, double mean, double std);
template <class T>
void fill_cauchy(Generator& g, T* out, int64_t n, double median, double sigma);

// A permutation of 0 .. n-1. T: RealTypes; whether n fits T is the caller's check.
template <class T>
void fill_randperm(Generator& g, T* out, int64_t n);

}  // namespace rl::cpu
