// AVX2 with FMA: 16 registers of 8 floats; 4 rows by 3 vectors of sums fill 12 of them.
#include <immintrin.h>

#include "target.h"

namespace glassgate::avx2 {
constexpr int TILE = 4;
#include "lanes.inl"

struct Float : Lanes<float, uint32_t, 8> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm256_fmadd_ps(a, b, c); }
};
struct Double : Lanes<double, uint64_t, 4> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm256_fmadd_pd(a, b, c); }
};
#include "kernel.inl"

static bool offered() {
  __builtin_cpu_init();  // queries the processor and, by XGETBV, the operating system
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
}  // namespace glassgate::avx2

namespace glassgate {
extern const Target avx2_target = {"avx2", avx2::offered, avx2::kernels<avx2::Float>,
                                   avx2::kernels<avx2::Double>};
}
