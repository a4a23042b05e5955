// Definitions that every target_*.cpp starts with.

#pragma once

#include <cstring>

#include "gru.h"

// No forced inlining under a sanitizer: its instrumentation would be repeated in every copy.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INLINE inline
#define INLINE_LAMBDA
#else
#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
#endif
