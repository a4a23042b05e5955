// Checks the sizes and lengths of a batch of sequences.

#pragma once

#include "arrays.h"
#include "engine/plan.h"

namespace glassgate {

// The batch of a call; lengths must be 0 .. T and, if packed, must not increase.
struct Batch {
  npy_intp steps, batch;
  const int64_t* lengths;
  Plan plan;
};

inline Batch batch_of(nb::handle input_array, npy_intp batch, nb::handle lengths, bool packed,
               bool reverse) {
  const View input = view_of("input", input_array);
  const int64_t* ends = read_or_null<int64_t>("lengths", lengths, {batch});
  npy_intp steps = 0;
  if (packed) {
    for (npy_intp i = 0; i < batch; ++i) {
      if (!ends || ends[i] < 0 || (i && ends[i] > ends[i - 1]))
        throw nb::value_error("lengths of packed input must be given and must not increase");
      steps = std::max(steps, npy_intp(ends[0]));
    }
  } else {
    if (input.axes != 3) wrong_shape("input", input, {0, batch, 0});
    steps = input.sizes[0];
  }
  for (npy_intp i = 0; ends && i < batch; ++i)
    if (ends[i] < 0 || ends[i] > steps)
      throw nb::value_error(("lengths must lie in 0.." + std::to_string(steps) + ", got " +
                             std::to_string(ends[i]))
                                .c_str());
  if (packed) {
    npy_intp tokens = 0;
    const npy_intp rows = input.axes == 2 ? input.sizes[0] : -1;
    for (npy_intp i = 0; i < batch; ++i)
      if ((tokens += ends[i]) > rows)
        throw nb::value_error(("packed input must have a row for each step of lengths, got shape " +
                               shape_text(input.sizes, input.axes))
                                  .c_str());
    if (tokens != rows) throw nb::value_error("packed input must have no row beyond lengths");
  }
  return {steps, batch, ends, Plan(steps, batch, ends, packed, reverse)};
}

// [T, B, size], or packed [N, size].
template <class T, class F>
auto rows_of(F access, const char* name, nb::handle object, const Batch& batch, bool packed,
             npy_intp size) {
  return packed ? access(name, object, {npy_intp(batch.plan.tokens()), size})
                : access(name, object, {batch.steps, batch.batch, size});
}

inline npy_intp batch_size(nb::handle initial) {
  const View view = view_of("initial", initial);
  if (view.axes != 2) wrong_shape("initial", view, {0, 0});
  return view.sizes[0];
}

}  // namespace glassgate
