/* Which types may move to another thread: the compiler's answer.
 *
 * A type crosses threads (as a thread's argument or result, or as a message of
 * a channel) only if it was declared sendable. T is one identifier, a typedef.
 *
 *     typedef struct job { int id; } job;
 *     WEFT_SEND(job);
 *
 *     WEFT_NOT_SEND(rc_int, "its count is not atomic; use an arc_int");
 *
 * The declaration is a promise of the programmer's; what the compiler checks
 * is that it was given, and that nobody sends what must not be sent. */
#ifndef WEFT_BASE_SEND_H
#define WEFT_BASE_SEND_H

#include <weft/base/config.h>

/* The marker's name is what a compiler prints when it is missing. */
#define WEFT_SEND(T) typedef char T##_is_not_WEFT_SEND

#define WEFT_NOT_SEND(T, why)                         \
    typedef char T##_is_not_WEFT_SEND __attribute__(( \
        unavailable(#T " cannot be sent between threads: " why)))

/* Sendable because the type of each of its fields (at most eight) is. */
#define WEFT_SEND_DERIVE(T, ...)                                             \
    WEFT_SEND(T);                                                            \
    struct weft_send_derive_##T {                                            \
        WEFTI_SEND_PICK(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)(__VA_ARGS__) \
    }

/* Fails to compile, naming T, unless T is sendable; `where` tells apart the
 * checks of one file. A declaration: follow it with a semicolon. */
#define WEFT_REQUIRE_SEND(T, where)         \
    struct weft_send_check_##where {        \
        T##_is_not_WEFT_SEND weft_sendable; \
    }

#define WEFTI_SEND_PICK(a, b, c, d, e, f, g, h, n, ...) WEFTI_SEND_##n
#define WEFTI_SEND_1(A) A##_is_not_WEFT_SEND weft_field_1;
#define WEFTI_SEND_2(A, ...)           \
    A##_is_not_WEFT_SEND weft_field_2; \
    WEFTI_SEND_1(__VA_ARGS__)
#define WEFTI_SEND_3(A, ...)           \
    A##_is_not_WEFT_SEND weft_field_3; \
    WEFTI_SEND_2(__VA_ARGS__)
#define WEFTI_SEND_4(A, ...)           \
    A##_is_not_WEFT_SEND weft_field_4; \
    WEFTI_SEND_3(__VA_ARGS__)
#define WEFTI_SEND_5(A, ...)           \
    A##_is_not_WEFT_SEND weft_field_5; \
    WEFTI_SEND_4(__VA_ARGS__)
#define WEFTI_SEND_6(A, ...)           \
    A##_is_not_WEFT_SEND weft_field_6; \
    WEFTI_SEND_5(__VA_ARGS__)
#define WEFTI_SEND_7(A, ...)           \
    A##_is_not_WEFT_SEND weft_field_7; \
    WEFTI_SEND_6(__VA_ARGS__)
#define WEFTI_SEND_8(A, ...)           \
    A##_is_not_WEFT_SEND weft_field_8; \
    WEFTI_SEND_7(__VA_ARGS__)

/* C's own arithmetic types, by the names that are one identifier. */
WEFT_SEND(bool);
#ifndef __cplusplus
WEFT_SEND(_Bool); /* what `bool` is once a macro has passed it on */
#endif
WEFT_SEND(char);
WEFT_SEND(int);
WEFT_SEND(long);
WEFT_SEND(unsigned);
WEFT_SEND(float);
WEFT_SEND(double);
WEFT_SEND(size_t);
WEFT_SEND(ptrdiff_t);
WEFT_SEND(intptr_t);
WEFT_SEND(uintptr_t);
WEFT_SEND(int8_t);
WEFT_SEND(int16_t);
WEFT_SEND(int32_t);
WEFT_SEND(int64_t);
WEFT_SEND(uint8_t);
WEFT_SEND(uint16_t);
WEFT_SEND(uint32_t);
WEFT_SEND(uint64_t);

#endif
