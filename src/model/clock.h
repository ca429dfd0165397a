/* Vector clocks over the threads of one execution. */
#ifndef WEFT_SRC_MODEL_CLOCK_H
#define WEFT_SRC_MODEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { WEFTI_MODEL_THREADS = 8 };

typedef struct wefti_clock {
    uint16_t of[WEFTI_MODEL_THREADS];
} wefti_clock;

static inline void wefti_clock_join(wefti_clock *a, const wefti_clock *b)
{
    for (int i = 0; i < WEFTI_MODEL_THREADS; i++) {
        a->of[i] = a->of[i] > b->of[i] ? a->of[i] : b->of[i];
    }
}

/* What a thread knows of the others, in the terms of C++20's memory model.
 *   hb     operations that happen before
 *   view   operations that its loads must not overlook: hb, and what comes
 *          before an earlier fence in the single order of seq_cst operations
 *   sc     seq_cst stores up to this number are visible for the same reason */
typedef struct wefti_past {
    wefti_clock hb;
    wefti_clock view;
    uint32_t sc;
} wefti_past;

static inline void wefti_past_join(wefti_past *a, const wefti_past *b)
{
    wefti_clock_join(&a->hb, &b->hb);
    wefti_clock_join(&a->view, &b->view);
    a->sc = a->sc > b->sc ? a->sc : b->sc;
}

static inline bool wefti_clock_covers(const wefti_clock *a,
                                      const wefti_clock *b)
{
    int beyond = 0;
    for (int i = 0; i < WEFTI_MODEL_THREADS; i++) {
        beyond |= b->of[i] > a->of[i];
    }
    return beyond == 0;
}

/* Whether a knows all that b knows. */
static inline bool wefti_past_covers(const wefti_past *a, const wefti_past *b)
{
    return wefti_clock_covers(&a->hb, &b->hb) &&
           wefti_clock_covers(&a->view, &b->view) && a->sc >= b->sc;
}

#endif
