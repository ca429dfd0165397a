/* Threads whose argument and result have types. */
#ifndef WEFT_THREAD_TYPED_H
#define WEFT_THREAD_TYPED_H

#include <weft/thread/park.h>
#include <weft/thread/thread.h>

WEFT_BEGIN_DECLS

/* The argument or result that carries nothing: `return WEFT_UNIT;`. */
typedef struct weft_unit {
    char nothing;
} weft_unit;
WEFT_SEND(weft_unit);
#define WEFT_UNIT (weft_unit_make())
WEFT_INLINE weft_unit weft_unit_make(void)
{
    weft_unit unit = {0};
    return unit;
}

/* Define `name`, the handle of a thread that takes an A and returns an R, both
 * by value and both sendable: to pass an rc does not compile. A and R are one
 * identifier each.
 *
 *     WEFT_THREAD_DEFINE(counter, uint64_t, text);
 *
 *     counter c;
 *     counter_result end;
 *     if (counter_spawn(&c, count_words, words) == WEFT_OK &&
 *         counter_join(&c, &end) == WEFT_OK) {
 *         use(end.value);
 *     }
 *
 * The argument is copied into the thread's own memory, in one block with its
 * state; a failed spawn leaves it with the caller. name_result is the twin of
 * weft_thread_result, name_fn of weft_thread_fn, and the functions are twins
 * of weft_thread's: spawn, spawn_with, join, join_try, join_until, detach,
 * is_finished; name_ref_of is weft_thread_ref_of. */
#define WEFT_THREAD_DEFINE(name, R, A) \
    WEFTI_THREAD_TYPES(name, R, A)     \
    WEFTI_THREAD_START(name, A)        \
    WEFTI_THREAD_END(name)             \
    WEFT_NEEDS_SEMICOLON

#define WEFTI_THREAD_TYPES(name, R, A)                              \
    WEFT_REQUIRE_SEND(R, name##_result);                            \
    WEFT_REQUIRE_SEND(A, name##_argument);                          \
    typedef struct WEFT_HANDLE name {                               \
        weft_thread thread;                                         \
    } name;                                                         \
    WEFT_SEND(name);                                                \
    typedef R name##_fn(A);                                         \
    typedef struct name##_result {                                  \
        R value;                                                    \
        weft_panic_info panic;                                      \
    } name##_result;                                                \
    struct name##_frame {                                           \
        R value;                                                    \
        A arg;                                                      \
        name##_fn *fn;                                              \
    };                                                              \
    WEFT_INLINE void name##_run(void *memory)                       \
    {                                                               \
        struct name##_frame *frame = (struct name##_frame *)memory; \
        frame->value = frame->fn(frame->arg);                       \
    }

#define WEFTI_THREAD_START(name, A)                                            \
    WEFT_INLINE WEFT_NODISCARD weft_status name##_spawn_with(                  \
        name *t, const weft_thread_options *options, name##_fn *fn, A arg)     \
        WEFT_ACQUIRES_IF(0, *t) WEFT_UNCHECKED;                                \
    WEFT_INLINE weft_status name##_spawn_with(                                 \
        name *t, const weft_thread_options *options, name##_fn *fn, A arg)     \
    {                                                                          \
        struct name##_frame frame;                                             \
        frame.arg = arg;                                                       \
        frame.fn = fn;                                                         \
        wefti_thread_job job = {name##_run, &frame, sizeof frame,              \
                                WEFT_ALIGNOF(struct name##_frame),             \
                                sizeof frame.value};                           \
        return wefti_thread_spawn(&t->thread, options, &job);                  \
    }                                                                          \
    WEFT_INLINE WEFT_NODISCARD weft_status name##_spawn(                       \
        name *t, name##_fn *fn, A arg) WEFT_ACQUIRES_IF(0, *t) WEFT_UNCHECKED; \
    WEFT_INLINE weft_status name##_spawn(name *t, name##_fn *fn, A arg)        \
    {                                                                          \
        return name##_spawn_with(t, NULL, fn, arg);                            \
    }

#define WEFTI_THREAD_END(name)                                                \
    WEFT_INLINE WEFT_NODISCARD weft_status name##_join_until(                 \
        name *t, name##_result *result, weft_deadline d) WEFT_RELEASES(*t)    \
        WEFT_UNCHECKED;                                                       \
    WEFT_INLINE weft_status name##_join_until(name *t, name##_result *result, \
                                              weft_deadline d)                \
    {                                                                         \
        return wefti_thread_join_until(                                       \
            &t->thread, d, result != NULL ? &result->value : NULL,            \
            sizeof result->value, result != NULL ? &result->panic : NULL);    \
    }                                                                         \
    WEFT_INLINE WEFT_NODISCARD weft_status name##_join(                       \
        name *t, name##_result *result) WEFT_RELEASES(*t) WEFT_UNCHECKED;     \
    WEFT_INLINE weft_status name##_join(name *t, name##_result *result)       \
    {                                                                         \
        return name##_join_until(t, result, WEFT_FOREVER);                    \
    }                                                                         \
    WEFT_INLINE WEFT_NODISCARD weft_status name##_join_try(                   \
        name *t, name##_result *result) WEFT_RELEASES(*t) WEFT_UNCHECKED;     \
    WEFT_INLINE weft_status name##_join_try(name *t, name##_result *result)   \
    {                                                                         \
        weft_status s = WEFT_BUSY;                                            \
        if (weft_thread_is_finished(&t->thread)) {                            \
            WEFT_ALLOW(WEFT_HELD_JOIN) {                                      \
                s = name##_join(t, result);                                   \
            }                                                                 \
        }                                                                     \
        return s;                                                             \
    }                                                                         \
    WEFT_INLINE void name##_detach(name *t) WEFT_RELEASES(*t) WEFT_UNCHECKED; \
    WEFT_INLINE void name##_detach(name *t)                                   \
    {                                                                         \
        weft_thread_detach(&t->thread);                                       \
    }                                                                         \
    WEFT_INLINE WEFT_NODISCARD bool name##_is_finished(const name *t)         \
        WEFT_REQUIRES(*t) WEFT_UNCHECKED;                                     \
    WEFT_INLINE bool name##_is_finished(const name *t)                        \
    {                                                                         \
        return weft_thread_is_finished(&t->thread);                           \
    }                                                                         \
    WEFT_INLINE void name##_ref_of(weft_thread_ref *ref, const name *t)       \
        WEFT_REQUIRES(*t) WEFT_UNCHECKED;                                     \
    WEFT_INLINE void name##_ref_of(weft_thread_ref *ref, const name *t)       \
    {                                                                         \
        weft_thread_ref_of(ref, &t->thread);                                  \
    }

WEFT_END_DECLS

#endif
