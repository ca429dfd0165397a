/* What happened in an execution, and its report. */
#ifndef WEFT_SRC_MODEL_LOG_H
#define WEFT_SRC_MODEL_LOG_H

#include "model/step.h"

#include <weft/model/model.h>

typedef struct wefti_entry {
    wefti_step step;
    const void *caller; /* of the function that made it */
    uint32_t thread;
    bool has_value;
    bool has_change;
    bool stale;
    uint64_t value; /* after a change: the new one */
    uint64_t before;
} wefti_entry;

void wefti_log_restart(void);

/* The entry of the step that is made now. */
void wefti_log_add(uint32_t thread, const wefti_step *step);

/* The last entry of the thread. */
wefti_entry *wefti_log_last(uint32_t thread);

/* What the running thread's last step did. */
void wefti_log_show(uint64_t value, bool stale);
void wefti_log_show_change(uint64_t from, uint64_t to);

/* A place that the failure is about. */
void wefti_log_place(const void *pc);

void wefti_log_name(uintptr_t address, size_t size, const char *name);

/* Valid until the fourth call from now. */
const char *wefti_log_name_of(uintptr_t address);

/* Print the execution in columns, a thread in each, to stderr. */
void wefti_log_report(const weft_model_options *options,
                      const weft_model_result *result, uint32_t threads);

#endif
