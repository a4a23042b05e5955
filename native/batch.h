// What a call on whole sequences says of its batch: sizes, lengths, and where rows lie.

#pragma once

#include "arrays.h"
#include "plan.h"

namespace glassgate {

// The batch that a sequence call describes; lengths must be 0 .. T and, packed, not increase.
struct Batch {
  npy_intp steps, batch;
  Plan plan;
};

inline Batch batch_of(nb::handle shape_of, npy_intp batch, nb::handle lengths, bool packed,
               bool reverse) {
  if (!PyArray_Check(shape_of.ptr()))
    wrong_kind("input", "a NumPy array", Py_TYPE(shape_of.ptr())->tp_name);
  auto* array = reinterpret_cast<PyArrayObject*>(shape_of.ptr());
  const int64_t* ends = read_or_null<int64_t>("lengths", lengths, {batch});
  npy_intp steps = 0;
  if (packed) {
    for (npy_intp i = 0; i < batch; ++i) {
      if (!ends || ends[i] < 0 || (i && ends[i] > ends[i - 1]))
        throw nb::value_error("lengths of packed input must be given and must not increase");
      steps = std::max(steps, npy_intp(ends[0]));
    }
  } else {
    if (PyArray_NDIM(array) != 3) wrong_shape("input", array, {0, batch, 0});
    steps = PyArray_DIM(array, 0);
  }
  for (npy_intp i = 0; ends && i < batch; ++i)
    if (ends[i] < 0 || ends[i] > steps)
      throw nb::value_error(("lengths must lie in 0.." + std::to_string(steps) + ", got " +
                             std::to_string(ends[i]))
                                .c_str());
  if (packed) {
    npy_intp tokens = 0;
    const npy_intp rows = PyArray_NDIM(array) == 2 ? PyArray_DIM(array, 0) : -1;
    for (npy_intp i = 0; i < batch; ++i)
      if ((tokens += ends[i]) > rows)
        throw nb::value_error(("packed input must have a row for each step of lengths, got shape " +
                               in_words(PyArray_DIMS(array), PyArray_NDIM(array)))
                                  .c_str());
    if (tokens != rows) throw nb::value_error("packed input must have no row beyond lengths");
  }
  return {steps, batch, Plan(steps, batch, ends, packed, reverse)};
}

// [T, B, size], or packed [N, size].
template <class T, class F>
auto rows_of(F access, const char* name, nb::handle object, const Batch& batch, bool packed,
             npy_intp size) {
  return packed ? access(name, object, {npy_intp(batch.plan.tokens()), size})
                : access(name, object, {batch.steps, batch.batch, size});
}

inline npy_intp batch_size(nb::handle initial) {
  if (!PyArray_Check(initial.ptr()))
    wrong_kind("initial", "a NumPy array", Py_TYPE(initial.ptr())->tp_name);
  auto* array = reinterpret_cast<PyArrayObject*>(initial.ptr());
  if (PyArray_NDIM(array) != 2) wrong_shape("initial", array, {0, 0});
  return PyArray_DIM(array, 0);
}

}  // namespace glassgate
