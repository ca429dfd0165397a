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
