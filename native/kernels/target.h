// What every target_*.cpp begins with.

#pragma once

#include <cstring>

#include "gru.h"

// Under a sanitizer functions stay functions: what it adds to each would be added to every copy.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INLINE inline
#define INLINE_LAMBDA
#else
#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
#endif
