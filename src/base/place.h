/* Where in the program something was done. Checked build only.
 *
 * A place is a return address: one word to keep. It becomes words when there is
 * a mistake to report, by way of addr2line, which comes with every compiler;
 * the environment variable WEFT_SYMBOLIZER names another program that takes the
 * same options. Without one, and without debug information, a place reads as
 * "program+0x1234". */
#ifndef WEFT_SRC_BASE_PLACE_H
#define WEFT_SRC_BASE_PLACE_H

#include <weft/base/config.h>

#if WEFT_CHECKED

enum { WEFTI_PLACE_TEXT = 96, WEFTI_STACK = 6 };

/* The place that called the public function in whose body this stands. */
#define WEFTI_HERE ((const void *)__builtin_return_address(0))

typedef struct wefti_place_words {
    char function[WEFTI_PLACE_TEXT]; /* "" if unknown */
    char where[WEFTI_PLACE_TEXT];    /* "order.c:31", or "program+0x1234" */
} wefti_place_words;

/* Put the place into words. Starts a process; does not allocate, keeps errno,
 * and is no cancellation point. */
wefti_place_words wefti_place_of(const void *place);

/* Who calls whom, from `place`, which is on this thread's stack, outwards.
 * Returns the number of entries written, at most WEFTI_STACK. */
size_t wefti_place_stack(const void *place, const void **stack);

#endif

#endif
