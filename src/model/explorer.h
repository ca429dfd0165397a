/* One execution: its threads, whose turn it is, and what each knows. The
 * memory model (order.c), the memory (memory.c) and the functions that the
 * program calls are built on it. */
#ifndef WEFT_SRC_MODEL_EXPLORER_H
#define WEFT_SRC_MODEL_EXPLORER_H

#include "model/order.h"
#include "model/step.h"

#include <weft/model/model.h>

/* Whether the caller is the explored program itself: true in its fibers,
 * except while they run the explorer's code. Every entry into the explorer
 * stands between enter and leave. */
extern bool wefti_explored;

/* The thread whose turn it is. */
typedef struct wefti_turn {
    uint32_t self;
    wefti_knowledge *knows;
} wefti_turn;
extern wefti_turn wefti_running;

static inline bool wefti_explorer_enter(void)
{
    bool was = wefti_explored;
    wefti_explored = false;
    return was;
}

static inline void wefti_explorer_leave(void)
{
    wefti_explored = true;
}

typedef enum wefti_outcome {
    WEFTI_RAN,
    WEFTI_PRUNED, /* not to its end: the rest repeats an earlier execution */
    WEFTI_FAILED,
    WEFTI_MET_FENCE, /* the search must begin anew */
} wefti_outcome;

/* Run the body once. */
wefti_outcome wefti_explorer_run(void (*body)(void *), void *arg,
                                 const weft_model_options *options);

/* Begin a search: assume that there are no fences. */
void wefti_explorer_begin(void);

/* Of the last execution: what failed, and how many steps it had. */
const char *wefti_explorer_message(void);
uint32_t wefti_explorer_step_count(void);

/* Whether one is under way. */
bool wefti_explorer_is_running(void);

/* ---------------------------------------- the running thread's next step */

/* Announce the step and return when it is the thread's turn. */
void wefti_explorer_step(const wefti_step *step);

/* Whether wake-ups and failures for no reason are asked for; whether one may
 * still be in this execution. */
bool wefti_explorer_has_whims(void);
bool wefti_explorer_may_be_spurious(void);
void wefti_explorer_spend_spurious(void);
bool wefti_explorer_is_sequential(void);

/* Whether no acquire fence is to come, so that a relaxed load learns nothing
 * but the value. Assumed until one does; then the search begins anew. */
bool wefti_explorer_assumes_no_fences(void);
void wefti_explorer_meets_fence(void);

/* ------------------------------------------------------------- knowledge */

uint32_t wefti_explorer_thread_count(void);
wefti_knowledge *wefti_explorer_knowledge_of(uint32_t thread);

/* The running thread has read store `number` of the object, or made it by a
 * read-modify-write. */
void wefti_explorer_has_seen(uintptr_t address, uint32_t number,
                             uint64_t value);

/* Of the object's stores, those up to this number are outworn (sight.h). */
uint32_t wefti_explorer_outworn(uintptr_t address);

/* --------------------------------------------------------------- threads */

/* The function of a thread, and what becomes of its result. */
typedef struct wefti_start {
    void (*run)(void *arg);
    void *(*run_with_result)(void *arg); /* instead of run */
    void *arg;
} wefti_start;

uint32_t wefti_explorer_spawn(const wefti_start *start, const void *pc);
void *wefti_explorer_join(uint32_t thread, const void *pc);
uint64_t wefti_explorer_pthread(uint32_t thread);

/* End the running thread: what pthread_exit does in the end. */
WEFT_NORETURN void wefti_explorer_exit(void *result);

/* Called by a thread that is about to end, and for no other. */
extern void (*wefti_explorer_at_exit)(void);

void wefti_explorer_yield(const void *pc);

/* Sleep on a word of 4 bytes while it has the value. UINT64_MAX: no deadline.
 * 0: woken; EAGAIN: it has another; ETIMEDOUT: the deadline came. */
int wefti_explorer_wait(uintptr_t address, uint32_t value, uint64_t deadline,
                        const void *pc);
uint32_t wefti_explorer_wake(uintptr_t address, uint32_t count, const void *pc);

/* Virtual time, in nanoseconds; only sleeping lets it pass. */
uint64_t wefti_explorer_now(const void *pc);
void wefti_explorer_sleep(uint64_t until, const void *pc);

#endif
