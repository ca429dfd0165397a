/* Who waits for whose end, so that a lock which is held meanwhile and wanted by
 * the other one is a panic and not a deadlock. Checked build only.
 *
 * A task is anything that others can wait for: a thread, or a job that a
 * thread has stolen. Its key is an address, the same for both sides. */
#ifndef WEFT_SRC_SYNC_JOINS_H
#define WEFT_SRC_SYNC_JOINS_H

#include "base/checked.h"

#include <weft/base/atomic.h>
#include <weft/base/time.h>

#if WEFT_CHECKED

/* In the frame that runs the task. */
typedef struct wefti_task {
    const void *key;
    struct wefti_task *outer;
} wefti_task;

/* This thread runs the task from here to there; nests. NULL ends them all. */
void wefti_task_begin(wefti_task *task, const void *key);
void wefti_task_end(const wefti_task *task);

/* This thread waits for the end of the task `key` from here to there; begin
 * returns what end wants. */
WEFT_NODISCARD uint32_t wefti_join_begin(const void *key);
void wefti_join_end(uint32_t at);

/* How long to sleep at a time for a lock: not past `d`, and not so long that
 * nobody would look at wefti_join_check. */
WEFT_NODISCARD weft_deadline wefti_join_patience(weft_deadline d);

/* This thread asks for a lock at `place`. */
void wefti_join_wants(const void *place);

/* Panic if the thread that holds the lock waits, maybe by way of others, for a
 * task that this thread is running. Call it with nothing owed to anybody. */
void wefti_join_check(const weft_atomic_u32 *word, const char *call);

#endif

#endif
