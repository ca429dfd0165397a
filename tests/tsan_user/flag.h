/* Flags, in words of their own. The sanitizer remembers four accesses to each
 * eight bytes: a flag that is polled would make it forget what was done to its
 * neighbour. */
#ifndef TESTS_TSAN_USER_FLAG_H
#define TESTS_TSAN_USER_FLAG_H

#include <weft/weft.h>

#define FLAG WEFT_ALIGNED(8) weft_atomic_bool

#endif
