#define _GNU_SOURCE
#include "CLinux.h"

#include <sched.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static int argument_count;
static char **argument_values;

// glibc calls constructors with the arguments of main.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

char *const *clinux_arguments(int *count) {
    *count = argument_count;
    return argument_values;
}

const char *clinux_program_path(void) {
    return (const char *)getauxval(AT_EXECFN);
}

pid_t clinux_thread_id(void) {
    return gettid();
}

int clinux_has_thread(pid_t thread) {
    return tgkill(getpid(), thread, 0) == 0;
}

int clinux_open_beneath(int directory, const char *path, int flags) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)flags;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int clinux_open_place(const char *path) {
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int clinux_open_place_of(int directory, const char *path) {
    return openat(directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int64_t clinux_filesystem_kind(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (int64_t)status.f_type : -1;
}

int clinux_open_nameless(const char *directory) {
    int descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return descriptor;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/dockertools-XXXXXX", directory) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor >= 0) unlink(path);
    return descriptor;
}

int clinux_exchange(const char *path, const char *other) {
    return renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
}

uint32_t clinux_device_major(uint64_t device) {
    return major(device);
}

uint32_t clinux_device_minor(uint64_t device) {
    return minor(device);
}

int clinux_set_pipe_size(int descriptor, int bytes) {
    return fcntl(descriptor, F_SETPIPE_SZ, bytes);
}

int clinux_begin_writing(int descriptor, int64_t offset, int64_t count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

void clinux_limit_heaps(int size, int heaps) {
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, size);
    mallopt(M_ARENA_MAX, heaps);
#endif
}

int clinux_terminal_columns(int descriptor) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

int clinux_adopt_orphans(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

ssize_t clinux_list_xattrs(const char *path, void *names, size_t size) {
    return llistxattr(path, names, size);
}

ssize_t clinux_get_xattr(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}

int clinux_set_xattr(int descriptor, const char *name, const void *value, size_t size) {
    return fsetxattr(descriptor, name, value, size, 0);
}

#ifdef __x86_64__
static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t clinux_time_stamp_khz(void) {
    uint64_t begin = nanoseconds(), ticks = __builtin_ia32_rdtsc(), end;
    do {
        end = nanoseconds();
    } while (end - begin < 20000000u);
    ticks = __builtin_ia32_rdtsc() - ticks;
    return (uint32_t)(ticks * 1000000u / (end - begin));
}
#else
uint32_t clinux_time_stamp_khz(void) {
    return 0;
}
#endif

int clinux_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

int clinux_usable_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}
