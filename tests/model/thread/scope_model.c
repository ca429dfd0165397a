/* Scopes, explored: the frame that the threads borrow is gone the moment the
 * scope has ended. */
#include "support/model.h"

#include <weft/base/unwind.h>
#include <weft/sync/mutex.h>
#include <weft/thread/scope.h>

#include <criterion/criterion.h>
#include <string.h>

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void quiet(void)
{
    (void)weft_panic_set_hook(silent);
}

TestSuite(scope, .init = quiet);

static void add(void *sum)
{
    ++*(int *)sum;
}

static void overwrite(void)
{
    volatile char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
    }
}

/* Row 27 (rust#98498): threads and scope share the frame of `sum`. */
static __attribute__((noinline)) int borrow(void)
{
    int sum[2] = {0};
    WEFT_SCOPE(s) {
        weft_model_name(&s, sizeof s, "scope");
        weft_model_assert(weft_scope_spawn(&s, add, &sum[0]) == WEFT_OK);
        add(&sum[1]);
    }
    return sum[0] + sum[1];
}

static void borrow_and_leave(void *unused)
{
    (void)unused;
    weft_model_assert(borrow() == 2);
    overwrite();
}

Test(scope, ends_after_its_thread)
{
    model_holds(borrow_and_leave, .name = "scope, one", .spurious = 1);
}

static __attribute__((noinline)) int borrow_twice(void)
{
    int sum[2] = {0};
    WEFT_SCOPE(s) {
        weft_model_name(&s, sizeof s, "scope");
        weft_model_assert(weft_scope_spawn(&s, add, &sum[0]) == WEFT_OK);
        weft_model_assert(weft_scope_spawn(&s, add, &sum[1]) == WEFT_OK);
    }
    return sum[0] + sum[1];
}

static void borrow_two_and_leave(void *unused)
{
    (void)unused;
    weft_model_assert(borrow_twice() == 2);
    overwrite();
}

Test(scope, ends_after_both_threads)
{
    model_holds(borrow_two_and_leave, .name = "scope, two");
}

/* A thread spawns another into the scope while the end is joining it; the
 * opener may be spawning at the same time. */
typedef struct nest {
    weft_scope *scope;
    int sum[3];
} nest;

static void add_and_spawn(void *arg)
{
    nest *n = arg;
    add(&n->sum[0]);
    weft_model_assert(weft_scope_spawn(n->scope, add, &n->sum[1]) == WEFT_OK);
}

static __attribute__((noinline)) int nested(void)
{
    nest n = {0};
    WEFT_SCOPE(s) {
        n.scope = &s;
        weft_model_name(&s, sizeof s, "scope");
        weft_model_assert(weft_scope_spawn(&s, add_and_spawn, &n) == WEFT_OK);
        weft_model_assert(weft_scope_spawn(&s, add, &n.sum[2]) == WEFT_OK);
    }
    return n.sum[0] + n.sum[1] + n.sum[2];
}

static void nested_and_leave(void *unused)
{
    (void)unused;
    weft_model_assert(nested() == 3);
    overwrite();
}

Test(scope, ends_after_what_its_threads_spawn)
{
    model_holds(nested_and_leave, .name = "scope, nested");
}

/* ------------------------------------------------------------------- panics
 */

static void fail(void *sum)
{
    add(sum);
    weft_panic("number %d", *(int *)sum);
}

static void thread_panics(void *unused)
{
    (void)unused;
    int sum = 0;
    WEFT_SCOPE(s) {
        weft_model_assert(weft_scope_spawn(&s, fail, &sum) == WEFT_OK);
    }
}

static void block_panics(void *unused)
{
    (void)unused;
    int sum = 0;
    WEFT_SCOPE(s) {
        weft_model_assert(weft_scope_spawn(&s, add, &sum) == WEFT_OK);
        weft_panic("number %d", 2);
    }
}

/* The thread waits for a lock that the falling block holds. */
static weft_mutex m = WEFT_MUTEX_INIT;

static void wants_lock(void *sum)
{
    weft_model_assert(weft_mutex_lock(&m) == WEFT_POISONED);
    add(sum);
}

static void block_panics_with_lock(void *unused)
{
    (void)unused;
    int sum = 0;
    WEFT_SCOPE(s) {
        weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
        weft_model_assert(weft_scope_spawn(&s, wants_lock, &sum) == WEFT_OK);
        weft_panic("number %d", 3);
    }
}

typedef struct fall {
    const char *name;
    void (*run)(void *);
    const char *text;
} fall;

static void catch_fall(void *arg)
{
    const fall *f = arg;
    weft_panic_info info;
    weft_model_assert(weft_catch_unwind(f->run, NULL, &info) == WEFT_PANICKED);
    weft_model_assert(strstr(info.message, f->text) != NULL);
    overwrite();
}

Test(scope, panics_end_after_its_threads)
{
    static fall falls[] = {
        {"scope, thread panics", thread_panics, "panicked: number 1"},
        {"scope, block panics", block_panics, "number 2"},
        {"scope, block panics with a lock", block_panics_with_lock, "number 3"},
    };
    for (size_t i = 0; i < sizeof falls / sizeof falls[0]; i++) {
        model_holds_with(catch_fall, &falls[i], .name = falls[i].name);
    }
}
