/* Where a panic stops. */
#ifndef WEFT_BASE_UNWIND_H
#define WEFT_BASE_UNWIND_H

#include <weft/base/panic.h>
#include <weft/base/status.h>

WEFT_BEGIN_DECLS

/* Call fn(arg) and stop any panic that leaves it. Nests to any depth; allowed
 * in a cleanup that runs because of an outer panic. Does not allocate.
 *
 * A frame between the panic and this call is left by forced unwinding: its
 * cleanup attributes and C++ destructors run if it was built with -fexceptions
 * (the default for C++; exported by weft's CMake target and weft.pc), otherwise
 * it is skipped, and the locks it held are released and poisoned all the same.
 * A C++ `catch (...)` must rethrow, and a `noexcept` function ends the process.
 * C++ exceptions pass through this call; they must not leave a thread's
 * function or a job of a pool, where C++ calls std::terminate.
 *
 * Catch points, locks and scopes belong to the thread and the stack on which
 * they were made: a coroutine with a stack of its own must not switch away
 * while it has one, and none may be open around the switch to it.
 *
 * WEFT_OK: fn returned.
 * WEFT_PANICKED: it panicked; *info, unless NULL, says how. */
WEFT_API WEFT_NODISCARD weft_status weft_catch_unwind(void (*fn)(void *arg),
                                                      void *arg,
                                                      weft_panic_info *info);

WEFT_END_DECLS

#endif
