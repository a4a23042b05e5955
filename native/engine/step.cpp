// One step of a packed layer; on one thread it allocates nothing.
#include <cstring>

#include "pool.h"
#include "sequence.h"

namespace glassgate {
namespace {

bool overlap(const void* a, size_t a_bytes, const void* b, size_t b_bytes) {
  auto x = reinterpret_cast<uintptr_t>(a), y = reinterpret_cast<uintptr_t>(b);
  return x < y + b_bytes && y < x + a_bytes;
}

// A whole step on the calling thread, the fastest way for steps of a few microseconds.
template <class S>
class OneStep : public Work {
 public:
  OneStep(const Layer<S>& layer, long batch, const S* input, const S* hidden, S* output)
      : layer_(layer), batch_(batch) {
    const bool before = layer.form.reset == Reset::before;
    const size_t sums = size_t(batch) * layer.panels * layer.form.sums() * layer.kernels.width;
    sums_ = thread_memory<S>(sums + (before ? batch * layer.units : 0));
    auto** rows = thread_memory<S*>(4 * batch);
    inputs_ = const_cast<const S**>(rows);
    previous_ = inputs_ + batch;
    output_ = rows + 2 * batch;
    reset_hidden_ = rows + 3 * batch;
    for (long row = 0; row < batch; ++row) {
      inputs_[row] = input + row * layer.inputs;
      previous_[row] = hidden + row * layer.units;
      output_[row] = output + row * layer.units;
      reset_hidden_[row] = before ? sums_ + sums + row * layer.units : nullptr;
    }
  }

  int phases() const override { return 1; }
  int parts(int) const override { return 1; }

  void run(int, int, int) override {
    const Kernels<S>& kernels = layer_.kernels;
    kernels.project({layer_.input.data(), layer_.bias.data(), layer_.bfloat16, layer_.inputs,
                     layer_.panels, layer_.form.sums(), inputs_, sums_, batch_, 0, layer_.panels});
    const Step<S> job{layer_.form, layer_.hidden.data(), layer_.candidate.data(),
                      layer_.bias_candidate.data(), 0, layer_.bfloat16, layer_.units, layer_.units,
                      layer_.panels,
                      sums_, previous_, reset_hidden_, output_, nullptr, batch_, 0, layer_.panels};
    if (layer_.form.reset != Reset::before) return kernels.step(job);
    kernels.step_gates(job);
    kernels.step_candidate(job);
  }

 private:
  const Layer<S>& layer_;
  long batch_;
  S* sums_;
  const S **inputs_, **previous_;
  S **output_, **reset_hidden_;
};

}  // namespace

template <class S>
void step(const Layer<S>& layer, long batch, const S* input, const S* hidden, S* output,
          int max_threads) {
  const size_t bytes = size_t(batch) * layer.units * sizeof(S);
  if (overlap(hidden, bytes, output, bytes)) {  // units read the whole previous state
    static thread_local Buffer<S> kept;
    S* copy = kept.room(size_t(batch) * layer.units);
    std::memcpy(copy, hidden, bytes);
    hidden = copy;
  }
  // A step that overwrites its own input runs on one thread, which reads all input before it
  // writes.
  if (max_threads == 1 || overlap(input, size_t(batch) * layer.inputs * sizeof(S), output, bytes)) {
    OneStep<S> work(layer, batch, input, hidden, output);
    return perform(work, 1);
  }
  forward(layer, Plan(1, batch, nullptr, false, false),
          {input, hidden, nullptr, output, nullptr, nullptr}, max_threads);
}

template void step(const Layer<float>&, long, const float*, const float*, float*, int);
template void step(const Layer<double>&, long, const double*, const double*, double*, int);

}  // namespace glassgate
