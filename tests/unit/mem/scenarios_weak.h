/* Handles that do not keep the value alive. Part of scenarios.h. */

SCENARIO(weak_handle_upgrades_while_the_value_lives)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle_weak w;
    handle_downgrade(&w, &a);
    handle b;
    cr_assert(handle_weak_upgrade_try(&b, &w));
    cr_expect(handle_ptr_eq(&a, &b));
    handle_drop(&a);
    cr_expect_eq(ended, 0);
    handle_drop(&b);
    cr_expect_eq(ended, 1);
    handle_weak_drop(&w);
    cr_expect_eq(test_alloc_live(), 0);
}

SCENARIO(weak_handle_does_not_upgrade_after_the_last_drop)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle_weak w;
    handle_weak v;
    handle_downgrade(&w, &a);
    handle_weak_clone(&v, &w);
    cr_expect(handle_weak_ptr_eq(&v, &w));
    handle_drop(&a);
    cr_expect_eq(ended, 1);
    handle b = {0};
    cr_expect_not(handle_weak_upgrade_try(&b, &w));
    handle_drop_auto(&b); /* empty: nothing to drop */
    handle_weak_drop(&w);
    cr_expect_eq(test_alloc_live(), 1);
    cr_expect_not(handle_weak_upgrade_try(&b, &v));
    handle_weak x = handle_weak_move(&v);
    handle_weak_drop(&x);
    cr_expect_eq(test_alloc_live(), 0);
    cr_expect_eq(ended, 1);
}

typedef struct person {
    struct person_ref_weak *parent;
    struct person_ref *child;
    int *ended;
} person;
WEFT_SEND(person);
static void end_person(person *p);
DEFINE_DROP(person_ref, person, end_person);

static void end_person(person *p)
{
    ++*p->ended;
    if (p->parent != NULL) {
        person_ref_weak_drop(p->parent);
    }
    if (p->child != NULL) {
        person_ref_drop(p->child);
    }
}

SCENARIO(cycle_closed_by_a_weak_handle_ends)
{
    int ended = 0;
    person_ref child_of_mother = {0};
    person_ref_weak mother_of_child;
    person_ref mother;
    const person m = {NULL, &child_of_mother, &ended};
    cr_assert_eq(person_ref_create(&mother, m), WEFT_OK);
    person_ref_downgrade(&mother_of_child, &mother);
    const person c = {&mother_of_child, NULL, &ended};
    cr_assert_eq(person_ref_create(&child_of_mother, c), WEFT_OK);

    person_ref child;
    person_ref_clone(&child, &child_of_mother);
    person_ref found;
    cr_assert(
        person_ref_weak_upgrade_try(&found, person_ref_get(&child)->parent));
    cr_expect(person_ref_ptr_eq(&found, &mother));
    person_ref_drop(&found);

    person_ref_drop(&mother);
    cr_expect_eq(ended, 1);
    cr_expect_not(
        person_ref_weak_upgrade_try(&found, person_ref_get(&child)->parent));
    person_ref_drop(&child);
    cr_expect_eq(ended, 2);
    cr_expect_eq(test_alloc_live(), 0);
}
