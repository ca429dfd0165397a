/* Ownership as a capability: what clang's -Wthread-safety can then check.
 *
 * A handle that carries WEFT_HANDLE is a thing one either holds or does not.
 * Creating it acquires, using it requires, moving, joining or dropping it
 * releases; so use after move, double join and a thread that is never joined
 * are diagnostics of `clang -Wthread-safety -Wthread-safety-beta`. Under other
 * compilers, in C++, and without the flag, every attribute here is nothing.
 *
 * The analysis works inside one function and follows names, not aliases: hand
 * a handle on through a function that is annotated, such as a _move. What it
 * then says, and how to annotate your own code: docs/fearless.md. */
#ifndef WEFT_BASE_OWN_H
#define WEFT_BASE_OWN_H

#include <weft/base/config.h>

#if defined(__clang__) && !defined(__cplusplus)
#define WEFTI_TSA(x) __attribute__((x))
#else
#define WEFTI_TSA(x)
#endif

/* On a struct: it is a lock, or a handle with one owner. `what` is printed. */
#define WEFT_CAPABILITY(what) WEFTI_TSA(capability(what))
#define WEFT_HANDLE WEFT_CAPABILITY("live handle")

/* On a function: the capabilities it takes, gives back, or needs. */
#define WEFT_ACQUIRES(...) WEFTI_TSA(acquire_capability(__VA_ARGS__))
#define WEFT_RELEASES(...) WEFTI_TSA(release_capability(__VA_ARGS__))
#define WEFT_REQUIRES(...) WEFTI_TSA(requires_capability(__VA_ARGS__))
#define WEFT_ACQUIRES_SHARED(...) \
    WEFTI_TSA(acquire_shared_capability(__VA_ARGS__))
#define WEFT_RELEASES_SHARED(...) \
    WEFTI_TSA(release_shared_capability(__VA_ARGS__))
#define WEFT_REQUIRES_SHARED(...) \
    WEFTI_TSA(requires_shared_capability(__VA_ARGS__))
#define WEFT_EXCLUDES(...) WEFTI_TSA(locks_excluded(__VA_ARGS__))

/* On a lock: it is taken after, or before, those named, by all who take both.
 * Names of objects, not of types; -Wthread-safety-beta checks the order. */
#define WEFT_ACQUIRED_AFTER(...) WEFTI_TSA(acquired_after(__VA_ARGS__))
#define WEFT_ACQUIRED_BEFORE(...) WEFTI_TSA(acquired_before(__VA_ARGS__))

/* On a function that takes the capability if and only if it returns `value`. */
#define WEFT_ACQUIRES_IF(value, ...) \
    WEFTI_TSA(try_acquire_capability(value, __VA_ARGS__))

/* On a function after which the capability counts as held, but which nobody
 * has to give back: handles that a cleanup attribute drops. */
#define WEFT_ASSERTS(...) WEFTI_TSA(assert_capability(__VA_ARGS__))

/* On a function whose body the analysis is to trust. */
#define WEFT_UNCHECKED WEFTI_TSA(no_thread_safety_analysis)

/* The pair for what a cleanup attribute gives back: a guard, an automatic
 * handle. It releases what is held, and does not mind if nothing is. clang 18
 * and newer see the calls of cleanups; older ones do not, and there what has
 * been acquired in this way need not be given back. */
#if defined(__clang__) && __clang_major__ >= 18
#define WEFT_SCOPE_ACQUIRES(...) WEFT_ACQUIRES(__VA_ARGS__)
#define WEFT_SCOPE_ACQUIRES_IF(value, ...) WEFT_ACQUIRES_IF(value, __VA_ARGS__)
#define WEFT_SCOPE_RELEASES(...) \
    WEFT_ASSERTS(__VA_ARGS__) WEFT_RELEASES(__VA_ARGS__)
#else
#define WEFT_SCOPE_ACQUIRES(...) WEFT_ASSERTS(__VA_ARGS__)
#define WEFT_SCOPE_ACQUIRES_IF(value, ...) WEFT_ASSERTS(__VA_ARGS__)
#define WEFT_SCOPE_RELEASES(...)
#endif

/* Declare `var`, an empty handle of type `name`, which drops what it holds at
 * the end of its block, on every path, unless it was moved from before. */
#define WEFT_AUTO(name, var) WEFT_CLEANUP(name##_drop_auto) name var = {0}

/* A declaration that does not compile where a guard is held: in the block of a
 * WEFT_LOCK or WEFT_SPIN, and after a WEFT_LOCK_SCOPE. The message is "a lock
 * guard is held across this" and `what`, a string literal. For macros of your
 * own around a call that may wait for long:
 *
 *     #define FETCH(u) ({ WEFT_NO_LOCK_HERE("fetch"); fetch(u); })
 *
 * Lexical: it does not see the guard of a caller, nor one that was filled by
 * bank_lock. In C++ it is nothing. */
#ifndef __cplusplus
#define WEFT_NO_LOCK_HERE(what)                                              \
    WEFT_STATIC_ASSERT(__builtin_types_compatible_p(struct wefti_lock_scope, \
                                                    wefti_no_lock_scope),    \
                       "a lock guard is held across this " what)
#else
#define WEFT_NO_LOCK_HERE(what) WEFT_STATIC_ASSERT(true, what)
#endif

/* How a guard marks the block it is held in: there the tag names another type.
 * A tag, because -Wshadow lets it be hidden, in any depth. The block's switch
 * is one to C only: a break leaves it, for the loop around it, which then ends.
 */
#ifndef __cplusplus
typedef struct wefti_lock_scope wefti_no_lock_scope;
#define WEFTI_LOCK_SCOPE struct wefti_lock_scope
#define WEFTI_LOCK_BLOCK                                    \
    switch (sizeof(struct wefti_lock_scope { char held; })) \
    default:
#else
#define WEFTI_LOCK_SCOPE struct wefti_lock_scope
#define WEFTI_LOCK_BLOCK \
    switch (0)           \
    default:
#endif

/* On a struct's field that only weft's own functions may name. */
#define WEFT_PRIVATE_FIELD(advice) __attribute__((deprecated(advice)))
#define WEFT_PRIVATE_BEGIN         \
    _Pragma("GCC diagnostic push") \
        _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")
#define WEFT_PRIVATE_END _Pragma("GCC diagnostic pop")

#endif
