// A layer's weights, packed once for the kernels of one target.

#pragma once

#include "gru.h"
#include "scratch.h"

namespace glassgate {

// Unpacked weights in PyTorch's layout: H rows each of reset, update, candidate. Borrowed for the
// call.
template <class S>
struct Weights {
  const S* input;        // [3H, I]
  const S* hidden;       // [3H, H]
  const S* bias_input;   // [3H]
  const S* bias_hidden;  // [3H]
  long inputs, units;    // I, H
  Form form;
  bool writes;           // update = "writes": packing negates the rows of the update gate
};

template <class S>
struct Layer {
  Layer(const Weights<S>& weights, const Kernels<S>& kernels, bool bfloat16, int max_threads = 1);

  const Kernels<S>& kernels;
  Form form;
  long inputs, units, panels;
  bool bfloat16;
  Buffer<unsigned char> input;      // [P][I][sums][W]
  Buffer<unsigned char> hidden;     // [P][H][gates][W]: reset after r, k, n; before r, k; none k, n
  Buffer<unsigned char> candidate;  // [P][H][1][W], only for reset before
  Buffer<S> bias;                   // [P][sums][W]
  Buffer<S> bias_candidate;         // [P][W], only for reset after
};

// The same weights packed for the backward pass, as BackwardStep and InputGradient (gru.h) read
// them.
template <class S>
struct Reversed {
  Reversed(const Weights<S>& weights, const Kernels<S>& kernels, int max_threads);

  Buffer<S> input;     // [ceil(I / W)][P][n, r, k][W][W]
  Buffer<S> hidden;    // [P][P][gates][W][W]; gates by reset: after r, k, m; before r, k; none k, m
  Buffer<S> reset_hidden;  // [P][P][n][W][W], only for reset before
};

// Copy one panel of gradients from the layout of WeightGradient to PyTorch's: target[row][column].
// `gates` names the gate of each gradient by a letter of "rkn".
template <class S>
void unpack(const S* total, long columns_padded, const char* gates, bool writes,
            const Kernels<S>& kernels, long panel, long units, long columns, S* target);

}  // namespace glassgate
