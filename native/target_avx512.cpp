// AVX-512: 32 registers of 16 floats; 8 rows by 3 vectors of sums fill 24 of them.
#include <immintrin.h>

#include "target.h"

namespace glassgate::avx512 {
constexpr int TILE = 8;
#include "lanes.inl"

struct Float : Lanes<float, uint32_t, 16> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm512_fmadd_ps(a, b, c); }
};
struct Double : Lanes<double, uint64_t, 8> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm512_fmadd_pd(a, b, c); }
};
#include "kernel.inl"

static bool offered() {
  __builtin_cpu_init();  // asks the processor, and by XGETBV the operating system
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("fma");
}
}  // namespace glassgate::avx512

namespace glassgate {
extern const Target avx512_target = {"avx512", avx512::offered, avx512::kernels<avx512::Float>,
                                     avx512::kernels<avx512::Double>};
}
