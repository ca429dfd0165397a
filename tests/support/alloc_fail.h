/* An allocator that counts what is alive and can fail on demand.
 *
 *     test_alloc_install();
 *     for (size_t k = 1;; k++) {
 *         test_alloc_fail_at(k);
 *         weft_status s = thing_create(&t);
 *         test_alloc_fail_at(0);
 *         if (s == WEFT_OK) {
 *             break;
 *         }
 *         cr_assert_eq(s, WEFT_NO_MEMORY);
 *         cr_assert_eq(test_alloc_live(), 0);
 *     }
 *
 * Any thread may allocate. Counts are of calls through weft_set_allocator
 * only, and of this process: Criterion runs every test in one of its own. */
#ifndef WEFT_TEST_ALLOC_FAIL_H
#define WEFT_TEST_ALLOC_FAIL_H

#include <stddef.h>

/* Make weft allocate through this. Before anything else of weft allocates. */
void test_alloc_install(void);

/* Fail the k-th allocation from now, k >= 1, and only that one; 0: none. */
void test_alloc_fail_at(size_t k);

/* Whether the allocation chosen by test_alloc_fail_at has been failed. */
_Bool test_alloc_has_failed(void);

/* Allocations not yet freed, their bytes, and all calls so far. */
size_t test_alloc_live(void);
size_t test_alloc_live_bytes(void);
size_t test_alloc_calls(void);

#endif
