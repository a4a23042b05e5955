// The Python module `_native`: checks every array, then calls the engine without the GIL.
//
// This file and its headers in python/ are the only ones that depend on Python.

#include <variant>

#include "bind_once.h"
#include "calls.h"
#include "engine/flush.h"
#include "gil.h"
#include "engine/openmp.h"

namespace glassgate {
namespace {

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
                int max_threads) const {
    check_threads(max_threads);
    std::visit([&](auto& layer) {
      run(*layer, input, initial, output, last, tape, lengths, resets, packed, reverse, max_threads);
    }, layer_);
  }

  void step(nb::handle input, nb::handle hidden, nb::handle output, int max_threads) const {
    check_threads(max_threads);
    std::visit([&](auto& layer) { one_step(*layer, input, hidden, output, max_threads); }, layer_);
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
                  bool packed, bool reverse, int max_threads) {
    const Batch batch = batch_of(input, batch_size(initial), lengths, packed, reverse);
    const auto arrays = sequence_of<S>(batch, layer.inputs, layer.units, input, initial, output,
                                       last, tape, resets, packed);
    WithoutGil released;
    forward(layer, batch.plan, arrays, max_threads);
  }

  template <class S>
  static void one_step(const Layer<S>& layer, nb::handle input, nb::handle hidden,
                       nb::handle output, int max_threads) {
    const View view = array_of<S>("input", input);
    const npy_intp B = view.axes ? view.sizes[0] : 0;
    auto* x = read_array<S>("input", input, {B, layer.inputs});
    auto* h = read_array<S>("hidden", hidden, {B, layer.units});
    auto* out = write_array<S>("output", output, {B, layer.units});
    if (3.0 * B * layer.units * (layer.inputs + layer.units) < MIN_PRODUCTS_WITHOUT_GIL)
      return glassgate::step(layer, B, x, h, out, max_threads);
    WithoutGil released;
    glassgate::step(layer, B, x, h, out, max_threads);
  }

  std::variant<std::unique_ptr<Layer<float>>, std::unique_ptr<Layer<double>>> layer_;
};

// The arguments of a backward pass: weights, arrays of the forward pass, incoming gradients, and
// the gradients to write.
struct BackwardCall {
  nb::handle weight_input, weight_hidden, bias_input, bias_hidden;
  nb::handle input, initial, output, tape, lengths, resets, grad_output, grad_last;
  nb::handle grad_input, grad_initial, grad_weight_input, grad_weight_hidden, grad_bias_input,
      grad_bias_hidden;
};

template <class S>
void run_backward(const BackwardCall& c, const Words& form, bool packed, bool reverse,
                  const std::string& target, int max_threads) {
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
    return single_step_back(weights, kernels, B, arrays, static_cast<S*>(nullptr), max_threads);
  glassgate::backward(weights, kernels, batch.plan, arrays, max_threads);
}

void backward_call(nb::handle weight_input, nb::handle weight_hidden, nb::handle bias_input,
                   nb::handle bias_hidden, const Words& form, nb::handle input,
                   nb::handle initial, nb::handle output, nb::handle tape, nb::handle lengths,
                   nb::handle resets, nb::handle grad_output, nb::handle grad_last,
                   nb::handle grad_input, nb::handle grad_initial, nb::handle grad_weight_input,
                   nb::handle grad_weight_hidden, nb::handle grad_bias_input,
                   nb::handle grad_bias_hidden, bool packed, bool reverse,
                   const std::string& target, int max_threads) {
  const BackwardCall call{weight_input, weight_hidden, bias_input, bias_hidden, input, initial,
                          output, tape, lengths, resets, grad_output, grad_last, grad_input,
                          grad_initial, grad_weight_input, grad_weight_hidden, grad_bias_input,
                          grad_bias_hidden};
  check_threads(max_threads);
  is_double(weight_input) ? run_backward<double>(call, form, packed, reverse, target, max_threads)
                          : run_backward<float>(call, form, packed, reverse, target, max_threads);
}

// An activation function alone, y = curve(x), to test its error.
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

// Read the whole array `times` times.
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

// The path of the OpenMP library whose threads the engine uses, or "" if it uses its own; and
// whether the process was forked.
std::tuple<std::string, bool> threads_of() {
  const OpenMp* team = openmp();
  return {team ? team->path : "", forked()};
}

}  // namespace

NB_MODULE(_native, module) {
  if (_import_array() < 0) throw nb::python_error();
  nb::set_leak_warnings(false);  // a daemon thread may hold a layer when the interpreter ends
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
