// Calls on unpacked weights, which are not kept: sequences, single steps, and their backward
// passes.

#pragma once

#include <cstring>

#include "calls.h"
#include "gil.h"
#include "engine/single.h"

namespace glassgate {

// One step on unpacked weights.
template <class S>
void step_once(const Weights<S>& weights, const Kernels<S>& kernels, npy_intp batch,
               const Sequence<S>& arrays, int max_threads) {
  const MaybeWithoutGil released(3.0 * batch * weights.units * (weights.inputs + weights.units) >=
                                 MIN_PRODUCTS_WITHOUT_GIL);
  if (is_few(batch)) return single_step(weights, kernels, batch, arrays, max_threads);
  const Layer<S> layer(weights, kernels, false, max_threads);
  forward(layer, Plan(1, batch, nullptr, false, false), arrays, max_threads);
}

// Run sequences: pack the weights, or take a single step on unpacked ones.
template <class S>
void run_once(const Weights<S>& weights, nb::handle input, nb::handle initial, nb::handle output,
              nb::handle last, nb::handle tape, nb::handle lengths, nb::handle resets, bool packed,
              bool reverse, const std::string& target, int max_threads) {
  const Batch batch = batch_of(input, batch_size(initial), lengths, packed, reverse);
  const auto arrays = sequence_of<S>(batch, weights.inputs, weights.units, input, initial, output,
                                     last, tape, resets, packed);
  const Kernels<S>& kernels = kernels_of<S>(target_named(target));
  if (!packed && batch.steps == 1 && !batch.lengths && !arrays.resets)
    return step_once(weights, kernels, batch.batch, arrays, max_threads);
  WithoutGil released;
  const Layer<S> layer(weights, kernels, false, max_threads);
  forward(layer, batch.plan, arrays, max_threads);
}

inline void run_call(nb::handle weight_input, nb::handle weight_hidden, nb::handle bias_input,
              nb::handle bias_hidden, const Words& form, nb::handle input, nb::handle initial,
              nb::handle output, nb::handle last, nb::handle tape, nb::handle lengths,
              nb::handle resets, bool packed, bool reverse, const std::string& target,
              int max_threads) {
  check_threads(max_threads);
  auto run = [&](auto weights) {
    run_once(weights, input, initial, output, last, tape, lengths, resets, packed, reverse, target,
             max_threads);
  };
  is_double(weight_input)
      ? run(weights_of<double>(weight_input, weight_hidden, bias_input, bias_hidden, form))
      : run(weights_of<float>(weight_input, weight_hidden, bias_input, bias_hidden, form));
}

// An array of `count` values in C order and of any shape.
template <class S>
S* values_of(const char* name, nb::handle object, npy_intp count) {
  const View view = array_of<S>(name, object);
  if (view.count() != count) wrong_shape(name, view, {count});
  return static_cast<S*>(view.data);
}

// One step through a stack of layers; states are stored layer by layer, the lowest first.
template <class S>
void step_layers(nb::list layers, const Words& form, nb::handle input, nb::handle hidden,
                 nb::handle output, nb::handle state, const Target& target, int max_threads) {
  const Kernels<S>& kernels = kernels_of<S>(target);
  const View out = array_of<S>("output", output);
  const npy_intp H = out.axes ? out.sizes[out.axes - 1] : 0, B = H ? out.count() / H : 0;
  const npy_intp states = npy_intp(layers.size()) * B * H;
  const S* before = values_of<S>("hidden", hidden, states);
  S* after = values_of<S>("state", state, states);
  const S* x = nullptr;
  for (nb::handle layer : layers) {
    nb::tuple given = nb::cast<nb::tuple>(layer);
    const auto weights = weights_of<S>(given[0], given[1], given[2], given[3], form);
    if (!x) x = values_of<S>("input", input, B * weights.inputs);
    else if (weights.inputs != H) throw nb::value_error("a layer's input size must be the hidden size of the layer below");
    if (weights.units != H) throw nb::value_error("all layers must have the same hidden size");
    step_once(weights, kernels, B, {x, before, nullptr, after, nullptr, nullptr}, max_threads);
    x = after;
    before += B * H;
    after += B * H;
  }
  std::memcpy(out.data, x, B * H * sizeof(S));
}

inline void step_through(nb::list layers, const Words& form, nb::handle input, nb::handle hidden,
                  nb::handle output, nb::handle state, const std::string& target, int max_threads) {
  check_threads(max_threads);
  auto step = is_double(output) ? step_layers<double> : step_layers<float>;
  step(layers, form, input, hidden, output, state, target_named(target), max_threads);
}

// The backward pass of one step without the weights' gradients: returns what `gather_steps` needs.
template <class S>
nb::object run_step_back(nb::tuple given, const Words& form, nb::handle input, nb::handle initial,
                         nb::handle tape, nb::handle grad_output, nb::handle grad_last,
                         nb::handle grad_input, nb::handle grad_initial, const Target& target,
                         int max_threads) {
  const auto weights = weights_of<S>(given[0], given[1], given[2], given[3], form);
  const npy_intp B = batch_size(initial), I = weights.inputs, H = weights.units;
  Backpropagation<S> arrays{};
  arrays.input = values_of<S>("input", input, B * I);
  arrays.initial = read_array<S>("initial", initial, {B, H});
  arrays.tape = read_array<S>("tape", tape, {B, TAPE, H});
  if (!grad_output.is_none()) arrays.grad_output = values_of<S>("grad_output", grad_output, B * H);
  if (!grad_last.is_none()) arrays.grad_last = values_of<S>("grad_last", grad_last, B * H);
  if (!grad_input.is_none()) arrays.grad_input = values_of<S>("grad_input", grad_input, B * I);
  arrays.grad_initial = write_array<S>("grad_initial", grad_initial, {B, H});
  const Kernels<S>& kernels = kernels_of<S>(target);
  const npy_intp panels = (H + kernels.width - 1) / kernels.width;
  nb::object grads = lend({panels, B, TAPE, kernels.width}, sizeof(S) == 8);
  S* rows = write_array<S>("grads", grads, {panels, B, TAPE, kernels.width});
  const MaybeWithoutGil released(3.0 * B * H * (I + H) >= MIN_PRODUCTS_WITHOUT_GIL);
  single_step_back(weights, kernels, B, arrays, rows, max_threads);
  return grads;
}

inline nb::object step_back(nb::tuple weights, const Words& form, nb::handle input, nb::handle initial,
                     nb::handle tape, nb::handle grad_output, nb::handle grad_last,
                     nb::handle grad_input, nb::handle grad_initial, const std::string& target,
                     int max_threads) {
  check_threads(max_threads);
  auto back = is_double(weights[0]) ? run_step_back<double> : run_step_back<float>;
  return back(weights, form, input, initial, tape, grad_output, grad_last, grad_input,
              grad_initial, target_named(target), max_threads);
}

template <class S>
void run_gather(nb::tuple given, const Words& form, nb::list steps, nb::tuple to,
                const Target& target, int max_threads) {
  const auto weights = weights_of<S>(given[0], given[1], given[2], given[3], form);
  const npy_intp I = weights.inputs, H = weights.units;
  const Kernels<S>& kernels = kernels_of<S>(target);
  const npy_intp panels = (H + kernels.width - 1) / kernels.width;
  std::vector<StepRows<S>> rows;
  for (nb::handle step : steps) {  // grads, input, initial, tape
    nb::tuple s = nb::cast<nb::tuple>(step);
    const npy_intp B = batch_size(s[2]);
    rows.push_back({read_array<S>("grads", s[0], {panels, B, TAPE, kernels.width}),
                    values_of<S>("input", s[1], B * I), read_array<S>("initial", s[2], {B, H}),
                    read_array<S>("tape", s[3], {B, TAPE, H}), B});
  }
  Backpropagation<S> arrays{};
  arrays.grad_weight_input = write_array<S>("grad_weight_input", to[0], {3 * H, I});
  arrays.grad_weight_hidden = write_array<S>("grad_weight_hidden", to[1], {3 * H, H});
  arrays.grad_bias_input = write_array<S>("grad_bias_input", to[2], {3 * H});
  arrays.grad_bias_hidden = write_array<S>("grad_bias_hidden", to[3], {3 * H});
  WithoutGil released;
  gather_steps(weights, kernels, rows, arrays, max_threads);
}

inline void gather(nb::tuple weights, const Words& form, nb::list steps, nb::tuple to,
            const std::string& target, int max_threads) {
  check_threads(max_threads);
  auto run = is_double(weights[0]) ? run_gather<double> : run_gather<float>;
  run(weights, form, steps, to, target_named(target), max_threads);
}

}  // namespace glassgate
