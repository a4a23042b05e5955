// All kernels of one instruction set: each target_*.cpp includes this file in its own namespace.
//
// The target defines TILE, Float and Double (vector types; see lanes.inl). Everything here is
// compiled with that target's instructions and must not be shared with other files. In particular,
// use no templates of std: the linker would merge their instances across targets.

#include "product.inl"

#include "math.inl"

#include "forward.inl"

#include "backward.inl"

// The machine's peak arithmetic, for benchmarks. Twelve independent sums hide the latency.
template <class V>
static double multiply(long rounds) {
  typename V::Vec sum[12], x = V::splat(typename V::S(0.999)), y = V::splat(typename V::S(1e-3));
  for (int i = 0; i < 12; ++i) sum[i] = V::splat(typename V::S(i));
  for (long k = 0; k < rounds; ++k) {
#pragma GCC unroll 12
    for (int i = 0; i < 12; ++i) sum[i] = V::fma(sum[i], x, y);
  }
  for (int i = 1; i < 12; ++i) sum[0] = sum[0] + sum[i];
  typename V::S lanes[V::width];
  V::store(lanes, sum[0]);
  volatile auto used = lanes[0];  // keeps the compiler from removing the loop
  (void)used;
  return 2.0 * 12 * V::width * double(rounds);
}

// The machine's peak memory bandwidth, for benchmarks.
template <class V>
static double read(const void* from, long bytes) {
  constexpr int STREAMS = 4;
  typename V::Vec sum[STREAMS];
  for (int i = 0; i < STREAMS; ++i) sum[i] = V::splat(0);
  auto* at = static_cast<const typename V::S*>(from);
  long count = bytes / long(sizeof(typename V::S)) / (STREAMS * V::width);
  for (long k = 0; k < count; ++k, at += STREAMS * V::width)
#pragma GCC unroll 4
    for (int i = 0; i < STREAMS; ++i) sum[i] = sum[i] + V::load(at + i * V::width);
  typename V::S lanes[V::width];
  V::store(lanes, (sum[0] + sum[1]) + (sum[2] + sum[3]));
  return double(lanes[0]);
}

// to[column * to_stride + row] = factor * from[row * from_stride + column]
template <class V>
static void transpose(typename V::S* to, long to_stride, const typename V::S* from,
                      long from_stride, long rows, long columns, typename V::S factor) {
  constexpr long W = V::width;
  const long whole_rows = rows - rows % W, whole_columns = columns - columns % W;
  for (long column = 0; column < whole_columns; column += W)
    for (long row = 0; row < whole_rows; row += W) {
      typename V::Vec block[W];
      V::load_transposed(block, from + row * from_stride + column, from_stride);
      for (int i = 0; i < W; ++i)
        V::store(to + (column + i) * to_stride + row, block[i] * V::splat(factor));
    }
  for (long row = 0; row < rows; ++row)
    for (long column = row < whole_rows ? whole_columns : 0; column < columns; ++column)
      to[column * to_stride + row] = factor * from[row * from_stride + column];
}

#include "single.inl"

template <class V>
static void each_gate(Gate kind, const typename V::S* x, typename V::S* y, long count) {
  for (long i = 0; i < count; i += V::width) {
    int lanes = lanes_in<V>(i / V::width, count);
    store_lanes<V>(y + i, gate<V>(kind, load_lanes<V>(x + i, lanes)), lanes);
  }
}

template <class V>
static void each_squash(Squash kind, const typename V::S* x, typename V::S* y, long count) {
  for (long i = 0; i < count; i += V::width) {
    int lanes = lanes_in<V>(i / V::width, count);
    store_lanes<V>(y + i, squash<V>(kind, load_lanes<V>(x + i, lanes)), lanes);
  }
}

// Weights in bfloat16 are supported for inference in float only.
template <class V>
static void project(const Projection<typename V::S>& job) {
  if constexpr (sizeof(typename V::S) == 4)
    if (job.bfloat16) return Forward<V, uint16_t>::project(job);
  Forward<V, typename V::S>::project(job);
}

#define BY_STORAGE(pass)                                                             \
  template <class V>                                                                 \
  static void pass(const Step<typename V::S>& job) {                                 \
    if constexpr (sizeof(typename V::S) == 4)                                        \
      if (job.bfloat16) return Forward<V, uint16_t>::pass(job);                      \
    Forward<V, typename V::S>::pass(job);                                            \
  }
BY_STORAGE(step)
BY_STORAGE(step_gates)
BY_STORAGE(step_candidate)
#undef BY_STORAGE

template <class V>
static const Kernels<typename V::S>& kernels() {
  static const Kernels<typename V::S> table = {
      V::width,
      TILE,
      project<V>,
      step<V>,
      step_gates<V>,
      step_candidate<V>,
      Backward<V>::back,
      Backward<V>::back_reset_hidden,
      Backward<V>::gather,
      Backward<V>::sum_rows,
      Backward<V>::spread,
      Single<V>::ascend,
      Single<V>::descend,
      Single<V>::backward_reset,
      Single<V>::outer,
      transpose<V>,
      each_gate<V>,
      each_squash<V>,
      multiply<V>,
      read<V>,
  };
  return table;
}
