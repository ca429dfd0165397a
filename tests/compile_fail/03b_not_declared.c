/* 3. A type not declared sendable
 *
 * all       error      unknown type name 'job_is_not_WEFT_SEND'
 */
#include <weft/weft.h>

typedef struct job {
    int amount;
} job;
#ifdef FIXED
WEFT_SEND(job);
#endif
WEFT_CHAN_DEFINE(jobs, job);

int main(void)
{
    return 0;
}
