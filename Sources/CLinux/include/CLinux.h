// The few Linux calls and constants that Swift cannot name: variadic or behind feature macros.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The arguments of this process, the program's name first: `count` is set to their number. They are kept at the start of
/// the process, since Swift's standard library reads them from /proc, which need not be mounted.
char *const *clinux_arguments(int *count);

/// The path by which this program was started, as the kernel has it (AT_EXECFN of getauxval(3)); NULL if it has none.
const char *clinux_program_path(void);

/// The id of the calling thread (gettid(2)), and whether this process has a thread of an id (tgkill(2)). A thread whose id is
/// gone no longer counts towards RLIMIT_NPROC and pids.max; one that pthread_join(3) has waited for may.
pid_t clinux_thread_id(void);
int clinux_has_thread(pid_t thread);
#include "CLinuxSpawn.h"

/// open(2) below a directory descriptor, following no link and leaving the directory by no way
/// (openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). -1 and errno on failure.
int clinux_open_beneath(int directory, const char *path, int flags);

/// Opens a directory as a mere place (O_PATH | O_DIRECTORY | O_CLOEXEC). -1 and errno on failure.
int clinux_open_place(const char *path);

/// Opens a file of any kind as a mere place, following no link in its last component (O_PATH | O_NOFOLLOW | O_CLOEXEC).
/// -1 and errno on failure.
int clinux_open_place_of(int directory, const char *path);

/// The magic number of the file system of an open file (f_type of fstatfs(2)). -1 and errno on failure.
int64_t clinux_filesystem_kind(int descriptor);

/// Opens a new file without a name in a directory, for reading and writing (O_TMPFILE; where the file system does not know it,
/// mkostemp(3) and unlink(2)). -1 and errno on failure.
int clinux_open_nameless(const char *directory);

/// Puts two paths in one another's places (renameat2(2) with RENAME_EXCHANGE). -1 and errno on failure.
int clinux_exchange(const char *path, const char *other);

/// The two numbers of a device (makedev(3): macros in C).
uint32_t clinux_device_major(uint64_t device);
uint32_t clinux_device_minor(uint64_t device);

/// Sets the capacity of a pipe in bytes (F_SETPIPE_SZ). The new capacity, or -1 and errno.
int clinux_set_pipe_size(int descriptor, int bytes);

/// Begins to write a stretch of a file to its disk, without waiting (sync_file_range(2)). -1 and errno on failure.
int clinux_begin_writing(int descriptor, int64_t offset, int64_t count);

/// Has free(3) give blocks of so many bytes and more back to the system, for good, and malloc(3) keep small ones in no more
/// than so many heaps (M_MMAP_THRESHOLD and M_ARENA_MAX of mallopt(3)).
void clinux_limit_heaps(int size, int heaps);

/// The columns of the terminal behind a descriptor (TIOCGWINSZ), or 0 if it is none.
int clinux_terminal_columns(int descriptor);

/// Makes descendants whose parents have ended children of this process (PR_SET_CHILD_SUBREAPER). -1 and errno on failure.
int clinux_adopt_orphans(void);

/// The names of a file's extended attributes, a NUL behind each, and the value of one; a last component that is a link
/// is not followed (llistxattr(2), lgetxattr(2)). The number of bytes, or -1 and errno; with a size of 0 nothing is written.
ssize_t clinux_list_xattrs(const char *path, void *names, size_t size);
ssize_t clinux_get_xattr(const char *path, const char *name, void *value, size_t size);

/// Sets an extended attribute of an open file (fsetxattr(2)). -1 and errno on failure.
int clinux_set_xattr(int descriptor, const char *name, const void *value, size_t size);

/// Takes the next connection of a listening socket; no program that another thread starts inherits it (accept4(2)).
/// -1 and errno on failure.
int clinux_accept(int listener);

/// The number of processors that this process may run on (sched_getaffinity(2)); 1 if the kernel does not say.
int clinux_usable_processors(void);

/// How often the processor's time stamp counter ticks in a millisecond, measured over 20 of them; 0 where there is none.
uint32_t clinux_time_stamp_khz(void);

#endif
