// Whole sequences over a layer, forward and backward, and single steps, on `most` threads at most.

#pragma once

#include "layer.h"
#include "plan.h"

namespace glassgate {

// Rows of input and output are counted as Plan::row says. `resets` [T, B] (ranks if packed): 1 where
// the state is zeroed before that step; or null. Padding of `output` and `grad_input` becomes 0.
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
void forward(const Layer<S>& layer, const Plan& plan, const Sequence<S>& arrays, int most);

// All arrays as in Sequence, `output` and `tape` as forward left them.
template <class S>
struct Backpropagation {
  const S* input;
  const S* initial;
  const unsigned char* resets;
  const S* output;
  const S* tape;
  const S* grad_output;    // as output; or null: nothing comes from there
  const S* grad_last;      // [B, H]; or null
  S* grad_input;           // as input; or null: not wanted
  S* grad_initial;         // [B, H]
  S* grad_weight_input;    // [3H, I]
  S* grad_weight_hidden;   // [3H, H]
  S* grad_bias_input;      // [3H]
  S* grad_bias_hidden;     // [3H]
};

template <class S>
void backward(const Weights<S>& weights, const Kernels<S>& kernels, const Plan& plan,
              const Backpropagation<S>& arrays, int most);

// One step of B rows. `hidden` and `output` [B, H] may overlap.
template <class S>
void step(const Layer<S>& layer, long batch, const S* input, const S* hidden, S* output, int most);

// Rows by thread or, of a small batch, units by thread: then threads meet at every step.
struct Split {
  bool by_rows;
  long rows;       // rows of a part
  int threads;     // at most

  int parts(long batch) const { return int((batch + rows - 1) / rows); }
};
Split split(long batch, long tokens, long inputs, long units, int most);

}  // namespace glassgate
