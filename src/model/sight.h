/* What a thread has seen lately: the stores that it has read, or has put in the
 * place of those. A spin loop waits to see another value than one of these, and
 * no store is seen for ever. */
#ifndef WEFT_SRC_MODEL_SIGHT_H
#define WEFT_SRC_MODEL_SIGHT_H

#include <stdbool.h>
#include <stdint.h>

enum { WEFTI_SIGHTS = 8 }; /* the latest, of so many objects */

typedef struct wefti_sight {
    uintptr_t address;
    uint64_t value;
    uint32_t number; /* of the store */
    uint32_t times;
    bool before_turn; /* read before the last turn of a spin loop */
} wefti_sight;

typedef struct wefti_sights {
    uint32_t count;
    wefti_sight list[WEFTI_SIGHTS];
} wefti_sights;

void wefti_sights_add(wefti_sights *s, uintptr_t address, uint32_t number,
                      uint64_t value);

/* A turn of a spin loop: keep what was read since the last one. */
void wefti_sights_turn(wefti_sights *s);

/* Whether an object has another value by now. */
bool wefti_sights_changed(const wefti_sights *s);

/* Stores of the object up to this number are not to be read stale any more:
 * the thread has read them before its last turn of a spin loop, or twice. This
 * is what ends loops: stores become visible in finite time. */
uint32_t wefti_sights_outworn(const wefti_sights *s, uintptr_t address);

#endif
