// Compares every instruction set of this machine with plain C++, without Python, so that it can run
// on emulated machines. Prints the largest differences relative to the largest value (or to 1), and
// fails if they exceed rounding.

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "sequence.h"

using namespace glassgate;

namespace {

constexpr long T = 9, B = 11, I = 13, H = 37;

template <class S>
std::vector<S> draw(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-0.5, 0.5);
  std::vector<S> values(size);
  for (S& x : values) x = S(uniform(random));
  return values;
}

// Outputs and all gradients of one ragged batch, concatenated.
template <class S>
std::vector<S> all_results(const Kernels<S>& kernels, Form form, int threads) {
  const auto wi = draw<S>(3 * H * I, 1), wh = draw<S>(3 * H * H, 2), bi = draw<S>(3 * H, 3),
             bh = draw<S>(3 * H, 4), x = draw<S>(T * B * I, 5), h = draw<S>(B * H, 6),
             grad = draw<S>(T * B * H, 7);
  const int64_t lengths[B] = {9, 1, 5, 9, 0, 3, 3, 8, 2, 7, 9};
  const Weights<S> weights{wi.data(), wh.data(), bi.data(), bh.data(), I, H, form, true};
  const Plan plan(T, B, lengths, false, true);
  std::vector<S> output(T * B * H), last(B * H), tape(plan.tokens() * TAPE * H);
  forward(Layer<S>(weights, kernels, false), plan,
          {x.data(), h.data(), nullptr, output.data(), last.data(), tape.data()}, threads);
  std::vector<S> gx(T * B * I), gh(B * H), gwi(3 * H * I), gwh(3 * H * H), gbi(3 * H), gbh(3 * H);
  backward(weights, kernels, plan,
           {x.data(), h.data(), nullptr, output.data(), tape.data(), grad.data(), last.data(),
            gx.data(), gh.data(), gwi.data(), gwh.data(), gbi.data(), gbh.data()},
           threads);
  for (auto* part : {&last, &gx, &gh, &gwi, &gwh, &gbi, &gbh})
    output.insert(output.end(), part->begin(), part->end());
  return output;
}

template <class S>
bool matches_plain(const char* target, const Kernels<S>& kernels, const Kernels<S>& plain,
                   double bound) {
  double worst = 0;
  bool repeats = true;
  for (Reset reset : {Reset::after, Reset::before, Reset::none})
    for (Gate gate : {Gate::sigmoid, Gate::hard_fifth, Gate::hard_sixth})
      for (Squash squash : {Squash::tanh, Squash::relu, Squash::linear}) {
        const Form form{reset, gate, squash};
        const auto one = all_results(kernels, form, 1), two = all_results(kernels, form, 2);
        const auto expected = all_results(plain, form, 1);
        repeats = repeats && one == two;
        double largest = 1, off = 0;
        for (size_t i = 0; i < one.size(); ++i) {
          largest = std::fmax(largest, std::fabs(double(expected[i])));
          off = std::fmax(off, std::fabs(double(one[i]) - double(expected[i])));
        }
        worst = std::fmax(worst, off / largest);
      }
  std::printf("%-7s %s: largest difference from plain %.1e; on two threads %s\n", target,
              sizeof(S) == 4 ? "float32" : "float64", worst, repeats ? "the same bits" : "OTHER BITS");
  return worst <= bound && repeats;
}

}  // namespace

int main() {
  int count;
  const Target* const* all = targets(&count);
  const Target& plain = *all[count - 1];
  bool passed = true;
  for (int i = 0; i < count; ++i) {
    if (!all[i]->offered()) continue;
    passed = matches_plain(all[i]->name, all[i]->float32(), plain.float32(), 1e-5) && passed;
    passed = matches_plain(all[i]->name, all[i]->float64(), plain.float64(), 1e-12) && passed;
  }
  return passed ? 0 : 1;
}
