// The activation functions of gates and candidate, on vectors.
//
// Largest absolute error of sigmoid and tanh over all floats: 2.4e-7 in float, 1e-15 in double
// (tests/engine/test_curves.py sweeps it). Arguments for which exp would overflow are clamped; both
// functions have reached their limits there (1 / exp is denormal, which the engine flushes to 0).
// NaN gives NaN, and infinities give the limits.

template <class S>
struct Exp;

template <>
struct Exp<float> {
  static constexpr float log2e = 1.44269504f;
  static constexpr float ln2_high = 0.693145752f, ln2_low = 1.42860677e-6f;
  static constexpr float shift = 12582912.0f;  // 1.5 * 2^23
  static constexpr float limit = 88.3f;   // exp(limit) is still finite
  static constexpr int terms = 7;              // of the series; the remainder is below 6e-9
};

template <>
struct Exp<double> {
  static constexpr double log2e = 1.4426950408889634;
  static constexpr double ln2_high = 0.6931471803691238, ln2_low = 1.9082149292705877e-10;
  static constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double limit = 709.0;
  static constexpr int terms = 13;             // of the series; the remainder is below 5e-18
};

constexpr double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

// exp(x) = power * (1 + rest), where power is a power of two and |rest| < 0.42.
template <class V>
struct Exponential {
  typename V::Vec power, rest;
};

template <class V>
INLINE Exponential<V> exponential(typename V::Vec x) {
  using S = typename V::S;
  using E = Exp<S>;
  using Vec = typename V::Vec;
  x = V::at_least(V::at_most(x, V::splat(E::limit)), V::splat(-E::limit));
  Vec shifted = V::fma(x, V::splat(E::log2e), V::splat(E::shift));
  Vec n = shifted - V::splat(E::shift);
  Vec r = V::fma(n, V::splat(-E::ln2_high), x);
  r = V::fma(n, V::splat(-E::ln2_low), r);  // |r| <= ln 2 / 2
  Vec sum = V::splat(S(1 / factorial(E::terms)));
#pragma GCC unroll 16
  for (int k = E::terms - 1; k > 0; --k) sum = V::fma(sum, r, V::splat(S(1 / factorial(k))));
  return {V::power_of_two(shifted), sum * r};
}

// 1 / (1 + exp(-x))
template <class V>
INLINE typename V::Vec sigmoid(typename V::Vec x) {
  using Vec = typename V::Vec;
  auto e = exponential<V>(V::splat(0) - x);
  Vec one = V::splat(1);
  return one / (one + V::fma(e.power, e.rest, e.power));
}

// (exp(2x) - 1) / (exp(2x) + 1), with exp - 1 computed without cancellation near 0
template <class V>
INLINE typename V::Vec hyperbolic_tangent(typename V::Vec x) {
  using S = typename V::S;
  using Vec = typename V::Vec;
  constexpr S end = sizeof(S) == 4 ? S(9.5) : S(20);  // tanh rounds to 1 from here on
  x = V::at_least(V::at_most(x, V::splat(end)), V::splat(-end));
  auto e = exponential<V>(x + x);
  Vec less_one = V::fma(e.power, e.rest, e.power - V::splat(1));
  return less_one / (less_one + V::splat(2));
}

template <class V>
INLINE typename V::Vec hard_sigmoid(typename V::Vec x, typename V::S slope) {
  auto y = V::fma(x, V::splat(slope), V::splat(typename V::S(0.5)));
  return V::at_least(V::at_most(y, V::splat(1)), V::splat(0));
}

template <class V>
INLINE typename V::Vec gate(Gate kind, typename V::Vec x) {
  using S = typename V::S;
  switch (kind) {
    case Gate::hard_fifth: return hard_sigmoid<V>(x, S(0.2));
    case Gate::hard_sixth: return hard_sigmoid<V>(x, S(1) / S(6));
    default: return sigmoid<V>(x);
  }
}

template <class V>
INLINE typename V::Vec squash(Squash kind, typename V::Vec x) {
  switch (kind) {
    case Squash::relu: return V::at_least(x, V::splat(0));
    case Squash::linear: return x;
    default: return hyperbolic_tangent<V>(x);
  }
}

// The derivatives, from the function's value y.
template <class V>
INLINE typename V::Vec gate_slope(Gate kind, typename V::Vec y) {
  using S = typename V::S;
  auto rest = V::splat(1) - y;
  if (kind == Gate::sigmoid) return y * rest;
  auto slope = V::splat(kind == Gate::hard_fifth ? S(0.2) : S(1) / S(6));
  return V::where_positive(y, V::where_positive(rest, slope));
}

template <class V>
INLINE typename V::Vec squash_slope(Squash kind, typename V::Vec y) {
  auto one = V::splat(1);
  switch (kind) {
    case Squash::relu: return V::where_positive(y, one);
    case Squash::linear: return one;
    default: return one - y * y;
  }
}
