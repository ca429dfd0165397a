/* A message whose copy stops half way: it lies on a page that nobody may touch.
 * Whoever copies it, in or out, faults, and waits in the signal handler until
 * the test lets it go on. So a test can do things while another thread is in
 * the middle of a copy, and know that it is. */
#ifndef WEFT_TESTS_CHAN_STALLED_H
#define WEFT_TESTS_CHAN_STALLED_H

#include "office.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>

enum { STALL_BYTES = 65536 }; /* a page, whatever its size here */

typedef struct stall {
    parcel *message;
    weft_atomic_u32 reached; /* a copy waits */
    weft_atomic_u32 open;
} stall;

static stall stalled;

static void stall_handler(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)stalled.message;
    if (at >= STALL_BYTES) {
        (void)signal(signal_number, SIG_DFL); /* a real fault: again */
        return;
    }
    const struct timespec nap = {0, 100000};
    wefti_store_seq_cst(&stalled.reached, 1);
    while (wefti_load_seq_cst(&stalled.open) == 0) {
        (void)nanosleep(&nap, NULL);
    }
}

/* Put p onto a page, and shut it. */
static inline void stall_prepare(parcel p)
{
    void *page = mmap(NULL, STALL_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(page, MAP_FAILED);
    memset(&stalled, 0, sizeof stalled);
    stalled.message = page;
    *stalled.message = p;
    cr_assert_eq(mprotect(page, STALL_BYTES, PROT_NONE), 0);
    struct sigaction action = {.sa_sigaction = stall_handler,
                               .sa_flags = SA_SIGINFO};
    cr_assert_eq(sigaction(SIGSEGV, &action, NULL), 0);
}

/* Wait until a thread is in the middle of its copy. */
static inline void stall_wait(void)
{
    while (wefti_load_seq_cst(&stalled.reached) == 0) {
        (void)sched_yield();
    }
}

/* Let it go on. */
static inline void stall_end(void)
{
    (void)mprotect(stalled.message, STALL_BYTES, PROT_READ | PROT_WRITE);
    wefti_store_seq_cst(&stalled.open, 1);
}

static inline void stall_finish(void)
{
    cr_assert_eq(munmap(stalled.message, STALL_BYTES), 0);
}

#endif
