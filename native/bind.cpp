// The only file that knows Python: checks every array, then calls the engine without the GIL.

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>
#include <variant>

#include "batch.h"
#include "flush.h"
#include "gil.h"
#include "memory.h"
#include "openmp.h"
#include "pool.h"
#include "sequence.h"

namespace glassgate {
namespace {

// Steps of fewer products than this keep the GIL: to let it go and wait for it can take longer.
constexpr double BRIEF = 2e6;

const Target& target_named(const std::string& name) {
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

// One word out of several, as its number.
int word(const char* name, const std::string& came, std::initializer_list<const char*> allowed) {
  std::string words;
  for (auto it = allowed.begin(); it != allowed.end(); ++it) {
    if (came == *it) return int(it - allowed.begin());
    words += (words.empty() ? "" : ", ") + std::string(*it);
  }
  throw nb::value_error((std::string(name) + " must be one of " + words + ", got " + came).c_str());
}

Gate gate_named(const std::string& name) {
  return Gate(word("gate", name, {"sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"}));
}

Squash squash_named(const std::string& name) {
  return Squash(word("squash", name, {"tanh", "relu", "linear"}));
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
    throw nb::value_error("weight_input must have at most 2^24 units and inputs");
  return {read_array<S>("weight_input", input, {rows, I}),
          read_array<S>("weight_hidden", hidden, {rows, H}),
          read_array<S>("bias_input", bias_input, {rows}),
          read_array<S>("bias_hidden", bias_hidden, {rows}),
          I,
          H,
          {Reset(word("reset", std::get<1>(form), {"after", "before", "none"})),
           gate_named(std::get<2>(form)), squash_named(std::get<3>(form))},
          word("update", std::get<0>(form), {"keeps", "writes"}) == 1};
}

void check_threads(int most) {
  if (most < 1 || most > MOST_PARTS)
    throw nb::value_error(("threads must lie in 1.." + std::to_string(MOST_PARTS) + ", got " +
                           std::to_string(most))
                              .c_str());
}

bool is_double(nb::handle array) {
  if (!is_tensor(array) && !PyArray_Check(array.ptr())) return false;
  return view_of("an array", array).kind == NPY_FLOAT64;
}

// An array in a block that comes back when nothing refers to it any more; anything is in it.
nb::object lend(const std::vector<npy_intp>& shape, bool doubles) {
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

class PackedLayer {
 public:
  PackedLayer(nb::handle input, nb::handle hidden, nb::handle bias_input, nb::handle bias_hidden,
              const Words& form, bool bfloat16, const std::string& target) {
    if (is_double(input) && bfloat16)
      throw nb::value_error("weights in bfloat16 must come from float32, got float64");
    if (is_double(input))
      build<double>(input, hidden, bias_input, bias_hidden, form, false, target);
    else
      build<float>(input, hidden, bias_input, bias_hidden, form, bfloat16, target);
  }

  void sequence(nb::handle input, nb::handle initial, nb::handle output, nb::handle last,
                nb::handle tape, nb::handle lengths, nb::handle resets, bool packed, bool reverse,
                int most) const {
    check_threads(most);
    std::visit([&](auto& layer) {
      run(*layer, input, initial, output, last, tape, lengths, resets, packed, reverse, most);
    }, layer_);
  }

  void step(nb::handle input, nb::handle hidden, nb::handle output, int most) const {
    check_threads(most);
    std::visit([&](auto& layer) { one_step(*layer, input, hidden, output, most); }, layer_);
  }

 private:
  template <class S>
  void build(nb::handle input, nb::handle hidden, nb::handle bias_input, nb::handle bias_hidden,
             const Words& form, bool bfloat16, const std::string& target) {
    auto weights = weights_of<S>(input, hidden, bias_input, bias_hidden, form);
    auto& kernels = kernels_of<S>(target_named(target));
    WithoutGil released;
    layer_ = std::make_unique<Layer<S>>(weights, kernels, bfloat16);
  }

  template <class S>
  static void run(const Layer<S>& layer, nb::handle input, nb::handle initial, nb::handle output,
                  nb::handle last, nb::handle tape, nb::handle lengths, nb::handle resets,
                  bool packed, bool reverse, int most) {
    const Batch batch = batch_of(input, batch_size(initial), lengths, packed, reverse);
    const auto arrays = sequence_of<S>(batch, layer.inputs, layer.units, input, initial, output,
                                       last, tape, resets, packed);
    WithoutGil released;
    forward(layer, batch.plan, arrays, most);
  }

  template <class S>
  static void one_step(const Layer<S>& layer, nb::handle input, nb::handle hidden,
                       nb::handle output, int most) {
    const View view = array_of<S>("input", input);
    const npy_intp B = view.axes ? view.sizes[0] : 0;
    auto* x = read_array<S>("input", input, {B, layer.inputs});
    auto* h = read_array<S>("hidden", hidden, {B, layer.units});
    auto* out = write_array<S>("output", output, {B, layer.units});
    if (3.0 * B * layer.units * (layer.inputs + layer.units) < BRIEF)
      return glassgate::step(layer, B, x, h, out, most);
    WithoutGil released;
    glassgate::step(layer, B, x, h, out, most);
  }

  std::variant<std::unique_ptr<Layer<float>>, std::unique_ptr<Layer<double>>> layer_;
};

// One step with weights as they stand.
template <class S>
void step_once(const Weights<S>& weights, const Kernels<S>& kernels, npy_intp batch,
               const Sequence<S>& arrays, int most) {
  const MaybeWithoutGil released(3.0 * batch * weights.units * (weights.inputs + weights.units) >=
                                 BRIEF);
  if (is_few(batch)) return single_step(weights, kernels, batch, arrays, most);
  const Layer<S> layer(weights, kernels, false, most);
  forward(layer, Plan(1, batch, nullptr, false, false), arrays, most);
}

// Run with weights as they stand; nothing of them is kept.
template <class S>
void run_once(const Weights<S>& weights, nb::handle input, nb::handle initial, nb::handle output,
              nb::handle last, nb::handle tape, nb::handle lengths, nb::handle resets, bool packed,
              bool reverse, const std::string& target, int most) {
  const Batch batch = batch_of(input, batch_size(initial), lengths, packed, reverse);
  const auto arrays = sequence_of<S>(batch, weights.inputs, weights.units, input, initial, output,
                                     last, tape, resets, packed);
  const Kernels<S>& kernels = kernels_of<S>(target_named(target));
  if (!packed && batch.steps == 1 && !batch.lengths && !arrays.resets)
    return step_once(weights, kernels, batch.batch, arrays, most);
  WithoutGil released;
  const Layer<S> layer(weights, kernels, false, most);
  forward(layer, batch.plan, arrays, most);
}

void run_call(nb::handle weight_input, nb::handle weight_hidden, nb::handle bias_input,
              nb::handle bias_hidden, const Words& form, nb::handle input, nb::handle initial,
              nb::handle output, nb::handle last, nb::handle tape, nb::handle lengths,
              nb::handle resets, bool packed, bool reverse, const std::string& target, int most) {
  check_threads(most);
  auto run = [&](auto weights) {
    run_once(weights, input, initial, output, last, tape, lengths, resets, packed, reverse, target,
             most);
  };
  is_double(weight_input)
      ? run(weights_of<double>(weight_input, weight_hidden, bias_input, bias_hidden, form))
      : run(weights_of<float>(weight_input, weight_hidden, bias_input, bias_hidden, form));
}

// Any array of `count` values in C order, whatever its axes.
template <class S>
S* values_of(const char* name, nb::handle object, npy_intp count) {
  const View view = array_of<S>(name, object);
  if (view.count() != count) wrong_shape(name, view, {count});
  return static_cast<S*>(view.data);
}

// One step through layers on layers; each layer's states follow those of the one below.
template <class S>
void step_layers(nb::list layers, const Words& form, nb::handle input, nb::handle hidden,
                 nb::handle output, nb::handle state, const Target& target, int most) {
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
    else if (weights.inputs != H) throw nb::value_error("layers must fit on each other");
    if (weights.units != H) throw nb::value_error("layers must have the states' size");
    step_once(weights, kernels, B, {x, before, nullptr, after, nullptr, nullptr}, most);
    x = after;
    before += B * H;
    after += B * H;
  }
  std::memcpy(out.data, x, B * H * sizeof(S));
}

void step_through(nb::list layers, const Words& form, nb::handle input, nb::handle hidden,
                  nb::handle output, nb::handle state, const std::string& target, int most) {
  check_threads(most);
  auto step = is_double(output) ? step_layers<double> : step_layers<float>;
  step(layers, form, input, hidden, output, state, target_named(target), most);
}

// The weights and their form, the arrays of `sequence`, what comes from the loss, and what to fill.
struct BackwardCall {
  nb::handle weight_input, weight_hidden, bias_input, bias_hidden;
  nb::handle input, initial, output, tape, lengths, resets, grad_output, grad_last;
  nb::handle grad_input, grad_initial, grad_weight_input, grad_weight_hidden, grad_bias_input,
      grad_bias_hidden;
};

template <class S>
void run_backward(const BackwardCall& c, const Words& form, bool packed, bool reverse,
                  const std::string& target, int most) {
  const auto weights =
      weights_of<S>(c.weight_input, c.weight_hidden, c.bias_input, c.bias_hidden, form);
  const npy_intp B = batch_size(c.initial), I = weights.inputs, H = weights.units;
  const Batch batch = batch_of(c.input, B, c.lengths, packed, reverse);
  const Backpropagation<S> arrays{
      rows_of<S>(read_array<S>, "input", c.input, batch, packed, I),
      read_array<S>("initial", c.initial, {B, H}),
      read_or_null<unsigned char>("resets", c.resets, {batch.steps, B}),
      rows_of<S>(read_array<S>, "output", c.output, batch, packed, H),
      read_array<S>("tape", c.tape, {npy_intp(batch.plan.tokens()), TAPE, H}),
      rows_of<S>(read_or_null<S>, "grad_output", c.grad_output, batch, packed, H),
      read_or_null<S>("grad_last", c.grad_last, {B, H}),
      rows_of<S>(write_or_null<S>, "grad_input", c.grad_input, batch, packed, I),
      write_array<S>("grad_initial", c.grad_initial, {B, H}),
      write_array<S>("grad_weight_input", c.grad_weight_input, {3 * H, I}),
      write_array<S>("grad_weight_hidden", c.grad_weight_hidden, {3 * H, H}),
      write_array<S>("grad_bias_input", c.grad_bias_input, {3 * H}),
      write_array<S>("grad_bias_hidden", c.grad_bias_hidden, {3 * H})};
  const Kernels<S>& kernels = kernels_of<S>(target_named(target));
  WithoutGil released;
  if (!packed && batch.steps == 1 && !batch.lengths && !arrays.resets && is_few(B))
    return single_step_back(weights, kernels, B, arrays, static_cast<S*>(nullptr), most);
  glassgate::backward(weights, kernels, batch.plan, arrays, most);
}

void backward_call(nb::handle weight_input, nb::handle weight_hidden, nb::handle bias_input,
                   nb::handle bias_hidden, const Words& form, nb::handle input,
                   nb::handle initial, nb::handle output, nb::handle tape, nb::handle lengths,
                   nb::handle resets, nb::handle grad_output, nb::handle grad_last,
                   nb::handle grad_input, nb::handle grad_initial, nb::handle grad_weight_input,
                   nb::handle grad_weight_hidden, nb::handle grad_bias_input,
                   nb::handle grad_bias_hidden, bool packed, bool reverse,
                   const std::string& target, int most) {
  const BackwardCall call{weight_input, weight_hidden, bias_input, bias_hidden, input, initial,
                          output, tape, lengths, resets, grad_output, grad_last, grad_input,
                          grad_initial, grad_weight_input, grad_weight_hidden, grad_bias_input,
                          grad_bias_hidden};
  check_threads(most);
  is_double(weight_input) ? run_backward<double>(call, form, packed, reverse, target, most)
                          : run_backward<float>(call, form, packed, reverse, target, most);
}

// One step back, but for the weights' gradients: gives what `gather_steps` makes them from.
template <class S>
nb::object run_step_back(nb::tuple given, const Words& form, nb::handle input, nb::handle initial,
                         nb::handle tape, nb::handle grad_output, nb::handle grad_last,
                         nb::handle grad_input, nb::handle grad_initial, const Target& target,
                         int most) {
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
  const MaybeWithoutGil released(3.0 * B * H * (I + H) >= BRIEF);
  single_step_back(weights, kernels, B, arrays, rows, most);
  return grads;
}

nb::object step_back(nb::tuple weights, const Words& form, nb::handle input, nb::handle initial,
                     nb::handle tape, nb::handle grad_output, nb::handle grad_last,
                     nb::handle grad_input, nb::handle grad_initial, const std::string& target,
                     int most) {
  check_threads(most);
  auto back = is_double(weights[0]) ? run_step_back<double> : run_step_back<float>;
  return back(weights, form, input, initial, tape, grad_output, grad_last, grad_input,
              grad_initial, target_named(target), most);
}

template <class S>
void run_gather(nb::tuple given, const Words& form, nb::list steps, nb::tuple to,
                const Target& target, int most) {
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
  gather_steps(weights, kernels, rows, arrays, most);
}

void gather(nb::tuple weights, const Words& form, nb::list steps, nb::tuple to,
            const std::string& target, int most) {
  check_threads(most);
  auto run = is_double(weights[0]) ? run_gather<double> : run_gather<float>;
  run(weights, form, steps, to, target_named(target), most);
}

// A gate or a squash alone: y = curve(x), for tests of its error.
template <class S>
void run_curve(const std::string& name, nb::handle x, nb::handle y, const std::string& target) {
  const npy_intp size = array_of<S>("x", x).count();
  const S* from = read_array<S>("x", x, {size});
  S* to = write_array<S>("y", y, {size});
  const Kernels<S>& kernels = kernels_of<S>(target_named(target));
  FlushDenormals flush;
  if (name.find("sigmoid") != std::string::npos)
    kernels.gate(gate_named(name), from, to, size);
  else
    kernels.squash(squash_named(name), from, to, size);
}

void curve(const std::string& name, nb::handle x, nb::handle y, const std::string& target) {
  is_double(x) ? run_curve<double>(name, x, y, target) : run_curve<float>(name, x, y, target);
}

double multiply(long rounds, bool doubles, const std::string& name) {
  const Target& target = target_named(name);
  WithoutGil released;
  return doubles ? target.float64().multiply(rounds) : target.float32().multiply(rounds);
}

// Reads the array `times` times over.
double read(nb::handle array, long times, const std::string& name) {
  const npy_intp size = array_of<float>("array", array).count();
  const float* from = read_array<float>("array", array, {size});
  const Target& target = target_named(name);
  WithoutGil released;
  double sum = 0;
  for (long i = 0; i < times; ++i) sum += target.float32().read(from, size * long(sizeof(float)));
  return sum;
}

std::vector<std::string> target_names() {
  int count;
  const Target* const* all = targets(&count);
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i)
    if (all[i]->offered()) names.push_back(all[i]->name);
  return names;
}

// The path of the library on whose threads work is done, or "": the engine's own; and whether the
// process is a fork.
std::tuple<std::string, bool> threads_of() {
  const OpenMp* team = openmp();
  return {team ? team->path : "", forked()};
}

}  // namespace

NB_MODULE(_native, module) {
  if (_import_array() < 0) throw nb::python_error();
  nb::set_leak_warnings(false);  // a daemon thread may hold a layer when the interpreter ends
  module.attr("FEW") = MOST_ROWS;
  module.def("targets", target_names);
  module.def("threads_of", threads_of);
  module.def("lend", lend, nb::arg("shape"), nb::arg("doubles"));
  module.def("release_memory", release_blocks);
  module.def("read_tensors_of", read_tensors_of, nb::arg("type"));
  module.def("curve", curve, nb::arg("name"), nb::arg("x"), nb::arg("y"), nb::arg("target"));
  module.def("multiply", multiply, nb::arg("rounds"), nb::arg("doubles"), nb::arg("target"));
  module.def("read", read, nb::arg("array"), nb::arg("times"), nb::arg("target"));
  nb::class_<PackedLayer>(module, "PackedLayer")
      .def(nb::init<nb::handle, nb::handle, nb::handle, nb::handle, const Words&, bool,
                    const std::string&>())
      .def("sequence", &PackedLayer::sequence, nb::arg("input"), nb::arg("initial"),
           nb::arg("output"), nb::arg("last"), nb::arg("tape").none(), nb::arg("lengths").none(),
           nb::arg("resets").none(), nb::arg("packed"), nb::arg("reverse"), nb::arg("threads"))
      .def("step", &PackedLayer::step);
  module.def("run", run_call, nb::arg("weight_input"), nb::arg("weight_hidden"),
             nb::arg("bias_input"), nb::arg("bias_hidden"), nb::arg("form"), nb::arg("input"),
             nb::arg("initial"), nb::arg("output"), nb::arg("last"), nb::arg("tape").none(),
             nb::arg("lengths").none(), nb::arg("resets").none(), nb::arg("packed"),
             nb::arg("reverse"), nb::arg("target"), nb::arg("threads"));
  module.def("step_through", step_through);
  module.def("step_back", step_back, nb::arg("weights"), nb::arg("form"), nb::arg("input"),
             nb::arg("initial"), nb::arg("tape"), nb::arg("grad_output").none(),
             nb::arg("grad_last").none(), nb::arg("grad_input").none(), nb::arg("grad_initial"),
             nb::arg("target"), nb::arg("threads"));
  module.def("gather_steps", gather);
  module.def("backward", backward_call, nb::arg("weight_input"), nb::arg("weight_hidden"),
             nb::arg("bias_input"), nb::arg("bias_hidden"), nb::arg("form"), nb::arg("input"),
             nb::arg("initial"), nb::arg("output"), nb::arg("tape"), nb::arg("lengths").none(),
             nb::arg("resets").none(), nb::arg("grad_output").none(), nb::arg("grad_last").none(),
             nb::arg("grad_input").none(), nb::arg("grad_initial"), nb::arg("grad_weight_input"),
             nb::arg("grad_weight_hidden"), nb::arg("grad_bias_input"),
             nb::arg("grad_bias_hidden"), nb::arg("packed"), nb::arg("reverse"),
             nb::arg("target"), nb::arg("threads"));
}

}  // namespace glassgate
