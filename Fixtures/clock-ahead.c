// Preloaded into the program under test, so that files that were just written are old enough for their digests to be
// cached: the clock that filesystems use for timestamps is ten minutes ahead.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    int (*next)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME_COARSE) time->tv_sec += 600;
    return result;
}
