/* Three stages at work at once, joined by channels. These are bounded: a stage
 * that is ahead waits. The end travels down: a stage that is done drops its
 * sender, and the loop of the next one ends. */
#include <stdio.h>
#include <weft/weft.h>

enum { LAST = 10000, ROOM = 16 };

WEFT_CHAN_DEFINE(numbers, int64_t);

typedef struct stage {
    numbers_rx in;
    numbers_tx out;
} stage;

static void count_up(void *arg)
{
    stage *s = arg;
    numbers_tx_adopt(&s->out);
    for (int64_t i = 1; i <= LAST; i++) {
        weft_require(numbers_send(&s->out, i) == WEFT_OK);
    }
    numbers_tx_drop(&s->out);
}

static void square(void *arg)
{
    stage *s = arg;
    numbers_rx_adopt(&s->in);
    numbers_tx_adopt(&s->out);
    WEFT_CHAN_EACH(numbers, n, &s->in) {
        weft_require(numbers_send(&s->out, n * n) == WEFT_OK);
    }
    numbers_rx_drop(&s->in);
    numbers_tx_drop(&s->out);
}

int main(void)
{
    numbers_tx to_square, to_sum;
    numbers_rx counted, squares;
    weft_require(numbers_open(ROOM, &to_square, &counted) == WEFT_OK);
    weft_require(numbers_open(ROOM, &to_sum, &squares) == WEFT_OK);
    stage counting = {.out = numbers_tx_move(&to_square)};
    stage squaring = {numbers_rx_move(&counted), numbers_tx_move(&to_sum)};
    int64_t sum = 0;
    WEFT_SCOPE(s) {
        weft_require(weft_scope_spawn(&s, count_up, &counting) == WEFT_OK);
        weft_require(weft_scope_spawn(&s, square, &squaring) == WEFT_OK);
        WEFT_CHAN_EACH(numbers, n, &squares) {
            sum += n;
        }
    }
    numbers_rx_drop(&squares);
    int64_t expected = (int64_t)LAST * (LAST + 1) * (2 * LAST + 1) / 6;
    printf("the squares of 1 to %d sum to %ld\n", LAST, (long)sum);
    return sum == expected ? 0 : 1;
}
