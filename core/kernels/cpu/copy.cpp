// Copies between any two dtypes and layouts.
#include <bit>
#include <cstring>

#include "core/base/threads.h"
#include "core/kernels/cpu/by_size.h"
#include "core/kernels/cpu/convert.h"
#include "core/kernels/cpu/copy_table.h"
#include "core/tensor/iterator.h"
#include "core/tensor/tensor.h"

namespace rl {
namespace {

// One dtype on both sides: only the size counts.
template <class T>
void move_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void*) {
  constexpr auto kStep = static_cast<int64_t>(sizeof(T));
  T* const out = reinterpret_cast<T*>(data[0]);
  const T* const in = reinterpret_cast<const T*>(data[1]);
  if (strides[0] == kStep && strides[1] == kStep) {
    std::memmove(static_cast<void*>(out), in, static_cast<size_t>(n) * sizeof(T));
  } else if (strides[0] == kStep && strides[1] == 0) {
    std::fill_n(out, n, *in);
  } else if (strides[0] == kStep) {
    for (int64_t i = 0; i < n; ++i) out[i] = *reinterpret_cast<const T*>(data[1] + i * strides[1]);
  } else if (strides[1] == kStep) {
    for (int64_t i = 0; i < n; ++i) *reinterpret_cast<T*>(data[0] + i * strides[0]) = in[i];
  } else {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<T*>(data[0] + i * strides[0]) =
          *reinterpret_cast<const T*>(data[1] + i * strides[1]);
  }
}

template <class To, class From>
void convert_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void* context) {
  if (strides[0] == sizeof(To) && strides[1] == sizeof(From)) {
    if (context)
      return reinterpret_cast<cpu::CopyTable::Convert>(const_cast<void*>(context))(data[0], data[1],
                                                                                   n);
    To* const out = reinterpret_cast<To*>(data[0]);
    const From* const in = reinterpret_cast<const From*>(data[1]);
    for (int64_t i = 0; i < n; ++i) out[i] = cpu::convert<To>(in[i]);
  } else if (strides[0] == sizeof(To) && strides[1] == 0) {
    std::fill_n(reinterpret_cast<To*>(data[0]), n,
                cpu::convert<To>(*reinterpret_cast<const From*>(data[1])));
  } else {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<To*>(data[0] + i * strides[0]) =
          cpu::convert<To>(*reinterpret_cast<const From*>(data[1] + i * strides[1]));
  }
}

Loop1d move_of_size(size_t bytes) {
  return cpu::with_size(bytes, []<class T>() -> Loop1d { return move_loop<T>; });
}

template <class To, class... From>
Loop1d conversion_from(Dtype from, Types<From...>) {
  Loop1d loop = nullptr;
  ((from == dtype_of<From> ? void(loop = convert_loop<To, From>) : void()), ...);
  return loop;
}

template <class... To>
Loop1d conversion(Dtype to, Dtype from, Types<To...> all) {
  Loop1d loop = nullptr;
  ((to == dtype_of<To> ? void(loop = conversion_from<To>(from, all)) : void()), ...);
  return loop;
}

// Two operands' dimensions in the order of the first one's memory, joined where both allow it.
struct Nest {
  Dims sizes, dst, src;  // fastest dimension of dst first; strides in elements
};

Nest nest_of(const Tensor& dst, const Tensor& src) {
  Dims order;
  for (size_t d = dst.sizes().size(); d-- > 0;)
    if (dst.sizes()[d] != 1) order.push_back(static_cast<int64_t>(d));
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return dst.strides()[static_cast<size_t>(a)] < dst.strides()[static_cast<size_t>(b)];
  });
  Nest out;
  for (const int64_t d : order) {
    const auto i = static_cast<size_t>(d);
    const bool joins = !out.sizes.empty() &&
                       dst.strides()[i] == out.dst.back() * out.sizes.back() &&
                       src.strides()[i] == out.src.back() * out.sizes.back();
    if (joins) {
      out.sizes.back() *= dst.sizes()[i];
      continue;
    }
    out.sizes.push_back(dst.sizes()[i]);
    out.dst.push_back(dst.strides()[i]);
    out.src.push_back(src.strides()[i]);
  }
  return out;
}

// Same dtype, the fastest dimension of one side not that of the other: in tiles, so that both sides
// use whole cache lines.
bool try_transposed(const Tensor& dst, const Tensor& src) {
  if (dst.numel() < 1024 || dst.item_size() > 8 || !(dst.sizes() == src.sizes())) return false;
  const Nest nest = nest_of(dst, src);
  if (nest.sizes.size() < 2 || nest.dst[0] != 1 || nest.src[0] == 1 || nest.sizes[0] < 4)
    return false;
  size_t row = 1;
  while (row < nest.sizes.size() && nest.src[row] != 1) ++row;
  if (row == nest.sizes.size() || nest.sizes[row] < 4) return false;

  constexpr int64_t kRows = 64;  // rows of one task
  const int64_t rows = nest.sizes[row], cols = nest.sizes[0];
  const int64_t slabs = (rows + kRows - 1) / kRows;
  const int64_t outer = dst.numel() / (rows * cols);
  const auto bytes = static_cast<int64_t>(dst.item_size());
  const auto transpose = cpu::copy_table().transpose[std::countr_zero(dst.item_size())];
  std::byte* const to = dst.raw();
  const std::byte* const from = src.raw();
  const int64_t grain = std::max<int64_t>(1, 32768 / (std::min(rows, kRows) * cols));
  parallel_for(0, outer * slabs, grain, [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task) {
      const int64_t r0 = task % slabs * kRows;
      int64_t rest = task / slabs, at_dst = r0 * nest.dst[row], at_src = r0;
      for (size_t d = 1; d < nest.sizes.size(); ++d) {
        if (d == row) continue;
        const int64_t i = rest % nest.sizes[d];
        rest /= nest.sizes[d];
        at_dst += i * nest.dst[d];
        at_src += i * nest.src[d];
      }
      transpose(to + at_dst * bytes, from + at_src * bytes, std::min(kRows, rows - r0), cols,
                nest.dst[row], nest.src[0]);
    }
  });
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
  const bool converts = dst.dtype() != src.dtype();
  if (!converts && try_transposed(dst, src)) return;
  Iterator it(dst.sizes());
  it.add(dst.raw(), dst.sizes(), dst.strides(), static_cast<int64_t>(dst.item_size()));
  it.add(src.raw(), src.sizes(), src.strides(), static_cast<int64_t>(src.item_size()));
  if (!converts) return it.run(move_of_size(dst.item_size()), nullptr);
  const auto wide =
      cpu::copy_table().convert[static_cast<int>(dst.dtype())][static_cast<int>(src.dtype())];
  it.run(conversion(dst.dtype(), src.dtype(), AllTypes{}), reinterpret_cast<const void*>(wide));
}

}  // namespace rl
