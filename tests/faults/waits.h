/* Every wait of weft that has a deadline, as a row of a table.
 *
 *     for (size_t i = 0; i < wait_case_count; i++) {
 *         cr_expect_eq(waits_fulfilled(&wait_cases[i], d), WEFT_OK);
 *     }
 */
#ifndef WEFT_TESTS_FAULTS_WAITS_H
#define WEFT_TESTS_FAULTS_WAITS_H

#include <weft/weft.h>

#include "support/gang.h"

typedef struct wait_scene {
    weft_mutex mutex;
    weft_thread thread;
    gate door; /* behind which the thread waits */
    weft_thread_ref ref;
    weft_chan_tx tx;
    weft_chan_rx rx;
    uint64_t message;
    weft_atomic_u32 tid; /* of the waiter, once it is ready to wait */
    bool fulfilled;      /* the test's thread only */
} wait_scene;

typedef struct wait_case {
    const char *name;
    weft_status fulfilled; /* what the wait then returns */
    /* On the test's thread: set the scene; let the wait be fulfilled, which is
     * asleep; clear up, whatever happened. */
    void (*begin)(wait_scene *s);
    void (*fulfil)(wait_scene *s);
    void (*end)(wait_scene *s);
    /* On the waiter: be ready (may be NULL); wait. */
    void (*ready)(wait_scene *s);
    weft_status (*wait)(wait_scene *s, weft_deadline d);
} wait_case;

extern const wait_case wait_cases[];
extern const size_t wait_case_count;

/* How the waiter is to be disturbed: `begin` is called with its tid before it
 * is looked whether it sleeps, `end` when it has ended. */
typedef struct wait_trouble {
    void (*begin)(int tid);
    void (*end)(void);
    unsigned last_us; /* how long, before the wait is fulfilled */
    bool clock_lies;  /* then nobody can say whether a wait ended early */
} wait_trouble;

/* Wait until d, fulfilled once the waiter sleeps. What the wait returned. */
weft_status waits_fulfilled(const wait_case *c, weft_deadline d,
                            const wait_trouble *trouble);

/* Wait until d, in vain. */
weft_status waits_in_vain(const wait_case *c, weft_deadline d,
                          const wait_trouble *trouble);

#endif
