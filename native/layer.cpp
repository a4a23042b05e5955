#include "layer.h"

#include <algorithm>
#include <cstring>

namespace glassgate {
namespace {

// Rows of a gate: "r", "k", "n" are the blocks reset, update, candidate.
long block(char gate) { return gate == 'r' ? 0 : gate == 'k' ? 1 : 2; }

double sign(char gate, bool writes) { return gate == 'k' && writes ? -1 : 1; }

// Rounded to nearest, ties to even; NaN stays NaN.
uint16_t to_bfloat16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void put(float* to, float x) { *to = x; }
void put(double* to, double x) { *to = x; }
void put(uint16_t* to, float x) { *to = to_bfloat16(x); }

// [P][depth][gates][W] from matrix rows: a panel's units side by side at each depth.
template <class To, class S>
void pack(To* to, const S* matrix, long depth, const char* gates, bool writes, long width,
          long units) {
  long count = long(std::strlen(gates)), panels = (units + width - 1) / width;
  for (long panel = 0; panel < panels; ++panel)
    for (long v = 0; v < count; ++v) {
      const S* rows = matrix + (block(gates[v]) * units + panel * width) * depth;
      To* at = to + panel * depth * count * width + v * width;
      S factor = S(sign(gates[v], writes));
      const long lanes = std::min(width, units - panel * width);
      for (long k = 0; k < depth; ++k, at += count * width)
        for (long lane = 0; lane < width; ++lane)
          put(at + lane, lane < lanes ? factor * rows[lane * depth + k] : S(0));
    }
}

template <class S>
void pack(Buffer<unsigned char>& to, bool bfloat16, const S* matrix, long depth, const char* gates,
          bool writes, long width, long units) {
  size_t size = size_t((units + width - 1) / width) * depth * std::strlen(gates) * width;
  if constexpr (sizeof(S) == 4)
    if (bfloat16)
      return pack(reinterpret_cast<uint16_t*>(to.room(size * 2)), matrix, depth, gates, writes,
                  width, units);
  pack(reinterpret_cast<S*>(to.room(size * sizeof(S))), matrix, depth, gates, writes, width,
       units);
}

// [panels of columns][P][gates][W][W]: each unit's row of a matrix, cut in panels of columns.
template <class S>
void pack_reversed(Buffer<S>& to, const S* matrix, long columns, const char* gates, bool writes,
                   long width, long units) {
  long count = long(std::strlen(gates)), panels = (units + width - 1) / width;
  long column_panels = (columns + width - 1) / width;
  S* at = to.room(size_t(column_panels) * panels * count * width * width);
  for (long panel = 0; panel < column_panels; ++panel)
    for (long q = 0; q < panels; ++q)
      for (long v = 0; v < count; ++v) {
        S factor = S(sign(gates[v], writes));
        for (long unit = q * width; unit < (q + 1) * width; ++unit, at += width) {
          const S* row = matrix + (block(gates[v]) * units + unit) * columns;
          for (long lane = 0; lane < width; ++lane) {
            long column = panel * width + lane;
            at[lane] = unit < units && column < columns ? factor * row[column] : S(0);
          }
        }
      }
}

const char* gates_of_hidden(Reset reset) {
  return reset == Reset::after ? "rkn" : reset == Reset::before ? "rk" : "kn";
}

}  // namespace

template <class S>
Layer<S>::Layer(const Weights<S>& w, const Kernels<S>& kernels, bool bfloat16)
    : kernels(kernels), form(w.form), inputs(w.inputs), units(w.units), bfloat16(bfloat16) {
  const long width = kernels.width, sums = form.sums();
  const bool after = form.reset == Reset::after;
  panels = (units + width - 1) / width;
  const char* gates = form.reset == Reset::none ? "kn" : "rkn";
  pack(input, bfloat16, w.input, inputs, gates, w.writes, width, units);
  pack(hidden, bfloat16, w.hidden, units, gates_of_hidden(form.reset), w.writes, width, units);
  if (form.reset == Reset::before)
    pack(candidate, bfloat16, w.hidden, units, "n", w.writes, width, units);
  bias.room(size_t(panels) * sums * width);
  if (after) bias_candidate.room(size_t(panels) * width);
  for (long unit = 0; unit < panels * width; ++unit) {
    long panel = unit / width, lane = unit % width;
    for (long v = 0; v < sums; ++v) {
      long row = block(gates[v]) * units + unit;
      S sum = 0;
      if (unit < units) {
        sum = w.bias_input[row];
        if (!(after && gates[v] == 'n')) sum += w.bias_hidden[row];  // c_n stands inside r * ( )
      }
      bias.data()[(panel * sums + v) * width + lane] = S(sign(gates[v], w.writes)) * sum;
    }
    if (after) bias_candidate.data()[unit] = unit < units ? w.bias_hidden[2 * units + unit] : S(0);
  }
}

template <class S>
Reversed<S>::Reversed(const Weights<S>& w, const Kernels<S>& kernels) {
  const long width = kernels.width;
  panels = (w.units + width - 1) / width;
  input_panels = (w.inputs + width - 1) / width;
  pack_reversed(input, w.input, w.inputs, "nrk", w.writes, width, w.units);
  pack_reversed(hidden, w.hidden, w.units, gates_of_hidden(w.form.reset), w.writes, width, w.units);
  if (w.form.reset == Reset::before)
    pack_reversed(recalled, w.hidden, w.units, "n", w.writes, width, w.units);
}

template <class S>
void unpack(const S* total, long columns_padded, const char* gates, bool writes, long width,
            long panel, long units, long columns, S* target) {
  constexpr long BLOCK = 16;  // columns whose lanes stay in the first cache while they turn to rows
  const long count = long(std::strlen(gates)), lanes = std::min(width, units - panel * width);
  for (long v = 0; v < count; ++v) {
    const S factor = S(sign(gates[v], writes));
    const S* from = total + (panel * columns_padded * count + v) * width;
    S* rows = target + (block(gates[v]) * units + panel * width) * columns;
    for (long first = 0; first < columns; first += BLOCK)
      for (long lane = 0; lane < lanes; ++lane)
        for (long column = first; column < std::min(columns, first + BLOCK); ++column)
          rows[lane * columns + column] = factor * from[column * count * width + lane];
  }
}

template struct Layer<float>;
template struct Layer<double>;
template struct Reversed<float>;
template struct Reversed<double>;
template void unpack(const float*, long, const char*, bool, long, long, long, long, float*);
template void unpack(const double*, long, const char*, bool, long, long, long, long, double*);

}  // namespace glassgate
