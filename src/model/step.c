#include "model/step.h"

bool wefti_steps_conflict(const wefti_step *a, const wefti_step *b)
{
    if (a->everywhere || b->everywhere || a->forced || b->forced) {
        return true;
    }
    for (int i = 0; i < a->count; i++) {
        for (int k = 0; k < b->count; k++) {
            bool writes = ((a->writes >> i | b->writes >> k) & 1) != 0;
            if (writes && a->uses[i] == b->uses[k]) {
                return true;
            }
        }
    }
    return false;
}

const char *wefti_step_name(wefti_kind kind)
{
    static const char *const names[WEFTI_STEP_KINDS] = {
        [WEFTI_STEP_START] = "start",
        [WEFTI_STEP_LOAD] = "load",
        [WEFTI_STEP_STORE] = "store",
        [WEFTI_STEP_SWAP] = "swap",
        [WEFTI_STEP_ADD] = "add",
        [WEFTI_STEP_SUB] = "sub",
        [WEFTI_STEP_AND] = "and",
        [WEFTI_STEP_OR] = "or",
        [WEFTI_STEP_XOR] = "xor",
        [WEFTI_STEP_NAND] = "nand",
        [WEFTI_STEP_CAS] = "cas",
        [WEFTI_STEP_FENCE] = "fence",
        [WEFTI_STEP_FENCE_ALL] = "fence everywhere",
        [WEFTI_STEP_WAIT] = "sleep on",
        [WEFTI_STEP_WAKE] = "wake",
        [WEFTI_STEP_GIVE_UP] = "wakes alone",
        [WEFTI_STEP_LOCK] = "lock",
        [WEFTI_STEP_UNLOCK] = "unlock",
        [WEFTI_STEP_SPAWN] = "spawn",
        [WEFTI_STEP_JOIN] = "join",
        [WEFTI_STEP_EXIT] = "end",
        [WEFTI_STEP_YIELD] = "yield",
        [WEFTI_STEP_CLOCK] = "read the clock",
        [WEFTI_STEP_SLEEP] = "sleep",
    };
    return names[kind];
}
