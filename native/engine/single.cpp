// The forward pass of a single step on unpacked weights.
#include "single.h"

#include <cstring>

#include "packer.h"
#include "pool.h"

namespace glassgate {
namespace {

template <class S>
class SingleStep : public Work {
 public:
  SingleStep(const Weights<S>& w, const Kernels<S>& kernels, long batch, const Sequence<S>& arrays,
             int threads)
      : w_(w), kernels_(kernels), packer_(w, kernels), batch_(batch), threads_(threads),
        width_(kernels.width), panels_((w.units + width_ - 1) / width_), sums_(w.form.sums()),
        before_(w.form.reset == Reset::before), input_(rows_of(arrays.input, batch, w.inputs)),
        previous_(rows_of(arrays.initial, batch, w.units)),
        output_(rows_of(arrays.output, batch, w.units)),
        tape_(rows_of(arrays.tape, arrays.tape ? batch : 0, TAPE * w.units)),
        reset_hidden_(before_ ? batch * w.units : 0),
        reset_hidden_rows_(rows_of(reset_hidden_.data(), before_ ? batch : 0, w.units)),
        totals_(batch * panels_ * sums_ * width_), products_(batch * panels_ * width_) {}

  int phases() const override { return before_ ? 2 : 1; }
  int parts(int) const override { return threads_; }

  // The whole step or, with reset before, two phases: up to r * h, then the rest.
  void run(int phase, int part, int) override {
    const Range range = share(panels_, part, threads_);
    if (phase == 1) {
      ascend(w_.hidden, w_.units, {"n", {2}}, readable(reset_hidden_rows_), range);
      return kernels_.step_candidate(job(range));
    }
    begin(range);
    switch (w_.form.reset) {
      case Reset::after:
        ascend(w_.input, w_.inputs, {"rkn", {0, 1, 2}}, input_, range);
        ascend(w_.hidden, w_.units, {"rkn", {0, 1, PRODUCTS}}, previous_, range);
        return kernels_.step(job(range));
      case Reset::none:
        ascend(w_.input, w_.inputs, {"kn", {0, 1}}, input_, range);
        ascend(w_.hidden, w_.units, {"kn", {0, 1}}, previous_, range);
        return kernels_.step(job(range));
      case Reset::before:
        ascend(w_.input, w_.inputs, {"rkn", {0, 1, 2}}, input_, range);
        ascend(w_.hidden, w_.units, {"rk", {0, 1}}, previous_, range);
        return kernels_.step_gates(job(range));
    }
  }

 private:
  static constexpr int PRODUCTS = 3;  // stands for m = U_n h + c_n, which is stored separately

  // Gates by letter, and the index of the sum that each adds to.
  struct Places {
    const char* gates;
    int sums[3];
  };

  // Start every sum with its bias.
  void begin(Range range) {
    for (long panel = range.from; panel < range.to; ++panel) {
      S *sums = totals_.data() + panel * sums_ * width_, *m = products_.data() + panel * width_;
      packer_.biases(sums, m, panel);
      for (long row = 1; row < batch_; ++row) {
        std::copy_n(sums, sums_ * width_, sums + row * panels_ * sums_ * width_);
        std::copy_n(m, width_, m + row * panels_ * width_);
      }
    }
  }

  void ascend(const S* matrix, long depth, Places places, const std::vector<const S*>& values,
              Range range) {
    DirectProduct<S> job{};
    job.weights = matrix;
    job.units = w_.units;
    job.depth = depth;
    job.values = values.data();
    job.rows = batch_;
    job.from = range.from;
    job.to = range.to;
    for (const char* gate = places.gates; *gate; ++gate) {
      const int v = job.count++;
      const bool is_product = places.sums[v] == PRODUCTS;
      job.blocks[v] = int(block(*gate));
      job.signs[v] = sign<S>(*gate, w_.writes);
      job.sums[v] = is_product ? products_.data() : totals_.data() + places.sums[v] * width_;
      job.panel_strides[v] = (is_product ? 1 : sums_) * width_;
      job.row_strides[v] = panels_ * job.panel_strides[v];
    }
    kernels_.ascend(job);
  }

  static std::vector<const S*> readable(const std::vector<S*>& rows) {
    return {rows.begin(), rows.end()};
  }

  Step<S> job(Range range) {
    return {w_.form, nullptr, nullptr, products_.data(), panels_ * width_, false, 0, w_.units,
            panels_, totals_.data(), previous_.data(), reset_hidden_rows_.data(), output_.data(),
            tape_.empty() ? nullptr : tape_.data(), batch_, range.from, range.to};
  }

  const Weights<S>& w_;
  const Kernels<S>& kernels_;
  const Packer<S> packer_;
  const long batch_;
  const int threads_;
  const long width_, panels_;
  const int sums_;
  const bool before_;
  std::vector<const S*> input_, previous_;
  std::vector<S*> output_, tape_;
  Buffer<S> reset_hidden_;
  std::vector<S*> reset_hidden_rows_;
  Buffer<S> totals_, products_;
};

}  // namespace

template <class S>
void single_step(const Weights<S>& weights, const Kernels<S>& kernels, long batch,
                 const Sequence<S>& arrays, int max_threads) {
  const int threads = split(1, batch, weights.inputs, weights.units, max_threads).threads;
  SingleStep<S> work(weights, kernels, batch, arrays, threads);
  perform(work, threads);
  if (arrays.last) std::memcpy(arrays.last, arrays.output, batch * weights.units * sizeof(S));
}

template void single_step(const Weights<float>&, const Kernels<float>&, long,
                          const Sequence<float>&, int);
template void single_step(const Weights<double>&, const Kernels<double>&, long,
                          const Sequence<double>&, int);

}  // namespace glassgate
