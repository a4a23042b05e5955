// A layer's weights, packed once for the kernels of one target.

#pragma once

#include "gru.h"
#include "scratch.h"

namespace glassgate {

// As in PyTorch: rows reset, update, candidate, each H. Borrowed for the call.
template <class S>
struct Weights {
  const S* input;        // [3H, I]
  const S* hidden;       // [3H, H]
  const S* bias_input;   // [3H]
  const S* bias_hidden;  // [3H]
  long inputs, units;    // I, H
  Form form;
  bool writes;           // whether an open update gate writes: its rows are negated
};

template <class S>
struct Layer {
  Layer(const Weights<S>& weights, const Kernels<S>& kernels, bool bfloat16, int most = 1);

  const Kernels<S>& kernels;
  Form form;
  long inputs, units, panels;
  bool bfloat16;
  Buffer<unsigned char> input;      // [P][I][sums][W]
  Buffer<unsigned char> hidden;     // [P][H][gates][W]: after r, k, n; before r, k; none k, n
  Buffer<unsigned char> candidate;  // [P][H][1][W], before alone
  Buffer<S> bias;                   // [P][sums][W]
  Buffer<S> bias_candidate;         // [P][W], after alone
};

// The same weights for the way back; in the order of gru.h, Return and Spreading.
template <class S>
struct Reversed {
  Reversed(const Weights<S>& weights, const Kernels<S>& kernels, int most);

  Buffer<S> input;     // [ceil(I / W)][P][n, r, k][W][W]
  Buffer<S> hidden;    // [P][P][after r, k, m; before r, k; none k, m][W][W]
  Buffer<S> recalled;  // [P][P][n][W][W], before alone
};

// One panel's gradients as Gathering leaves them, brought to PyTorch's rows: target[row][column].
// `gates` says which block of rows each gradient is, as a letter of "rkn".
template <class S>
void unpack(const S* total, long columns_padded, const char* gates, bool writes,
            const Kernels<S>& kernels, long panel, long units, long columns, S* target);

}  // namespace glassgate
