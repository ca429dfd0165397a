/* Small programs of atomic operations, explored, and run through a second model
 * of what loads may return: in terms of events and sets instead of clocks.
 *
 * A program is text: threads between bars, operations between blanks.
 *     Wx1l  store 1 to x       Rxa  load x       Uxt  add 1 to x
 *     Cx02t if x is 0, store 2 (a failure is relaxed, or acquires if it can)
 *     Fs    fence
 * The last letter is the order: r(elaxed), a(cquire), (re)l(ease), (bo)t(h),
 * s(eq_cst). An outcome is what the reads return, in the order of the text,
 * a slash, and the last values of x, y and z. */
#ifndef WEFT_TESTS_SUPPORT_LITMUS_H
#define WEFT_TESTS_SUPPORT_LITMUS_H

#include <stdbool.h>

/* Whether both have the same outcomes; if not, prints them. */
bool litmus_agrees(const char *program);

/* Whether an outcome of the last program begins like this. */
bool litmus_shows(const char *outcome);

/* Whether C++20 allows less than C11 in the last program. */
bool litmus_is_stricter_in_cxx20(void);

#endif
