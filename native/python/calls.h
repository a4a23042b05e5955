// Converts the arguments that calls from Python share, forms, weights and arrays, to the engine's
// types.

#pragma once

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "batch.h"
#include "engine/memory.h"
#include "engine/pool.h"
#include "engine/sequence.h"

namespace glassgate {

// Steps of fewer products than this keep the GIL: releasing and reacquiring it could take longer.
constexpr double MIN_PRODUCTS_WITHOUT_GIL = 2e6;

inline const Target& target_named(const std::string& name) {
  int count;
  const Target* const* all = targets(&count);
  std::string names;
  for (int i = 0; i < count; ++i) {
    if (!all[i]->offered()) continue;
    if (name == all[i]->name) return *all[i];
    names += (names.empty() ? "" : ", ") + std::string(all[i]->name);
  }
  throw nb::value_error(
      ("target must be one of " + names + " on this machine, got " + name).c_str());
}

template <class S>
const Kernels<S>& kernels_of(const Target& target) {
  if constexpr (sizeof(S) == 4)
    return target.float32();
  else
    return target.float64();
}

// The index of a word among the allowed ones.
inline int index_of_word(const char* name, const std::string& actual,
                         std::initializer_list<const char*> allowed) {
  std::string words;
  for (auto it = allowed.begin(); it != allowed.end(); ++it) {
    if (actual == *it) return int(it - allowed.begin());
    words += (words.empty() ? "" : ", ") + std::string(*it);
  }
  throw nb::value_error((std::string(name) + " must be one of " + words + ", got " + actual).c_str());
}

inline Gate gate_named(const std::string& name) {
  return Gate(index_of_word("gate", name, {"sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"}));
}

inline Squash squash_named(const std::string& name) {
  return Squash(index_of_word("squash", name, {"tanh", "relu", "linear"}));
}

using Words = std::tuple<std::string, std::string, std::string, std::string>;

template <class S>
Weights<S> weights_of(nb::handle input, nb::handle hidden, nb::handle bias_input,
                      nb::handle bias_hidden, const Words& form) {
  const View view = array_of<S>("weight_input", input);
  const npy_intp rows = view.axes == 2 ? view.sizes[0] : 0;
  const npy_intp I = view.axes == 2 ? view.sizes[1] : 0, H = rows / 3;
  if (H < 1 || rows % 3 || I < 1) wrong_shape("weight_input", view, {3 * H, I});
  if (H > (1 << 24) || I > (1 << 24))
    throw nb::value_error("weight_input must have at max_threads 2^24 units and inputs");
  return {read_array<S>("weight_input", input, {rows, I}),
          read_array<S>("weight_hidden", hidden, {rows, H}),
          read_array<S>("bias_input", bias_input, {rows}),
          read_array<S>("bias_hidden", bias_hidden, {rows}),
          I,
          H,
          {Reset(index_of_word("reset", std::get<1>(form), {"after", "before", "none"})),
           gate_named(std::get<2>(form)), squash_named(std::get<3>(form))},
          index_of_word("update", std::get<0>(form), {"keeps", "writes"}) == 1};
}

inline void check_threads(int max_threads) {
  if (max_threads < 1 || max_threads > MAX_PARTS)
    throw nb::value_error(("threads must lie in 1.." + std::to_string(MAX_PARTS) + ", got " +
                           std::to_string(max_threads))
                              .c_str());
}

inline bool is_double(nb::handle array) {
  if (!is_tensor(array) && !PyArray_Check(array.ptr())) return false;
  return view_of("an array", array).kind == NPY_FLOAT64;
}

// An uninitialized NumPy array in a block from the cache; the block is given back when the array is
// garbage-collected.
inline nb::object lend(const std::vector<npy_intp>& shape, bool doubles) {
  size_t bytes = doubles ? sizeof(double) : sizeof(float);
  for (npy_intp size : shape)
    if (size < 0 || __builtin_mul_overflow(bytes, size_t(size), &bytes)) throw std::bad_alloc();
  auto block = std::make_unique<Block>(take_block(bytes));
  void* data = block->data;
  nb::capsule owner(block.release(), [](void* held) noexcept {
    std::unique_ptr<Block> block(static_cast<Block*>(held));
    give_back(*block);
  });
  nb::object array = nb::steal(PyArray_SimpleNewFromData(
      int(shape.size()), shape.data(), doubles ? NPY_FLOAT64 : NPY_FLOAT32, data));
  if (!array.is_valid() ||
      PyArray_SetBaseObject(reinterpret_cast<PyArrayObject*>(array.ptr()), owner.release().ptr()))
    throw nb::python_error();
  return array;
}

template <class S>
Sequence<S> sequence_of(const Batch& batch, npy_intp I, npy_intp H, nb::handle input,
                        nb::handle initial, nb::handle output, nb::handle last, nb::handle tape,
                        nb::handle resets, bool packed) {
  return {rows_of<S>(read_array<S>, "input", input, batch, packed, I),
          read_array<S>("initial", initial, {batch.batch, H}),
          read_or_null<unsigned char>("resets", resets, {batch.steps, batch.batch}),
          rows_of<S>(write_array<S>, "output", output, batch, packed, H),
          write_array<S>("last", last, {batch.batch, H}),
          write_or_null<S>("tape", tape, {npy_intp(batch.plan.tokens()), TAPE, H})};
}

}  // namespace glassgate
