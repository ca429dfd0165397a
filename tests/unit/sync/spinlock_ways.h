/* Every way out of WEFT_SPIN. Included by a file built with -fexceptions and
 * by one built without: the lock must be free afterwards in both. */
#ifndef WEFT_TEST_SPINLOCK_WAYS_H
#define WEFT_TEST_SPINLOCK_WAYS_H

#include <weft/base/panic.h>
#include <weft/sync/spinlock.h>

typedef struct spin_way {
    const char *name;
    void (*leave)(weft_spinlock *s);
    bool panics;
} spin_way;

enum { SPIN_WAYS = 8 };
extern const spin_way nofx_spin_ways[SPIN_WAYS];

static void leave_by_end(weft_spinlock *s)
{
    int turns = 0;
    WEFT_SPIN(g, s) {
        turns++;
    }
    weft_require(turns == 1);
}

WEFT_UNCHECKED static void leave_by_break(weft_spinlock *s)
{
    WEFT_SPIN(g, s) {
        if (g.lock == s) {
            break;
        }
        weft_panic("the guard does not name its lock");
    }
}

static void leave_by_continue(weft_spinlock *s)
{
    int turns = 0;
    WEFT_SPIN(g, s) {
        turns++;
        if (turns > 0) {
            continue;
        }
        weft_panic("continue went on");
    }
    weft_require(turns == 1);
}

WEFT_UNCHECKED static void leave_by_return(weft_spinlock *s)
{
    WEFT_SPIN(g, s) {
        return;
    }
    weft_panic("the block was not entered");
}

WEFT_UNCHECKED static void leave_by_goto(weft_spinlock *s)
{
    WEFT_SPIN(g, s) {
        goto out;
    }
    weft_panic("the block was not entered");
out:
    weft_require(weft_spinlock_lock_try(s));
    weft_spinlock_unlock(s);
}

WEFT_UNCHECKED static void leave_an_outer_loop(weft_spinlock *s)
{
    for (int i = 0; i < 3; i++) {
        WEFT_SPIN(g, s) {
            if (i == 1) {
                goto out;
            }
        }
        weft_require(i < 1);
    }
out:;
}

static void leave_by_panic(weft_spinlock *s)
{
    WEFT_SPIN(g, s) {
        weft_panic("fell");
    }
}

static void leave_two_by_panic(weft_spinlock *s)
{
    weft_spinlock other = WEFT_SPINLOCK_INIT;
    WEFT_SPIN(outer, &other) {
        WEFT_SPIN(inner, s) {
            weft_panic("fell");
        }
    }
}

/* clang-format off */
#define SPIN_WAYS_TABLE {                                 \
    {"end", leave_by_end, false},                         \
    {"break", leave_by_break, false},                     \
    {"continue", leave_by_continue, false},               \
    {"return", leave_by_return, false},                   \
    {"goto", leave_by_goto, false},                       \
    {"goto out of a loop", leave_an_outer_loop, false},   \
    {"panic", leave_by_panic, true},                      \
    {"panic under two locks", leave_two_by_panic, true},  \
}
/* clang-format on */

#endif
