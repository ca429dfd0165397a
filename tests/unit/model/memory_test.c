/* Plain memory: races, dead memory, leaks, and its state between runs. */
#include "model/memory.h"

#include "support/model.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static int data;
static unsigned flag;
static unsigned *box;

static unsigned load(unsigned *at, int order)
{
    return __atomic_load_n(at, order);
}

/* The body runs `first`, and beside it the other thread `second`. */
typedef struct pair {
    void (*first)(void);
    void (*second)(void);
} pair;

static void run(void *f)
{
    const pair *both = f;
    both->second();
}

static void beside(void *f)
{
    const pair *both = f;
    weft_model_thread t = weft_model_spawn(run, f);
    both->first();
    weft_model_join(t);
}

static weft_model_result explore(void (*first)(void), void (*second)(void))
{
    pair both = {first, second};
    return weft_model_explore(beside, &both,
                              &(weft_model_options){.quiet = true});
}

#define RACES(first, second, text)                                     \
    do {                                                               \
        weft_model_result r_ = explore(first, second);                 \
        cr_assert(r_.failed, "no race is found");                      \
        cr_assert(strstr(r_.message, text) != NULL, "%s", r_.message); \
    } while (0)
#define AGREES(first, second)                          \
    do {                                               \
        weft_model_result r_ = explore(first, second); \
        cr_assert(!r_.failed, "%s", r_.message);       \
        cr_assert(r_.complete);                        \
    } while (0)

/* ------------------------------------------------------------------- races */

static void write_data(void)
{
    data = 1;
}

static void read_data(void)
{
    volatile int seen = data;
    (void)seen;
}

static void change_atomically(void)
{
    (void)__atomic_add_fetch(&data, 1, __ATOMIC_SEQ_CST);
}

static void read_atomically(void)
{
    (void)__atomic_load_n(&data, __ATOMIC_SEQ_CST);
}

Test(memory, races_are_found)
{
    RACES(write_data, write_data,
          "data race: T0 writes data, not ordered "
          "after T1, which wrote it");
    RACES(write_data, read_data, "data race");
    RACES(read_data, write_data, "data race");
    AGREES(read_data, read_data);
}

Test(memory, races_with_atomics_are_found)
{
    RACES(write_data, change_atomically, "data race");
    RACES(write_data, read_atomically, "data race");
    RACES(read_data, change_atomically, "data race");
    AGREES(read_data, read_atomically);
    AGREES(change_atomically, read_atomically);
}

static void publish(int order)
{
    data = 42;
    __atomic_store_n(&flag, 1, order);
}

static void publish_released(void)
{
    publish(__ATOMIC_RELEASE);
}

static void publish_relaxed(void)
{
    publish(__ATOMIC_RELAXED);
}

static void receive(int order)
{
    if (load(&flag, order) == 1) {
        weft_model_assert(data == 42);
    }
}

static void receive_acquired(void)
{
    receive(__ATOMIC_ACQUIRE);
}

static void receive_relaxed(void)
{
    receive(__ATOMIC_RELAXED);
}

Test(memory, a_release_and_an_acquire_order)
{
    AGREES(publish_released, receive_acquired);
    RACES(publish_relaxed, receive_acquired, "data race");
    RACES(publish_released, receive_relaxed, "data race");
}

static void publish_then_fill(void)
{
    __atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
    data = 42;
}

Test(memory, publishing_too_early_is_found)
{
    RACES(publish_then_fill, receive_acquired, "data race");
}

/* An atomic object that comes into being while others look at it. */
static void initialise(void)
{
    flag = 0; /* plain */
    __atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
}

Test(memory, an_initialisation_races_with_atomic_uses)
{
    RACES(initialise, receive_acquired, "data race");
}

static unsigned char bytes[16];

static void write_low(void)
{
    memset(bytes, 1, 8);
}

static void write_high(void)
{
    memset(bytes + 8, 1, 8);
}

static void write_middle(void)
{
    memset(bytes + 7, 1, 2);
}

Test(memory, neighbours_do_not_race)
{
    AGREES(write_low, write_high);
    RACES(write_low, write_middle, "data race: T");
    RACES(write_middle, write_high, "data race: T");
}

struct copied {
    long long large[12];
};
static struct copied from;
static struct copied to;

static void copy_all(void)
{
    to = from;
    weft_model_assert(((volatile struct copied *)&to)->large[3] == 0);
}

static void change_last(void)
{
    from.large[11] = 1;
}

Test(memory, copies_are_accesses)
{
    RACES(copy_all, change_last, "data race");
    AGREES(copy_all, read_data);
}

/* ------------------------------------------------------------- dead memory */

static void make_box(void)
{
    unsigned *new = malloc(sizeof *new);
    *new = 1;
    __atomic_store_n(&box, new, __ATOMIC_RELEASE);
}

/* The same pointer, which the compiler does not know. */
static void *again(void *pointer)
{
    __asm__("" : "+r"(pointer));
    return pointer;
}

static void free_after(void)
{
    unsigned *mine = malloc(sizeof *mine);
    *mine = 1;
    __atomic_store_n(&box, again(mine), __ATOMIC_RELEASE);
    free(mine);
}

static void look_inside(void)
{
    unsigned *there = __atomic_load_n(&box, __ATOMIC_ACQUIRE);
    if (there != NULL) {
        weft_model_assert(*there == 1);
    }
}

Test(memory, a_free_that_races_is_found)
{
    weft_model_result r = explore(free_after, look_inside);
    cr_assert(r.failed);
    cr_assert(strstr(r.message, "use after free") != NULL ||
                  strstr(r.message, "data race: T0 frees") != NULL,
              "%s", r.message);
}

static void use_after_free(void *unused)
{
    (void)unused;
    unsigned *mine = malloc(sizeof *mine);
    unsigned *same = again(mine);
    free(mine);
    *same = 1;
}

static void atomic_use_after_free(void *unused)
{
    (void)unused;
    unsigned *mine = calloc(1, sizeof *mine);
    unsigned *same = again(mine);
    free(mine);
    (void)__atomic_add_fetch(same, 1, __ATOMIC_RELAXED);
}

Test(memory, a_use_after_free_is_found)
{
    model_breaks(use_after_free,
                 "use after free: T0 touches block 0 of T0+0, "
                 "which T0 has freed",
                 .name = "use_after_free");
    model_breaks(atomic_use_after_free, "use after free",
                 .name = "atomic_use_after_free");
}

static void double_free(void *unused)
{
    (void)unused;
    void *mine = malloc(8);
    void *same = again(mine);
    free(mine);
    free(same);
}

static void free_inside(void *unused)
{
    (void)unused;
    char *mine = malloc(8);
    free(again(mine + 1));
}

Test(memory, a_double_free_is_found)
{
    model_breaks(double_free, "which is free already", .name = "double_free");
    model_breaks(free_inside, "which malloc has not given out",
                 .name = "free_inside");
}

static void leak(void *unused)
{
    (void)unused;
    make_box();
}

Test(memory, a_leak_is_found)
{
    model_breaks(leak, "4 bytes are allocated and never freed", .name = "leak");
    model_holds(leak, .name = "leak", .leaks_allowed = true);
}

/* A frame that has returned, or that returns while another thread uses it. */
static unsigned *shared_frame;

__attribute__((noinline)) static void lend_frame(void)
{
    unsigned local = 0;
    __atomic_store_n(&shared_frame, &local, __ATOMIC_RELEASE);
}

static void use_frame(void)
{
    unsigned *there = __atomic_load_n(&shared_frame, __ATOMIC_ACQUIRE);
    if (there != NULL) {
        (void)__atomic_add_fetch(there, 1, __ATOMIC_RELAXED);
    }
}

Test(memory, a_use_of_a_returned_frame_is_found)
{
    weft_model_result r = explore(lend_frame, use_frame);
    cr_assert(r.failed);
    cr_assert(strstr(r.message, "frame") != NULL, "%s", r.message);
}

__attribute__((noinline)) static void lend_and_wait(void)
{
    unsigned local = 0;
    __atomic_store_n(&shared_frame, &local, __ATOMIC_RELEASE);
    while (__atomic_load_n(&local, __ATOMIC_ACQUIRE) == 0) {
        weft_model_yield();
    }
}

static void spin_for_frame(void)
{
    unsigned *there;
    while ((there = __atomic_load_n(&shared_frame, __ATOMIC_ACQUIRE)) == NULL) {
        weft_model_yield();
    }
    (void)__atomic_add_fetch(there, 1, __ATOMIC_RELEASE);
}

static void touch_twice(void)
{
    unsigned *there;
    while ((there = __atomic_load_n(&shared_frame, __ATOMIC_ACQUIRE)) == NULL) {
        weft_model_yield();
    }
    (void)__atomic_add_fetch(there, 1, __ATOMIC_RELEASE);
    (void)__atomic_load_n(there, __ATOMIC_RELAXED);
}

Test(memory, a_frame_may_return_when_others_are_done)
{
    AGREES(lend_and_wait, spin_for_frame);
    RACES(lend_and_wait, touch_twice, "frame");
}

/* --------------------------------------------------------------- the state */

static int counter;
static _Thread_local int mine;

static void change_state(void *unused)
{
    (void)unused;
    weft_model_assert(counter == 7 && mine == 0 && data == 0);
    counter++;
    mine++;
    memset(bytes, 3, sizeof bytes);
    __atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
    (void)weft_model_choose(3);
}

Test(memory, is_put_back_before_each_run)
{
    counter = 7;
    for (int i = 0; i < 2; i++) {
        weft_model_result r = weft_model_explore(change_state, NULL, NULL);
        cr_assert(!r.failed, "%s", r.message);
        cr_assert_eq(r.executions, 3);
        cr_assert_eq(counter, 7);
        cr_assert_eq(flag, 0);
        cr_assert_eq(bytes[5], 0);
    }
}

static void use_up(void *unused)
{
    (void)unused;
    size_t got = 0;
    void *last[40] = {NULL};
    for (size_t i = 0; i < 40; i++) {
        last[i] = again(malloc(64 * 1024));
        got += last[i] != NULL;
    }
    weft_model_assert(got >= 15 && got < 40);
    weft_model_assert(again(malloc(1u << 30)) == NULL);
    for (size_t i = 0; i < 40; i++) {
        free(last[i]);
    }
}

Test(memory, the_heap_can_be_exhausted)
{
    model_holds(use_up, .name = "use_up");
}
