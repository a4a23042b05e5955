// SIMD vectors of any width by the vector extensions of GCC and Clang, included in a target's
// namespace.
//
// A target derives from Lanes and adds fma(a, b, c) = a * b + c, rounded once if the target can.
// Comparisons are written so that NaN propagates.

template <class Scalar, class Integer, int N>
struct Lanes {
  using S = Scalar;
  typedef S Vec __attribute__((vector_size(N * sizeof(S))));
  typedef Integer Ints __attribute__((vector_size(N * sizeof(S))));
  static constexpr int width = N;

  static Vec load(const S* from) {
    Vec v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
  }
  static void store(S* to, Vec v) { __builtin_memcpy(to, &v, sizeof v); }

  // Two vectors of bfloat16 from the halves of 32-bit words; a bfloat16 is the upper half of a
  // float.
  static void load_pair(const uint16_t* from, Vec& lower, Vec& upper) {
    static_assert(sizeof(S) == 4);
    Ints words;
    __builtin_memcpy(&words, from, sizeof words);
    lower = (Vec)(words << 16);
    upper = (Vec)(words & Integer(0xffff0000));
  }

  static Vec splat(S x) { return x - Vec{}; }  // x - 0 is x, even for -0

  static Vec at_most(Vec x, Vec limit) { return x > limit ? limit : x; }
  static Vec at_least(Vec x, Vec limit) { return x < limit ? limit : x; }
  static Vec where_positive(Vec y, Vec x) { return y > Vec{} ? x : Vec{}; }

  // Load N values of N rows transposed, so that vector i holds column i: log2(N) rounds swap the
  // off-diagonal blocks of size 1, 2, 4, ...
  static void load_transposed(Vec (&to)[N], const S* from, long stride) {
    for (int i = 0; i < N; ++i) to[i] = load(from + i * stride);
    exchange<1>(to);
  }

  template <int SIZE>
  static INLINE void exchange(Vec (&v)[N]) {
    Ints upper{}, lower{};  // shuffle indices into (a, b): lanes of b start at N
    for (int lane = 0; lane < N; ++lane) {
      upper[lane] = lane & SIZE ? N + lane - SIZE : lane;
      lower[lane] = lane & SIZE ? N + lane : lane + SIZE;
    }
#pragma GCC unroll 16
    for (int i = 0; i < N; ++i)
      if (!(i & SIZE)) {
        Vec a = v[i], b = v[i + SIZE];
        v[i] = pick(a, b, upper);
        v[i + SIZE] = pick(a, b, lower);
      }
    if constexpr (2 * SIZE < N) exchange<2 * SIZE>(v);
  }

  // Select lanes of a and b by index; those of b count from N.
  static INLINE Vec pick(Vec a, Vec b, Ints lanes) {
#if defined(__clang__)  // has no shuffle by a vector, but turns this loop into one
    Vec picked{};
#pragma clang loop unroll(full)
    for (int i = 0; i < N; ++i) picked[i] = lanes[i] < N ? a[lanes[i]] : b[lanes[i] - N];
    return picked;
#else
    return __builtin_shuffle(a, b, lanes);
#endif
  }

  // 2^n from the float 1.5 * 2^mantissa + n, by shifting n into the exponent.
  static Vec power_of_two(Vec shifted) {
    constexpr int mantissa = sizeof(S) == 4 ? 23 : 52;
    constexpr Integer one = sizeof(S) == 4 ? Integer(0x3f800000) : Integer(0x3ff0000000000000);
    return (Vec)(((Ints)shifted << mantissa) + one);
  }
};
