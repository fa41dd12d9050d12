#include "base/clock.h"

#include <time.h>

static struct timespec now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t;
}

uint64_t clock_us(void)
{
    struct timespec t = now(CLOCK_MONOTONIC);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int64_t clock_unix_s(void)
{
    return now(CLOCK_REALTIME).tv_sec;
}
