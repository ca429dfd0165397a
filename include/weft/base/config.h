/* What the compiler can do for weft, under one set of names.
 *
 * Everything here is a macro that costs nothing at run time. A header of weft
 * includes this file first and uses no compiler extension by another name. */
#ifndef WEFT_BASE_CONFIG_H
#define WEFT_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__GNUC__)
#error "weft needs gcc 10 or newer, or clang 14 or newer"
#endif

#ifdef __cplusplus
#define WEFT_BEGIN_DECLS extern "C" {
#define WEFT_END_DECLS }
#define WEFT_STATIC_ASSERT(cond, why) static_assert(cond, why)
#define WEFT_ALIGNOF(T) alignof(T)
#else
#define WEFT_BEGIN_DECLS
#define WEFT_END_DECLS
#define WEFT_STATIC_ASSERT(cond, why) _Static_assert(cond, why)
#define WEFT_ALIGNOF(T) _Alignof(T)
#endif

/* A symbol of the library's public interface; all others are hidden. */
#define WEFT_API __attribute__((visibility("default")))

#define WEFT_NODISCARD __attribute__((warn_unused_result))
#define WEFT_NORETURN __attribute__((noreturn))
#define WEFT_COLD __attribute__((cold, noinline))
#define WEFT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define WEFT_CLEANUP(fn) __attribute__((cleanup(fn)))
#define WEFT_UNUSED __attribute__((unused))
#define WEFT_ALIGNED(n) __attribute__((aligned(n)))
#define WEFT_LIKELY(x) __builtin_expect(!!(x), 1)
#define WEFT_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* 1 in the checked build: misuse that costs time to see is seen. The library
 * and what is linked with it agree on it (docs/checked.md). */
#ifndef WEFT_CHECKED
#define WEFT_CHECKED 0
#endif

/* A function defined in a header or by a _DEFINE macro: inlined, and silent
 * when the program does not use it. Inlined without fail in the checked build,
 * so that the library's return addresses lie in the user's code. */
#define WEFT_ALWAYS_INLINE static inline __attribute__((unused, always_inline))
#if WEFT_CHECKED
#define WEFT_INLINE WEFT_ALWAYS_INLINE
#else
#define WEFT_INLINE static inline __attribute__((unused))
#endif

/* Ends a macro that must be followed by a semicolon at file scope. */
#define WEFT_NEEDS_SEMICOLON struct weft_needs_a_semicolon

#define WEFT_PASTE_(a, b) a##b
#define WEFT_PASTE(a, b) WEFT_PASTE_(a, b)

/* Fields touched by different threads are kept this many bytes apart: two
 * lines of 64, because the hardware fetches them in pairs. */
#define WEFT_CACHE_LINE 128

/* 1 in a translation unit built with the sanitizer, else 0. */
#ifdef __has_feature
#define WEFTI_HAS_FEATURE(x) __has_feature(x)
#else
#define WEFTI_HAS_FEATURE(x) 0
#endif
#if defined(WEFT_MODEL) /* its instrumentation without its runtime */
#define WEFT_TSAN 0
#elif defined(__SANITIZE_THREAD__) || WEFTI_HAS_FEATURE(thread_sanitizer)
#define WEFT_TSAN 1
#else
#define WEFT_TSAN 0
#endif
#if defined(__SANITIZE_ADDRESS__) || WEFTI_HAS_FEATURE(address_sanitizer)
#define WEFT_ASAN 1
#else
#define WEFT_ASAN 0
#endif

#endif
