/* Merge sort, forked at every level down to single numbers. A fork is an offer
 * that an idle core may take; if none does, the join is a function call. */
#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

enum { LENGTH = 100000 };

/* Merge two sorted halves of v, by way of spare. */
static void merge(int *v, int *spare, size_t half, size_t n)
{
    size_t left = 0;
    size_t right = half;
    for (size_t i = 0; i < n; i++) {
        bool take_left = right == n || (left < half && v[left] <= v[right]);
        spare[i] = take_left ? v[left++] : v[right++];
    }
    memcpy(v, spare, n * sizeof *v);
}

WEFT_TASK(void, sort, int *, v, int *, spare, size_t, n)
{
    if (n < 2) {
        return;
    }
    size_t half = n / 2;
    weft_fork(sort, left, v, spare, half);
    sort(v + half, spare + half, n - half);
    weft_join(sort, left);
    merge(v, spare, half, n);
}

int main(void)
{
    static int v[LENGTH];
    static int spare[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
        v[i] = (int)(i * 7919L % LENGTH); /* each of 0 .. LENGTH - 1 once */
    }
    sort(v, spare, LENGTH);
    for (int i = 0; i < LENGTH; i++) {
        if (v[i] != i) {
            printf("v[%d] is %d\n", i, v[i]);
            return 1;
        }
    }
    printf("sorted %d numbers\n", LENGTH);
    return 0;
}
