/* On which machine? A time without one means nothing. */
#ifndef SUM_SQUARES_MACHINE_H
#define SUM_SQUARES_MACHINE_H

/* Print one line: processor, cores allowed, kernel, compiler. */
void machine_print(void);

#endif
