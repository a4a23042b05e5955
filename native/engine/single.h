// Single steps of few sequences, for callers whose weights change between calls.
//
// Each weight is read once, where it stands, and each gradient written once, where it belongs. The
// sums are those of a sequence of one step, product by product. All without lengths and resets.

#pragma once

#include "sequence.h"

namespace glassgate {

constexpr long MOST_ROWS = 16;  // beyond it packing costs little beside the products

inline bool is_few(long batch) { return batch > 0 && batch <= MOST_ROWS; }

template <class S>
void single_step(const Weights<S>& weights, const Kernels<S>& kernels, long batch,
                 const Sequence<S>& arrays, int most);

// `grads` [P][B][4][W], written: what `gather_steps` needs; then there may be no places for the
// weights' gradients. Or null.
template <class S>
void single_step_back(const Weights<S>& weights, const Kernels<S>& kernels, long batch,
                      const Backpropagation<S>& arrays, S* grads, int most);

// What a step leaves for the weights' gradients.
template <class S>
struct StepRows {
  const S* grads;     // [P][B][4][W]
  const S* input;     // [B, I]
  const S* previous;  // [B, H]
  const S* tape;      // [B, 4, H]
  long batch;
};

// The weights' gradients of several steps, summed in the order of the steps and then of their rows.
template <class S>
void gather_steps(const Weights<S>& weights, const Kernels<S>& kernels,
                  const std::vector<StepRows<S>>& steps, const Backpropagation<S>& to, int most);

// Panels of a part.
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
