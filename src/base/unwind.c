/* Leaving the stack up to a catch point.
 *
 * Forced unwinding (the Itanium C++ ABI's _Unwind_ForcedUnwind) visits every
 * frame and runs the cleanups of those built with -fexceptions. A frame built
 * without has none that could run; its locks are found in the thread's record.
 * The stop function is called before a frame's cleanups run, and there abandons
 * the locks taken in frames that have already been left: the order of release
 * is the order of the frames, and a lock of an outer frame is still held while
 * the cleanups of an inner one run.
 *
 * WEFT_UNWINDER=0 is the port to systems without that ABI: locks are released,
 * but cleanups of the user's frames do not run. */
#include <weft/base/unwind.h>

#include "base/catch.h"
#include "base/record.h"

#ifndef WEFT_UNWINDER
#define WEFT_UNWINDER 1
#endif

/* Tells AddressSanitizer, if it is there, that frames are about to vanish. */
extern void __asan_handle_no_return(void) __attribute__((weak));

#if WEFT_UNWINDER
/* The C++ ABI fixes the parameters; the exception goes if the ABI's type of
 * callback ever gets fewer. NOLINTNEXTLINE(readability-function-size) */
static _Unwind_Reason_Code stop(int version, _Unwind_Action actions,
                                _Unwind_Exception_Class class,
                                struct _Unwind_Exception *exception,
                                struct _Unwind_Context *context, void *arg)
{
    (void)version;
    (void)class;
    (void)exception;
    wefti_catch *point = arg;
    if (__asan_handle_no_return != NULL) {
        __asan_handle_no_return();
    }
    uintptr_t left = (uintptr_t)_Unwind_GetCFA(context);
    bool arrived = (actions & _UA_END_OF_STACK) != 0 || left > point->frame;
    if (arrived) {
        wefti_held_abandon_from(point->held);
        longjmp(point->landing, 1);
    }
    wefti_held_abandon_below(point->held, left);
    return _URC_NO_REASON;
}

static void swallowed(_Unwind_Reason_Code reason,
                      struct _Unwind_Exception *exception)
{
    (void)reason;
    (void)exception;
    wefti_die("a panic was swallowed by a C++ catch (...) that does not "
              "rethrow");
}
#endif

void wefti_unwind_to(wefti_catch *point)
{
#if WEFT_UNWINDER
    static const char class[8] = "WEFTPANC";
    __builtin_memcpy(&point->exception.exception_class, class, sizeof class);
    point->exception.exception_cleanup = swallowed;
    (void)_Unwind_ForcedUnwind(&point->exception, stop, point);
    wefti_die("the unwinder gave up: a frame has no unwind tables");
#else
    if (__asan_handle_no_return != NULL) {
        __asan_handle_no_return();
    }
    wefti_held_abandon_from(point->held);
    longjmp(point->landing, 1);
#endif
}

/* Leave the catch point, by whatever way: also when a C++ exception passes. A
 * panic that arrives runs this twice, before and after the longjmp. */
static void retire(wefti_catch **point)
{
    wefti_self *self = wefti_get_self();
    self->catch_point = (*point)->outer;
    self->panicking = (*point)->panicking;
}

__attribute__((noinline)) weft_status
weft_catch_unwind(void (*fn)(void *arg), void *arg, weft_panic_info *info)
{
    wefti_self *self = wefti_get_self();
    wefti_catch here;
    wefti_catch *point WEFT_CLEANUP(retire) WEFT_UNUSED = &here;
    here.outer = self->catch_point;
    here.held = wefti_held_count();
    wefti_held_watch(here.held);
    here.panicking = self->panicking;
    here.frame = (uintptr_t)__builtin_frame_address(0);
    __builtin_memset(&here.exception, 0, sizeof here.exception);
    if (_setjmp(here.landing) == 0) {
        self->catch_point = &here;
        fn(arg);
        return WEFT_OK;
    }
    if (info != NULL) {
        *info = here.info;
    }
    return WEFT_PANICKED;
}
