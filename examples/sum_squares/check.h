/* Do the sums agree, and with what? */
#ifndef SUM_SQUARES_CHECK_H
#define SUM_SQUARES_CHECK_H

#include "input.h"
#include "total.h"

/* What a sum is compared with. Integers: the serial loop's, and to the last
 * digit. Floating-point values: one that was summed with compensation, since
 * every order of adding rounds differently; `allowed` is how far off a right
 * one may be. */
typedef struct expectation {
    bool is_real;
    total exact;
    long double real;
    long double allowed;
} expectation;

/* `serial` is the serial loop's sum. Takes a pass over floating-point data. */
expectation check_expect(const values *v, total serial);

bool check_agrees(const expectation *e, total t);

/* Print the sum, and how exact agreeing with it was. */
void check_print(const expectation *e);

#endif
