#include "model/fiber.h"

#include "model/clock.h"
#include "model/real.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if !defined(__linux__) || !defined(__x86_64__)
#error "weft_model switches stacks and thread pointers of Linux on x86-64"
#endif

/* A stack lies at the upper end of its part; the rest is never mapped, so that
 * a frame that is too large does not end on another's stack. */
enum {
    PART = 16 * 1024 * 1024,
    STACK_SIZE = 256 * 1024,
    ARCH_SET_FS = 0x1002,
    HWCAP2_FSGSBASE = 2,
};

static wefti_fiber fibers[WEFTI_MODEL_THREADS];
static wefti_fiber outside;
static char *stacks;
static bool has_wrfsbase;
static pid_t owner;

/* Save the registers that the calling convention preserves on this stack, put
 * the stack pointer into *rdi, and take up what stands at rsi. */
void wefti_fiber_jump(void **from, void *to);
__asm__(".text\n"
        ".globl wefti_fiber_jump\n"
        ".hidden wefti_fiber_jump\n"
        ".type wefti_fiber_jump,@function\n"
        "wefti_fiber_jump:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp,(%rdi)\n"
        "    movq %rsi,%rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size wefti_fiber_jump,.-wefti_fiber_jump\n");

static void *thread_pointer(void)
{
    void *tls;
    __asm__("movq %%fs:0,%0" : "=r"(tls));
    return tls;
}

static void set_thread_pointer(void *tls)
{
    if (has_wrfsbase) {
        __asm__ volatile("wrfsbase %0" ::"r"(tls) : "memory");
    } else {
        (void)__real_syscall(SYS_arch_prctl, ARCH_SET_FS, tls);
    }
}

/* The lender's end of a handshake over a pipe: no primitive of the C library
 * that is wrapped, or of weft. */
static void *lend(void *ends)
{
    void *tls = thread_pointer();
    const int *out = ends;
    while (write(*out, &tls, sizeof tls) != (ssize_t)sizeof tls) {
    }
    for (;;) {
        (void)pause();
    }
    return NULL;
}

static bool borrow(wefti_fiber *f, int ends[2])
{
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) {
        return false;
    }
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool ok = __real_pthread_create(&f->lender, &attr, lend, &ends[1]) == 0;
    (void)pthread_attr_destroy(&attr);
    ok = ok && read(ends[0], &f->tls, sizeof f->tls) == (ssize_t)sizeof f->tls;
    return ok;
}

static bool make_stacks(void)
{
    if (stacks != NULL) {
        return true;
    }
    void *memory = mmap(NULL, (size_t)PART * WEFTI_MODEL_THREADS, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return false;
    }
    stacks = memory;
    bool ok = true;
    for (uint32_t i = 0; i < WEFTI_MODEL_THREADS; i++) {
        fibers[i].high = stacks + (size_t)(i + 1) * PART;
        fibers[i].low = fibers[i].high - STACK_SIZE;
        ok = ok &&
             mprotect(fibers[i].low, STACK_SIZE, PROT_READ | PROT_WRITE) == 0;
    }
    return ok;
}

bool wefti_fiber_setup(void)
{
    if (owner == getpid()) {
        return true;
    }
    has_wrfsbase = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) != 0;
    int ends[2];
    if (!make_stacks() || pipe(ends) != 0) {
        return false;
    }
    bool ok = true;
    /* Signals belong to the exploring thread. */
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)__real_pthread_sigmask(SIG_SETMASK, &all, &before);
    for (uint32_t i = 0; ok && i < WEFTI_MODEL_THREADS; i++) {
        ok = borrow(&fibers[i], ends);
    }
    (void)__real_pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[0]);
    (void)close(ends[1]);
    owner = ok ? getpid() : 0;
    return ok;
}

wefti_fiber *wefti_fiber_start(uint32_t slot, void (*entry)(void))
{
    wefti_fiber *f = &fibers[slot];
    /* As after a call: a return address above which nothing unwinds. */
    void **top = (void **)(void *)(f->high - 64);
    *--top = NULL;
    memcpy(--top, &entry, sizeof entry);
    for (int saved = 0; saved < 6; saved++) {
        *--top = NULL;
    }
    f->sp = top;
    return f;
}

wefti_fiber *wefti_fiber_outside(void)
{
    return &outside;
}

void wefti_fiber_switch(wefti_fiber *from, wefti_fiber *to)
{
    if (from == &outside) {
        outside.tls = thread_pointer();
    }
    set_thread_pointer(to->tls);
    wefti_fiber_jump(&from->sp, to->sp);
}

int wefti_fiber_of_address(uintptr_t address)
{
    uintptr_t offset = address - (uintptr_t)stacks;
    return offset < (uintptr_t)PART * WEFTI_MODEL_THREADS ? (int)(offset / PART)
                                                          : -1;
}

wefti_fiber *wefti_fiber_of_slot(uint32_t slot)
{
    return &fibers[slot];
}
