/* What only a value's one owner may do, and telling owners apart. Part of
 * scenarios.h. */

SCENARIO(unwrap_of_the_only_handle_moves_the_value_out)
{
    int ended = 0;
    handle a = make(7, &ended);
    probe out = {0, NULL};
    cr_assert(handle_unwrap_try(&a, &out));
    cr_expect_eq(out.value, 7);
    cr_expect_eq(ended, 0);
    cr_expect_eq(test_alloc_live(), 0);
    cr_expect(panics(use_get, opaque(&a), "moved-from or dropped"));
}

SCENARIO(unwrap_of_a_shared_value_keeps_the_handle)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle b;
    handle_clone(&b, &a);
    probe out = {1, NULL};
    cr_expect_not(handle_unwrap_try(&a, &out));
    cr_expect_eq(out.value, 1);
    cr_expect_eq(handle_get(&a)->value, 7);
    handle_drop(&b);
    cr_expect(handle_unwrap_try(&a, &out));
    cr_expect_eq(ended, 0);
}

SCENARIO(unwrap_leaves_weak_handles_that_do_not_upgrade)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle_weak w;
    handle_downgrade(&w, &a);
    probe out = {0, NULL};
    cr_assert(handle_unwrap_try(&a, &out));
    cr_expect_eq(out.value, 7);
    cr_expect_eq(test_alloc_live(), 1);
    cr_expect_not(handle_weak_upgrade_try(&a, &w));
    handle_weak_drop(&w);
    cr_expect_eq(test_alloc_live(), 0);
    cr_expect_eq(ended, 0);
}

SCENARIO(get_mut_wants_the_only_handle)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle b;
    handle_clone(&b, &a);
    cr_expect_null(handle_get_mut(&a));
    handle_drop(&b);
    probe *p = handle_get_mut(&a);
    cr_assert_not_null(p);
    p->value = 8;
    cr_expect_eq(handle_get(&a)->value, 8);
    handle_drop(&a);
}

SCENARIO(get_mut_is_refused_while_a_weak_handle_exists)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle_weak w;
    handle_downgrade(&w, &a);
    cr_expect_null(handle_get_mut(&a));
    handle_weak_drop(&w);
    cr_expect_not_null(handle_get_mut(&a));
    handle_drop(&a);
}

SCENARIO(ptr_eq_tells_the_same_value_from_an_equal_one)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle b = make(7, &ended);
    handle c;
    handle_clone(&c, &a);
    cr_expect(handle_ptr_eq(&a, &c));
    cr_expect_not(handle_ptr_eq(&a, &b));
    handle_drop(&a);
    handle_drop(&b);
    handle_drop(&c);
    cr_expect_eq(ended, 2);
}

SCENARIO(counts_tell_strong_and_weak_apart)
{
    int ended = 0;
    handle a = make(7, &ended);
    cr_expect_eq(handle_strong_count(&a), 1);
    cr_expect_eq(handle_weak_count(&a), 0);
    handle b;
    handle_clone(&b, &a);
    handle_weak w;
    handle_downgrade(&w, &a);
    cr_expect_eq(handle_strong_count(&b), 2);
    cr_expect_eq(handle_weak_count(&b), 1);
    handle_drop(&a);
    cr_expect_eq(handle_strong_count(&b), 1);
    handle_weak_drop(&w);
    cr_expect_eq(handle_weak_count(&b), 0);
    handle_drop(&b);
}
