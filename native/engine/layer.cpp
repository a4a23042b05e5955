// Packs a layer's weights for the kernels, and unpacks their gradients.
#include "packer.h"

namespace glassgate {

template <class S>
Layer<S>::Layer(const Weights<S>& w, const Kernels<S>& kernels, bool bfloat16, int max_threads)
    : kernels(kernels), form(w.form), inputs(w.inputs), units(w.units),
      panels((w.units + kernels.width - 1) / kernels.width), bfloat16(bfloat16) {
  const long width = kernels.width, sums = form.sums();
  const Packer<S> packer(w, kernels, bfloat16, max_threads);
  packer.panels(input, w.input, inputs, gates_of_input(form.reset));
  packer.panels(hidden, w.hidden, units, gates_of_hidden(form.reset));
  if (form.reset == Reset::before) packer.panels(candidate, w.hidden, units, "n");
  bias.room(size_t(panels) * sums * width);
  if (form.reset == Reset::after) bias_candidate.room(size_t(panels) * width);
  for (long panel = 0; panel < panels; ++panel)
    packer.biases(bias.data() + panel * sums * width, bias_candidate.data() + panel * width, panel);
}

template <class S>
Reversed<S>::Reversed(const Weights<S>& w, const Kernels<S>& kernels, int max_threads) {
  const Packer<S> packer(w, kernels, false, max_threads);
  packer.reversed(input, w.input, w.inputs, "nrk");
  packer.reversed(hidden, w.hidden, w.units, gates_of_hidden(w.form.reset));
  if (w.form.reset == Reset::before) packer.reversed(reset_hidden, w.hidden, w.units, "n");
}

template <class S>
void unpack(const S* total, long columns_padded, const char* gates, bool writes,
            const Kernels<S>& kernels, long panel, long units, long columns, S* target) {
  const long count = long(std::strlen(gates)), width = kernels.width;
  for (long v = 0; v < count; ++v)
    kernels.transpose(target + (block(gates[v]) * units + panel * width) * columns, columns,
                      total + (panel * columns_padded * count + v) * width, count * width, columns,
                      std::min(width, units - panel * width), sign<S>(gates[v], writes));
}

template struct Layer<float>;
template struct Layer<double>;
template struct Reversed<float>;
template struct Reversed<double>;
template void unpack(const float*, long, const char*, bool, const Kernels<float>&, long, long, long,
                     float*);
template void unpack(const double*, long, const char*, bool, const Kernels<double>&, long, long,
                     long, double*);

}  // namespace glassgate
