/* A catch point: what a panic needs to know about where it stops. */
#ifndef WEFT_SRC_BASE_CATCH_H
#define WEFT_SRC_BASE_CATCH_H

#include <weft/base/panic.h>

#include <setjmp.h>
#include <unwind.h>

/* Lives in the frame of weft_catch_unwind; owner only. The innermost one is
 * wefti_self.catch_point. */
typedef struct wefti_catch {
    struct wefti_catch *outer;
    size_t held;        /* locks held since before: not this catch's to release;
                           the newest of them is watched */
    uint32_t panicking; /* panics in flight at entry */
    uintptr_t frame;    /* address of the frame */
    jmp_buf landing;
    weft_panic_info info;
    struct _Unwind_Exception exception;
} wefti_catch;

/* Unwind to the catch point, whose info is filled in. */
WEFT_NORETURN void wefti_unwind_to(wefti_catch *point);

/* Write to standard error and abort. Async-signal-safe up to the abort. */
WEFT_NORETURN WEFT_COLD void wefti_die(const char *message);

#endif
