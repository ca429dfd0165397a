/* Nothing of weft but the explorer: a flag of C11, pthreads, malloc. The right
 * order holds, the wrong one does not, and the report has lines of this file.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/model/model.h>

typedef struct letter {
    int text;
    atomic_int sent;
} letter;

static memory_order order;

static void *post(void *arg)
{
    letter *l = arg;
    l->text = 42;
    atomic_store_explicit(&l->sent, 1, order);
    return NULL;
}

static void body(void *unused)
{
    (void)unused;
    letter *l = calloc(1, sizeof *l);
    weft_model_assert(l != NULL);
    pthread_t poster;
    (void)pthread_create(&poster, NULL, post, l);
    if (atomic_load_explicit(&l->sent, memory_order_acquire) != 0) {
        weft_model_assert(l->text == 42);
    }
    (void)pthread_join(poster, NULL);
    free(l);
}

int main(void)
{
    order = memory_order_release;
    weft_model_result right = weft_model_explore(body, NULL, NULL);
    order = memory_order_relaxed;
    weft_model_options quiet = {.quiet = true};
    weft_model_result wrong = weft_model_explore(body, NULL, &quiet);
    if (right.failed || !right.complete || !wrong.failed ||
        strstr(wrong.message, "data race") == NULL) {
        puts("the explorer does not do what it should");
        return 1;
    }
    return 0;
}
