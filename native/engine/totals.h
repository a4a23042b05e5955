// Accumulates the weights' gradients in panels, as WeightGradient adds to them.

#pragma once

#include "layer.h"
#include "sequence.h"

namespace glassgate {

// Write one unit's bias gradients from its four sums, n, r, k and m, `width` values apart.
template <class S>
void write_biases(const S* sums, long width, const Weights<S>& weights,
                  const Backpropagation<S>& to, long unit) {
  const S n = sums[0], r = sums[width], m = sums[3 * width];
  const S k = weights.writes ? -sums[2 * width] : sums[2 * width];
  const S by_input[] = {r, k, n}, by_hidden[] = {r, k, m};
  for (int gate = 0; gate < 3; ++gate) {
    to.grad_bias_input[gate * weights.units + unit] = by_input[gate];
    to.grad_bias_hidden[gate * weights.units + unit] = by_hidden[gate];
  }
}

template <class S>
struct Totals {
  Totals(const Weights<S>& weights, const Kernels<S>& kernels)
      : width(kernels.width), panels((weights.units + width - 1) / width),
        input_columns(rounded_up(weights.inputs, kernels.tile)),
        hidden_columns(rounded_up(weights.units, kernels.tile)), weights(weights), kernels(kernels) {}

  static long rounded_up(long size, long by) { return (size + by - 1) / by * by; }

  // Number of values in each array of sums.
  size_t input_size() const { return size_t(3) * panels * input_columns * width; }
  size_t hidden_size() const {
    return size_t(reset() == Reset::after ? 3 : 2) * panels * hidden_columns * width;
  }
  size_t reset_hidden_size() const {
    return reset() == Reset::before ? size_t(panels) * hidden_columns * width : 0;
  }
  size_t bias_size() const { return size_t(TAPE) * panels * width; }

  // Copy the sums of one panel to PyTorch's layout.
  void unpack_panel(long panel, const Backpropagation<S>& to) const {
    const bool after = reset() == Reset::after;
    const char* gates = after ? "rkn" : reset() == Reset::before ? "rk" : "kn";
    const long I = weights.inputs, H = weights.units;
    unpack(input, input_columns, "nrk", weights.writes, kernels, panel, H, I, to.grad_weight_input);
    unpack(hidden, hidden_columns, gates, weights.writes, kernels, panel, H, H,
           to.grad_weight_hidden);
    if (reset() == Reset::before)
      unpack(reset_hidden, hidden_columns, "n", weights.writes, kernels, panel, H, H,
             to.grad_weight_hidden);
    for (long unit = panel * width; unit < std::min(H, (panel + 1) * width); ++unit) {
      if (reset() == Reset::none) std::fill_n(to.grad_weight_hidden + unit * H, H, S(0));
      write_biases(bias + panel * TAPE * width + unit % width, width, weights, to, unit);
    }
  }

  long width, panels, input_columns, hidden_columns;
  S *input, *hidden, *reset_hidden, *bias;  // for W, U, U_n with reset before, and the biases

 private:
  Reset reset() const { return weights.form.reset; }

  const Weights<S>& weights;
  const Kernels<S>& kernels;
};

}  // namespace glassgate
