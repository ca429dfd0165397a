/* Atomic objects under the C11 memory model: every store is kept, and a load
 * may return any that its thread has no reason to overlook.
 *
 * The calls are made by the running thread after it has been let through
 * (wefti_explorer_step). Values are held in 64 bits whatever their size. */
#ifndef WEFT_SRC_MODEL_ORDER_H
#define WEFT_SRC_MODEL_ORDER_H

#include "model/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory orders, with the compilers' numbers. */
typedef enum wefti_order {
    WEFTI_RELAXED = 0,
    WEFTI_CONSUME = 1,
    WEFTI_ACQUIRE = 2,
    WEFTI_RELEASE = 3,
    WEFTI_ACQ_REL = 4,
    WEFTI_SEQ_CST = 5,
} wefti_order;

/* An access: what, how large, with which order, from where. */
typedef struct wefti_access {
    uintptr_t address;
    uint32_t size; /* 1, 2, 4 or 8 */
    wefti_order order;
    const void *pc;
} wefti_access;

/* A thread's part of the memory model. */
typedef struct wefti_knowledge {
    wefti_past now;
    wefti_past released; /* as of its last release fence */
    wefti_past pending;  /* what an acquire fence would receive */
} wefti_knowledge;

void wefti_order_restart(void);

/* For the test of it: try also the stores for which another stands. */
extern bool wefti_order_tries_all;

uint64_t wefti_order_load(const wefti_access *a);

/* The same, of the newest store: for locks, which have no stale reads. */
uint64_t wefti_order_load_newest(const wefti_access *a);

void wefti_order_store(const wefti_access *a, uint64_t value);

/* Replace the value by change(old, operand); returns the old one. */
uint64_t wefti_order_update(const wefti_access *a,
                            uint64_t (*change)(uint64_t, uint64_t),
                            uint64_t operand);

/* Compare and swap; `otherwise` is the order of the failing read, which may be
 * stale. A weak one may fail for no reason. Writes *expected if it fails. */
bool wefti_order_swap_if(const wefti_access *a, uint64_t *expected,
                         uint64_t desired, wefti_order otherwise, bool weak);

void wefti_order_fence(wefti_order order);

/* A fence in all threads at once, as membarrier makes. */
void wefti_order_fence_everywhere(void);

/* The value of the object that begins at the address. false: there is none. */
bool wefti_order_newest(uintptr_t address, uint64_t *value);

/* Plain accesses to the bytes of an atomic object: must be ordered against its
 * atomic ones. A write makes it a new object. */
void wefti_order_plain_read(uintptr_t address, size_t size, const void *pc);
void wefti_order_plain_write(uintptr_t address, size_t size, const char *how,
                             const void *pc);

#endif
