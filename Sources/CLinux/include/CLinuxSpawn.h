// Starting programs, alone or in namespaces of their own.
#ifndef CLINUX_SPAWN_H
#define CLINUX_SPAWN_H

#include <sys/types.h>

/// How programs are kept apart from this machine. Paths are absolute and without symbolic links.
struct clinux_isolation {
    /// Directories that stay writable, NULL behind the last; all other files are read-only.
    const char *const *writable;
    /// Directories that stay visible, read-only, where the temporary directory covers them; NULL behind the last.
    const char *const *visible;
    /// A directory that becomes /tmp and /var/tmp; it is writable.
    const char *temporary;
    /// Not 0: the programs keep this machine's network.
    int network;
    /// Not 0: the caller may not make mount namespaces, so a user namespace with the caller's own IDs is made first.
    int user_namespace;
    /// NULL, or the commands that map IDs of that user namespace, NULL behind the last: newuidmap(1) and newgidmap(1), whose
    /// second argument is replaced by the process ID. The programs are then root of the namespace.
    char *const *const *map_commands;
};

/// The step of clinux_spawn that failed.
enum clinux_spawn_step {
    CLINUX_STEP_FORK = 1,
    CLINUX_STEP_NAMESPACES,
    CLINUX_STEP_MOUNTS,
    CLINUX_STEP_EXEC,
};

/// A program to run.
struct clinux_program {
    /// The path of the executable.
    const char *path;
    char *const *arguments;
    char *const *environment;
    /// The working directory. NULL: that of the caller.
    const char *directory;
    /// NULL, or a directory that becomes the root before the program starts: no other file of this machine can be
    /// reached from it, and the capabilities are those of a container's root.
    const char *root;
    /// Not 0: the program gets a session of its own, and so no terminal to ask its user on.
    int session;
};

/// Runs programs one after the other, up to the first that fails, with default signal actions and the umask 022, in a new
/// process group.
///
/// They are killed when the calling thread ends, so that thread has to wait for them. With isolation they have mount, IPC,
/// network and process namespaces of their own, and each program's descendants end with it; without, there is one program.
///
/// input, output, error: descriptors that become the standard streams.
/// isolation: NULL for no namespaces.
///
/// Returns the process ID, or -1 with the error number in errno and the failed step in *step.
pid_t clinux_spawn(
    const struct clinux_program *programs, int count, int input, int output, int error,
    const struct clinux_isolation *isolation, int *step);

#endif
