/* Correct use of every macro compiles, silently, also under clang's
 * -Wthread-safety -Wthread-safety-beta; that wrong use is reported is tested
 * where whole files are compiled to be rejected. */
#include <weft/base/own.h>

#include <criterion/criterion.h>

typedef struct WEFT_HANDLE ticket {
    int number;
} ticket;

typedef struct WEFT_CAPABILITY("gate") barrier {
    int inside;
} barrier;

static void ticket_buy(ticket *t, int number) WEFT_ACQUIRES(*t);
static int ticket_read(const ticket *t) WEFT_REQUIRES(*t);
static void ticket_move(ticket *to, ticket *from) WEFT_ACQUIRES(*to)
    WEFT_RELEASES(*from);
static void ticket_tear(ticket *t) WEFT_RELEASES(*t);

WEFT_UNCHECKED static void ticket_buy(ticket *t, int number)
{
    t->number = number;
}

static int ticket_read(const ticket *t)
{
    return t->number;
}

WEFT_UNCHECKED static void ticket_move(ticket *to, ticket *from)
{
    to->number = from->number;
    from->number = 0;
}

WEFT_UNCHECKED static void ticket_tear(ticket *t)
{
    t->number = 0;
}

static bool barrier_try(barrier *b, bool open) WEFT_ACQUIRES_IF(true, *b);
static void barrier_leave(barrier *b) WEFT_RELEASES(*b);
static void barrier_share(barrier *b) WEFT_ACQUIRES_SHARED(*b);
static int barrier_count(const barrier *b) WEFT_REQUIRES_SHARED(*b);
static void barrier_unshare(barrier *b) WEFT_RELEASES_SHARED(*b);
static void barrier_pass(barrier *b) WEFT_EXCLUDES(*b);

WEFT_UNCHECKED static bool barrier_try(barrier *b, bool open)
{
    b->inside += open;
    return open;
}

WEFT_UNCHECKED static void barrier_leave(barrier *b)
{
    b->inside--;
}

WEFT_UNCHECKED static void barrier_share(barrier *b)
{
    b->inside++;
}

static int barrier_count(const barrier *b)
{
    return b->inside;
}

WEFT_UNCHECKED static void barrier_unshare(barrier *b)
{
    b->inside--;
}

static void barrier_pass(barrier *b)
{
    if (barrier_try(b, true)) {
        barrier_leave(b);
    }
}

static int torn;

static void ticket_drop(ticket *t) WEFT_SCOPE_RELEASES(*t);
WEFT_UNCHECKED static void ticket_drop(ticket *t)
{
    t->number = 0;
    torn++;
}

static void ticket_find(ticket *t, int number) WEFT_SCOPE_ACQUIRES(*t);
WEFT_UNCHECKED static void ticket_find(ticket *t, int number)
{
    t->number = number;
}

static void ticket_lend(ticket *t) WEFT_ASSERTS(*t);
WEFT_UNCHECKED static void ticket_lend(ticket *t)
{
    t->number = 5;
}

Test(own, a_handle_is_used_moved_and_given_back)
{
    ticket mine;
    ticket yours;
    ticket_buy(&mine, 7);
    cr_assert_eq(ticket_read(&mine), 7);
    ticket_move(&yours, &mine);
    cr_assert_eq(ticket_read(&yours), 7);
    ticket_tear(&yours);
    cr_assert_eq(mine.number + yours.number, 0);
}

Test(own, a_capability_is_taken_on_success_only)
{
    barrier b = {0};
    if (barrier_try(&b, false)) {
        barrier_leave(&b);
        b.inside = -1;
    }
    cr_assert_eq(b.inside, 0);
    if (barrier_try(&b, true)) {
        b.inside *= 3;
        barrier_leave(&b);
    }
    cr_assert_eq(b.inside, 2);
}

Test(own, a_capability_is_shared)
{
    barrier b = {0};
    barrier_share(&b);
    int inside = barrier_count(&b);
    barrier_unshare(&b);
    barrier_pass(&b);
    cr_assert_eq(inside, 1);
    cr_assert_eq(b.inside, 0);
}

static int number_in_scope(void)
{
    ticket t WEFT_CLEANUP(ticket_drop);
    ticket_find(&t, 9);
    return ticket_read(&t);
}

Test(own, a_handle_that_a_scope_drops_is_dropped_once)
{
    cr_assert_eq(number_in_scope(), 9);
    cr_assert_eq(torn, 1);
}

Test(own, an_asserted_handle_needs_no_release)
{
    ticket t;
    ticket_lend(&t);
    cr_assert_eq(ticket_read(&t), 5);
}

typedef struct safe {
    int gold WEFT_PRIVATE_FIELD("ask safe_gold");
} safe;

WEFT_PRIVATE_BEGIN
static int safe_gold(const safe *s)
{
    return s->gold;
}
WEFT_PRIVATE_END

Test(own, a_private_field_is_reached_through_its_function)
{
    static safe s;
    cr_assert_eq(safe_gold(&s), 0);
}
