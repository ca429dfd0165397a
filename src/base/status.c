#include <weft/base/status.h>

const char *weft_status_str(weft_status status)
{
    switch (status) {
    case WEFT_OK:
        return "done";
    case WEFT_TIMEOUT:
        return "the deadline came first";
    case WEFT_BUSY:
        return "it would have had to wait";
    case WEFT_POISONED:
        return "a holder of the lock panicked";
    case WEFT_CLOSED:
        return "the other end of the channel is gone";
    case WEFT_FULL:
        return "there is no room now";
    case WEFT_EMPTY:
        return "there is nothing to take now";
    case WEFT_PANICKED:
        return "the code that was called panicked";
    case WEFT_EXITED:
        return "the thread left by pthread_exit or cancellation";
    case WEFT_NO_MEMORY:
        return "out of memory";
    case WEFT_NO_RESOURCES:
        return "the system has no more resources of this kind";
    case WEFT_OVERFLOW:
        return "the result does not fit its type";
    case WEFT_INVALID:
        return "an argument is not valid";
    }
    return "not a status of weft";
}

const char *weft_version(void)
{
    return WEFT_VERSION_STRING;
}
