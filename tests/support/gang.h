/* Threads for a test: they start together, and fail through the test's thread.
 *
 *     static void add(gang_member *me)
 *     {
 *         for (int i = 0; i < 1000; i++) {
 *             gang_check(me, weft_mutex_lock(&m) == WEFT_OK);
 *             ...
 *         }
 *     }
 *     Test(mutex, excludes) { gang_run(4, add, &state); }
 *
 * Criterion's assertions jump to the frame of the test, so they are wrong on
 * any other thread; gang_check notes the first failure and ends that member,
 * and gang_run reports it once all have ended. Plain pthreads are used, so
 * that a gang also tests what weft's own threads stand on. */
#ifndef WEFT_TEST_GANG_H
#define WEFT_TEST_GANG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct gang;

typedef struct gang_member {
    struct gang *gang;
    void *arg;    /* what gang_run was given */
    size_t index; /* 0 .. count - 1 */
    size_t count;
} gang_member;

typedef void gang_fn(gang_member *me);

/* Run fn on `count` threads, none of which goes ahead before all are there. */
struct gang *gang_start(size_t count, gang_fn *fn, void *arg);

/* Wait until all have ended, and free the gang. The first failed check fails
 * the test, on this thread. If members are still busy after GANG_PATIENCE_S
 * seconds, says which and where each last was, and aborts. */
void gang_join(struct gang *gang);

/* Both. */
void gang_run(size_t count, gang_fn *fn, void *arg);

enum { GANG_PATIENCE_S = 20 };

/* Wait until every member of the gang has come to this call; reusable. A
 * member that failed counts as having come. */
void gang_meet(gang_member *me);

/* Note where this member is, for the watchdog: a string literal. */
void gang_at(gang_member *me, const char *where);

/* End this member, and fail the test, unless cond holds. */
#define gang_check(me, cond) \
    ((cond) ? (void)0 : gang_fail((me), __FILE__, __LINE__, #cond))

__attribute__((noreturn)) void gang_fail(gang_member *me, const char *file,
                                         int line, const char *what);

/* A door that one thread opens for others: the way to create an order without
 * sleeping. `(gate)GATE_INIT` is shut. */
typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool open;
} gate;

#define GATE_INIT                                              \
    {                                                          \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 \
    }

void gate_open(gate *g);
void gate_wait(gate *g);
bool gate_is_open(gate *g);

/* Wait, without an order of its own, until the thread `tid` (of gettid) sleeps
 * in the kernel: the way to know that it has parked. false: it did not within
 * the gang's patience, or has ended. */
bool test_wait_until_asleep(int tid);

#endif
