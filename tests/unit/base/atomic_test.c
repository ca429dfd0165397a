#include <weft/base/atomic.h>

#include "support/gang.h"

#include <criterion/criterion.h>
#include <sched.h>

/* Each operation in each order, on a word of each kind, against what plain
 * arithmetic says. A and B are constants of the type. */
#define CHECK_RMW(T, OP, ORDER, A, B, AFTER)                                 \
    do {                                                                     \
        WEFT_ATOMIC(T) word = {(A)};                                         \
        T before = wefti_##OP##_##ORDER(&word, (T)(B));                      \
        cr_assert_eq(before, (T)(A), #OP "_" #ORDER);                        \
        cr_assert_eq(wefti_load_relaxed(&word), (T)(AFTER), #OP "_" #ORDER); \
    } while (0)

#define CHECK_RMW_ALL(T, OP, A, B, AFTER)   \
    CHECK_RMW(T, OP, relaxed, A, B, AFTER); \
    CHECK_RMW(T, OP, acquire, A, B, AFTER); \
    CHECK_RMW(T, OP, release, A, B, AFTER); \
    CHECK_RMW(T, OP, acq_rel, A, B, AFTER); \
    CHECK_RMW(T, OP, seq_cst, A, B, AFTER)

#define CHECK_CAS(T, NAME, A, B)                               \
    do {                                                       \
        WEFT_ATOMIC(T) word = {(A)};                           \
        T seen = (A);                                          \
        cr_assert(wefti_cas_##NAME(&word, &seen, (T)(B)));     \
        cr_assert_eq(wefti_load_relaxed(&word), (T)(B));       \
        cr_assert_eq(seen, (T)(A));                            \
        cr_assert_not(wefti_cas_##NAME(&word, &seen, (T)(A))); \
        cr_assert_eq(seen, (T)(B));                            \
        cr_assert_eq(wefti_load_relaxed(&word), (T)(B));       \
    } while (0)

#define CHECK_CAS_ALL(T, A, B)              \
    CHECK_CAS(T, relaxed, A, B);            \
    CHECK_CAS(T, acquire, A, B);            \
    CHECK_CAS(T, release, A, B);            \
    CHECK_CAS(T, acq_rel, A, B);            \
    CHECK_CAS(T, seq_cst, A, B);            \
    CHECK_CAS(T, acquire_or_acquire, A, B); \
    CHECK_CAS(T, release_or_acquire, A, B); \
    CHECK_CAS(T, acq_rel_or_acquire, A, B); \
    CHECK_CAS(T, seq_cst_or_seq_cst, A, B)

#define CHECK_STORE(T, ORDER, V)                         \
    do {                                                 \
        WEFT_ATOMIC(T) word = {0};                       \
        wefti_store_##ORDER(&word, (T)(V));              \
        cr_assert_eq(wefti_load_relaxed(&word), (T)(V)); \
        cr_assert_eq(wefti_load_acquire(&word), (T)(V)); \
        cr_assert_eq(wefti_load_seq_cst(&word), (T)(V)); \
    } while (0)

#define CHECK_STORE_ALL(T, V)   \
    CHECK_STORE(T, relaxed, V); \
    CHECK_STORE(T, release, V); \
    CHECK_STORE(T, seq_cst, V)

#define CHECK_INTEGER(T, A, B)                    \
    CHECK_STORE_ALL(T, A);                        \
    CHECK_CAS_ALL(T, A, B);                       \
    CHECK_RMW_ALL(T, swap, A, B, B);              \
    CHECK_RMW_ALL(T, add, A, B, (T)(A) + (T)(B)); \
    CHECK_RMW_ALL(T, sub, A, B, (T)(A) - (T)(B)); \
    CHECK_RMW_ALL(T, and, A, B, (T)(A) & (T)(B)); \
    CHECK_RMW_ALL(T, or, A, B, (T)(A) | (T)(B));  \
    CHECK_RMW_ALL(T, xor, A, B, (T)(A) ^ (T)(B))

Test(atomic, operations_on_bytes)
{
    CHECK_INTEGER(uint8_t, 200, 0xc7);
}

Test(atomic, operations_on_words)
{
    CHECK_INTEGER(uint32_t, 0xfffffff0u, 0x12345u);
}

Test(atomic, operations_on_long_words)
{
    CHECK_INTEGER(uint64_t, UINT64_MAX - 3, UINT64_C(0x0123456789abcdef));
}

Test(atomic, operations_on_pointers)
{
    static int one;
    static int two;
    CHECK_STORE_ALL(int *, &one);
    CHECK_CAS_ALL(int *, &one, &two);
    CHECK_RMW_ALL(int *, swap, &one, &two, &two);
}

Test(atomic, all_zero_bytes_are_zero)
{
    static WEFT_ATOMIC(uint64_t) number;
    static WEFT_ATOMIC(void *) pointer;
    static weft_atomic_u32 word;
    cr_assert_eq(wefti_load_relaxed(&number), 0);
    cr_assert_null(wefti_load_relaxed(&pointer));
    cr_assert_eq(wefti_load_relaxed(&word), 0);
}

Test(atomic, the_wrapper_adds_neither_size_nor_alignment)
{
    cr_assert_eq(sizeof(WEFT_ATOMIC(uint8_t)), 1);
    cr_assert_eq(sizeof(WEFT_ATOMIC(uint64_t)), 8);
    cr_assert_eq(sizeof(WEFT_ATOMIC(void *)), sizeof(void *));
    cr_assert_eq(sizeof(weft_atomic_u32), 4);
    cr_assert_eq(_Alignof(weft_atomic_u32), 4);
}

Test(atomic, arguments_are_evaluated_once)
{
    weft_atomic_u32 a[2] = {{5}, {50}};
    weft_atomic_u32 *next = a;
    uint32_t by = 1;
    cr_assert_eq(wefti_add_relaxed(next++, by++), 5);
    cr_assert_eq(next, a + 1);
    cr_assert_eq(by, 2);
    cr_assert_eq(wefti_load_relaxed(&a[0]), 6);
}

/* ---- between threads ---- */

enum { TURNS = 100000, ADDERS = 4 };

static void add(gang_member *me)
{
    weft_atomic_u32 *sum = me->arg;
    for (int i = 0; i < TURNS; i++) {
        (void)wefti_add_relaxed(sum, 1u); /* relaxed: read after the join */
    }
}

Test(atomic, no_addition_is_lost)
{
    weft_atomic_u32 sum = {0};
    gang_run(ADDERS, add, &sum);
    cr_assert_eq(wefti_load_relaxed(&sum), ADDERS * TURNS);
}

/* A letter goes from one to the other and back; `box` counts the hand-overs,
 * and plain memory is the letter. ThreadSanitizer sees each edge. */
typedef struct mail {
    weft_atomic_u32 box;
    uint64_t letter;
} mail;

static void write_back(gang_member *me)
{
    mail *m = me->arg;
    for (uint32_t turn = (uint32_t)me->index; turn < 2000; turn += 2) {
        /* acquire [test.mail]: the letter. */
        while (wefti_load_acquire(&m->box) != turn) {
            (void)sched_yield();
        }
        gang_check(me, m->letter == turn);
        m->letter++;
        uint32_t seen = turn;
        /* release [test.mail]: the letter, by each kind in turn. */
        if (turn % 3 == 0) {
            wefti_store_release(&m->box, turn + 1);
        } else if (turn % 3 == 1) {
            (void)wefti_swap_release(&m->box, turn + 1);
        } else {
            gang_check(me, wefti_cas_release(&m->box, &seen, turn + 1));
        }
    }
}

Test(atomic, release_hands_over_to_acquire)
{
    mail m = {{0}, 0};
    gang_run(2, write_back, &m);
    cr_assert_eq(m.letter, 2000);
}
