/* Names for addresses of this program, from its own file: addr2line for code,
 * the symbol table for data. */
#ifndef WEFT_SRC_MODEL_SYMBOL_H
#define WEFT_SRC_MODEL_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Collect return addresses, then look all of them up at once. */
void wefti_symbol_want(const void *pc);
void wefti_symbol_resolve(void);

/* "mutex.h:88 weft_mutex_lock", or the bare address. */
void wefti_symbol_of_code(const void *pc, char *text, size_t size);

/* "queue+8" for a variable of static storage. false: there is none. */
bool wefti_symbol_of_data(uintptr_t address, char *text, size_t size);

#endif
