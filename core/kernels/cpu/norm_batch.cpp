// Batch norm: statistics of channels over samples and positions. With many channels each is done
// from end to end while it is in the cache; with few, threads share planes. Both take the same
// steps in the same order within a channel.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/norm.h"
#include "core/kernels/cpu/norm_table.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 16384;      // elements worth a thread
constexpr int64_t kColumnGroups = 16;  // stretches of rows that are summed apart
constexpr int64_t kColumnRows = 128;   // least rows of one

int64_t grain_of(int64_t length) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(length, 1));
}

struct RowGroups {
  int64_t count, rows;
  explicit RowGroups(int64_t all)
      : rows(std::max((all + kColumnGroups - 1) / kColumnGroups, kColumnRows)) {
    count = (all + rows - 1) / rows;
  }
};

// What a channel's data goes through: y = (x - mean) * scale + shift.
template <class T>
struct Channels {
  std::vector<T> mean, scale, shift;
  explicit Channels(int64_t n)
      : mean(static_cast<size_t>(n)),
        scale(static_cast<size_t>(n)),
        shift(static_cast<size_t>(n)) {}
};

template <class T>
class Forward {
 public:
  Forward(const BatchShape& shape, const BatchNorm& norm, const Tensor& mean, const Tensor& invstd)
      : shape_(shape),
        norm_(norm),
        to_(shape.channels),
        weight_(data_or_null<T>(norm.weight)),
        bias_(data_or_null<T>(norm.bias)),
        running_mean_(data_or_null<T>(norm.running_mean)),
        running_var_(data_or_null<T>(norm.running_var)),
        save_mean_(data_or_null<T>(mean)),
        save_invstd_(data_or_null<T>(invstd)) {}

  void run(const T* x, T* y) {
    if (!norm_.training)
      for (int64_t c = 0; c < shape_.channels; ++c)
        prepare(c, running_mean_[c],
                1 / std::sqrt(static_cast<double>(running_var_[c]) + norm_.eps));
    if (shape_.channels_last)
      columns(x, y);
    else
      planes(x, y);
  }

 private:
  void prepare(int64_t c, T mean, double invstd) {
    const auto i = static_cast<size_t>(c);
    to_.mean[i] = mean;
    to_.scale[i] = static_cast<T>(weight_ ? invstd * static_cast<double>(weight_[c]) : invstd);
    to_.shift[i] = bias_ ? bias_[c] : T(0);
  }

  void finish(int64_t c, const Moments& m) {
    const double invstd = 1 / std::sqrt(m.square / m.count + norm_.eps);
    save_mean_[c] = static_cast<T>(m.mean);
    save_invstd_[c] = static_cast<T>(invstd);
    prepare(c, save_mean_[c], invstd);
    const auto follow = [&](T* running, double now) {
      if (running)
        running[c] = static_cast<T>(norm_.momentum * now +
                                    (1 - norm_.momentum) * static_cast<double>(running[c]));
    };
    follow(running_mean_, m.mean);
    follow(running_var_, m.square / (m.count - 1));
  }

  void plane(const T* x, T* y, int64_t n, int64_t c) const {
    const int64_t at = (n * shape_.channels + c) * shape_.inner;
    const auto i = static_cast<size_t>(c);
    loops_.plane(x + at, y + at, shape_.inner, to_.mean[i], to_.scale[i], to_.shift[i]);
  }

  void planes(const T* x, T* y) {
    const auto [batch, channels, inner, unused] = shape_;
    const auto all_planes = [&] {
      parallel_for(0, batch * channels, grain_of(inner), [&](int64_t first, int64_t last) {
        for (int64_t k = first; k < last; ++k) plane(x, y, k / channels, k % channels);
      });
    };
    if (!norm_.training) return all_planes();
    if (channels >= 4 * num_threads() || batch * inner <= kGrain) {
      parallel_for(0, channels, grain_of(batch * inner), [&](int64_t first, int64_t last) {
        for (int64_t c = first; c < last; ++c) {
          Moments all;
          for (int64_t n = 0; n < batch; ++n)
            all.merge(loops_.moments(x + (n * channels + c) * inner, inner));
          finish(c, all);
          for (int64_t n = 0; n < batch; ++n) plane(x, y, n, c);
        }
      });
      return;
    }
    std::vector<Moments> parts(static_cast<size_t>(batch * channels));
    parallel_for(0, batch * channels, grain_of(inner), [&](int64_t first, int64_t last) {
      for (int64_t k = first; k < last; ++k)
        parts[static_cast<size_t>(k)] = loops_.moments(x + k * inner, inner);
    });
    for (int64_t c = 0; c < channels; ++c) {
      Moments all;
      for (int64_t n = 0; n < batch; ++n) all.merge(parts[static_cast<size_t>(n * channels + c)]);
      finish(c, all);
    }
    all_planes();
  }

  void columns(const T* x, T* y) {
    const int64_t channels = shape_.channels, rows = shape_.batch * shape_.inner;
    const auto width = static_cast<size_t>(channels);
    if (norm_.training) {
      const RowGroups groups(rows);
      std::vector<double> sums(static_cast<size_t>(groups.count) * 2 * width);
      parallel_for(
          0, groups.count, grain_of(groups.rows * channels), [&](int64_t begin, int64_t end) {
            std::vector<T> scratch(2 * width);
            for (int64_t g = begin; g < end; ++g) {
              const int64_t first = g * groups.rows, count = std::min(groups.rows, rows - first);
              double* const mean = sums.data() + static_cast<size_t>(g) * 2 * width;
              loops_.columns_moments(x + first * channels, count, channels, mean, mean + width,
                                     scratch.data());
            }
          });
      for (size_t c = 0; c < width; ++c) {
        Moments all;
        for (int64_t g = 0; g < groups.count; ++g) {
          const double* const part = sums.data() + static_cast<size_t>(g) * 2 * width;
          const int64_t count = std::min(groups.rows, rows - g * groups.rows);
          all.merge({static_cast<double>(count), part[c], part[width + c]});
        }
        finish(static_cast<int64_t>(c), all);
      }
    }
    parallel_for(0, rows, grain_of(channels), [&](int64_t first, int64_t last) {
      loops_.columns(x + first * channels, y + first * channels, last - first, channels,
                     to_.mean.data(), to_.scale.data(), to_.shift.data());
    });
  }

  const NormLoops<T>& loops_ = norm_loops<T>();
  const BatchShape shape_;
  const BatchNorm& norm_;
  Channels<T> to_;
  const T* const weight_;
  const T* const bias_;
  T* const running_mean_;
  T* const running_var_;
  T* const save_mean_;
  T* const save_invstd_;
};

// dx = a dy + b (x - mean) + c
template <class T>
class Backward {
 public:
  Backward(const BatchShape& shape, const Tensor& weight, const Tensor& mean, const Tensor& invstd,
           bool training, const Tensor& dx, const Tensor& dweight, const Tensor& dbias)
      : shape_(shape),
        training_(training),
        weight_(data_or_null<T>(weight)),
        mean_(mean.data<T>()),
        invstd_(invstd.data<T>()),
        dx_(data_or_null<T>(dx)),
        dweight_(data_or_null<T>(dweight)),
        dbias_(data_or_null<T>(dbias)),
        needs_sums_(dweight_ || dbias_ || (dx_ && training)),
        by_(shape.channels) {}

  void run(const T* dy, const T* x) {
    if (!needs_sums_)
      for (int64_t c = 0; c < shape_.channels; ++c) finish(c, {});
    if (shape_.channels_last)
      columns(dy, x);
    else
      planes(dy, x);
  }

 private:
  void finish(int64_t c, const GradientSums& sums) {
    const double invstd = static_cast<double>(invstd_[c]);
    const double n = static_cast<double>(shape_.batch * shape_.inner);
    const double a = weight_ ? invstd * static_cast<double>(weight_[c]) : invstd;
    const auto i = static_cast<size_t>(c);
    by_.scale[i] = static_cast<T>(a);
    by_.mean[i] = training_ ? static_cast<T>(-a * invstd * invstd * sums.dot / n) : T(0);
    by_.shift[i] = training_ ? static_cast<T>(-a * sums.dy / n) : T(0);
    if (dweight_) dweight_[c] = static_cast<T>(sums.dot * invstd);
    if (dbias_) dbias_[c] = static_cast<T>(sums.dy);
  }

  GradientSums plane_sums(const T* dy, const T* x, int64_t k) const {
    const int64_t at = k * shape_.inner;
    return loops_.plane_sums(dy + at, x + at, shape_.inner, mean_[k % shape_.channels]);
  }
  void plane(const T* dy, const T* x, int64_t k) const {
    const int64_t at = k * shape_.inner, c = k % shape_.channels;
    const auto i = static_cast<size_t>(c);
    loops_.plane_backward(dy + at, x + at, dx_ + at, shape_.inner, mean_[c], by_.scale[i],
                          by_.mean[i], by_.shift[i]);
  }
  static void add(GradientSums& to, const GradientSums& s) {
    to.dy += s.dy;
    to.dot += s.dot;
  }

  void planes(const T* dy, const T* x) {
    const auto [batch, channels, inner, unused] = shape_;
    const auto all_planes = [&] {
      if (!dx_) return;
      parallel_for(0, batch * channels, grain_of(inner), [&](int64_t first, int64_t last) {
        for (int64_t k = first; k < last; ++k) plane(dy, x, k);
      });
    };
    if (!needs_sums_) return all_planes();
    if (channels >= 4 * num_threads() || batch * inner <= kGrain) {
      parallel_for(0, channels, grain_of(batch * inner), [&](int64_t first, int64_t last) {
        for (int64_t c = first; c < last; ++c) {
          GradientSums all;
          for (int64_t n = 0; n < batch; ++n) add(all, plane_sums(dy, x, n * channels + c));
          finish(c, all);
          for (int64_t n = 0; dx_ && n < batch; ++n) plane(dy, x, n * channels + c);
        }
      });
      return;
    }
    std::vector<GradientSums> parts(static_cast<size_t>(batch * channels));
    parallel_for(0, batch * channels, grain_of(inner), [&](int64_t first, int64_t last) {
      for (int64_t k = first; k < last; ++k) parts[static_cast<size_t>(k)] = plane_sums(dy, x, k);
    });
    for (int64_t c = 0; c < channels; ++c) {
      GradientSums all;
      for (int64_t n = 0; n < batch; ++n) add(all, parts[static_cast<size_t>(n * channels + c)]);
      finish(c, all);
    }
    all_planes();
  }

  void columns(const T* dy, const T* x) {
    const int64_t channels = shape_.channels, rows = shape_.batch * shape_.inner;
    const auto width = static_cast<size_t>(channels);
    if (needs_sums_) {
      const RowGroups groups(rows);
      std::vector<double> sums(static_cast<size_t>(groups.count) * 2 * width);
      parallel_for(0, groups.count, grain_of(groups.rows * channels),
                   [&](int64_t begin, int64_t end) {
                     std::vector<T> scratch(2 * width);
                     for (int64_t g = begin; g < end; ++g) {
                       const int64_t first = g * groups.rows, at = first * channels;
                       double* const sum = sums.data() + static_cast<size_t>(g) * 2 * width;
                       loops_.columns_sums(dy + at, x + at, std::min(groups.rows, rows - first),
                                           channels, mean_, sum, sum + width, scratch.data());
                     }
                   });
      for (size_t c = 0; c < width; ++c) {
        GradientSums all;
        for (size_t g = 0; g < static_cast<size_t>(groups.count); ++g)
          add(all, {sums[g * 2 * width + c], sums[(g * 2 + 1) * width + c]});
        finish(static_cast<int64_t>(c), all);
      }
    }
    if (!dx_) return;
    parallel_for(0, rows, grain_of(channels), [&](int64_t first, int64_t last) {
      const int64_t at = first * channels;
      loops_.columns_backward(dy + at, x + at, dx_ + at, last - first, channels, mean_,
                              by_.scale.data(), by_.mean.data(), by_.shift.data());
    });
  }

  const NormLoops<T>& loops_ = norm_loops<T>();
  const BatchShape shape_;
  const bool training_;
  const T* const weight_;
  const T* const mean_;
  const T* const invstd_;
  T* const dx_;
  T* const dweight_;
  T* const dbias_;
  const bool needs_sums_;
  Channels<T> by_;  // scale: a, mean: b, shift: c
};

}  // namespace

void batch_norm(const BatchShape& shape, const BatchNorm& norm, const Tensor& x, const Tensor& y,
                const Tensor& mean, const Tensor& invstd) {
  dispatch(WideFloats{}, x.dtype(), "batch_norm",
           [&]<class T>() { Forward<T>(shape, norm, mean, invstd).run(x.data<T>(), y.data<T>()); });
}

void batch_norm_backward(const BatchShape& shape, const Tensor& dy, const Tensor& x,
                         const Tensor& weight, const Tensor& mean, const Tensor& invstd,
                         bool training, const Tensor& dx, const Tensor& dweight,
                         const Tensor& dbias) {
  dispatch(WideFloats{}, x.dtype(), "batch_norm_backward", [&]<class T>() {
    Backward<T>(shape, weight, mean, invstd, training, dx, dweight, dbias)
        .run(dy.data<T>(), x.data<T>());
  });
}

}  // namespace rl::cpu
