// Runs a layer over whole sequences, forward and backward, or one step, on up to `max_threads`
// threads.

#pragma once

#include "layer.h"
#include "plan.h"

namespace glassgate {

// The arrays of a forward pass; Plan::row gives the rows of input and output. `resets` [T, B] is 1
// where the state is set to zero before that step. The padding of `output` and `grad_input` is set
// to 0.
template <class S>
struct Sequence {
  const S* input;               // [T, B, I] or [N, I]
  const S* initial;             // [B, H]
  const unsigned char* resets;  // or null
  S* output;                    // [T, B, H] or [N, H], written
  S* last;                      // [B, H], written; or null
  S* tape;                      // [N, 4, H], written; or null
};

template <class S>
void forward(const Layer<S>& layer, const Plan& plan, const Sequence<S>& arrays, int max_threads);

// The arrays of a backward pass; `output` and `tape` come from the forward pass.
template <class S>
struct Backpropagation {
  const S* input;
  const S* initial;
  const unsigned char* resets;
  const S* output;
  const S* tape;
  const S* grad_output;    // as output; or null: zero
  const S* grad_last;      // [B, H]; or null
  S* grad_input;           // as input; or null: not computed
  S* grad_initial;         // [B, H]
  S* grad_weight_input;    // [3H, I]
  S* grad_weight_hidden;   // [3H, H]
  S* grad_bias_input;      // [3H]
  S* grad_bias_hidden;     // [3H]
};

template <class S>
void backward(const Weights<S>& weights, const Kernels<S>& kernels, const Plan& plan,
              const Backpropagation<S>& arrays, int max_threads);

// One step of B rows. `hidden` and `output` [B, H] may overlap.
template <class S>
void step(const Layer<S>& layer, long batch, const S* input, const S* hidden, S* output,
          int max_threads);

// How work is divided among threads: by rows or, for small batches, by units; then the threads
// synchronize at every step.
struct Split {
  bool by_rows;
  long rows;       // per part
  int threads;     // upper limit

  int parts(long batch) const { return int((batch + rows - 1) / rows); }
};
Split split(long batch, long tokens, long inputs, long units, int max_threads);

}  // namespace glassgate
