/* Too many handles, too little memory, destructors that misbehave. Part of
 * scenarios.h. */

SCENARIO(one_strong_handle_too_many_panics_and_counts_nothing)
{
    int ended = 0;
    handle a = make(7, &ended);
    set_counts(a.wefti_value, WEFT_COUNTED_MAX - 1, 1);
    handle b;
    handle_clone(&b, &a);
    cr_expect_eq(handle_strong_count(&a), WEFT_COUNTED_MAX);
    cr_expect(panics(use_clone, &a, "references to one handle"));
    cr_expect_eq(handle_strong_count(&a), WEFT_COUNTED_MAX);
    cr_expect_eq(handle_weak_count(&a), 0);
    set_counts(a.wefti_value, 2, 1);
    handle_drop(&b);
    handle_drop(&a);
    cr_expect_eq(ended, 1);
}

SCENARIO(one_weak_handle_too_many_panics_and_counts_nothing)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle_weak w;
    set_counts(a.wefti_value, 1, WEFT_COUNTED_MAX - 1);
    handle_downgrade(&w, &a);
    cr_expect(panics(use_downgrade, &a, "references to one handle"));
    cr_expect(panics(use_weak_clone, &w, "references to one handle"));
    cr_expect_eq(handle_weak_count(&a), WEFT_COUNTED_MAX - 1);
    cr_expect_eq(handle_strong_count(&a), 1);
    set_counts(a.wefti_value, 1, 2);
    handle_weak_drop(&w);
    handle_drop(&a);
    cr_expect_eq(test_alloc_live(), 0);
}

SCENARIO(one_upgrade_too_many_panics_and_counts_nothing)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle_weak w;
    handle_downgrade(&w, &a);
    set_counts(a.wefti_value, WEFT_COUNTED_MAX, 2);
    cr_expect(panics(use_upgrade, &w, "references to one handle"));
    cr_expect_eq(handle_strong_count(&a), WEFT_COUNTED_MAX);
    set_counts(a.wefti_value, 1, 2);
    handle_drop(&a);
    handle_weak_drop(&w);
    cr_expect_eq(test_alloc_live(), 0);
}

typedef struct ticket {
    const int number;
} ticket;
WEFT_SEND(ticket);
DEFINE(ticket_ref, ticket);

SCENARIO(value_may_have_constant_fields)
{
    const ticket t = {7};
    ticket_ref a;
    cr_assert_eq(ticket_ref_create(&a, t), WEFT_OK);
    cr_expect_eq(ticket_ref_get(&a)->number, 7);
    ticket_ref_drop(&a);
}

static weft_status make_two(int *ended)
{
    const probe p = {7, ended};
    WEFT_AUTO(handle, a);
    if (handle_create(&a, p) != WEFT_OK) {
        return WEFT_NO_MEMORY;
    }
    WEFT_AUTO(handle_weak, w);
    handle_downgrade(&w, &a);
    WEFT_AUTO(handle, b);
    return handle_create(&b, p);
}

SCENARIO(failed_allocation_leaves_nothing_behind)
{
    size_t k = 0;
    weft_status s = WEFT_NO_MEMORY;
    while (s != WEFT_OK) {
        int ended = 0;
        test_alloc_fail_at(++k);
        s = make_two(&ended);
        test_alloc_fail_at(0);
        cr_expect_eq(test_alloc_live(), 0);
        cr_expect_eq(ended, (int)k - 1); /* those that had been created */
        cr_assert_leq(k, 3);
    }
    cr_expect_eq(k, 3);
}

static void end_by_panic(int *p)
{
    (void)p;
    weft_panic("the destructor is broken");
}
DEFINE_DROP(fuse, int, end_by_panic);

static void drop_fuse(void *f)
{
    fuse_drop(f);
}

SCENARIO(panic_in_the_destructor_frees_the_memory)
{
    fuse f;
    cr_assert_eq(fuse_create(&f, 1), WEFT_OK);
    cr_expect(panics(drop_fuse, &f, "the destructor is broken"));
    cr_expect_eq(test_alloc_live(), 0);
    fuse_drop_auto(&f); /* emptied before the destructor ran */
}

SCENARIO(panic_in_the_destructor_leaves_weak_handles_sound)
{
    fuse f;
    fuse_weak w;
    cr_assert_eq(fuse_create(&f, 1), WEFT_OK);
    fuse_downgrade(&w, &f);
    cr_expect(panics(drop_fuse, &f, "the destructor is broken"));
    cr_expect_not(fuse_weak_upgrade_try(&f, &w));
    cr_expect_eq(test_alloc_live(), 1);
    fuse_weak_drop(&w);
    cr_expect_eq(test_alloc_live(), 0);
}

typedef struct hermit {
    struct hermit_ref_weak *self;
    bool *revived;
} hermit;
WEFT_SEND(hermit);
static void end_hermit(hermit *h);
DEFINE_DROP(hermit_ref, hermit, end_hermit);

static void end_hermit(hermit *h)
{
    hermit_ref again;
    *h->revived = hermit_ref_weak_upgrade_try(&again, h->self);
    hermit_ref_weak_drop(h->self);
}

SCENARIO(destructor_cannot_revive_its_value_and_may_drop_the_last_weak)
{
    bool revived = true;
    hermit_ref_weak w;
    const hermit h = {&w, &revived};
    hermit_ref a;
    cr_assert_eq(hermit_ref_create(&a, h), WEFT_OK);
    hermit_ref_downgrade(&w, &a);
    hermit_ref_drop(&a);
    cr_expect_not(revived);
    cr_expect_eq(test_alloc_live(), 0);
}
