// Vectors in plain C++ with the interface of lanes.inl, for any compiler and any machine.

template <class Scalar, class Integer, int N>
struct PlainLanes {
  using S = Scalar;
  static constexpr int width = N;
  struct Vec {
    S lane[N];
  };

  template <class F>
  static Vec each(F f) {
    Vec v;
    for (int i = 0; i < N; ++i) v.lane[i] = f(i);
    return v;
  }

  static Vec load(const S* from) {
    return each([&](int i) { return from[i]; });
  }
  static void store(S* to, Vec v) {
    for (int i = 0; i < N; ++i) to[i] = v.lane[i];
  }
  static void load_pair(const uint16_t* from, Vec& lower, Vec& upper) {
    for (int i = 0; i < N; ++i) {
      const uint32_t halves[] = {uint32_t(from[2 * i]) << 16, uint32_t(from[2 * i + 1]) << 16};
      std::memcpy(&lower.lane[i], &halves[0], sizeof(S));
      std::memcpy(&upper.lane[i], &halves[1], sizeof(S));
    }
  }

  static Vec splat(S x) {
    return each([&](int) { return x; });
  }
  static Vec fma(Vec a, Vec b, Vec c) {
    return each([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static Vec at_most(Vec x, Vec limit) {
    return each([&](int i) { return x.lane[i] > limit.lane[i] ? limit.lane[i] : x.lane[i]; });
  }
  static Vec at_least(Vec x, Vec limit) {
    return each([&](int i) { return x.lane[i] < limit.lane[i] ? limit.lane[i] : x.lane[i]; });
  }
  static Vec where_positive(Vec y, Vec x) {
    return each([&](int i) { return y.lane[i] > 0 ? x.lane[i] : S(0); });
  }
  static void load_transposed(Vec (&to)[N], const S* from, long stride) {
    for (int i = 0; i < N; ++i)
      for (int j = 0; j < N; ++j) to[i].lane[j] = from[j * stride + i];
  }
  static Vec power_of_two(Vec shifted) {
    constexpr int mantissa = sizeof(S) == 4 ? 23 : 52;
    constexpr Integer one = sizeof(S) == 4 ? Integer(0x3f800000) : Integer(0x3ff0000000000000);
    return each([&](int i) {
      Integer bits;
      std::memcpy(&bits, &shifted.lane[i], sizeof bits);
      bits = (bits << mantissa) + one;
      S x;
      std::memcpy(&x, &bits, sizeof x);
      return x;
    });
  }

  friend Vec operator+(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  friend Vec operator-(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  friend Vec operator*(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  friend Vec operator/(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
};
