/* Panics: more than a stack of the sanitizer's could hold if they leaked, the
 * hook and what was set up for it, messages brought by join.
 * planted 1: hook_finds_it_changing */
#include <weft/weft.h>

static long calls_of_hook[2];
static long set_up;

__attribute__((noinline)) static void
hook_finds_it_changing(const weft_panic_info *info, const char *thread)
{
    (void)info;
    calls_of_hook[thread[0] == 'f'] += set_up;
}

static void *install(void *arg)
{
    *(long *)arg = 1;
    (void)weft_panic_set_hook(hook_finds_it_changing);
    return NULL;
}

/* Who takes a hook out finds what was set up for it. */
static void take_out(void)
{
    weft_thread t;
    weft_panic_hook *found = NULL;
    weft_require(weft_thread_spawn(&t, install, &set_up) == WEFT_OK);
    while (found == NULL) {
        found = weft_panic_set_hook(NULL);
    }
    weft_require(set_up == 1);
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
    set_up = 0;
}

__attribute__((noinline)) static void deep(int n)
{
    if (n > 0) {
        deep(n - 1);
    }
    if (n == 0) {
        weft_panic("on purpose");
    }
}

static void fall(void *arg)
{
    (void)arg;
    deep(20);
}

static void *fall_often(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        weft_require(weft_catch_unwind(fall, NULL, NULL) == WEFT_PANICKED);
    }
    fall(arg);
    return NULL;
}

int main(void)
{
    static const weft_thread_options options = {.name = "falling"};
    weft_thread t;
    weft_thread_result end;
    take_out();
    weft_require(weft_thread_spawn_with(&t, &options, fall_often, NULL) == 0);
    weft_require(weft_thread_join(&t, &end) == WEFT_PANICKED);
    weft_require(end.panic.message[0] == 'o');

    weft_require(weft_thread_spawn_with(&t, &options, fall_often, NULL) == 0);
    set_up = 1;
    (void)weft_panic_set_hook(hook_finds_it_changing);
    if (PLANTED == 1) {
        set_up = 2;
    }
    weft_require(weft_thread_join(&t, NULL) == WEFT_PANICKED);
    weft_require(calls_of_hook[1] > 0);
    return 0;
}
