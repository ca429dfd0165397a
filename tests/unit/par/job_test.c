/* Jobs in frames that are built without -fexceptions. */
#include <weft/base/self.h>
#include <weft/base/unwind.h>
#include <weft/par/pool.h>

#include <criterion/criterion.h>

int nofx_tree(int depth, int panic_at);

/* How much this thread has written down as held. */
static size_t held(void)
{
    const wefti_self *self = wefti_get_self();
    return self->held_memory == NULL
               ? 0
               : (size_t)(self->top - self->held_memory) - 1;
}

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void run_tree(void *panic_at)
{
    int leaves = nofx_tree(9, *(int *)panic_at);
    weft_require(leaves == 512);
}

/* The frames' stack is overwritten at once, as a landing pad would. */
static __attribute__((noinline)) int trample(void)
{
    volatile char bytes[8192];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)i;
    }
    return bytes[100];
}

static void rounds(void *unused)
{
    (void)unused;
    for (int at = -1; at < 300; at++) {
        int level = at % 11;
        weft_status s = weft_catch_unwind(run_tree, &level, NULL);
        (void)trample();
        bool panics = level >= 1 && level <= 9;
        weft_require((s == WEFT_PANICKED) == panics);
    }
}

Test(job, panic_between_fork_and_join_leaves_no_task_behind)
{
    (void)weft_panic_set_hook(silent);
    for (size_t workers = 1; workers <= 4; workers++) {
        weft_pool *pool;
        weft_pool_config config = {.workers = workers};
        cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
        cr_expect_eq(weft_pool_install(pool, rounds, NULL), WEFT_OK);
        weft_pool_free(pool);
        cr_expect_eq(held(), 0);
    }
}

Test(job, from_outside_every_pool)
{
    (void)weft_panic_set_hook(silent);
    rounds(NULL);
    cr_expect_eq(held(), 0);
}
