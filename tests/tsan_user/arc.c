/* Arc: each owner leaves a note in the value, the last one reads them all;
 * weak handles outlive it, and free the memory in whatever thread comes last.
 * planted 1: scribble_as_no_owner leave_a_note
 * planted 2: read_what_is_unwrapped unwrap
 * planted 3: scribble_on_what_is_unwrapped unwrap */
#include "flag.h"

#include <sched.h>

enum { OWNERS = 4, WITNESS = 0 };
typedef struct book {
    long note[OWNERS + 1];
} book;
WEFT_SEND(book);

static long total;
static FLAG started, ended; /* relaxed: they order nothing */

static void add_up(book *b)
{
    for (int i = 0; i < OWNERS; i++) {
        total += b->note[i];
    }
    weft_atomic_bool_store_relaxed(&ended, true);
}
WEFT_ARC_DEFINE_DROP(shelf, book, add_up);
WEFT_ARC_SYNC(shelf, book);

typedef struct owner {
    shelf book;
    shelf_weak weak;
    int number;
} owner;
WEFT_SEND(owner);
WEFT_THREAD_DEFINE(owning, int, owner);

static int leave_a_note(owner o)
{
    shelf again;
    while (!weft_atomic_bool_load_relaxed(&started)) {
        (void)sched_yield();
    }
    shelf_get_sync(&o.book)->note[o.number] = 1;
    shelf_drop(&o.book);
    if (o.number == WITNESS) {
        if (shelf_weak_upgrade_try(&again, &o.weak)) {
            shelf_drop(&again);
        }
        while (!weft_atomic_bool_load_relaxed(&ended)) {
            (void)sched_yield();
        }
        weft_thread_sleep_until(weft_deadline_after_us(100));
        shelf_weak_drop(&o.weak); /* the memory has outlived the value */
    }
    return 0;
}

#if PLANTED == 1
__attribute__((noinline)) static void scribble_as_no_owner(long *note)
{
    *note = 5;
}
#endif

static void share(void)
{
    owning threads[OWNERS];
    shelf first;
    weft_require(shelf_create(&first, (book){{0}}) == WEFT_OK);
    weft_atomic_bool_store_relaxed(&started, false);
    weft_atomic_bool_store_relaxed(&ended, false);
    for (int i = 0; i < OWNERS; i++) {
        owner o = {.number = i};
        shelf_clone(&o.book, &first);
        if (i == WITNESS) {
            shelf_downgrade(&o.weak, &first);
        }
        weft_require(owning_spawn(&threads[i], leave_a_note, o) == WEFT_OK);
    }
#if PLANTED == 1
    scribble_as_no_owner(&shelf_get_sync(&first)->note[0]);
#endif
    weft_atomic_bool_store_relaxed(&started, true);
    shelf_drop(&first);
    for (int i = 0; i < OWNERS; i++) {
        weft_require(owning_join(&threads[i], NULL) == WEFT_OK);
    }
}

static book unwrapped;
static FLAG scribbled;

__attribute__((noinline)) static void *read_what_is_unwrapped(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)unwrapped.note[0];
}

__attribute__((noinline)) static void *scribble_on_what_is_unwrapped(void *arg)
{
    *(long *)arg = 1;
    weft_atomic_bool_store_relaxed(&scribbled, true);
    return NULL;
}

/* The other owner leaves at some time. */
__attribute__((noinline)) static void unwrap(void)
{
    owning other;
    weft_thread t;
    owner o = {.number = 1};
    shelf book_of_ours;
    weft_require(shelf_create(&book_of_ours, (book){{0}}) == WEFT_OK);
    void *note = &shelf_get_sync(&book_of_ours)->note[0];
    shelf_clone(&o.book, &book_of_ours);
    weft_require(owning_spawn(&other, leave_a_note, o) == WEFT_OK);
    if (PLANTED >= 2) {
        weft_require(weft_thread_spawn(&t,
                                       PLANTED == 2
                                           ? read_what_is_unwrapped
                                           : scribble_on_what_is_unwrapped,
                                       note) == WEFT_OK);
    }
    while (PLANTED == 3 && !weft_atomic_bool_load_relaxed(&scribbled)) {
        (void)sched_yield();
    }
    while (!shelf_unwrap_try(&book_of_ours, &unwrapped)) {
        (void)sched_yield();
    }
    weft_require(unwrapped.note[1] == 1);
    weft_require(PLANTED < 2 || weft_thread_join(&t, NULL) == WEFT_OK);
    weft_require(owning_join(&other, NULL) == WEFT_OK);
}

/* The last weak handle but the common one goes while the value is ended. */
static FLAG ending, left;

static void end_slowly(long *value)
{
    (void)value;
    weft_atomic_bool_store_relaxed(&ending, true);
    while (!weft_atomic_bool_load_relaxed(&left)) {
        (void)sched_yield();
    }
}
WEFT_ARC_DEFINE_DROP(slow, long, end_slowly);

static void *leave_during_the_end(void *arg)
{
    while (!weft_atomic_bool_load_relaxed(&ending)) {
        (void)sched_yield();
    }
    slow_weak_drop(arg);
    weft_atomic_bool_store_relaxed(&left, true);
    return NULL;
}

static void end_with_a_witness(void)
{
    slow strong;
    slow_weak weak;
    weft_thread t;
    weft_require(slow_create(&strong, 1) == WEFT_OK);
    slow_downgrade(&weak, &strong);
    weft_require(weft_thread_spawn(&t, leave_during_the_end, &weak) == 0);
    slow_drop(&strong);
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
}

int main(void)
{
    for (int i = 0; i < 50; i++) {
        share();
    }
    weft_require(total == 50 * OWNERS || PLANTED == 1);
    unwrap();
    end_with_a_witness();
    return 0;
}
