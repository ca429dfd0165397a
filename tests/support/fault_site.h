/* Where in the library a test has made something fail.
 *
 * If WEFT_FAULT_SITES names a directory, each test leaves a file in it: the
 * stack at every fault that it injected. tests/faults/sites.py resolves them,
 * and finds the sites of src/ that no test has failed. */
#ifndef WEFT_TEST_FAULT_SITE_H
#define WEFT_TEST_FAULT_SITE_H

/* Write down the caller's stack. Call it where the fault is injected, below the
 * library's own frames. Any thread. */
void test_fault_site(void);

#endif
