// Single steps of few sequences on unpacked weights, for callers whose weights change between
// calls.
//
// Each weight is read once and each gradient written once, in PyTorch's layout. Every sum has the
// same order as in a sequence of one step. Lengths and resets are not supported.

#pragma once

#include "sequence.h"

namespace glassgate {

constexpr long MAX_ROWS = 16;  // for more rows packing costs little compared with the products

inline bool is_few(long batch) { return batch > 0 && batch <= MAX_ROWS; }

template <class S>
void single_step(const Weights<S>& weights, const Kernels<S>& kernels, long batch,
                 const Sequence<S>& arrays, int max_threads);

// `grads` [P][B][4][W], written: the input of `gather_steps`; or null. With `grads` the pointers to
// the weights' gradients may be null.
template <class S>
void single_step_back(const Weights<S>& weights, const Kernels<S>& kernels, long batch,
                      const Backpropagation<S>& arrays, S* grads, int max_threads);

// What `gather_steps` needs of each step.
template <class S>
struct StepRows {
  const S* grads;     // [P][B][4][W]
  const S* input;     // [B, I]
  const S* previous;  // [B, H]
  const S* tape;      // [B, 4, H]
  long batch;
};

// The weights' gradients of several steps, summed in the order of the steps and of the rows in
// each.
template <class S>
void gather_steps(const Weights<S>& weights, const Kernels<S>& kernels,
                  const std::vector<StepRows<S>>& steps, const Backpropagation<S>& to,
                  int max_threads);

// The panels of one part.
struct Range {
  long from, to;
};

inline Range share(long size, int part, int parts) {
  return {size * part / parts, size * (part + 1) / parts};
}

template <class T>
std::vector<T*> rows_of(T* array, long rows, long stride) {
  std::vector<T*> pointers(rows);
  for (long row = 0; row < rows; ++row) pointers[row] = array ? array + row * stride : nullptr;
  return pointers;
}

}  // namespace glassgate
