/* What the compiler announces: operations, sizes, frames, at any level of
 * optimisation. */
#include <weft/model/model.h>

#include "support/model.h"

#include <weft/base/panic.h>
#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <setjmp.h>

/* -------------------------------------------------------------- operations */

#define OPERATIONS(bits)                                                      \
    static void all_of_##bits(void)                                           \
    {                                                                         \
        static uint##bits##_t v;                                              \
        const uint##bits##_t most = (uint##bits##_t) ~0ull;                   \
        uint##bits##_t seen = 0;                                              \
        weft_model_assert(__atomic_load_n(&v, __ATOMIC_SEQ_CST) == 0);        \
        __atomic_store_n(&v, most, __ATOMIC_RELEASE);                         \
        weft_model_assert(__atomic_fetch_add(&v, 2, __ATOMIC_RELAXED) ==      \
                          most);                                              \
        weft_model_assert(__atomic_fetch_sub(&v, 3, __ATOMIC_RELAXED) == 1);  \
        weft_model_assert(__atomic_fetch_and(&v, 6, __ATOMIC_ACQ_REL) ==      \
                          (uint##bits##_t)(most - 1));                        \
        weft_model_assert(__atomic_fetch_or(&v, 3, __ATOMIC_ACQUIRE) == 6);   \
        weft_model_assert(__atomic_fetch_xor(&v, 5, __ATOMIC_RELEASE) == 7);  \
        weft_model_assert(__atomic_fetch_nand(&v, 2, __ATOMIC_RELAXED) == 2); \
        weft_model_assert(__atomic_exchange_n(&v, 9, __ATOMIC_ACQ_REL) ==     \
                          (uint##bits##_t)(most - 2));                        \
        weft_model_assert(!__atomic_compare_exchange_n(                       \
            &v, &seen, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));        \
        weft_model_assert(seen == 9);                                         \
        weft_model_assert(__atomic_compare_exchange_n(                        \
            &v, &seen, 1, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));         \
        weft_model_assert(__sync_fetch_and_add(&v, 1) == 1);                  \
        weft_model_assert(__sync_val_compare_and_swap(&v, 2, 3) == 2);        \
        weft_model_assert(__sync_bool_compare_and_swap(&v, 3, 4));            \
        weft_model_assert(__atomic_load_n(&v, __ATOMIC_ACQUIRE) == 4);        \
    }

OPERATIONS(8)
OPERATIONS(16)
OPERATIONS(32)
OPERATIONS(64)

static void all_operations(void *unused)
{
    (void)unused;
    all_of_8();
    all_of_16();
    all_of_32();
    all_of_64();
}

Test(instrument, every_operation_does_its_work)
{
    model_holds(all_operations, .name = "operations");
    all_operations(NULL); /* and outside of an exploration */
}

static uint64_t mixed;
static uint64_t *volatile where = &mixed;

static void two_sizes(void *unused)
{
    (void)unused;
    __atomic_store_n(where, 1, __ATOMIC_RELAXED);
    (void)__atomic_load_n((uint32_t *)(void *)where, __ATOMIC_RELAXED);
}

Test(instrument, an_atomic_has_one_size)
{
    model_breaks(two_sizes, "mixed is used as an atomic of 8 bytes and of 4",
                 .name = "two sizes");
}

/* Locals that share a place: the compiler need not announce the first writes.
 */
__attribute__((noinline)) static void use_small(unsigned start)
{
    uint32_t first = start;
    weft_model_assert(__atomic_add_fetch(&first, 1, __ATOMIC_RELAXED) ==
                      start + 1);
}

__attribute__((noinline)) static void use_large(unsigned start)
{
    uint64_t first = start;
    weft_model_assert(__atomic_add_fetch(&first, 1, __ATOMIC_RELAXED) ==
                      start + 1);
}

static void use_locals(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 3; i++) {
        use_small(10 * i);
        use_large(20 * i);
    }
}

Test(instrument, locals_may_share_a_place)
{
    model_holds(use_locals, .name = "locals");
}

/* ----------------------------------------------------------- weak failures */

static unsigned word;

static bool swap_weakly(unsigned from, unsigned to)
{
    return __atomic_compare_exchange_n(&word, &from, to, true, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

static void swap_once(void *unused)
{
    (void)unused;
    weft_model_assert(swap_weakly(0, 1));
}

static void swap_in_loop(void *unused)
{
    (void)unused;
    while (!swap_weakly(0, 1)) {
    }
    weft_model_assert(!swap_weakly(0, 1));
}

/* clang does not announce which swaps are weak. */
Test(instrument, a_weak_swap_may_fail_for_no_reason)
{
    model_holds(swap_once, .name = "once");
#ifdef __clang__
    model_holds(swap_once, .name = "once", .spurious = 1);
#else
    model_breaks(swap_once, "swap_weakly", .name = "once", .spurious = 1);
#endif
    model_holds(swap_in_loop, .name = "in a loop", .spurious = 2);
}

/* ------------------------------------------------------------------ frames */

/* Frames that are left without a word, by a longjmp or by unwinding, are
 * forgotten: what then lies in their place is new. */
static jmp_buf back;

__attribute__((noinline)) static void fill(unsigned depth)
{
    volatile unsigned here[16];
    for (unsigned i = 0; i < 16; i++) {
        here[i] = depth;
    }
    if (depth > 0) {
        fill(depth - 1);
    }
    weft_model_assert(here[7] == depth);
}

static void leap_back(void)
{
    longjmp(back, 1);
}

static void panic_now(void)
{
    weft_panic("deep down");
}

/* The compiler does not know that they do not return. */
static void (*volatile leaps)(void) = leap_back;
static void (*volatile panics)(void) = panic_now;

__attribute__((noinline)) static void leap(unsigned depth)
{
    volatile unsigned here[16] = {depth};
    if (depth == 0) {
        leaps();
    } else {
        leap(depth - 1);
    }
    weft_model_assert(here[0] == depth);
}

static void leap_and_fill(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        if (setjmp(back) == 0) {
            leap(20);
        }
        fill(30);
    }
}

static void leap_beside(void *unused)
{
    weft_model_thread t = weft_model_spawn(leap_and_fill, unused);
    fill(10);
    weft_model_join(t);
    fill(10);
}

Test(instrument, a_longjmp_leaves_no_frames_behind)
{
    model_holds(leap_beside, .name = "leap");
}

static void be_quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void panic_deep(void *arg)
{
    unsigned depth = *(unsigned *)arg;
    volatile unsigned here[16] = {depth};
    unsigned less = depth - 1;
    if (depth == 0) {
        panics();
    } else {
        panic_deep(&less);
    }
    weft_model_assert(here[0] == depth);
}

static void catch_and_fill(void *unused)
{
    (void)unused;
    unsigned depth = 20;
    weft_panic_info info;
    for (int i = 0; i < 3; i++) {
        weft_model_assert(weft_catch_unwind(panic_deep, &depth, &info) ==
                          WEFT_PANICKED);
        fill(30);
    }
}

static void catch_beside(void *unused)
{
    (void)weft_panic_set_hook(be_quiet);
    weft_model_thread t = weft_model_spawn(catch_and_fill, unused);
    catch_and_fill(unused);
    weft_model_join(t);
}

Test(instrument, a_panic_leaves_no_frames_behind)
{
    model_holds(catch_beside, .name = "catch");
}

/* GNU C's nested frames of unknown size. */
static void use_alloca(void *arg)
{
    for (unsigned size = 8; size < 200; size *= 3) {
        unsigned *memory = __builtin_alloca(size * sizeof *memory);
        for (unsigned i = 0; i < size; i++) {
            memory[i] = i;
        }
        fill(3);
        weft_model_assert(memory[size - 1] == size - 1);
    }
    (void)arg;
}

Test(instrument, frames_may_grow)
{
    model_holds(use_alloca, .name = "alloca");
}
