// Copies between any two dtypes and layouts.
#include <cstring>

#include "core/base/threads.h"
#include "core/ops/ops.h"
#include "core/tensor/iterator.h"

namespace rl {
namespace {

template <class To, class From>
To convert(From v) {
  if constexpr (std::is_same_v<To, bool>) {
    return v != From(0);
  } else if constexpr (is_complex_type<From>) {
    if constexpr (is_complex_type<To>) return To(v);
    else return convert<To>(v.real());
  } else if constexpr (is_complex_type<To>) {
    return To(static_cast<Real<To>>(static_cast<Compute<From>>(v)));
  } else if constexpr (is_reduced_type<To>) {
    return To(static_cast<float>(v));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<Compute<From>>) {
    // Through int64, so that out-of-range values wrap as they do in PyTorch.
    return static_cast<To>(static_cast<int64_t>(static_cast<Compute<From>>(v)));
  } else {
    return static_cast<To>(v);
  }
}

template <class To, class From>
void copy_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void*) {
  if (strides[0] == sizeof(To) && strides[1] == sizeof(From)) {
    To* const out = reinterpret_cast<To*>(data[0]);
    const From* const in = reinterpret_cast<const From*>(data[1]);
    if constexpr (std::is_same_v<To, From>) {
      std::memmove(out, in, static_cast<size_t>(n) * sizeof(To));
    } else {
      for (int64_t i = 0; i < n; ++i) out[i] = convert<To>(in[i]);
    }
    return;
  }
  if (strides[0] == sizeof(To) && strides[1] == 0) {
    const To value = convert<To>(*reinterpret_cast<const From*>(data[1]));
    std::fill_n(reinterpret_cast<To*>(data[0]), n, value);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<To*>(data[0] + i * strides[0]) =
        convert<To>(*reinterpret_cast<const From*>(data[1] + i * strides[1]));
}

template <class To>
Loop1d loop_from(Dtype from) {
  Loop1d loop = nullptr;
  dispatch(AllTypes{}, from, "copy_", [&]<class From>() { loop = copy_loop<To, From>; });
  return loop;
}

Loop1d loop_for(Dtype to, Dtype from) {
  Loop1d loop = nullptr;
  dispatch(AllTypes{}, to, "copy_", [&]<class To>() { loop = loop_from<To>(from); });
  return loop;
}

// Same dtype, transposed against each other: in square tiles, so that both sides use whole cache
// lines.
template <class T>
void copy_transposed(T* dst, const T* src, int64_t rows, int64_t cols, int64_t dst_step,
                     int64_t src_step) {
  constexpr int64_t kTile = 32;
  parallel_for(0, (rows + kTile - 1) / kTile, std::max<int64_t>(1, 32768 / (kTile * cols + 1)),
               [&](int64_t first, int64_t last) {
                 for (int64_t r0 = first * kTile; r0 < std::min(rows, last * kTile); r0 += kTile)
                   for (int64_t c0 = 0; c0 < cols; c0 += kTile)
                     for (int64_t r = r0; r < std::min(rows, r0 + kTile); ++r)
                       for (int64_t c = c0; c < std::min(cols, c0 + kTile); ++c)
                         dst[r * dst_step + c] = src[c * src_step + r];
               });
}

bool try_transposed(const Tensor& dst, const Tensor& src) {
  if (dst.dtype() != src.dtype() || dst.dim() != 2 || dst.numel() < 4096) return false;
  if (!(dst.sizes() == src.sizes()) || dst.stride(1) != 1 || src.stride(0) != 1) return false;
  const auto run = [&](auto tag) {
    using T = decltype(tag);
    copy_transposed(dst.data<T>(), src.data<T>(), dst.size(0), dst.size(1), dst.stride(0), src.stride(1));
  };
  switch (dst.item_size()) {
    case 1: run(uint8_t{}); break;
    case 2: run(uint16_t{}); break;
    case 4: run(uint32_t{}); break;
    case 8: run(uint64_t{}); break;
    default: return false;
  }
  return true;
}

}  // namespace

void copy_into(const Tensor& dst, const Tensor& given) {
  if (dst.numel() == 0 || dst.is_meta() || given.is_meta()) return;
  Tensor src = given;
  if (may_overlap(dst, src) && src.numel() > 1) {
    const bool same = dst.raw() == src.raw() && dst.sizes() == src.sizes() &&
                      dst.strides() == src.strides() && dst.dtype() == src.dtype();
    if (same) return;
    src = empty_like(given);
    copy_into(src, given);
  }
  if (try_transposed(dst, src)) return;
  Iterator it(dst.sizes());
  it.add(dst.raw(), dst.sizes(), dst.strides(), static_cast<int64_t>(dst.item_size()));
  it.add(src.raw(), src.sizes(), src.strides(), static_cast<int64_t>(src.item_size()));
  it.run(loop_for(dst.dtype(), src.dtype()), nullptr);
}

namespace cpu {

void copy_(const Tensor& self, const Tensor& src, bool) {
  const Dims shape = broadcast_sizes(self.sizes(), src.sizes());
  RL_CHECK(shape == self.sizes(), "The expanded size of the tensor must match: cannot copy a tensor of size ",
           IntList(src.sizes()), " into one of size ", IntList(self.sizes()));
  copy_into(self, src);
}

}  // namespace cpu
}  // namespace rl
