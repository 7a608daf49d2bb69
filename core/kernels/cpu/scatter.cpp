// The loops of scatter.h.
#include "core/kernels/cpu/scatter.h"

#include <atomic>
#include <cmath>
#include <cstring>

#include "core/base/threads.h"
#include "core/kernels/cpu/by_size.h"
#include "core/tensor/iterator.h"

namespace rl::cpu {
namespace {

// What a loop needs besides data: the step of the indexed dimension, in elements.
struct Along {
  int64_t step;
};

// data: output, base of the indexed tensor, index.
template <class T>
void gather_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void* context) {
  const int64_t step = static_cast<const Along*>(context)->step;
  constexpr auto kStep = static_cast<int64_t>(sizeof(T));
  if (strides[2] == 0) {  // one place for the whole run
    const std::byte* const from =
        data[1] + *reinterpret_cast<const int64_t*>(data[2]) * step * kStep;
    if (strides[0] == kStep && strides[1] == kStep) {
      std::memcpy(data[0], from, static_cast<size_t>(n) * sizeof(T));
      return;
    }
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<T*>(data[0] + i * strides[0]) =
          *reinterpret_cast<const T*>(from + i * strides[1]);
  } else if (strides[0] == kStep && strides[1] == 0 && strides[2] == 8) {
    T* const out = reinterpret_cast<T*>(data[0]);
    const T* const from = reinterpret_cast<const T*>(data[1]);
    const int64_t* const at = reinterpret_cast<const int64_t*>(data[2]);
    if (step == 1)
      for (int64_t i = 0; i < n; ++i) out[i] = from[at[i]];
    else
      for (int64_t i = 0; i < n; ++i) out[i] = from[at[i] * step];
  } else {
    for (int64_t i = 0; i < n; ++i) {
      const int64_t at = *reinterpret_cast<const int64_t*>(data[2] + i * strides[2]);
      *reinterpret_cast<T*>(data[0] + i * strides[0]) =
          *reinterpret_cast<const T*>(data[1] + i * strides[1] + at * step * kStep);
    }
  }
}

struct PutOp {
  template <class T>
  static T apply(T, T source) {
    return source;
  }
};
struct AddOp {
  template <class T>
  static T apply(T old, T source) {
    if constexpr (std::is_same_v<T, bool>)
      return old || source;
    else
      return static_cast<T>(old + source);
  }
};
struct MultiplyOp {
  template <class T>
  static T apply(T old, T source) {
    if constexpr (std::is_same_v<T, bool>)
      return old && source;
    else
      return static_cast<T>(old * source);
  }
};
struct MaxOp {
  template <class T>
  static T apply(T old, T source) {
    if constexpr (std::is_floating_point_v<T>)
      return source > old || std::isnan(source) ? source : old;
    else
      return std::max(old, source);
  }
};
struct MinOp {
  template <class T>
  static T apply(T old, T source) {
    if constexpr (std::is_floating_point_v<T>)
      return source < old || std::isnan(source) ? source : old;
    else
      return std::min(old, source);
  }
};

// data: base of the indexed tensor, source, index.
template <class T, class F>
void scatter_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void* context) {
  const int64_t step = static_cast<const Along*>(context)->step;
  constexpr auto kStep = static_cast<int64_t>(sizeof(T));
  if (strides[2] == 0 && strides[0] == kStep && strides[1] == kStep) {
    T* const to = reinterpret_cast<T*>(data[0]) + *reinterpret_cast<const int64_t*>(data[2]) * step;
    const T* const from = reinterpret_cast<const T*>(data[1]);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) to[i] = F::apply(to[i], from[i]);
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = *reinterpret_cast<const int64_t*>(data[2] + i * strides[2]);
    T& to = *reinterpret_cast<T*>(data[0] + i * strides[0] + at * step * kStep);
    to = F::apply(to, *reinterpret_cast<const T*>(data[1] + i * strides[1]));
  }
}

// The loop for elements of this many bytes.
template <template <class> class Holder>
Loop1d by_size(size_t bytes) {
  return cpu::with_size(bytes, []<class T>() -> Loop1d { return Holder<T>::loop; });
}
template <class T>
struct Gather {
  static constexpr Loop1d loop = gather_loop<T>;
};
template <class T>
struct Put {
  static constexpr Loop1d loop = scatter_loop<T, PutOp>;
};

using Summed = Join<Join<IntegersAndBool, WideFloats>, Complexes>;
using Ordered = Join<IntegersAndBool, WideFloats>;

Loop1d scatter_loop_for(Scatter how, Dtype dtype) {
  Loop1d loop = nullptr;
  switch (how) {
    case Scatter::Put:
      loop = by_size<Put>(size_of(dtype));
      break;
    case Scatter::Add:
      dispatch(Summed{}, dtype, "scatter_gather_tensor_cpu_reduce_add",
               [&]<class T>() { loop = scatter_loop<T, AddOp>; });
      break;
    case Scatter::Multiply:
      dispatch(Summed{}, dtype, "scatter_gather_tensor_cpu_reduce_multiply",
               [&]<class T>() { loop = scatter_loop<T, MultiplyOp>; });
      break;
    case Scatter::Max:
      dispatch(Ordered{}, dtype, "scatter_gather_tensor_cpu_reduce_amax",
               [&]<class T>() { loop = scatter_loop<T, MaxOp>; });
      break;
    case Scatter::Min:
      dispatch(Ordered{}, dtype, "scatter_gather_tensor_cpu_reduce_amin",
               [&]<class T>() { loop = scatter_loop<T, MinOp>; });
      break;
  }
  return loop;
}

// Geometry of the indexed tensor over the index's shape: it stands still along `dim`.
Dims still_strides(const Tensor& self, int64_t dim) {
  Dims strides = self.strides();
  if (!strides.empty()) strides[static_cast<size_t>(dim)] = 0;
  return strides;
}

// The dimension to divide among threads: places differ in it, so no two threads meet. -1: none.
int64_t dividing_dim(IntList sizes, int64_t dim) {
  int64_t best = -1;
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (static_cast<int64_t>(d) == dim || sizes[d] < 2) continue;
    if (sizes[d] >= 64) return static_cast<int64_t>(d);
    if (best < 0 || sizes[d] > sizes[static_cast<size_t>(best)]) best = static_cast<int64_t>(d);
  }
  return best;
}

}  // namespace

int64_t detail::find_bad_index(int64_t* values, int64_t count, int64_t n, bool wrap) {
  std::atomic<int64_t> bad{-1};
  parallel_for(0, count, 65536, [&](int64_t first, int64_t last) {
    if (wrap) {
      for (int64_t i = first; i < last; ++i) {
        const int64_t v = values[i];
        if (v < -n || v >= n) {
          bad = i;
          return;
        }
        values[i] = v < 0 ? v + n : v;
      }
    } else {
      bool good = true;
      for (int64_t i = first; i < last; ++i)
        good &= static_cast<uint64_t>(values[i]) < static_cast<uint64_t>(n);
      for (int64_t i = first; !good && i < last; ++i)
        if (values[i] < 0 || values[i] >= n) {
          bad = i;
          return;
        }
    }
  });
  return bad;
}

Tensor spread_index(const Tensor& index, IntList sizes, int64_t dim) {
  Dims strides(sizes.size());
  if (!sizes.empty()) strides[static_cast<size_t>(dim)] = 1;
  return alias(index, sizes, strides, index.offset());
}

void gather_along(const Tensor& out, const Tensor& self, int64_t dim, const Tensor& index) {
  const auto bytes = static_cast<int64_t>(self.item_size());
  const Along along{self.dim() ? self.stride(dim) : 1};
  Iterator it(out.sizes());
  it.add(out.raw(), out.sizes(), out.strides(), bytes);
  it.add(self.raw(), out.sizes(), still_strides(self, dim), bytes);
  it.add(index.raw(), out.sizes(), index.strides(), 8);
  it.run(by_size<Gather>(self.item_size()), &along, 16384);
}

void scatter_along(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                   Scatter how) {
  if (is_reduced(self.dtype()) && how != Scatter::Put) {
    // Sums of 16-bit numbers are rounded once.
    const Tensor wide = contiguous_copy(self, Dtype::Float32);
    scatter_along(wide, dim, index, contiguous_copy(src, Dtype::Float32), how);
    return copy_into(self, wide);
  }
  const Loop1d loop = scatter_loop_for(how, self.dtype());
  const auto bytes = static_cast<int64_t>(self.item_size());
  const Along along{self.dim() ? self.stride(dim) : 1};
  const Dims steps = still_strides(self, dim);
  const auto run = [&](IntList sizes, int64_t self_at, int64_t src_at, int64_t index_at) {
    Iterator it(sizes);
    it.add(self.raw() + self_at * bytes, sizes, steps, bytes);
    it.add(src.raw() + src_at * bytes, sizes, src.strides(), bytes);
    it.add(index.raw() + index_at * 8, sizes, index.strides(), 8);
    it.run_serial(loop, &along);
  };
  const int64_t split = dividing_dim(index.sizes(), dim);
  const int64_t n = split < 0 ? 1 : index.size(split);
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, index.numel() / n));
  if (split < 0 || n <= grain) return run(index.sizes(), 0, 0, 0);
  parallel_for(0, n, grain, [&](int64_t first, int64_t last) {
    Dims sizes = index.sizes();
    sizes[static_cast<size_t>(split)] = last - first;
    run(sizes, first * steps[static_cast<size_t>(split)], first * src.stride(split),
        first * index.stride(split));
  });
}

void scatter_value(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  const Tensor number = scalar_tensor(value, self.dtype());
  scatter_along(self, dim, index, alias(number, index.sizes(), Dims(index.sizes().size()), 0),
                Scatter::Put);
}

void gather_rows(std::byte* out, const std::byte* src, const int64_t* index, int64_t n,
                 int64_t row_bytes, int64_t src_step) {
  parallel_for(0, n, std::max<int64_t>(1, 65536 / (row_bytes + 1)),
               [&](int64_t first, int64_t last) {
                 constexpr int64_t kAhead = 8;
                 for (int64_t i = first; i < last; ++i) {
                   if (i + kAhead < last) __builtin_prefetch(src + index[i + kAhead] * src_step);
                   std::memcpy(out + i * row_bytes, src + index[i] * src_step,
                               static_cast<size_t>(row_bytes));
                 }
               });
}

}  // namespace rl::cpu
