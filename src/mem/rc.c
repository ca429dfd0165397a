/* The rare halves of an rc: birth, death, unwrap. */
#include <weft/mem/rc.h>

#include "base/checked.h"
#include "mem/counted.h"

#include <string.h>

void *weft_rc_create(const weft_counted_type *type)
{
    void *value = wefti_counted_alloc(type);
    if (value != NULL) {
        wefti_rc *r = wefti_rc_of(value);
        r->strong = 1;
        r->weak = 1;
        r->type = type;
    }
    return value;
}

/* Give up the weak reference that the strong ones held together. */
static void drop_common_weak(void **value)
{
    weft_rc_weak_drop(*value);
}

bool weft_rc_unwrap_try(void *value, void *out)
{
    wefti_rc *r = wefti_rc_of(value);
    if (r->strong != 1) {
        return false;
    }
    r->strong = 0;
    memcpy(out, value, r->type->size);
    drop_common_weak(&value);
    return true;
}

/* The last strong reference is gone: end the value. */
void wefti_rc_destroy(void *value)
{
    /* A cleanup, so that the memory goes even if `drop` panics. */
    WEFT_CLEANUP(drop_common_weak) void *block = value;
    const weft_counted_type *type = wefti_rc_of(block)->type;
    if (type->drop != NULL) {
        type->drop(block);
    }
    WEFTI_CHECKED(weft_bury(block, type->size));
}

/* The last reference of any kind is gone. */
void wefti_rc_free(void *value)
{
    wefti_counted_free(value, wefti_rc_of(value)->type);
}
