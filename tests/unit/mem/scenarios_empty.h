/* Handles that are empty, and those that drop themselves. Part of scenarios.h.
 */

static void use_get(void *h)
{
    IGNORE(handle_get(h));
}

static void use_get_mut(void *h)
{
    IGNORE(handle_get_mut(h));
}

static void use_clone(void *h)
{
    handle out;
    handle_clone(&out, h);
}

static void use_move(void *h)
{
    IGNORE(handle_move(h));
}

static void use_drop(void *h)
{
    handle_drop(h);
}

static void use_downgrade(void *h)
{
    handle_weak out;
    handle_downgrade(&out, h);
}

static void use_unwrap(void *h)
{
    probe out;
    IGNORE(handle_unwrap_try(h, &out));
}

static void use_strong_count(void *h)
{
    IGNORE(handle_strong_count(h));
}

static void use_weak_count(void *h)
{
    IGNORE(handle_weak_count(h));
}

static void use_ptr_eq(void *h)
{
    IGNORE(handle_ptr_eq(h, h));
}

static void use_adopt(void *h)
{
    handle_adopt(h);
}

SCENARIO(every_use_of_a_moved_from_handle_panics)
{
    void (*const uses[])(void *) = {
        use_get,       use_get_mut, use_clone,        use_move,
        use_drop,      use_unwrap,  use_strong_count, use_weak_count,
        use_downgrade, use_ptr_eq,  use_adopt,
    };
    int ended = 0;
    handle a = make(7, &ended);
    handle b = handle_move(&a);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        cr_expect(panics(uses[i], opaque(&a),
                         "use of a moved-from or dropped handle"),
                  "use %zu", i);
    }
    handle_drop(&b);
    cr_expect(panics(use_drop, opaque(&b), "moved-from or dropped"));
    cr_expect_eq(ended, 1);
}

static void use_weak_clone(void *w)
{
    handle_weak out;
    handle_weak_clone(&out, w);
}

static void use_weak_move(void *w)
{
    IGNORE(handle_weak_move(w));
}

static void use_weak_drop(void *w)
{
    handle_weak_drop(w);
}

static void use_upgrade(void *w)
{
    handle out;
    IGNORE(handle_weak_upgrade_try(&out, w));
}

SCENARIO(every_use_of_an_empty_weak_handle_panics)
{
    void (*const uses[])(void *) = {use_weak_clone, use_weak_move,
                                    use_weak_drop, use_upgrade};
    handle_weak w = {0};
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        cr_expect(panics(uses[i], opaque(&w), "moved-from or dropped"),
                  "use %zu", i);
    }
}

SCENARIO(auto_handle_drops_at_the_end_of_its_block)
{
    int ended = 0;
    {
        WEFT_AUTO(handle, a);
        a = make(7, &ended);
        WEFT_AUTO(handle, b);
        handle_clone(&b, &a);
        WEFT_AUTO(handle_weak, w);
        handle_downgrade(&w, &b);
        cr_expect_eq(ended, 0);
    }
    cr_expect_eq(ended, 1);
    cr_expect_eq(test_alloc_live(), 0);
}

SCENARIO(auto_handle_that_was_moved_from_drops_nothing)
{
    int ended = 0;
    handle kept = {0};
    {
        WEFT_AUTO(handle, a);
        a = make(7, &ended);
        kept = handle_move(&a);
    }
    cr_expect_eq(ended, 0);
    handle_drop(&kept);
    cr_expect_eq(ended, 1);
}

static void panic_with_a_handle(void *ended)
{
    WEFT_AUTO(handle, a);
    a = make(7, ended);
    weft_panic("on purpose");
}

SCENARIO(auto_handle_drops_when_a_panic_leaves_its_block)
{
    int ended = 0;
    cr_expect(panics(panic_with_a_handle, &ended, "on purpose"));
    cr_expect_eq(ended, 1);
    cr_expect_eq(test_alloc_live(), 0);
}
