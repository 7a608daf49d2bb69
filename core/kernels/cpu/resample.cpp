// Kernels of up- and downsampling: one dimension after the other, innermost first.
#include "core/base/threads.h"
#include "core/kernels/cpu/layout.h"
#include "core/kernels/cpu/resample_taps.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 8192;

IndexMap nearest_map(Resample mode, IntList in, IntList out, std::span<const double> scales,
                     bool in_double) {
  IndexMap m;
  const size_t n = in.size() - 2;
  for (size_t d = 0; d < n; ++d) {
    m.in[3 - n + d] = in[d + 2];
    m.at[3 - n + d] = nearest_indices(mode, in[d + 2], out[d + 2], scales[d], in_double);
  }
  m.planes = in[0] * in[1];
  return m;
}

template <class T>
const ResampleLoops<T>& loops();
template <>
const ResampleLoops<float>& loops() {
  return resample_table().f32;
}
template <>
const ResampleLoops<double>& loops() {
  return resample_table().f64;
}

// All dimensions of one plane. Buffers are kept from plane to plane.
template <class T>
class Resampler {
 public:
  Resampler(Resample mode, IntList in, IntList out, bool align_corners,
            std::span<const double> scales) {
    const size_t n = in.size() - 2;
    for (size_t d = 0; d < n; ++d)
      tables_[3 - n + d] = make_taps<T>(mode, in[d + 2], out[d + 2], align_corners, scales[d]);
    in_size_ = out_size_ = 1;
    for (const auto& t : tables_) {
      in_size_ *= t.in;
      out_size_ *= t.out;
    }
  }
  int64_t in_size() const { return in_size_; }
  int64_t out_size() const { return out_size_; }

  // Width first, so that fewer elements are gathered one by one; `from` is given back where nothing
  // changes.
  const T* forward(const T* from, std::vector<T> (&buffers)[2]) const {
    int64_t sizes[3] = {tables_[0].in, tables_[1].in, tables_[2].in};
    int which = 0;
    for (int d = 2; d >= 0; --d) from = step(d, sizes, from, buffers, which, true);
    return from;
  }
  const T* backward(const T* from, std::vector<T> (&buffers)[2]) const {
    int64_t sizes[3] = {tables_[0].out, tables_[1].out, tables_[2].out};
    int which = 0;
    for (int d = 0; d < 3; ++d) from = step(d, sizes, from, buffers, which, false);
    return from;
  }

 private:
  // `from` may lie in buffers[which]; the result goes to the other one.
  const T* step(int d, int64_t (&sizes)[3], const T* from, std::vector<T> (&buffers)[2], int& which,
                bool forward) const {
    const TapTable<T>& t = tables_[d];
    if (t.identity) return from;
    std::vector<T>& to = buffers[which ^= 1];
    int64_t outer = 1, inner = 1;
    for (int k = 0; k < d; ++k) outer *= sizes[k];
    for (int k = d + 1; k < 3; ++k) inner *= sizes[k];
    sizes[d] = forward ? t.out : t.in;
    to.resize(static_cast<size_t>(outer * sizes[d] * inner));
    (forward ? loops<T>().apply : loops<T>().transposed)(t.taps(), outer, inner, from, to.data());
    return to.data();
  }

  TapTable<T> tables_[3];
  int64_t in_size_, out_size_;
};

template <class T, class C>
void store(const C* from, T* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_integral_v<T>)
      to[i] = static_cast<T>(std::clamp(std::floor(from[i] + C(0.5)), C(0), C(255)));
    else
      to[i] = static_cast<T>(from[i]);
  }
}

// Between contiguous tensors of type T; arithmetic in C.
template <class T, class C>
void resample(const Resampler<C>& r, bool forward, const Tensor& x, const Tensor& y) {
  const int64_t from_size = forward ? r.in_size() : r.out_size(),
                to_size = forward ? r.out_size() : r.in_size();
  const int64_t planes = x.size(0) * x.size(1);
  parallel_for(
      0, planes, std::max<int64_t>(kGrain / std::max(from_size, to_size), 1),
      [&](int64_t begin, int64_t end) {
        std::vector<C> buffers[2], source;
        for (int64_t plane = begin; plane < end; ++plane) {
          const C* from;
          if constexpr (std::is_same_v<T, C>) {
            from = x.data<T>() + plane * from_size;
          } else {
            source.assign(x.data<T>() + plane * from_size, x.data<T>() + (plane + 1) * from_size);
            from = source.data();
          }
          const C* const found = forward ? r.forward(from, buffers) : r.backward(from, buffers);
          store(found, y.data<T>() + plane * to_size, to_size);
        }
      });
}

void run(int64_t mode, IntList in, IntList out, bool align_corners, std::span<const double> scales,
         bool forward, const Tensor& x, const Tensor& y) {
  const auto m = static_cast<Resample>(mode);
  const auto with = [&]<class T, class C>() {
    resample<T, C>(Resampler<C>(m, in, out, align_corners, scales), forward, x, y);
  };
  switch (x.dtype()) {
    case Dtype::Float32:
      return with.operator()<float, float>();
    case Dtype::Float64:
      return with.operator()<double, double>();
    case Dtype::Float16:
      return with.operator()<Half, float>();
    case Dtype::BFloat16:
      return with.operator()<BFloat16, float>();
    default:
      return with.operator()<uint8_t, float>();
  }
}

}  // namespace

void upsample(const Tensor& self, IntList, int64_t mode, bool align_corners,
              std::span<const double> scales, const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor x = as_contiguous(self);
  fill_contiguous(out, [&](const Tensor& y) {
    if (is_nearest(mode)) {
      const bool in_double = x.dtype() == Dtype::Float64;
      return gather_planes(
          nearest_map(static_cast<Resample>(mode), x.sizes(), y.sizes(), scales, in_double), x, y);
    }
    run(mode, x.sizes(), y.sizes(), align_corners, scales, true, x, y);
  });
}

void upsample_gradient(const Tensor& grad, IntList input_size, int64_t mode, bool align_corners,
                       std::span<const double> scales, const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor g = as_contiguous(grad);
  fill_contiguous(out, [&](const Tensor& to) {
    if (is_nearest(mode)) {
      const bool in_double = g.dtype() == Dtype::Float64;
      return scatter_planes(
          nearest_map(static_cast<Resample>(mode), input_size, g.sizes(), scales, in_double), g,
          to);
    }
    run(mode, input_size, g.sizes(), align_corners, scales, false, g, to);
  });
}

}  // namespace rl::cpu
