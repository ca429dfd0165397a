/* 6. A push while an element is borrowed
 *
 * clang-14  safety     cannot call function 'list_push' while borrow 'l.borrow'
 *                      is held
 * clang-19  safety     cannot call function 'list_push' while borrow 'l.borrow'
 *                      is held
 * all       run        list_push: a reference into the container is borrowed
 */
#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct list {
    int *item;
    size_t n;
    weft_borrow borrow;
} list;

static const int *list_at(list *l, size_t i) WEFT_REQUIRES_SHARED(l->borrow);
static void list_push(list *l, int item) WEFT_EXCLUDES(l->borrow);

static const int *list_at(list *l, size_t i)
{
    weft_borrow_required(&l->borrow, "list_at");
    return &l->item[i];
}

static void list_push(list *l, int item)
{
    weft_borrow_excluded(&l->borrow, "list_push");
    int *moved = realloc(l->item, (l->n + 1) * sizeof *moved);
    weft_require(moved != NULL);
    l->item = moved;
    l->item[l->n++] = item;
}

int main(void)
{
    list l = {0};
    list_push(&l, 1);
    weft_borrow_begin(&l.borrow);
    const int *first = list_at(&l, 0);
#ifdef FIXED
    printf("the first is %d\n", *first);
    weft_borrow_end(&l.borrow);
    list_push(&l, 2);
#else
    list_push(&l, 2);
    printf("the first is %d\n", *first);
    weft_borrow_end(&l.borrow);
#endif
    free(l.item);
    return 0;
}
