/* The atomics of programs, explored: each operation orders what its name says,
 * and no more. */
#include <weft/model/model.h>
#include <weft/weft.h>

#include <criterion/criterion.h>

/* One operation with one order, as the end of a handshake that writes, and as
 * the one that reads. The flag is UNSET, and a write makes it something else.
 */
enum { UNSET = 2 };

typedef struct form {
    const char *name;
    bool releases, acquires, sequential;
    void (*write)(weft_atomic_u32 *flag);
    uint32_t (*read)(weft_atomic_u32 *flag); /* leaves UNSET or 1 in place */
} form;

/* DO(operation, order, operand of the write, operand of the read) */
#define OPERATIONS(DO, ORDER) \
    DO(swap, ORDER, 1, UNSET) \
    DO(add, ORDER, 1, 0)      \
    DO(sub, ORDER, 1, 0)      \
    DO(and, ORDER, 0, ~0u)    \
    DO(or, ORDER, 1, 0)       \
    DO(xor, ORDER, 1, 0)
#define ORDERS(DO)          \
    OPERATIONS(DO, relaxed) \
    OPERATIONS(DO, acquire) \
    OPERATIONS(DO, release) \
    OPERATIONS(DO, acq_rel) \
    OPERATIONS(DO, seq_cst)
#define CAS_ORDERS(DO) \
    DO(relaxed) DO(acquire) DO(release) DO(acq_rel) DO(seq_cst)

#define DEFINE(OP, ORDER, W, R)                                \
    static void write_##OP##_##ORDER(weft_atomic_u32 *flag)    \
    {                                                          \
        (void)weft_atomic_u32_##OP##_##ORDER(flag, W);         \
    }                                                          \
    static uint32_t read_##OP##_##ORDER(weft_atomic_u32 *flag) \
    {                                                          \
        return weft_atomic_u32_##OP##_##ORDER(flag, R);        \
    }
ORDERS(DEFINE)

#define DEFINE_CAS(ORDER)                                                   \
    static void write_cas_##ORDER(weft_atomic_u32 *flag)                    \
    {                                                                       \
        uint32_t expected = UNSET;                                          \
        (void)weft_atomic_u32_cas_##ORDER(flag, &expected, 1);              \
    }                                                                       \
    static uint32_t read_cas_##ORDER(weft_atomic_u32 *flag)                 \
    {                                                                       \
        uint32_t expected = 1;                                              \
        return weft_atomic_u32_cas_##ORDER(flag, &expected, 1) ? 1 : UNSET; \
    }
CAS_ORDERS(DEFINE_CAS)

enum { relaxed, acquire, release, acq_rel, seq_cst };
#define ROW(OP, ORDER, W, R)                   \
    {#OP "_" #ORDER,                           \
     (ORDER) >= release,                       \
     (ORDER) == acquire || (ORDER) >= acq_rel, \
     (ORDER) == seq_cst,                       \
     write_##OP##_##ORDER,                     \
     read_##OP##_##ORDER},
#define CAS_ROW(ORDER) ROW(cas, ORDER, , )
static const form forms[] = {ORDERS(ROW) CAS_ORDERS(CAS_ROW)};
enum { FORMS = sizeof forms / sizeof forms[0] };

static weft_atomic_u32 flag = WEFT_ATOMIC_INIT(UNSET);
static weft_atomic_u32 other = WEFT_ATOMIC_INIT(UNSET);
static int data; /* plain: handed over by the flag alone */
static uint32_t saw;

static bool fails(void (*body)(void *), const form *f)
{
    weft_model_result r = weft_model_explore(
        body, (void *)(uintptr_t)f,
        &(weft_model_options){.name = f->name, .quiet = true});
    cr_assert(r.failed || r.complete, "%s", f->name);
    return r.failed;
}

/* ------------------------------------------------------------ hand something
 */

static void hand_over(void *f)
{
    data = 1;
    ((const form *)f)->write(&flag);
}

static void hand_to_an_acquire(void *f)
{
    weft_model_thread t = weft_model_spawn(hand_over, f);
    if (weft_atomic_u32_load_acquire(&flag) != UNSET) {
        weft_model_assert(data == 1);
    }
    weft_model_join(t);
}

Test(atomic, releases_if_its_name_says_so)
{
    for (size_t i = 0; i < FORMS; i++) {
        cr_assert(fails(hand_to_an_acquire, &forms[i]) != forms[i].releases,
                  "%s", forms[i].name);
    }
}

static void release_data(void *unused)
{
    (void)unused;
    data = 1;
    weft_atomic_u32_store_release(&flag, 1);
}

static void receive(void *f)
{
    weft_model_thread t = weft_model_spawn(release_data, NULL);
    if (((const form *)f)->read(&flag) != UNSET) {
        weft_model_assert(data == 1);
    }
    weft_model_join(t);
}

Test(atomic, acquires_if_its_name_says_so)
{
    for (size_t i = 0; i < FORMS; i++) {
        cr_assert(fails(receive, &forms[i]) != forms[i].acquires, "%s",
                  forms[i].name);
    }
}

/* ------------------------------------------------------------------ the duel
 */

static void write_and_look(void *f)
{
    ((const form *)f)->write(&other);
    saw = weft_atomic_u32_load_seq_cst(&flag);
}

static void duel(void *f)
{
    weft_model_thread t = weft_model_spawn(write_and_look, f);
    ((const form *)f)->write(&flag);
    uint32_t seen = weft_atomic_u32_load_seq_cst(&other);
    weft_model_join(t);
    weft_model_assert(seen != UNSET || saw != UNSET);
}

Test(atomic, has_one_order_if_its_name_says_so)
{
    for (size_t i = 0; i < FORMS; i++) {
        cr_assert(fails(duel, &forms[i]) != forms[i].sequential, "%s",
                  forms[i].name);
    }
}

/* Loads and stores, which are no forms: half of each handshake above is one. */
static void store_relaxed(weft_atomic_u32 *a)
{
    weft_atomic_u32_store_relaxed(a, 1);
}

static void store_release(weft_atomic_u32 *a)
{
    weft_atomic_u32_store_release(a, 1);
}

static void store_seq_cst(weft_atomic_u32 *a)
{
    weft_atomic_u32_store_seq_cst(a, 1);
}

Test(atomic, orders_by_stores)
{
    static const form weak = {"store_relaxed", .write = store_relaxed};
    static const form strong = {"store_release", .write = store_release};
    static const form strongest = {"store_seq_cst", .write = store_seq_cst};
    cr_assert(fails(hand_to_an_acquire, &weak));
    cr_assert(!fails(hand_to_an_acquire, &strong));
    cr_assert(!fails(hand_to_an_acquire, &strongest));
    cr_assert(fails(duel, &strong));
    cr_assert(!fails(duel, &strongest));
}

static uint32_t load_relaxed(weft_atomic_u32 *a)
{
    return weft_atomic_u32_load_relaxed(a);
}

static uint32_t load_seq_cst(weft_atomic_u32 *a)
{
    return weft_atomic_u32_load_seq_cst(a);
}

/* The only failing compare-and-swap that orders anything. */
static uint32_t fail_to_cas(weft_atomic_u32 *a)
{
    uint32_t expected = 3;
    (void)weft_atomic_u32_cas_seq_cst(a, &expected, 3);
    return expected;
}

static uint32_t fail_to_cas_weaker(weft_atomic_u32 *a)
{
    uint32_t expected = 3;
    (void)weft_atomic_u32_cas_acq_rel(a, &expected, 3);
    return expected;
}

Test(atomic, orders_by_loads)
{
    static const form weak = {"load_relaxed", .read = load_relaxed};
    static const form strong = {"load_seq_cst", .read = load_seq_cst};
    static const form failing = {"failing cas_seq_cst", .read = fail_to_cas};
    static const form failing_weak = {"failing cas_acq_rel",
                                      .read = fail_to_cas_weaker};
    cr_assert(fails(receive, &weak));
    cr_assert(!fails(receive, &strong));
    cr_assert(!fails(receive, &failing));
    cr_assert(fails(receive, &failing_weak));
}
