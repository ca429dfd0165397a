/* A frame that no cleanup attribute protects: built with -fno-exceptions. */
#ifndef WEFT_TEST_SCOPE_NOFX_H
#define WEFT_TEST_SCOPE_NOFX_H

/* Open a scope, have one thread of it call work(&local), then leave(): the
 * thread must be done with `local` before this frame is gone. */
void borrow_and_leave(void (*work)(void *arg), void (*leave)(void));

/* Overwrite the stack below the caller, as whatever runs next would. */
void trample(void);

#endif
