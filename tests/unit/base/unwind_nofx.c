/* A frame whose cleanup cannot run: built without -fexceptions. */
void nofx_calls(void (*fn)(void *arg), void *arg);
extern int nofx_cleanups;
int nofx_cleanups;

static void count(int *unused)
{
    (void)unused;
    nofx_cleanups++;
}

void nofx_calls(void (*fn)(void *arg), void *arg)
{
    __attribute__((cleanup(count), unused)) int unused = 0;
    fn(arg);
    __asm__ volatile("" ::: "memory"); /* no tail call */
}
