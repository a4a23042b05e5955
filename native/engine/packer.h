// Copies a layer's weights from PyTorch's layout to the panels that kernels read.

#pragma once

#include <algorithm>
#include <cstring>

#include "layer.h"
#include "pool.h"

namespace glassgate {

// A gate's block of rows: reset, update and candidate are named "r", "k" and "n".
inline long block(char gate) { return gate == 'r' ? 0 : gate == 'k' ? 1 : 2; }

template <class S>
S sign(char gate, bool writes) {
  return gate == 'k' && writes ? S(-1) : S(1);
}

// Round to nearest, ties to even; NaN stays NaN.
inline uint16_t to_bfloat16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline const char* gates_of_input(Reset reset) { return reset == Reset::none ? "kn" : "rkn"; }

inline const char* gates_of_hidden(Reset reset) {
  return reset == Reset::after ? "rkn" : reset == Reset::before ? "rk" : "kn";
}

template <class S>
class Packer {
 public:
  Packer(const Weights<S>& weights, const Kernels<S>& kernels, bool bfloat16 = false,
         int max_threads = 1)
      : weights_(weights), kernels_(kernels), width_(kernels.width), units_(weights.units),
        panels_((units_ + width_ - 1) / width_), writes_(weights.writes),
        bfloat16_(bfloat16), max_threads_(max_threads) {}

  // Pack all panels: [P][depth][gates][W].
  void panels(Buffer<unsigned char>& to, const S* matrix, long depth, const char* gates) const {
    const size_t size = size_t(panels_) * depth * std::strlen(gates) * width_;
    if constexpr (sizeof(S) == 4)
      if (bfloat16_) {
        Buffer<S> values(size);
        fill(values.data(), matrix, depth, gates);
        return round_to_bfloat16(to, values.data(), depth, long(std::strlen(gates)) * width_);
      }
    fill(reinterpret_cast<S*>(to.room(size * sizeof(S))), matrix, depth, gates);
  }

  // Pack one panel: [depth][gates][W].
  void panel(S* to, const S* matrix, long depth, const char* gates, long panel) const {
    const long count = long(std::strlen(gates)), stride = count * width_;
    const long lanes = std::min(width_, units_ - panel * width_);
    if (lanes < width_) std::memset(to, 0, depth * stride * sizeof(S));
    for (long v = 0; v < count; ++v)
      kernels_.transpose(to + v * width_, stride,
                         matrix + (block(gates[v]) * units_ + panel * width_) * depth, depth,
                         lanes, depth, sign<S>(gates[v], writes_));
  }

  // Pack the biases of one panel: [sums][W] for the input's sums and, with reset after, [W] for
  // c_n.
  void biases(S* to, S* to_candidate, long panel) const {
    const char* gates = gates_of_input(weights_.form.reset);
    const bool after = weights_.form.reset == Reset::after;
    for (long lane = 0; lane < width_; ++lane) {
      const long unit = panel * width_ + lane;
      for (long v = 0; gates[v]; ++v) {
        const long row = block(gates[v]) * units_ + unit;
        S sum = 0;
        if (unit < units_) {
          sum = weights_.bias_input[row];
          if (!(after && gates[v] == 'n')) sum += weights_.bias_hidden[row];  // c_n is inside r * ( )
        }
        to[v * width_ + lane] = sign<S>(gates[v], writes_) * sum;
      }
      if (after) to_candidate[lane] = unit < units_ ? weights_.bias_hidden[2 * units_ + unit] : S(0);
    }
  }

  // Pack for the backward pass: [panels of columns][P][gates][W][W], each unit's row of the matrix
  // divided into panels of columns.
  void reversed(Buffer<S>& to, const S* matrix, long columns, const char* gates) const {
    const long count = long(std::strlen(gates)), pieces = (columns + width_ - 1) / width_;
    const size_t size = size_t(pieces) * panels_ * count * width_ * width_;
    S* values = to.room(size);
    each(panels_, size, [=](long q) {
      if (columns % width_ || (q + 1) * width_ > units_)
        for (long piece = 0; piece < pieces; ++piece)
          std::fill_n(values + (piece * panels_ + q) * count * width_ * width_,
                      count * width_ * width_, S(0));
      for (long v = 0; v < count; ++v)
        for (long unit = q * width_; unit < std::min(units_, (q + 1) * width_); ++unit)
          cut_row(values + ((q * count + v) * width_ + unit % width_) * width_,
                  panels_ * count * width_ * width_,
                  matrix + (block(gates[v]) * units_ + unit) * columns, columns,
                  sign<S>(gates[v], writes_));
    });
  }

 private:
  void fill(S* to, const S* matrix, long depth, const char* gates) const {
    const long stride = depth * long(std::strlen(gates)) * width_;
    each(panels_, panels_ * stride, [=](long i) { panel(to + i * stride, matrix, depth, gates, i); });
  }

  // Divide a row of a matrix into panels of columns, `stride` values apart.
  void cut_row(S* to, long stride, const S* row, long columns, S factor) const {
    for (long first = 0; first < columns; first += width_, to += stride) {
      const long last = std::min(columns, first + width_);
      for (long column = first; column < last; ++column) to[column - first] = factor * row[column];
    }
  }

  // Call act(i) for all i below `count`, on several threads if there are enough values.
  template <class F>
  void each(long count, size_t values, F&& act) const {
    constexpr size_t MIN_PARALLEL = 1 << 16;  // values
    struct Each : Work {
      Each(long count, F& act) : count(count), act(act) {}
      int phases() const override { return 1; }
      int parts(int) const override { return int(std::min<long>(MAX_PARTS, count)); }
      void run(int, int part, int) override {
        for (long i = part; i < count; i += MAX_PARTS) act(i);
      }
      long count;
      F& act;
    } work(count, act);
    perform(work, values < MIN_PARALLEL ? 1 : max_threads_);
  }

  // Convert to bfloat16: two depths share 32-bit words, the even one in the lower halves.
  void round_to_bfloat16(Buffer<unsigned char>& to, const S* values, long depth, long stride) const {
    const long pairs = (depth + 1) / 2;
    auto* halves = reinterpret_cast<uint16_t*>(to.room(size_t(panels_) * pairs * stride * 4));
    for (long panel = 0; panel < panels_; ++panel, values += depth * stride)
      for (long k = 0; k < 2 * pairs; ++k)
        for (long i = 0; i < stride; ++i)
          halves[((panel * pairs + k / 2) * stride + i) * 2 + k % 2] =
              k < depth ? to_bfloat16(values[k * stride + i]) : uint16_t(0);
  }

  const Weights<S>& weights_;
  const Kernels<S>& kernels_;
  const long width_, units_, panels_;
  const bool writes_, bfloat16_;
  const int max_threads_;  // threads
};

}  // namespace glassgate
