/* A crew that comes and goes: threads that return, fall, or leave; are joined
 * in each of the ways, or left alone; park and are woken; and scopes of threads
 * within scopes. Each end is told as it was. */
#include "soak.h"

#include <pthread.h>

enum fate { RETURNS, FALLS, LEAVES, FATES };
enum { SCOPED = 3 };

static weft_atomic_u64 alone; /* detached threads that have not ended yet */

/* ------------------------------------------------------- one thread, joined */

typedef struct sailor {
    enum fate fate;
    bool parks;
    weft_deadline rest;
    weft_mutex own;
    uint64_t work; /* the thread's, until the join */
} sailor;

static void *serve(void *arg)
{
    sailor *s = arg;
    if (s->parks) {
        weft_thread_park();
    } else if (!weft_deadline_is_forever(s->rest)) {
        weft_thread_sleep_until(s->rest);
    }
    const bool locked = weft_mutex_lock(&s->own) == WEFT_OK;
    s->work++;
    if (s->fate == FALLS) {
        soak_panic();
    }
    if (s->fate == LEAVES) {
        pthread_exit(NULL);
    }
    if (locked) {
        weft_mutex_unlock(&s->own);
    }
    return s;
}

static weft_status join_somehow(soak_self *me, weft_thread *t,
                                weft_thread_result *end)
{
    weft_status s = WEFT_BUSY;
    switch (soak_below(me, 3)) {
    case 0:
        while ((s = weft_thread_join_try(t, end)) == WEFT_BUSY) {
            weft_thread_yield();
        }
        return s;
    case 1:
        do {
            s = weft_thread_join_until(t, end, soak_deadline(me));
            soak_note_status(me, s);
        } while (s == WEFT_TIMEOUT);
        return s;
    default:
        return weft_thread_join(t, end);
    }
}

static void wake(weft_thread *t)
{
    weft_thread_ref ref;
    weft_thread_ref_of(&ref, t);
    weft_thread_unpark(&ref);
    weft_thread_ref_drop(&ref);
}

static void check_end(sailor *s, weft_status status,
                      const weft_thread_result *end)
{
    static const weft_status told[FATES] = {WEFT_OK, WEFT_PANICKED,
                                            WEFT_EXITED};
    soak_check(status == told[s->fate]);
    soak_check(status != WEFT_OK || end->value == s);
    soak_check(status != WEFT_PANICKED || soak_is_planned(&end->panic));
    soak_check(s->work == 1);
    /* Unless there was no memory for its lock. */
    soak_check(s->fate != RETURNS || !weft_mutex_is_poisoned(&s->own));
}

static void send_one(soak_self *me)
{
    sailor s = {.fate = (enum fate)soak_below(me, FATES),
                .parks = soak_chance(me, 3),
                .rest = soak_deadline(me)};
    weft_thread t;
    weft_thread_result end;
    const weft_thread_options options = {.name = "sailor",
                                         .stack_size = (size_t)1 << 17};
    const weft_status spawned = weft_thread_spawn_with(&t, &options, serve, &s);
    soak_note_status(me, spawned);
    if (spawned == WEFT_OK) {
        if (s.parks) {
            wake(&t);
        }
        check_end(&s, join_somehow(me, &t, &end), &end);
    }
}

/* --------------------------------------------------------- one, left alone */

static void *go_alone(void *arg)
{
    weft_thread_sleep_until(weft_deadline_after_us((uintptr_t)arg));
    weft_atomic_u64_sub_release(&alone, 1);
    return NULL;
}

static void leave_one_alone(soak_self *me)
{
    weft_thread t;
    const uintptr_t us = (uintptr_t)soak_below(me, 500);
    weft_atomic_u64_add_relaxed(&alone, 1);
    const weft_status s = weft_thread_spawn(&t, go_alone, (void *)us);
    soak_note_status(me, s);
    if (s == WEFT_OK) {
        weft_thread_detach(&t);
    } else {
        weft_atomic_u64_sub_relaxed(&alone, 1);
    }
}

/* ------------------------------------------------------------------ scopes */

typedef struct watch {
    soak_self *me; /* of the opener; not used by its threads */
    weft_atomic_u32 came;
    uint32_t spawned;
    uint32_t falling; /* how many were told to fall, the body included */
    bool body_falls;
    int depth;
} watch;

static void stand(void *arg)
{
    (void)weft_atomic_u32_add_relaxed((weft_atomic_u32 *)arg, 1);
}

static void stand_and_fall(void *arg)
{
    stand(arg);
    soak_panic();
}

static void open_watch(soak_self *me, int depth);

static void keep_watch(weft_scope *scope, void *arg)
{
    watch *w = arg;
    for (uint32_t i = 0; i < SCOPED; i++) {
        const bool falls = soak_chance(w->me, 8);
        const weft_status s =
            weft_scope_spawn(scope, falls ? stand_and_fall : stand, &w->came);
        soak_note_status(w->me, s);
        if (s == WEFT_OK) {
            w->spawned++;
            w->falling += falls;
        }
    }
    if (w->depth > 0) {
        open_watch(w->me, w->depth - 1);
    }
    if (w->body_falls) {
        w->falling++;
        soak_panic();
    }
}

static void open_watch(soak_self *me, int depth)
{
    watch w = {.me = me, .depth = depth, .body_falls = soak_chance(me, 8)};
    weft_panic_info info;
    const weft_status s = weft_scope_run(keep_watch, &w, &info);
    soak_check(weft_atomic_u32_load_relaxed(&w.came) == w.spawned);
    soak_check((s == WEFT_OK) == (w.falling == 0));
    soak_note(me, s == WEFT_OK ? SOAK_DONE : SOAK_PANICKED);
}

static void act(soak_self *me)
{
    switch (soak_below(me, 4)) {
    case 0:
        leave_one_alone(me);
        break;
    case 1:
        open_watch(me, (int)soak_below(me, 3));
        break;
    default:
        send_one(me);
    }
}

static void end(void)
{
    while (weft_atomic_u64_load_acquire(&alone) != 0) {
        weft_thread_yield();
    }
}

const soak_actor soak_crew = {"crew", 2, NULL, act, NULL, end};
