// Gathers as matrix products: weights are A, and the columns of B (one an output position) are
// packed from the padded source tile by tile, never for the whole image. Bias is one more row of
// ones in B.
#include "core/kernels/cpu/convolution_gather.h"

#include <algorithm>
#include <cstring>

#include "core/base/cpu_features.h"
#include "core/kernels/cpu/gemm_blocked.h"
#include "core/kernels/cpu/gemm_table.h"

namespace rl::cpu {

template <>
const ConvTable<float>& conv_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return kConvFloatAvx512;
  if (cpu_isa() == Isa::Avx2) return kConvFloatAvx2;
#endif
  return kConvFloatBaseline;
}
template <>
const ConvTable<double>& conv_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return kConvDoubleAvx512;
  if (cpu_isa() == Isa::Avx2) return kConvDoubleAvx2;
#endif
  return kConvDoubleBaseline;
}
template <>
const ConvTable<int64_t>& conv_table() {
  return kConvInt64Baseline;
}

bool Gather::writes_all() const {
  bool all = true;
  for (int d = 0; d < 3; ++d) all = all && step[d] == 1 && first[d] == 0 && grid[d] == target[d];
  return all;
}

void Gather::merge_rows() {
  if (!writes_all() || advance[2] != 1) return;
  for (int d = 1; d >= 0; --d) {
    if (grid[d] > 1 && advance[d] != grid[2]) return;
    grid[2] *= grid[d];
    target[2] *= target[d];
    grid[d] = target[d] = 1;
  }
}

namespace {

constexpr int64_t kPixelBatch = 168;  // positions of a task: a multiple of the tiles' 6, 7 and 8

// Everything a task needs to know of one gather; sizes count elements.
template <class T>
struct Plan {
  const Gather& g;
  const GemmTable<T>& gemm;
  const ConvTable<T>& conv;
  const T* bias;  // of all groups, or null
  int64_t groups;
  int64_t pixels = 0, target_plane = 0;
  int64_t depth = 0;        // rows of B in a block: whole channels
  int64_t bias_rows = 0;    // 1 where there is a bias row
  int64_t total = 0;        // rows of B
  int64_t panels = 0;       // column panels in a task
  int64_t packed_rows = 0;  // ceil(rows / tile_rows) * slots
  // Which of the loops runs: see gather_columns, gather_pixels, gather_lines.
  enum { kColumns, kPixels, kLines } by = kColumns;
  bool plain = false;  // the source is read in its place
  bool dense = false;  // the target is written without gaps

  int64_t taps() const { return static_cast<int64_t>(g.taps.size()); }
  int64_t kernel_rows() const { return g.channels * taps(); }
  int64_t group_weights() const { return packed_rows * total; }
};

// The weights of one group in panels, block after block along k.
template <class T>
void pack_weights(const Plan<T>& p, const T* w, const WeightStrides& strides, int64_t group,
                  T* out) {
  const Gather& g = p.g;
  const int64_t taps = p.taps();
  const bool all_taps = taps == strides.channel || taps == strides.row;
  const RowSplit split(g.rows, p.gemm.tile_rows);
  const int64_t blocks = std::max<int64_t>(1, ceil_div(p.kernel_rows(), p.depth));
  parallel_tasks(split.panels, g.rows * p.total > (1 << 16), [&](int64_t panel) {
    const int64_t row = panel * split.height + std::min(panel, split.taller);
    const int64_t rows = split.height + (panel < split.taller);
    const T* base = w + group * strides.group + row * strides.row;
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t first = b * p.depth, last = std::min(p.kernel_rows(), first + p.depth);
      const int64_t extra = b + 1 == blocks ? p.bias_rows : 0;
      T* to = out + first * p.packed_rows + panel * p.gemm.slots * (last - first + extra);
      if (all_taps && strides.channel == taps) {
        p.gemm.pack(last - first, rows, rows, base + first, strides.row, 1, to, p.gemm.slots);
        to += (last - first) * p.gemm.slots;
      } else {
        for (int64_t c = first / std::max<int64_t>(taps, 1); first < last && c * taps < last; ++c) {
          const T* from = base + c * strides.channel;
          if (all_taps) {
            p.gemm.pack(taps, rows, rows, from, strides.row, 1, to, p.gemm.slots);
            to += taps * p.gemm.slots;
            continue;
          }
          for (int64_t t = 0; t < taps; ++t, to += p.gemm.slots) {
            for (int64_t r = 0; r < rows; ++r) to[r] = from[r * strides.row + g.taps[t]];
          }
        }
      }
      if (extra) {
        for (int64_t r = 0; r < rows; ++r) {
          to[r] = p.bias ? p.bias[group * g.rows + row + r] : T(0);
        }
      }
    }
  });
}

// How the rows of a group are divided among chunks of vectors for gather_pixels.
template <class T>
struct Chunks {
  int64_t count, vectors, wider;  // the first `wider` ones have one vector more
  explicit Chunks(const Plan<T>& p) {
    const int64_t all = ceil_div(p.g.rows, p.gemm.lanes);
    count = ceil_div(all, p.conv.pixel_vectors);
    vectors = all / count;
    wider = all % count;
  }
  int64_t first(int64_t i) const { return i * vectors + std::min(i, wider); }
  int64_t width(int64_t i) const { return vectors + (i < wider); }
};

// The weights of one group for gather_pixels: chunk after chunk, the rows innermost.
template <class T>
void pack_pixel_weights(const Plan<T>& p, const T* w, const WeightStrides& strides, int64_t group,
                        T* out) {
  const Gather& g = p.g;
  const int64_t taps = p.taps(), lanes = p.gemm.lanes;
  const bool all_taps = taps == strides.channel || taps == strides.row;
  const Chunks<T> chunks(p);
  parallel_tasks(chunks.count, g.rows * p.total > (1 << 16), [&](int64_t i) {
    const int64_t row = chunks.first(i) * lanes, cols = chunks.width(i) * lanes;
    const int64_t rows = std::min(cols, g.rows - row);
    const T* base = w + group * strides.group + row * strides.row;
    T* to = out + row * p.kernel_rows();
    if (all_taps && strides.channel == taps) {
      p.gemm.pack(p.kernel_rows(), rows, cols, base, strides.row, 1, to, cols);
      return;
    }
    for (int64_t c = 0; c < g.channels; ++c) {
      const T* from = base + c * strides.channel;
      if (all_taps) {
        p.gemm.pack(taps, rows, cols, from, strides.row, 1, to, cols);
        to += taps * cols;
        continue;
      }
      for (int64_t t = 0; t < taps; ++t, to += cols) {
        for (int64_t r = 0; r < rows; ++r) to[r] = from[r * strides.row + g.taps[t]];
        std::fill(to + rows, to + cols, T(0));
      }
    }
  });
}

// The runs of `count` columns from `first` on, counted over the images of a chunk.
template <class T>
int64_t find_runs(const Plan<T>& p, int64_t first, int64_t count, int64_t source_image,
                  int64_t target_image, ColumnRun* runs) {
  const Gather& g = p.g;
  int64_t image = first / p.pixels, rest = first % p.pixels;
  int64_t x = rest % g.grid[2], y = rest / g.grid[2] % g.grid[1], z = rest / g.grid[2] / g.grid[1];
  int64_t n = 0;
  for (int64_t lane = 0; lane < count; ++n) {
    const int64_t length = std::min(count - lane, g.grid[2] - x);
    const int64_t row = (z * g.step[0] + g.first[0]) * g.target[1] + y * g.step[1] + g.first[1];
    runs[n] = {image * source_image + z * g.advance[0] + y * g.advance[1] + x,
               image * target_image + row * g.target[2] + x * g.step[2] + g.first[2], lane, length};
    lane += length;
    x = 0;
    if (++y < g.grid[1]) continue;
    y = 0;
    if (++z < g.grid[0]) continue;
    z = 0;
    ++image;
  }
  return n;
}

// Columns [first, last) of a chunk of images: all rows, block by block along k.
template <class T>
void gather_columns(const Plan<T>& p, int64_t first, int64_t last, const T* src,
                    int64_t source_image, const T* weights, T* dst, int64_t target_image) {
  const Gather& g = p.g;
  const int64_t width = p.gemm.tile_cols, taps = p.taps();
  const int64_t panels = ceil_div(last - first, width);
  const int64_t deepest = std::min(p.depth, p.kernel_rows()) + p.bias_rows;
  Scratch<T> packed(panels * width * deepest);
  std::vector<ColumnRun> runs(static_cast<size_t>(panels * width));
  std::vector<int64_t> run_count(static_cast<size_t>(panels));
  bool direct = p.dense;
  for (int64_t j = 0; j < panels; ++j) {
    const int64_t from = first + j * width, count = std::min(width, last - from);
    run_count[j] = find_runs(p, from, count, source_image, target_image, &runs[j * width]);
    direct = direct && from / p.pixels == (from + count - 1) / p.pixels;
  }
  // Tiles that end in several images or leave gaps are collected here and copied at the end.
  const int64_t held = panels * width;
  Scratch<T> tiles(direct ? 0 : g.rows * held);
  const int64_t blocks = std::max<int64_t>(1, ceil_div(p.kernel_rows(), p.depth));
  const RowSplit split(g.rows, p.gemm.tile_rows);
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t begin = b * p.depth, end = std::min(p.kernel_rows(), begin + p.depth);
    const int64_t deep = end - begin + (b + 1 == blocks ? p.bias_rows : 0);
    for (int64_t j = 0; j < panels; ++j) {
      T* to = packed.get() + j * width * deep;
      if (end > begin) {
        p.conv.pack_columns((end - begin) / taps, g.source.plane, taps, g.offset.data(),
                            src + begin / taps * g.source.plane, &runs[j * width], run_count[j], to,
                            width);
      }
      if (deep > end - begin) std::fill_n(to + (end - begin) * width, width, T(1));
    }
    for (int64_t j = 0; j < panels; ++j) {
      const T* panel = weights + begin * p.packed_rows;
      const int64_t count = std::min(width, last - first - j * width);
      const int vectors = count > p.gemm.lanes ? 2 : 1;
      const bool partial = count < vectors * p.gemm.lanes;
      int64_t row = 0;
      for (int64_t i = 0; i < split.panels; ++i, panel += p.gemm.slots * deep) {
        const int64_t rows = split.height + (i < split.taller);
        T* out = direct ? dst + runs[j * width].target + row * p.target_plane
                        : tiles.get() + row * held + j * width;
        p.gemm.tiles[rows][vectors - 1][partial](
            deep, panel, 1, p.gemm.slots, packed.get() + j * width * deep, width, out,
            direct ? p.target_plane : held, T(1), b == 0 ? T(0) : T(1), count);
        row += rows;
      }
    }
  }
  if (direct) return;
  for (int64_t row = 0; row < g.rows; ++row) {
    for (int64_t j = 0; j < panels; ++j) {
      const T* from = tiles.get() + row * held + j * width;
      for (int64_t r = 0; r < run_count[j]; ++r) {
        const ColumnRun& run = runs[j * width + r];
        T* to = dst + run.target + row * p.target_plane;
        if (g.step[2] == 1) {
          std::memcpy(to, from + run.lane, static_cast<size_t>(run.count) * sizeof(T));
        } else {
          for (int64_t i = 0; i < run.count; ++i) to[i * g.step[2]] = from[run.lane + i];
        }
      }
    }
  }
}

// Columns [first, last) of a chunk of images with the rows in the lanes of vectors: the source is
// read in its place, one position at a time, so that no columns are packed.
template <class T>
void gather_pixels(const Plan<T>& p, int64_t first, int64_t last, const T* src,
                   int64_t source_image, int64_t group, const T* weights, T* dst,
                   int64_t target_image) {
  const Gather& g = p.g;
  const int64_t taps = p.taps(), count = last - first, lanes = p.gemm.lanes;
  std::vector<ColumnRun> runs(static_cast<size_t>(count));
  const int64_t lines = find_runs(p, first, count, source_image, target_image, runs.data());
  std::vector<int64_t> source(static_cast<size_t>(count + kPixelSlack));
  int64_t kept = 0;
  for (int64_t r = 0; r < lines; ++r) {
    for (int64_t i = 0; i < runs[r].count; ++i) source[runs[r].lane + i] = runs[r].source + i;
    // Lines that follow each other in the target are written as one.
    if (p.dense && kept > 0 && runs[kept - 1].target + runs[kept - 1].count == runs[r].target) {
      runs[kept - 1].count += runs[r].count;
    } else {
      runs[kept++] = runs[r];
    }
  }
  for (int64_t i = 0; i < kPixelSlack; ++i) source[count + i] = source[count - 1];
  const Chunks<T> chunks(p);
  const int64_t widest = p.conv.pixel_vectors * lanes, held = round_up(count, lanes);
  Scratch<T> acc((count + kPixelSlack) * widest), turned(widest * held);
  // A block of the weights stays in the first cache while the positions stream past it.
  const int64_t block = std::max<int64_t>(1, 96 / std::max<int64_t>(taps, 1));
  for (int64_t i = 0; i < chunks.count; ++i) {
    const int64_t row = chunks.first(i) * lanes, cols = chunks.width(i) * lanes;
    const int64_t rows = std::min(cols, g.rows - row);
    if (p.bias) {
      T begin[64] = {};
      std::copy_n(p.bias + group * g.rows + row, rows, begin);
      for (int64_t q = 0; q < count; ++q) std::copy_n(begin, cols, acc.get() + q * cols);
    } else {
      std::fill_n(acc.get(), count * cols, T(0));
    }
    std::fill_n(acc.get() + count * cols, kPixelSlack * cols, T(0));
    const T* w = weights + row * p.kernel_rows();
    for (int64_t c = 0; c < g.channels; c += block) {
      p.conv.pixels(count, source.data(), static_cast<int>(chunks.width(i)),
                    std::min(block, g.channels - c), g.source.plane, taps, g.offset.data(),
                    src + c * g.source.plane, w + c * taps * cols, acc.get());
    }
    p.gemm.pack(rows, count, count, acc.get(), cols, 1, turned.get(), held);
    for (int64_t r = 0; r < rows; ++r) {
      const T* from = turned.get() + r * held;
      T* to = dst + (row + r) * p.target_plane;
      for (int64_t k = 0; k < kept; ++k) {
        const ColumnRun& run = runs[k];
        if (g.step[2] == 1) {
          std::copy_n(from + run.lane, run.count, to + run.target);
        } else {
          for (int64_t q = 0; q < run.count; ++q)
            to[run.target + q * g.step[2]] = from[run.lane + q];
        }
      }
    }
  }
}

// Lines [first, last) of a chunk of images where there are few rows: no columns are packed for
// them.
template <class T>
void gather_lines(const Plan<T>& p, int64_t first, int64_t last, const T* src, int64_t source_image,
                  int64_t group, const T* weights, T* dst, int64_t target_image) {
  const Gather& g = p.g;
  while (first < last) {
    const int64_t y = first % g.grid[1], plane = first / g.grid[1];
    const int64_t z = plane % g.grid[0], image = plane / g.grid[0];
    const int64_t lines = std::min(last - first, g.grid[1] - y);
    const int64_t line = (z * g.step[0] + g.first[0]) * g.target[1] + y * g.step[1] + g.first[1];
    p.conv.few_rows(g.rows, lines, g.grid[2], g.channels, g.source.plane, p.taps(), g.offset.data(),
                    weights, src + image * source_image + z * g.advance[0] + y * g.advance[1],
                    g.advance[1], p.bias ? p.bias + group * g.rows : nullptr,
                    dst + image * target_image + line * g.target[2] + g.first[2],
                    g.step[1] * g.target[2], p.target_plane);
    first += lines;
  }
}

// The weights of one group for gather_lines: the rows innermost.
template <class T>
void pack_line_weights(const Plan<T>& p, const T* w, const WeightStrides& strides, int64_t group,
                       T* out) {
  for (int64_t c = 0; c < p.g.channels; ++c) {
    for (int64_t tap : p.g.taps) {
      const T* from = w + group * strides.group + c * strides.channel + tap;
      for (int64_t r = 0; r < p.g.rows; ++r) *out++ = from[r * strides.row];
    }
  }
}

// One input channel for each group and few rows: a product has nothing to reuse, so each output row
// is summed in registers directly.
template <class T>
void gather_direct(const Plan<T>& p, int64_t batch, const T* src, const T* w,
                   const WeightStrides& strides, T* dst) {
  const Gather& g = p.g;
  const int64_t taps = p.taps(), size = g.source.size[0] * g.source.size[1] * g.source.size[2];
  const int64_t work = std::max<int64_t>(1, p.pixels * taps * g.rows);
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / work);
  parallel_tasks(ceil_div(batch * p.groups, grain), true, [&](int64_t task) {
    Scratch<T> padded(p.plain ? 0 : g.source.plane);
    Scratch<T> line(g.step[2] == 1 ? 0 : g.grid[2]), values(std::max<int64_t>(taps, 1));
    const int64_t last = std::min(batch * p.groups, (task + 1) * grain);
    for (int64_t i = task * grain; i < last; ++i) {
      const int64_t group = i % p.groups;
      const T* image = src + i * size;
      if (!p.plain) {
        g.source.copy_channel(image, padded.get());
        image = padded.get();
      }
      for (int64_t row = 0; row < g.rows; ++row) {
        const T* from = w + group * strides.group + row * strides.row;
        for (int64_t t = 0; t < taps; ++t) values.get()[t] = from[g.taps[t]];
        const T bias = p.bias ? p.bias[group * g.rows + row] : T(0);
        T* plane = dst + (i * g.rows + row) * p.target_plane;
        for (int64_t z = 0; z < g.grid[0]; ++z) {
          const int64_t line_at = (z * g.step[0] + g.first[0]) * g.target[1] + g.first[1];
          T* out = plane + line_at * g.target[2] + g.first[2];
          const T* in = image + z * g.advance[0];
          const int64_t out_step = g.step[1] * g.target[2];
          if (g.step[2] == 1) {
            p.conv.direct(g.grid[1], g.grid[2], taps, g.offset.data(), values.get(), in,
                          g.advance[1], bias, out, out_step);
            continue;
          }
          for (int64_t y = 0; y < g.grid[1]; ++y, in += g.advance[1], out += out_step) {
            p.conv.direct(1, g.grid[2], taps, g.offset.data(), values.get(), in, 0, bias,
                          line.get(), 0);
            for (int64_t x = 0; x < g.grid[2]; ++x) out[x * g.step[2]] = line.get()[x];
          }
        }
      }
    }
  });
}

}  // namespace

template <class T>
void run_gather(const Gather& g, int64_t batch, int64_t groups, const T* src, const T* w,
                const WeightStrides& strides, const T* bias, T* dst) {
  Plan<T> p{
      .g = g, .gemm = gemm_table<T>(), .conv = conv_table<T>(), .bias = bias, .groups = groups};
  p.pixels = g.grid[0] * g.grid[1] * g.grid[2];
  p.target_plane = g.target[0] * g.target[1] * g.target[2];
  if (p.pixels == 0 || batch == 0 || g.rows == 0) return;
  p.plain = g.source.is_plain();
  if (g.channels == 1 && g.rows <= 3 && groups > 1) {
    return gather_direct(p, batch, src, w, strides, dst);
  }
  const int64_t taps = p.taps();
  p.bias_rows = bias || p.kernel_rows() == 0;
  p.total = p.kernel_rows() + p.bias_rows;
  // A panel of B stays in the first cache while the weights stream past it.
  const int64_t most = 1024 / static_cast<int64_t>(sizeof(T));
  const int64_t blocks = std::max<int64_t>(1, p.kernel_rows() * 2 / (most * 3) + 1);
  p.depth =
      std::max<int64_t>(taps, 1) *
      std::max<int64_t>(1, ceil_div(ceil_div(p.kernel_rows(), blocks), std::max<int64_t>(taps, 1)));
  p.dense = g.writes_all();
  p.packed_rows = ceil_div(g.rows, p.gemm.tile_rows) * p.gemm.slots;
  // The block's weights, columns and results share the second cache.
  const int64_t deepest = std::min(p.depth, p.kernel_rows()) + p.bias_rows;
  const int64_t room = (768 << 10) / static_cast<int64_t>(sizeof(T)) - p.packed_rows * deepest;
  p.panels = std::clamp<int64_t>(room / (p.gemm.tile_cols * (deepest + g.rows)), 2, 16);

  // Pixels: the rows must fill vectors well and the taps pay for turning the result.
  const int64_t padded_rows = round_up(g.rows, p.gemm.lanes);
  if (g.rows * 4 >= padded_rows * 3 && p.kernel_rows() >= 48) {
    p.by = Plan<T>::kPixels;
  } else if (g.rows <= kFewRows && g.step[2] == 1 && 2 * g.grid[2] > p.gemm.lanes &&
             p.kernel_rows() > 0) {
    p.by = Plan<T>::kLines;
  }
  const int64_t share = p.by == Plan<T>::kColumns  ? p.group_weights()
                        : p.by == Plan<T>::kPixels ? padded_rows * p.kernel_rows()
                                                   : g.rows * p.kernel_rows();
  Scratch<T> weights(share * groups);
  for (int64_t group = 0; group < groups; ++group) {
    T* const to = weights.get() + group * share;
    if (p.by == Plan<T>::kPixels) {
      pack_pixel_weights(p, w, strides, group, to);
    } else if (p.by == Plan<T>::kLines) {
      pack_line_weights(p, w, strides, group, to);
    } else {
      pack_weights(p, w, strides, group, to);
    }
  }
  // A chunk is one group of one image, or of several small images.
  const int64_t images = std::min(ceil_div(256, p.pixels), batch);
  const int64_t chunks = ceil_div(batch, images);
  const bool outer = chunks * groups >= 4 * num_threads();
  const int64_t size = g.source.size[0] * g.source.size[1] * g.source.size[2];
  const int64_t source_image = p.plain ? groups * g.channels * size : g.channels * g.source.plane;
  const int64_t target_image = groups * g.rows * p.target_plane;
  const bool worth = batch * groups * p.pixels * g.rows * p.total > (1 << 18);
  parallel_tasks(chunks * groups, outer && worth, [&](int64_t task) {
    const int64_t group = task % groups, image = task / groups * images;
    const int64_t count = std::min(images, batch - image);
    const T* from = src + (image * groups + group) * g.channels * size;
    Scratch<T> padded(p.plain ? 0 : count * source_image);
    if (!p.plain) {
      parallel_tasks(count * g.channels, !outer && worth, [&](int64_t i) {
        const int64_t n = i / g.channels, c = i % g.channels;
        g.source.copy_channel(from + (n * groups * g.channels + c) * size,
                              padded.get() + n * source_image + c * g.source.plane);
      });
    }
    const int64_t columns = count * p.pixels;
    T* const to = dst + (image * groups + group) * g.rows * p.target_plane;
    const T* const images_from = p.plain ? from : padded.get();
    if (p.by == Plan<T>::kLines) {
      const int64_t lines = count * g.grid[0] * g.grid[1];
      const int64_t step = std::max<int64_t>(1, kPixelBatch / g.grid[2]);
      parallel_tasks(ceil_div(lines, step), !outer && worth, [&](int64_t i) {
        gather_lines(p, i * step, std::min(lines, (i + 1) * step), images_from, source_image, group,
                     weights.get() + group * share, to, target_image);
      });
      return;
    }
    if (p.by == Plan<T>::kPixels) {
      parallel_tasks(ceil_div(columns, kPixelBatch), !outer && worth, [&](int64_t i) {
        gather_pixels(p, i * kPixelBatch, std::min(columns, (i + 1) * kPixelBatch), images_from,
                      source_image, group, weights.get() + group * share, to, target_image);
      });
      return;
    }
    const int64_t all = ceil_div(columns, p.gemm.tile_cols);
    const int64_t threads = outer || !worth ? 1 : num_threads();
    const int64_t panels = std::min(p.panels, std::max<int64_t>(1, all / (2 * threads)));
    const int64_t step = panels * p.gemm.tile_cols;
    parallel_tasks(ceil_div(columns, step), !outer && worth, [&](int64_t i) {
      gather_columns(p, i * step, std::min(columns, (i + 1) * step), images_from, source_image,
                     weights.get() + group * share, to, target_image);
    });
  });
}

template void run_gather(const Gather&, int64_t, int64_t, const float*, const float*,
                         const WeightStrides&, const float*, float*);
template void run_gather(const Gather&, int64_t, int64_t, const double*, const double*,
                         const WeightStrides&, const double*, double*);
template void run_gather(const Gather&, int64_t, int64_t, const int64_t*, const int64_t*,
                         const WeightStrides&, const int64_t*, int64_t*);

}  // namespace rl::cpu
