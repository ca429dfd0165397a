/* Every function of every type against plain arithmetic. The functions are
 * made by one macro, so the checks are too: one per operation and order. */
#include <weft/sync/atomic.h>

#include "support/gang.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

/* For NAME, of type T, and unsigned type U of its width. `corpus` has values at
 * whose sums and differences the type wraps around. */
#define CORPUS(T, U)                                             \
    static const U corpus[] = {0,                                \
                               1,                                \
                               2,                                \
                               (U) ~(U)0,                        \
                               (U)((U) ~(U)0 >> 1),              \
                               (U)(((U) ~(U)0 >> 1) + 1),        \
                               (U)UINT64_C(0x5a5a5a5a5a5a5a5a),  \
                               (U)UINT64_C(0x0123456789abcdef)}; \
    enum { VALUES = sizeof corpus / sizeof corpus[0] }

/* A function, because thousands of Criterion's assertions are slow to build. */
static const char *wrong; /* the first operation that was */

static void expect(bool holds, const char *operation)
{
    if (!holds && wrong == NULL) {
        wrong = operation;
    }
}

#define CHECK_LOADS(NAME, a, v, what)                \
    do {                                             \
        expect(NAME##_load_relaxed(a) == (v), what); \
        expect(NAME##_load_acquire(a) == (v), what); \
        expect(NAME##_load_seq_cst(a) == (v), what); \
    } while (0)

#define CHECK_STORE(NAME, CALL, v)         \
    do {                                   \
        NAME a;                            \
        memset(&a, 0xa5, sizeof a);        \
        NAME##_##CALL(&a, (v));            \
        CHECK_LOADS(NAME, &a, (v), #CALL); \
    } while (0)

#define CHECK_STORES(NAME, v)            \
    CHECK_STORE(NAME, init, v);          \
    CHECK_STORE(NAME, store_relaxed, v); \
    CHECK_STORE(NAME, store_release, v); \
    CHECK_STORE(NAME, store_seq_cst, v)

#define CHECK_RMW(NAME, CALL, x, y, after)            \
    do {                                              \
        NAME a = WEFT_ATOMIC_INIT(x);                 \
        expect(NAME##_##CALL(&a, (y)) == (x), #CALL); \
        CHECK_LOADS(NAME, &a, (after), #CALL);        \
    } while (0)

#define CHECK_RMWS(NAME, OP, x, y, after)       \
    CHECK_RMW(NAME, OP##_relaxed, x, y, after); \
    CHECK_RMW(NAME, OP##_acquire, x, y, after); \
    CHECK_RMW(NAME, OP##_release, x, y, after); \
    CHECK_RMW(NAME, OP##_acq_rel, x, y, after); \
    CHECK_RMW(NAME, OP##_seq_cst, x, y, after)

/* A swap that succeeds and, if the values differ, one that does not. */
#define CHECK_CAS(NAME, T, CALL, x, y)                                    \
    do {                                                                  \
        NAME a = WEFT_ATOMIC_INIT(x);                                     \
        T expected = (x);                                                 \
        expect(NAME##_##CALL(&a, &expected, (y)), #CALL);                 \
        expect(expected == (x), #CALL);                                   \
        CHECK_LOADS(NAME, &a, (y), #CALL);                                \
        expect(NAME##_##CALL(&a, &expected, (x)) == ((x) == (y)), #CALL); \
        expect(expected == (y), #CALL);                                   \
        CHECK_LOADS(NAME, &a, (y), #CALL);                                \
    } while (0)

#define CHECK_CASES(NAME, T, x, y)         \
    CHECK_CAS(NAME, T, cas_relaxed, x, y); \
    CHECK_CAS(NAME, T, cas_acquire, x, y); \
    CHECK_CAS(NAME, T, cas_release, x, y); \
    CHECK_CAS(NAME, T, cas_acq_rel, x, y); \
    CHECK_CAS(NAME, T, cas_seq_cst, x, y)

/* One test for a type: all pairs of the corpus. */
#define INTEGER_TEST(NAME, T, U)                                    \
    static void NAME##_moves(T x, T y)                              \
    {                                                               \
        CHECK_STORES(NAME, x);                                      \
        CHECK_RMWS(NAME, swap, x, y, y);                            \
        CHECK_CASES(NAME, T, x, y);                                 \
    }                                                               \
    static void NAME##_counts(T x, T y)                             \
    {                                                               \
        CHECK_RMWS(NAME, add, x, y, (T)(U)((U)x + (U)y));           \
        CHECK_RMWS(NAME, sub, x, y, (T)(U)((U)x - (U)y));           \
    }                                                               \
    static void NAME##_masks(T x, T y)                              \
    {                                                               \
        CHECK_RMWS(NAME, and, x, y, (T)(U)((U)x & (U)y));           \
        CHECK_RMWS(NAME, or, x, y, (T)(U)((U)x | (U)y));            \
        CHECK_RMWS(NAME, xor, x, y, (T)(U)((U)x ^ (U)y));           \
    }                                                               \
    Test(NAME, agrees_with_plain_arithmetic)                        \
    {                                                               \
        CORPUS(T, U);                                               \
        cr_assert_eq(sizeof(NAME), sizeof(T));                      \
        for (size_t i = 0; i < VALUES; i++) {                       \
            for (size_t j = 0; j < VALUES; j++) {                   \
                NAME##_moves((T)corpus[i], (T)corpus[j]);           \
                NAME##_counts((T)corpus[i], (T)corpus[j]);          \
                NAME##_masks((T)corpus[i], (T)corpus[j]);           \
                cr_assert_null(wrong, "%s(%zu, %zu)", wrong, i, j); \
            }                                                       \
        }                                                           \
    }

INTEGER_TEST(weft_atomic_i8, int8_t, uint8_t)
INTEGER_TEST(weft_atomic_u8, uint8_t, uint8_t)
INTEGER_TEST(weft_atomic_i16, int16_t, uint16_t)
INTEGER_TEST(weft_atomic_u16, uint16_t, uint16_t)
INTEGER_TEST(weft_atomic_i32, int32_t, uint32_t)
INTEGER_TEST(weft_atomic_u32, uint32_t, uint32_t)
INTEGER_TEST(weft_atomic_i64, int64_t, uint64_t)
INTEGER_TEST(weft_atomic_u64, uint64_t, uint64_t)
INTEGER_TEST(weft_atomic_size, size_t, size_t)
INTEGER_TEST(weft_atomic_uptr, uintptr_t, uintptr_t)

/* ---- what has no arithmetic ---- */

typedef enum colour { RED, GREEN = 7, BLUE = -3 } colour;
typedef struct node {
    struct node *next;
} node;
WEFT_ATOMIC_DEFINE(atomic_colour, colour);
WEFT_ATOMIC_DEFINE(atomic_node, node *);
WEFT_ATOMIC_DEFINE(atomic_const_text, const char *);

#define CHECK_ALL(NAME, T, x, y)     \
    CHECK_STORES(NAME, x);           \
    CHECK_RMWS(NAME, swap, x, y, y); \
    CHECK_CASES(NAME, T, x, y);      \
    cr_assert_null(wrong, "%s", wrong)

Test(weft_atomic_bool, moves)
{
    CHECK_ALL(weft_atomic_bool, bool, true, false);
    CHECK_ALL(weft_atomic_bool, bool, false, true);
    cr_assert_eq(sizeof(weft_atomic_bool), 1);
}

Test(weft_atomic_ptr, moves)
{
    static int there;
    CHECK_ALL(weft_atomic_ptr, void *, (void *)&there, NULL);
}

Test(atomic_define, makes_an_atomic_enum)
{
    CHECK_ALL(atomic_colour, colour, GREEN, BLUE);
    CHECK_ALL(atomic_colour, colour, RED, GREEN);
}

Test(atomic_define, makes_an_atomic_pointer)
{
    static node one;
    static node two;
    CHECK_ALL(atomic_node, node *, &one, &two);
    static const char text[] = "text";
    CHECK_ALL(atomic_const_text, const char *, text, NULL);
}

Test(weft_atomic, static_storage_is_zero)
{
    static weft_atomic_i64 number;
    static weft_atomic_ptr pointer;
    static weft_atomic_bool flag;
    static weft_atomic_u64 given = WEFT_ATOMIC_INIT(42);
    cr_assert_eq(weft_atomic_i64_load_relaxed(&number), 0);
    cr_assert_null(weft_atomic_ptr_load_relaxed(&pointer));
    cr_assert_not(weft_atomic_bool_load_relaxed(&flag));
    cr_assert_eq(weft_atomic_u64_load_relaxed(&given), 42);
}

/* ---- between threads ---- */

enum { TURNS = 20000, THREADS = 4 };

typedef struct counters {
    weft_atomic_u8 bytes[4]; /* neighbours, to find an access that is wider */
    weft_atomic_u64 sum;
    weft_atomic_i32 down;
    weft_atomic_size largest;
} counters;

static void raise_to(weft_atomic_size *a, size_t v)
{
    size_t seen = weft_atomic_size_load_relaxed(a);
    while (seen < v && !weft_atomic_size_cas_relaxed(a, &seen, v)) {
    }
}

static void count(gang_member *me)
{
    counters *c = me->arg;
    for (size_t i = 0; i < TURNS; i++) {
        (void)weft_atomic_u8_add_relaxed(&c->bytes[me->index % 4], 1);
        (void)weft_atomic_u64_add_relaxed(&c->sum, i);
        (void)weft_atomic_i32_sub_relaxed(&c->down, 1);
        raise_to(&c->largest, i * THREADS + me->index);
    }
}

Test(weft_atomic, no_update_is_lost)
{
    counters c = {0};
    gang_run(THREADS, count, &c);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(weft_atomic_u8_load_relaxed(&c.bytes[i]), (uint8_t)TURNS);
    }
    cr_assert_eq(weft_atomic_u64_load_relaxed(&c.sum),
                 (uint64_t)THREADS * TURNS * (TURNS - 1) / 2);
    cr_assert_eq(weft_atomic_i32_load_relaxed(&c.down), -THREADS * TURNS);
    cr_assert_eq(weft_atomic_size_load_relaxed(&c.largest),
                 (size_t)THREADS * TURNS - 1);
}

/* A stack of nodes that are never reused: each node's contents are handed over
 * by the pointer. ThreadSanitizer knows the edge. */
typedef struct letter {
    struct letter *next;
    size_t from;
    size_t number;
} letter;
WEFT_ATOMIC_DEFINE(letter_box, letter *);

enum { LETTERS = 2000 };

typedef struct post {
    letter_box box;
    letter letters[THREADS][LETTERS];
    size_t received[THREADS];
} post;

static void send_letters(gang_member *me, post *p)
{
    for (size_t i = 0; i < LETTERS; i++) {
        letter *l = &p->letters[me->index][i];
        l->from = me->index;
        l->number = i;
        l->next = letter_box_load_relaxed(&p->box);
        while (!letter_box_cas_release(&p->box, &l->next, l)) {
        }
    }
}

static void receive_letters(gang_member *me, post *p)
{
    for (size_t left = (THREADS - 1) * LETTERS; left > 0;) {
        letter *l = letter_box_swap_acquire(&p->box, NULL);
        if (l == NULL) {
            (void)sched_yield();
        }
        for (; l != NULL; l = l->next) {
            gang_check(me, &p->letters[l->from][l->number] == l);
            p->received[l->from] += l->number;
            left--;
        }
    }
}

static void correspond(gang_member *me)
{
    post *p = me->arg;
    (me->index == 0 ? receive_letters : send_letters)(me, p);
}

Test(weft_atomic, release_hands_over_to_acquire)
{
    static post p;
    gang_run(THREADS, correspond, &p);
    for (size_t i = 1; i < THREADS; i++) {
        cr_assert_eq(p.received[i], (size_t)LETTERS * (LETTERS - 1) / 2);
    }
}
