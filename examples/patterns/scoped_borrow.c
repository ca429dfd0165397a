/* Threads that work on a local of their starter, without an allocation, a lock
 * or a count: the scope does not end before they have, so the local is there
 * as long as they need it. */
#include <stdio.h>
#include <weft/weft.h>

enum { LENGTH = 100000, PARTS = 4 };

/* The part of the array that is one thread's alone until the scope ends. */
typedef struct slice {
    const int *first;
    size_t length;
    int largest;
} slice;

static void find_largest(void *arg)
{
    slice *s = arg;
    for (size_t i = 0; i < s->length; i++) {
        s->largest = s->first[i] > s->largest ? s->first[i] : s->largest;
    }
}

static int largest_of(const int *numbers)
{
    slice parts[PARTS];
    WEFT_SCOPE(scope) {
        for (size_t i = 0; i < PARTS; i++) {
            const size_t length = LENGTH / PARTS;
            parts[i] = (slice){numbers + i * length, length, 0};
            weft_status s = weft_scope_spawn(&scope, find_largest, &parts[i]);
            if (s != WEFT_OK) {
                find_largest(&parts[i]); /* no thread: then do it here */
            }
        }
    }
    int largest = 0;
    for (size_t i = 0; i < PARTS; i++) {
        largest = parts[i].largest > largest ? parts[i].largest : largest;
    }
    return largest;
}

int main(void)
{
    static int numbers[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
        numbers[i] = (int)(i * 7919L % LENGTH); /* each once, well mixed */
    }
    int largest = largest_of(numbers);
    printf("%d threads found the largest: %d\n", PARTS, largest);
    return largest == LENGTH - 1 ? 0 : 1;
}
