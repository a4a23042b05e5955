// What every target_*.cpp begins with.

#pragma once

#include <cstring>

#include "gru.h"

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
// The compiler must believe that these values are used.
#define KEEP(values)                                                   \
  do {                                                                 \
    for (auto& value : values) __asm__ volatile("" : "+m"(value));     \
  } while (0)
