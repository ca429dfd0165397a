/* What the explorer knows of every byte that the program touches: who wrote
 * and read it last, and whether it is still there. Finds data races and
 * accesses to dead memory, and can put everything back for the next run.
 *
 * All calls speak for the running thread. `pc` is the place of the access. */
#ifndef WEFT_SRC_MODEL_MEMORY_H
#define WEFT_SRC_MODEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once in a process. false: out of memory. */
bool wefti_memory_setup(void);

/* Forget all about the last execution and put back what it wrote. */
void wefti_memory_restart(void);

/* A plain access. */
void wefti_memory_read(uintptr_t address, size_t size, const void *pc);
void wefti_memory_write(uintptr_t address, size_t size, const void *pc);

/* Put these bytes back before the next execution, without a check. */
void wefti_memory_keep(const void *at, size_t size);

/* An atomic access: must be ordered after the plain ones. */
void wefti_memory_atomic(uintptr_t address, size_t size, bool writes,
                         const void *pc);

/* The heap of the execution. NULL: exhausted. */
void *wefti_memory_alloc(size_t size, size_t align, const void *pc);
void wefti_memory_free(void *memory, const void *pc);
size_t wefti_memory_size(const void *memory);
bool wefti_memory_is_heap(uintptr_t address);

/* "block 3 of T0+8". false: the address is not in the heap. */
bool wefti_memory_heap_name(uintptr_t address, char *text, size_t size);

/* Name the heap block that is still allocated and the place that did it;
 * false: there is none. */
bool wefti_memory_leak(size_t *size, const void **pc);

/* An access there has failed: end the execution if it is because a stack has
 * overflowed. */
void wefti_memory_check_stack(uintptr_t address);

/* The running thread's stack below `top` is no longer in use. */
void wefti_memory_frame_ends(uintptr_t top, const void *pc);

#endif
