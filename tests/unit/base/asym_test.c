#include "base/asym.h"

#include "support/gang.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 20000, SPINS = 200 };

/* The store/load duel, once a round; each round has words of its own, on lines
 * of their own, so that nothing is left over from the round before. */
typedef struct WEFT_ALIGNED(WEFT_CACHE_LINE) word {
    weft_atomic_u32 value;
} word;

typedef struct duel {
    word light[ROUNDS];
    word heavy[ROUNDS];
    uint32_t light_saw[ROUNDS];
    uint32_t heavy_saw[ROUNDS];
    WEFT_ALIGNED(WEFT_CACHE_LINE) weft_atomic_u32 arrived;
} duel;

static duel d;

/* Both leave within nanoseconds of one another if both have a processor. */
static void start_round(uint32_t round)
{
    /* relaxed: only the words of the duel are to be ordered, by themselves. */
    (void)wefti_add_relaxed(&d.arrived, 1u);
    for (uint32_t i = 0; wefti_load_relaxed(&d.arrived) < 2 * (round + 1);
         i++) {
        if (i < SPINS) {
            wefti_spin_hint();
        } else {
            (void)sched_yield();
        }
    }
}

static void duel_lightly(uint32_t i)
{
    /* release [test.duel]: in both modes the first half of the duel. */
    wefti_store_light(&d.light[i].value, 1u);
    /* seq_cst [test.duel]: a plain load where the fence is asymmetric. */
    d.light_saw[i] = wefti_asym ? wefti_load_relaxed(&d.heavy[i].value)
                                : wefti_load_seq_cst(&d.heavy[i].value);
}

static void duel_heavily(uint32_t i)
{
    /* seq_cst [test.duel]: what replaces the fence where there is none. */
    wefti_store_seq_cst(&d.heavy[i].value, 1u);
    wefti_fence_heavy();
    /* seq_cst [test.duel] */
    d.heavy_saw[i] = wefti_load_seq_cst(&d.light[i].value);
}

static void fight(gang_member *me)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        start_round(i);
        if (me->index == 0) {
            duel_lightly(i);
        } else {
            duel_heavily(i);
        }
    }
}

static void nobody_misses_both(void)
{
    gang_run(2, fight, NULL);
    size_t lost = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        lost += d.light_saw[i] == 0 && d.heavy_saw[i] == 0;
    }
    cr_assert_eq(lost, 0, "in %zu rounds neither saw the other", lost);
}

Test(asym, in_a_duel_one_sees_the_other)
{
    wefti_asym_init();
    nobody_misses_both();
}

Test(asym, in_a_duel_without_membarrier_one_sees_the_other)
{
    wefti_asym = false; /* as where the kernel has none */
    nobody_misses_both();
}

Test(asym, init_is_idempotent)
{
    wefti_asym_init();
    bool first = wefti_asym;
    wefti_asym_init();
    cr_assert_eq(wefti_asym, first);
}

Test(asym, thread_sanitizer_gets_the_accesses_it_understands)
{
    wefti_asym_init();
    cr_assert(!WEFT_TSAN || !wefti_asym);
}

Test(asym, store_light_stores_in_both_modes)
{
    weft_atomic_u32 a = {1};
    wefti_asym_init();
    wefti_store_light(&a, 2u);
    cr_assert_eq(wefti_load_relaxed(&a), 2);
    wefti_asym = false;
    wefti_store_light(&a, 3u);
    cr_assert_eq(wefti_load_relaxed(&a), 3);
}

Test(asym, errno_is_preserved)
{
    errno = EXDEV;
    wefti_asym_init();
    wefti_fence_heavy();
    cr_assert_eq(errno, EXDEV);
}

static void init_again(gang_member *me)
{
    bool before = wefti_asym;
    for (int i = 0; i < 200; i++) {
        wefti_asym_init();
        gang_check(me, wefti_asym == before);
        wefti_fence_heavy();
    }
}

Test(asym, any_thread_may_init_again)
{
    wefti_asym_init();
    gang_run(4, init_again, NULL);
}

#if !WEFT_TSAN

/* From now on membarrier fails with `error`, as in a container that turns on
 * its filter late. */
static void forbid_membarrier(uint32_t error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        cr_skip_test("no filters of system calls on this machine");
    }
}

Test(asym, a_kernel_without_membarrier_is_noticed)
{
    forbid_membarrier(ENOSYS);
    errno = EXDEV;
    wefti_asym_init();
    cr_assert_not(wefti_asym);
    wefti_fence_heavy();
    cr_assert_eq(errno, EXDEV);
}

/* A duel may be going on: the answer stays what it was. */
Test(asym, init_does_not_change_its_mind)
{
    wefti_asym_init();
    bool before = wefti_asym;
    forbid_membarrier(EPERM);
    wefti_asym_init();
    cr_assert_eq(wefti_asym, before);
}

Test(asym, a_fence_that_is_refused_is_not_passed_over, .signal = SIGABRT)
{
    wefti_asym_init();
    if (!wefti_asym) {
        abort(); /* nothing to refuse */
    }
    forbid_membarrier(EPERM);
    wefti_fence_heavy();
}

#endif

Test(asym, the_fence_survives_fork)
{
    wefti_asym_init();
    bool before = wefti_asym;
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        wefti_fence_heavy(); /* dies if the registration is gone */
        wefti_asym_init();
        wefti_fence_heavy();
        _exit(wefti_asym == before ? 0 : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}
