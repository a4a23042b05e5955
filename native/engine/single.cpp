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
        recalled_(before_ ? batch * w.units : 0),
        recalled_rows_(rows_of(recalled_.data(), before_ ? batch : 0, w.units)),
        totals_(batch * panels_ * sums_ * width_), products_(batch * panels_ * width_) {}

  int phases() const override { return before_ ? 2 : 1; }
  int parts(int) const override { return threads_; }

  // All of the step or, with the reset before the product, up to r * h and then the rest.
  void run(int phase, int part, int) override {
    const Range range = share(panels_, part, threads_);
    if (phase == 1) {
      ascend(w_.hidden, w_.units, {"n", {2}}, readable(recalled_rows_), range);
      return kernels_.close(job(range));
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
        return kernels_.open(job(range));
    }
  }

 private:
  static constexpr int PRODUCTS = 3;  // the place of m = U_n h + c_n, beside the sums

  // Gates by their letters, and which of the sums each adds to.
  struct Places {
    const char* gates;
    int sums[3];
  };

  // Every sum begins with its bias.
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
    Ascent<S> job{};
    job.weights = matrix;
    job.units = w_.units;
    job.depth = depth;
    job.values = values.data();
    job.rows = batch_;
    job.from = range.from;
    job.to = range.to;
    for (const char* gate = places.gates; *gate; ++gate) {
      const int v = job.count++;
      const bool aside = places.sums[v] == PRODUCTS;
      job.blocks[v] = int(block(*gate));
      job.signs[v] = sign<S>(*gate, w_.writes);
      job.sums[v] = aside ? products_.data() : totals_.data() + places.sums[v] * width_;
      job.panel_strides[v] = (aside ? 1 : sums_) * width_;
      job.row_strides[v] = panels_ * job.panel_strides[v];
    }
    kernels_.ascend(job);
  }

  static std::vector<const S*> readable(const std::vector<S*>& rows) {
    return {rows.begin(), rows.end()};
  }

  Step<S> job(Range range) {
    return {w_.form, nullptr, nullptr, products_.data(), panels_ * width_, false, 0, w_.units,
            panels_, totals_.data(), previous_.data(), recalled_rows_.data(), output_.data(),
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
  Buffer<S> recalled_;
  std::vector<S*> recalled_rows_;
  Buffer<S> totals_, products_;
};

}  // namespace

template <class S>
void single_step(const Weights<S>& weights, const Kernels<S>& kernels, long batch,
                 const Sequence<S>& arrays, int most) {
  const int threads = split(1, batch, weights.inputs, weights.units, most).threads;
  SingleStep<S> work(weights, kernels, batch, arrays, threads);
  perform(work, threads);
  if (arrays.last) std::memcpy(arrays.last, arrays.output, batch * weights.units * sizeof(S));
}

template void single_step(const Weights<float>&, const Kernels<float>&, long,
                          const Sequence<float>&, int);
template void single_step(const Weights<double>&, const Kernels<double>&, long,
                          const Sequence<double>&, int);

}  // namespace glassgate
