/* What the library tells ThreadSanitizer, told to a runtime of our own. The
 * programs of tests/tsan_user tell it to the real one. */
#include <weft/weft.h>

#include <criterion/criterion.h>

#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#if !WEFT_TSAN

enum { MOST = 64 };

/* What one thread was told, newest last; owner only. */
static __thread struct told {
    int hidden; /* hide, not yet show */
    int acquires;
    int releases;
    const volatile void *acquired;
    const volatile void *released;
    const volatile void *read[MOST];
    const volatile void *written[MOST];
    int reads;
    int writes;
} told;

void __tsan_acquire(const volatile void *word);
void __tsan_acquire(const volatile void *word)
{
    told.acquires++;
    told.acquired = word;
}

void __tsan_release(const volatile void *word);
void __tsan_release(const volatile void *word)
{
    told.releases++;
    told.released = word;
}

void __tsan_read_range_pc(const volatile void *memory, size_t size, void *pc);
void __tsan_read_range_pc(const volatile void *memory, size_t size, void *pc)
{
    (void)size;
    (void)pc;
    told.read[told.reads++ % MOST] = memory;
}

void __tsan_write_range_pc(const volatile void *memory, size_t size, void *pc);
void __tsan_write_range_pc(const volatile void *memory, size_t size, void *pc)
{
    (void)size;
    (void)pc;
    told.written[told.writes++ % MOST] = memory;
}

void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_begin(void)
{
    told.hidden++;
}

void __tsan_ignore_thread_end(void);
void __tsan_ignore_thread_end(void)
{
    told.hidden--;
}

static bool among(const volatile void *what, const volatile void *const *all,
                  int n)
{
    for (int i = 0; i < n && i < MOST; i++) {
        if (all[i] == what) {
            return true;
        }
    }
    return false;
}

static bool was_read(const void *memory)
{
    return among(memory, told.read, told.reads);
}

static bool was_written(const void *memory)
{
    return among(memory, told.written, told.writes);
}

static void start_over(void)
{
    memset(&told, 0, sizeof told);
}

/* ------------------------------------------------------------ channels */

typedef struct parcel {
    long words[5];
} parcel;
static int shown_to_drop;
static void drop_parcel(parcel *p)
{
    (void)p;
    shown_to_drop += told.hidden == 0;
}
WEFT_SEND(parcel);
WEFT_CHAN_DEFINE_DROP(parcels, parcel, drop_parcel);

static void check_one_message(parcels_tx *tx, parcels_rx *rx)
{
    const parcel in = {{1}};
    parcel out;
    start_over();
    cr_assert_eq(parcels_send_from(tx, &in), WEFT_OK);
    cr_assert(was_read(&in));
    const volatile void *word = told.released;
    cr_assert_not_null(word);
    cr_assert_eq(parcels_recv(rx, &out), WEFT_OK);
    cr_assert_eq(told.acquired, word);
    cr_assert(was_written(&out));
    cr_assert_eq(told.hidden, 0);
}

/* Nothing came, so nothing was ordered or written. */
static void check_no_message(parcels_rx *rx)
{
    parcel out;
    start_over();
    cr_assert_eq(parcels_recv_try(rx, &out), WEFT_EMPTY);
    cr_assert_eq(parcels_recv_until(rx, &out, weft_deadline_at_ns(0)),
                 WEFT_TIMEOUT);
    cr_assert_eq(told.acquires, 0);
    cr_assert_not(was_written(&out));
    cr_assert_eq(told.writes, 2, "a receive beside another is a race");
    cr_assert_eq(told.hidden, 0);
}

static void check_end(parcels_tx *tx, parcels_rx *rx)
{
    parcel out = {{2}};
    start_over();
    cr_assert_eq(parcels_send_from_try(tx, &out), WEFT_OK);
    cr_assert(was_read(&out));
    cr_assert_eq(parcels_recv_try(rx, &out), WEFT_OK);
    cr_assert(was_written(&out));
    parcels_tx_drop(tx);
    cr_assert(was_written(tx));
    const volatile void *word = told.released;
    cr_assert_eq(parcels_recv(rx, &out), WEFT_CLOSED);
    cr_assert_eq(told.acquired, word);
    parcels_rx_drop(rx);
    cr_assert(was_written(rx));
    cr_assert_eq(told.hidden, 0);
}

Test(sanitizer, hears_what_a_bounded_channel_orders)
{
    parcels_tx tx;
    parcels_rx rx;
    cr_assert_eq(parcels_open(2, &tx, &rx), WEFT_OK);
    cr_assert(was_written(&tx) && was_written(&rx));
    check_one_message(&tx, &rx);
    check_no_message(&rx);
    check_end(&tx, &rx);
}

Test(sanitizer, hears_what_an_unbounded_channel_orders)
{
    parcels_tx tx;
    parcels_rx rx;
    cr_assert_eq(parcels_open_unbounded(&tx, &rx), WEFT_OK);
    cr_assert(was_written(&tx) && was_written(&rx));
    for (int i = 0; i < 200; i++) { /* over several blocks */
        check_one_message(&tx, &rx);
    }
    check_no_message(&rx);
    check_end(&tx, &rx);
}

Test(sanitizer, is_shown_what_a_users_drop_does)
{
    parcels_tx tx;
    parcels_rx rx;
    cr_assert_eq(parcels_open(2, &tx, &rx), WEFT_OK);
    cr_assert_eq(parcels_send(&tx, (parcel){{1}}), WEFT_OK);
    cr_assert_eq(parcels_send(&tx, (parcel){{2}}), WEFT_OK);
    parcels_rx_drop(&rx);
    cr_assert_eq(shown_to_drop, 2);
    cr_assert_eq(parcels_send_try(&tx, (parcel){{3}}), WEFT_CLOSED);
    parcels_tx_drop(&tx);
    cr_assert_eq(told.hidden, 0);
}

static void *take_one(void *arg)
{
    parcel *out = malloc(sizeof *out);
    bool well = out != NULL && parcels_recv(arg, out) == WEFT_OK &&
                told.releases == 1 && told.acquires == 1 && told.hidden == 0 &&
                was_written(out);
    free(out);
    parcels_rx_drop(arg);
    return well ? arg : NULL;
}

Test(sanitizer, hears_what_a_rendezvous_orders)
{
    parcels_tx tx;
    parcels_rx rx;
    weft_thread t;
    weft_thread_result end;
    cr_assert_eq(parcels_open(0, &tx, &rx), WEFT_OK);
    cr_assert_eq(weft_thread_spawn(&t, take_one, &rx), WEFT_OK);
    weft_status s = WEFT_FULL;
    while (s == WEFT_FULL) {
        start_over();
        s = parcels_send_try(&tx, (parcel){{1}});
    }
    cr_assert_eq(s, WEFT_OK);
    cr_assert_eq(told.acquires, 1);
    cr_assert_eq(told.releases, 1);
    cr_assert_eq(told.acquired, told.released, "the receiver's own word");
    cr_assert_eq(weft_thread_join(&t, &end), WEFT_OK);
    cr_assert_not_null(end.value);
    parcels_tx_drop(&tx);
}

/* -------------------------------------------------------------- handles */

static void *nothing(void *arg)
{
    return arg;
}

static void *fall(void *arg)
{
    (void)arg;
    weft_panic("on purpose");
}

Test(sanitizer, sees_a_panic_written_where_join_is_told)
{
    weft_thread t;
    weft_thread_result end;
    cr_assert_eq(weft_thread_spawn(&t, fall, NULL), WEFT_OK);
    cr_assert_eq(weft_thread_join(&t, &end), WEFT_PANICKED);
    cr_assert(was_written(&end.panic));
}

Test(sanitizer, sees_handles_written_that_the_library_writes)
{
    parcels_tx tx, twin;
    parcels_rx rx;
    weft_thread t;
    weft_thread_result end;
    weft_thread_ref ref, copy;
    cr_assert_eq(parcels_open(1, &tx, &rx), WEFT_OK);
    parcels_tx_clone(&twin, &tx);
    cr_assert(was_written(&twin));
    parcels_tx_drop(&twin);
    parcels_tx_drop(&tx);
    parcels_rx_drop(&rx);
    start_over();
    cr_assert_eq(weft_thread_spawn(&t, nothing, NULL), WEFT_OK);
    cr_assert(was_written(&t));
    weft_thread_ref_of(&ref, &t);
    cr_assert(was_read(&t) && was_written(&ref));
    weft_thread_ref_clone(&copy, &ref);
    cr_assert(was_read(&ref) && was_written(&copy));
    start_over();
    cr_assert_eq(weft_thread_join(&t, &end), WEFT_OK);
    cr_assert(was_read(&t) && was_written(&t) && was_written(&end.value));
    start_over();
    weft_thread_ref_drop(&ref);
    cr_assert(was_written(&ref));
    weft_thread_ref_drop(&copy);
    cr_assert_eq(weft_thread_spawn(&t, nothing, NULL), WEFT_OK);
    start_over();
    weft_thread_detach(&t);
    cr_assert(was_written(&t));
    start_over();
    cr_assert_eq(weft_thread_current(&ref), WEFT_OK);
    cr_assert(was_written(&ref));
    weft_thread_ref_drop(&ref);
}

typedef long number;
WEFT_SEND(number);
WEFT_ARC_DEFINE(shared_number, number);

Test(sanitizer, hears_of_an_arcs_last_owner_only)
{
    shared_number a, b;
    cr_assert_eq(shared_number_create(&a, 1), WEFT_OK);
    shared_number_clone(&b, &a);
    start_over();
    shared_number_drop(&b);
    cr_assert_eq(told.acquires, 0);
    shared_number_drop(&a);
    cr_assert_geq(told.acquires, 1);
}

Test(sanitizer, hears_of_parking_only_if_a_permission_is_taken)
{
    weft_thread_ref self;
    cr_assert_eq(weft_thread_current(&self), WEFT_OK);
    start_over();
    cr_assert_eq(weft_thread_park_until(weft_deadline_at_ns(0)), WEFT_TIMEOUT);
    cr_assert_eq(told.acquires, 0);
    weft_thread_unpark(&self);
    weft_thread_park();
    cr_assert_eq(told.acquires, 1);
    cr_assert_eq(told.acquired, told.released);
    weft_thread_ref_drop(&self);
}

#endif
