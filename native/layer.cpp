#include "layer.h"

#include <algorithm>
#include <cstring>

namespace glassgate {
namespace {

// Rows of a gate: "r", "k", "n" are the blocks reset, update, candidate.
long block(char gate) { return gate == 'r' ? 0 : gate == 'k' ? 1 : 2; }

template <class S>
S sign(char gate, bool writes) {
  return gate == 'k' && writes ? S(-1) : S(1);
}

// Rounded to nearest, ties to even; NaN stays NaN.
uint16_t to_bfloat16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

const char* gates_of_hidden(Reset reset) {
  return reset == Reset::after ? "rkn" : reset == Reset::before ? "rk" : "kn";
}

template <class S>
class Packer {
 public:
  Packer(const Weights<S>& weights, const Kernels<S>& kernels, bool bfloat16 = false)
      : kernels_(kernels), width_(kernels.width), units_(weights.units),
        panels_((units_ + width_ - 1) / width_), writes_(weights.writes), bfloat16_(bfloat16) {}

  // [P][depth][gates][W]: a panel's units side by side at each depth.
  void panels(Buffer<unsigned char>& to, const S* matrix, long depth, const char* gates) const {
    const size_t size = size_t(panels_) * depth * std::strlen(gates) * width_;
    if constexpr (sizeof(S) == 4)
      if (bfloat16_) {
        Buffer<S> values(size);
        fill(values.data(), matrix, depth, gates);
        return halve(to, values.data(), depth, long(std::strlen(gates)) * width_);
      }
    fill(reinterpret_cast<S*>(to.room(size * sizeof(S))), matrix, depth, gates);
  }

  // [panels of columns][P][gates][W][W]: each unit's row of a matrix, cut in panels of columns.
  void reversed(Buffer<S>& to, const S* matrix, long columns, const char* gates) const {
    const long count = long(std::strlen(gates)), pieces = (columns + width_ - 1) / width_;
    const size_t size = size_t(pieces) * panels_ * count * width_ * width_;
    S* values = to.room(size);
    if (columns % width_ || units_ % width_) std::memset(values, 0, size * sizeof(S));
    for (long v = 0; v < count; ++v)
      for (long unit = 0; unit < units_; ++unit) {
        const S* row = matrix + (block(gates[v]) * units_ + unit) * columns;
        const long q = unit / width_, place = unit % width_;
        const S factor = sign<S>(gates[v], writes_);
        for (long piece = 0; piece < pieces; ++piece) {
          S* at = values + (((piece * panels_ + q) * count + v) * width_ + place) * width_;
          const long first = piece * width_, last = std::min(columns, first + width_);
          for (long column = first; column < last; ++column) at[column - first] = factor * row[column];
        }
      }
  }

 private:
  void fill(S* to, const S* matrix, long depth, const char* gates) const {
    const long count = long(std::strlen(gates)), stride = count * width_;
    for (long panel = 0; panel < panels_; ++panel, to += depth * stride) {
      const long lanes = std::min(width_, units_ - panel * width_);
      if (lanes < width_) std::memset(to, 0, depth * stride * sizeof(S));
      for (long v = 0; v < count; ++v)
        kernels_.transpose(to + v * width_, stride,
                           matrix + (block(gates[v]) * units_ + panel * width_) * depth, depth,
                           lanes, depth, sign<S>(gates[v], writes_));
    }
  }

  // In bfloat16 two depths share words, the even one in their lower halves.
  void halve(Buffer<unsigned char>& to, const S* values, long depth, long stride) const {
    const long pairs = (depth + 1) / 2;
    auto* halves = reinterpret_cast<uint16_t*>(to.room(size_t(panels_) * pairs * stride * 4));
    for (long panel = 0; panel < panels_; ++panel, values += depth * stride)
      for (long k = 0; k < 2 * pairs; ++k)
        for (long i = 0; i < stride; ++i)
          halves[((panel * pairs + k / 2) * stride + i) * 2 + k % 2] =
              k < depth ? to_bfloat16(values[k * stride + i]) : uint16_t(0);
  }

  const Kernels<S>& kernels_;
  const long width_, units_, panels_;
  const bool writes_, bfloat16_;
};

}  // namespace

template <class S>
Layer<S>::Layer(const Weights<S>& w, const Kernels<S>& kernels, bool bfloat16)
    : kernels(kernels), form(w.form), inputs(w.inputs), units(w.units), bfloat16(bfloat16) {
  const long width = kernels.width, sums = form.sums();
  const bool after = form.reset == Reset::after;
  const char* gates = form.reset == Reset::none ? "kn" : "rkn";
  const Packer<S> packer(w, kernels, bfloat16);
  packer.panels(input, w.input, inputs, gates);
  packer.panels(hidden, w.hidden, units, gates_of_hidden(form.reset));
  if (form.reset == Reset::before) packer.panels(candidate, w.hidden, units, "n");
  panels = (units + width - 1) / width;
  bias.room(size_t(panels) * sums * width);
  if (after) bias_candidate.room(size_t(panels) * width);
  for (long unit = 0; unit < panels * width; ++unit) {
    const long panel = unit / width, lane = unit % width;
    for (long v = 0; v < sums; ++v) {
      const long row = block(gates[v]) * units + unit;
      S sum = 0;
      if (unit < units) {
        sum = w.bias_input[row];
        if (!(after && gates[v] == 'n')) sum += w.bias_hidden[row];  // c_n stands inside r * ( )
      }
      bias.data()[(panel * sums + v) * width + lane] = sign<S>(gates[v], w.writes) * sum;
    }
    if (after) bias_candidate.data()[unit] = unit < units ? w.bias_hidden[2 * units + unit] : S(0);
  }
}

template <class S>
Reversed<S>::Reversed(const Weights<S>& w, const Kernels<S>& kernels) {
  const Packer<S> packer(w, kernels);
  packer.reversed(input, w.input, w.inputs, "nrk");
  packer.reversed(hidden, w.hidden, w.units, gates_of_hidden(w.form.reset));
  if (w.form.reset == Reset::before) packer.reversed(recalled, w.hidden, w.units, "n");
}

template <class S>
void unpack(const S* total, long columns_padded, const char* gates, bool writes,
            const Kernels<S>& kernels, long panel, long units, long columns, S* target) {
  const long count = long(std::strlen(gates)), width = kernels.width;
  for (long v = 0; v < count; ++v)
    kernels.transpose(target + (block(gates[v]) * units + panel * width) * columns, columns,
                      total + (panel * columns_padded * count + v) * width, count * width, columns,
                      std::min(width, units - panel * width), sign<S>(gates[v], writes));
}

template struct Layer<float>;
template struct Layer<double>;
template struct Reversed<float>;
template struct Reversed<double>;
template void unpack(const float*, long, const char*, bool, const Kernels<float>&, long, long, long,
                     float*);
template void unpack(const double*, long, const char*, bool, const Kernels<double>&, long, long,
                     long, double*);

}  // namespace glassgate
