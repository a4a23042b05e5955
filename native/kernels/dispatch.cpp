// The list of instruction sets compiled in, fastest first.
#include "gru.h"

namespace glassgate {

#if defined(__x86_64__)
extern const Target avx512_target, avx2_target, sse2_target;
#elif defined(__aarch64__)
extern const Target neon_target;
#endif
extern const Target plain_target;

const Target* const* targets(int* count) {
  static const Target* const all[] = {
#if defined(__x86_64__)
      &avx512_target, &avx2_target, &sse2_target,
#elif defined(__aarch64__)
      &neon_target,
#endif
      &plain_target};
  *count = sizeof all / sizeof *all;
  return all;
}

}  // namespace glassgate
