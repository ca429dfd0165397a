/* Futexes, fences, clocks and the end of the process, in place of the kernel's
 * and the C library's. */
#include "model/explorer.h"
#include "model/log.h"
#include "model/memory.h"
#include "model/real.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HERE __builtin_return_address(0)

long __wrap_syscall(long number, ...);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_sched_yield(void);
void __wrap_abort(void) __attribute__((noreturn));
void __wrap___assert_fail(const char *text, const char *file, unsigned line,
                          const char *function) __attribute__((noreturn));

enum { SECOND = 1000000000 };

static uint64_t nanoseconds(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * SECOND + (uint64_t)t->tv_nsec;
}

static long fails_with(int error)
{
    errno = error;
    return -1;
}

static long futex(const long args[6], const void *pc)
{
    uintptr_t word = (uintptr_t)args[0];
    const struct timespec *time = (const struct timespec *)args[3];
    uint64_t deadline = UINT64_MAX;
    uint32_t value = (uint32_t)args[2];
    switch (args[1] & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        if (time != NULL) {
            deadline = nanoseconds(time) + wefti_explorer_now(pc);
        }
        break;
    case FUTEX_WAIT_BITSET:
        if (time != NULL) {
            deadline = nanoseconds(time);
        }
        break;
    case FUTEX_WAKE:
        return (long)wefti_explorer_wake(word, value, pc);
    default:
        weft_model_fail("futex operation %ld is not modelled", args[1]);
    }
    int error = wefti_explorer_wait(word, value, deadline, pc);
    return error == 0 ? 0 : fails_with(error);
}

static long membarrier(long command, const void *pc)
{
    switch (command) {
    case MEMBARRIER_CMD_QUERY:
        return MEMBARRIER_CMD_PRIVATE_EXPEDITED |
               MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED: {
        wefti_step s = wefti_step_make(WEFTI_STEP_FENCE_ALL, pc);
        s.everywhere = true;
        wefti_explorer_step(&s);
        wefti_order_fence_everywhere();
        break;
    }
    default:
        break;
    }
    return 0;
}

long __wrap_syscall(long number, ...)
{
    long args[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        args[i] = va_arg(list, long);
    }
    va_end(list);
    if (!wefti_explorer_enter()) {
        return __real_syscall(number, args[0], args[1], args[2], args[3],
                              args[4], args[5]);
    }
    long result = 0;
    if (number == SYS_futex) {
        result = futex(args, HERE);
    } else if (number == SYS_membarrier) {
        result = membarrier(args[0], HERE);
    } else if (number == SYS_gettid) {
        result = (long)weft_model_self() + 1;
    } else {
        weft_model_fail("system call %ld is not modelled", number);
    }
    wefti_explorer_leave();
    return result;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!wefti_explorer_enter()) {
        return __real_clock_gettime(clock, now);
    }
    uint64_t time = wefti_explorer_now(HERE);
    wefti_memory_write((uintptr_t)now, sizeof *now, HERE);
    now->tv_sec = (time_t)(time / SECOND);
    now->tv_nsec = (long)(time % SECOND);
    wefti_explorer_leave();
    return 0;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    if (!wefti_explorer_enter()) {
        return __real_nanosleep(time, left);
    }
    uint64_t until = wefti_explorer_now(HERE) + nanoseconds(time);
    wefti_explorer_sleep(until, HERE);
    wefti_explorer_leave();
    return 0;
}

int __wrap_sched_yield(void)
{
    if (!wefti_explorer_enter()) {
        return __real_sched_yield();
    }
    wefti_explorer_yield(HERE);
    wefti_explorer_leave();
    return 0;
}

void __wrap_abort(void)
{
    if (wefti_explorer_enter()) {
        wefti_log_place(HERE);
        weft_model_fail("T%u calls abort", weft_model_self());
    }
    __real_abort();
}

void __wrap___assert_fail(const char *text, const char *file, unsigned line,
                          const char *function)
{
    if (wefti_explorer_enter()) {
        weft_model_fail("%s:%u: %s: assertion failed: %s", file, line, function,
                        text);
    }
    __real___assert_fail(text, file, line, function);
}
