// Elements as unsigned integers in sorting order, and pairs of such a key with its place.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "core/base/dtype.h"
#include "core/kernels/cpu/reduce_dims.h"
#include "core/tensor/tensor.h"

namespace rl::cpu {

template <size_t kBytes>
using UnsignedOf = std::conditional_t<
    kBytes == 1, uint8_t,
    std::conditional_t<kBytes == 2, uint16_t, std::conditional_t<kBytes == 4, uint32_t, uint64_t>>>;

// key(a) < key(b) where a sorts before b. NaN comes last, -0 and 0 are equal.
template <class T>
struct SortKey {
  using Key = UnsignedOf<sizeof(T)>;
  static constexpr Key kTop = static_cast<Key>(Key{1} << (8 * sizeof(T) - 1));
  static constexpr bool kFloat = std::is_floating_point_v<T> || is_reduced_type<T>;
  // Bits of infinity: greater magnitudes are NaN.
  static constexpr Key kInfinity = sizeof(T) == 8 ? static_cast<Key>(0x7ff0000000000000u)
                                   : std::is_same_v<T, float>    ? static_cast<Key>(0x7f800000u)
                                   : std::is_same_v<T, BFloat16> ? static_cast<Key>(0x7f80u)
                                                                 : static_cast<Key>(0x7c00u);

  static Key of(T x) {
    const Key bits = std::bit_cast<Key>(x);
    if constexpr (kFloat) {
      const Key size = static_cast<Key>(bits & ~kTop);
      const Key positive = static_cast<Key>(size | kTop), negative = static_cast<Key>(~bits);
      const Key key = bits & kTop && size ? negative : positive;
      return size > kInfinity ? static_cast<Key>(~Key{0}) : key;
    } else if constexpr (std::is_signed_v<T>) {
      return static_cast<Key>(bits ^ kTop);
    } else {
      return bits;
    }
  }
  // The element again; -0 comes back as 0.
  static T back(Key key) {
    if constexpr (kFloat)
      return std::bit_cast<T>(static_cast<Key>(key & kTop ? key & ~kTop : ~key));
    else if constexpr (std::is_signed_v<T>)
      return std::bit_cast<T>(static_cast<Key>(key ^ kTop));
    else if constexpr (std::is_same_v<T, bool>)
      return key != 0;
    else
      return std::bit_cast<T>(key);
  }
  static bool is_nan(T x) {
    if constexpr (kFloat)
      return static_cast<Key>(std::bit_cast<Key>(x) & ~kTop) > kInfinity;
    else
      return false;
  }
};

// A key and the place it came from. Places differ, so any sort of items is a stable sort of keys.
struct PackedItem {
  uint64_t bits;
  PackedItem() = default;
  PackedItem(uint32_t key, int64_t place)
      : bits(uint64_t{key} << 32 | static_cast<uint32_t>(place)) {}
  uint32_t key() const { return static_cast<uint32_t>(bits >> 32); }
  int64_t place() const { return static_cast<uint32_t>(bits); }
  bool operator<(PackedItem o) const { return bits < o.bits; }
};

struct WideItem {
  uint64_t bits;
  int64_t at;
  WideItem() = default;
  WideItem(uint64_t key, int64_t place) : bits(key), at(place) {}
  uint64_t key() const { return bits; }
  int64_t place() const { return at; }
  bool operator<(const WideItem& o) const { return bits < o.bits || (bits == o.bits && at < o.at); }
};

template <class T>
using SortItem = std::conditional_t<sizeof(T) == 8, WideItem, PackedItem>;

// Items of a strided line; `flip` is all ones to turn the order round, else 0.
template <class T>
void load_items(const T* p, int64_t n, int64_t stride, typename SortKey<T>::Key flip,
                SortItem<T>* out) {
  using Key = typename SortKey<T>::Key;
  for (int64_t k = 0; k < n; ++k)
    out[k] = SortItem<T>(static_cast<Key>(SortKey<T>::of(p[k * stride]) ^ flip), k);
}

// Sorts items whose keys have `bytes` significant bytes; `spare` holds n more. Large ones in
// parallel where `parallel`.
void sort_items(PackedItem* items, int64_t n, PackedItem* spare, int bytes, bool parallel);
void sort_items(WideItem* items, int64_t n, WideItem* spare, int bytes, bool parallel);

// Places of items are 32 bits wide for the narrow types.
void check_line_length(int64_t n, size_t item_size);

// The dimensions of `self` but one, for lines along that one: offsets into self and into a result.
DimList lines_of(const Tensor& self, int64_t dim, const Tensor& result, int64_t result_dim);
int64_t count_of(const DimList& lines);
// Offsets of the k-th line.
ReduceDim line_offset(const DimList& lines, int64_t k);

}  // namespace rl::cpu
