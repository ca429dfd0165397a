/* What the tests of counted values need besides tests/support. */
#ifndef WEFT_TESTS_UNIT_MEM_FIXTURE_H
#define WEFT_TESTS_UNIT_MEM_FIXTURE_H

#include <weft/base/panic.h>
#include <weft/base/unwind.h>

#include "support/alloc_fail.h"

#include <string.h>

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void set_up(void)
{
    test_alloc_install();
    (void)weft_panic_set_hook(quiet);
}

/* Whether fn(arg) panics with a message that contains `text`. */
static inline bool panics(void (*fn)(void *arg), void *arg, const char *text)
{
    weft_panic_info info;
    return weft_catch_unwind(fn, arg, &info) == WEFT_PANICKED &&
           strstr(info.message, text) != NULL;
}

/* Call for the panic's sake, whatever a nodiscard result says. */
#define IGNORE(call)                     \
    do {                                 \
        __typeof__(call) ignored = call; \
        (void)ignored;                   \
    } while (0)

/* The same pointer, of which the compiler knows nothing any more: what it
 * would warn about is here the test. */
static inline void *opaque(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

#endif
