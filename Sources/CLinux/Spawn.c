#define _GNU_SOURCE
#include "CLinuxSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Everything below clinux_spawn's fork runs in a child of a process with threads: system calls only, no allocation.

enum { limit = 64 };

struct report {
    int step, number;
};

// A step of the child that is no failure: the caller has to map the IDs of its user namespace.
enum { CLINUX_STEP_MAP = -1 };

static void fail(int channel, int step) {
    struct report report = {step, errno};
    if (write(channel, &report, sizeof report) < 0) {
    }
    _exit(127);
}

static int set_flags(int tree, const char *path, unsigned flags, uint64_t set) {
    struct mount_attr attributes = {.attr_set = set};
    return (int)syscall(SYS_mount_setattr, tree, path, flags, &attributes, sizeof attributes);
}

// A detached copy of the mount at a path, with all below it.
static int copy_mount(const char *path) {
    return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

static int attach(int tree, const char *path) {
    return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

// Makes a directory and its parents; those that exist are kept.
static void make_directories(const char *path) {
    char buffer[4096];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof buffer) return;
    memcpy(buffer, path, length + 1);
    for (size_t index = 1; index < length; index++) {
        if (buffer[index] != '/') continue;
        buffer[index] = 0;
        mkdir(buffer, 0755);
        buffer[index] = '/';
    }
    mkdir(buffer, 0755);
}

static int write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = write(file, text, strlen(text));
    close(file);
    return count < 0 ? -1 : 0;
}

// Asks the caller to map the IDs of the new user namespace, and becomes its root.
static int enter_mapped_user_namespace(int channel, int answers) {
    struct report report = {CLINUX_STEP_MAP, getpid()};
    char answer;
    if (unshare(CLONE_NEWUSER) != 0 || write(channel, &report, sizeof report) < 0) return -1;
    if (read(answers, &answer, 1) != 1) {
        errno = EPERM;
        return -1;
    }
    return setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0 ? -1 : 0;
}

// Runs the commands that map IDs. Their output is of no interest.
static int map_ids(char *const *const *commands, pid_t process) {
    for (; *commands != NULL; commands++) {
        int status = 0;
        pid_t child = fork();
        if (child < 0) return -1;
        if (child == 0) {
            char number[16], *arguments[limit] = {NULL}, *environment[] = {NULL};
            for (int index = 0; index < limit - 1 && (*commands)[index] != NULL; index++) {
                arguments[index] = (*commands)[index];
            }
            snprintf(number, sizeof number, "%d", process);
            arguments[1] = number;
            execve(arguments[0], arguments, environment);
            _exit(127);
        }
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        if (status != 0) return -1;
    }
    return 0;
}

// A user namespace in which the caller keeps its IDs (user_namespaces(7)).
static int enter_user_namespace(void) {
    unsigned uid = geteuid(), gid = getegid();
    char text[64];
    if (unshare(CLONE_NEWUSER) != 0) return -1;
    if (write_text("/proc/self/setgroups", "deny") != 0 && errno != ENOENT) return -1;
    snprintf(text, sizeof text, "%u %u 1", uid, uid);
    if (write_text("/proc/self/uid_map", text) != 0) return -1;
    snprintf(text, sizeof text, "%u %u 1", gid, gid);
    return write_text("/proc/self/gid_map", text);
}

static int copy_all(const char *const *paths, int *trees) {
    int count = 0;
    for (; paths[count] != NULL; count++) {
        if (count == limit) {
            errno = E2BIG;
            return -1;
        }
        if ((trees[count] = copy_mount(paths[count])) < 0) return -1;
    }
    return count;
}

static int attach_all(const char *const *paths, const int *trees, int count) {
    for (int index = 0; index < count; index++) {
        // Where /tmp has covered it, its directory is made in there.
        make_directories(paths[index]);
        if (attach(trees[index], paths[index]) != 0) return -1;
        close(trees[index]);
    }
    return 0;
}

// Makes all mounts read-only but for the temporary directory and the writable ones.
static int arrange_mounts(const struct clinux_isolation *isolation) {
    int writable[limit], visible[limit], writables, visibles, temporary;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -1;
    if ((writables = copy_all(isolation->writable, writable)) < 0) return -1;
    if ((temporary = copy_mount(isolation->temporary)) < 0) return -1;
    if (set_flags(AT_FDCWD, "/", AT_RECURSIVE, MOUNT_ATTR_RDONLY) != 0) return -1;
    if ((visibles = copy_all(isolation->visible, visible)) < 0) return -1;
    if (attach(temporary, "/tmp") != 0 && errno != ENOENT) return -1;
    close(temporary);
    for (int index = 0; index < 2; index++) {
        if ((temporary = copy_mount("/tmp")) < 0) continue;
        attach(temporary, index == 0 ? "/var/tmp" : "/dev/shm");
        close(temporary);
    }
    if (attach_all(isolation->visible, visible, visibles) != 0) return -1;
    return attach_all(isolation->writable, writable, writables);
}

// Leaves the capabilities that Docker leaves to root in a container: without the others, root cannot mount, load modules or
// change the settings of this machine.
static int drop_capabilities(void) {
    const uint64_t kept = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER | 1u << CAP_FSETID | 1u << CAP_KILL
        | 1u << CAP_SETGID | 1u << CAP_SETUID | 1u << CAP_SETPCAP | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_NET_RAW
        | 1u << CAP_SYS_CHROOT | 1u << CAP_MKNOD | 1u << CAP_AUDIT_WRITE | 1u << CAP_SETFCAP;
    for (int number = 0; number < 64 && prctl(PR_CAPBSET_READ, number) >= 0; number++) {
        if ((kept >> number & 1) == 0 && prctl(PR_CAPBSET_DROP, number) != 0) return -1;
    }
    return 0;
}

// Makes a directory the root and unmounts the old one, which a process could leave chroot(2) for (pivot_root(2)).
static int change_root(const char *root) {
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -1;
    if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return -1;
    if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) return -1;
    return drop_capabilities();
}

static void execute(const struct clinux_program *program, int channel) {
    if (program->root != NULL && change_root(program->root) != 0) {
        dprintf(2, "cannot change the root to %s: %s\n", program->root, strerror(errno));
        fail(channel, CLINUX_STEP_MOUNTS);
    }
    if (program->directory == NULL || chdir(program->directory) == 0) {
        execve(program->path, program->arguments, program->environment);
    }
    // The channel is closed once a first program has started.
    dprintf(2, "cannot run %s: %s\n", program->path, strerror(errno));
    fail(channel, CLINUX_STEP_EXEC);
}

// The first process of a process namespace: runs the programs and reaps all others.
static void be_init(const struct clinux_program *programs, int count, int channel) {
    int status = 0;
    for (int index = 0; index < count && status == 0; index++) {
        pid_t process, program = fork();
        if (program < 0) fail(channel, CLINUX_STEP_FORK);
        if (program == 0) execute(&programs[index], channel);
        if (index == 0) close(channel);
        while ((process = waitpid(-1, &status, 0)) != program) {
            if (process < 0 && errno != EINTR) _exit(127);
        }
        kill(-1, SIGKILL);
        while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
        }
    }
    // A process namespace's first process cannot end by a signal of its own.
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

// Waits for init outside of its namespace and ends as init did.
static void wait_for(pid_t init, int channel) {
    int status = 0;
    close(channel);
    while (waitpid(init, &status, 0) < 0 && errno == EINTR) {
    }
    int ended = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (ended > 128 && ended < 128 + NSIG) {
        signal(ended - 128, SIG_DFL);
        kill(getpid(), ended - 128);
    }
    _exit(ended);
}

// The process namespace's own /proc, in which the settings of this machine are read-only. Where this machine's is partly
// covered, as in a container, the kernel refuses a new one.
static void mount_proc(void) {
    static const char *const settings[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"};
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) return;
    for (unsigned index = 0; index < sizeof settings / sizeof *settings; index++) {
        int tree = copy_mount(settings[index]);
        if (tree < 0) continue;
        if (set_flags(tree, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY) == 0) attach(tree, settings[index]);
        close(tree);
    }
}

static void isolate(
    const struct clinux_program *programs, int count, const struct clinux_isolation *isolation, int channel,
    int answers) {
    int spaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | (isolation->network ? 0 : CLONE_NEWNET);
    if (isolation->user_namespace) {
        int result =
            isolation->map_commands != NULL ? enter_mapped_user_namespace(channel, answers) : enter_user_namespace();
        if (result != 0) fail(channel, CLINUX_STEP_NAMESPACES);
    }
    if (unshare(spaces) != 0) fail(channel, CLINUX_STEP_NAMESPACES);
    // Entering a user namespace clears it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (arrange_mounts(isolation) != 0) fail(channel, CLINUX_STEP_MOUNTS);
    pid_t init = fork();
    if (init < 0) fail(channel, CLINUX_STEP_FORK);
    if (init > 0) wait_for(init, channel);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    mount_proc();
    be_init(programs, count, channel);
}

static void run(
    const struct clinux_program *programs, int count, const int *streams, const struct clinux_isolation *isolation,
    int channel, int answers, pid_t parent, const sigset_t *mask) {
    if (!programs->session) {
        setpgid(0, 0);
    } else if (setsid() < 0) {
        fail(channel, CLINUX_STEP_EXEC);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    umask(022);
    for (int number = 0; number < 3; number++) {
        if (dup2(streams[number], number) < 0) fail(channel, CLINUX_STEP_EXEC);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (isolation != NULL) isolate(programs, count, isolation, channel, answers);
    if (programs->directory == NULL || chdir(programs->directory) == 0) {
        execve(programs->path, programs->arguments, programs->environment);
    }
    fail(channel, CLINUX_STEP_EXEC);
}

pid_t clinux_spawn(
    const struct clinux_program *programs, int count, int input, int output, int error,
    const struct clinux_isolation *isolation, int *step) {
    int ends[2], answers[2], streams[3] = {input, output, error};
    sigset_t all, none, before;
    struct report report = {0, 0};
    *step = CLINUX_STEP_FORK;
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    if (pipe2(answers, O_CLOEXEC) != 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    // A signal that comes before the child has its own actions would run this program's handlers in it.
    sigfillset(&all);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        close(ends[0]);
        close(answers[1]);
        run(programs, count, streams, isolation, ends[1], answers[0], parent, &none);
    }
    int number = errno;
    close(ends[1]);
    close(answers[0]);
    if (child > 0) {
        // A leader of a group cannot begin a session.
        if (!programs->session) setpgid(child, child);
        while (read(ends[0], &report, sizeof report) < 0 && errno == EINTR) {
        }
        if (report.step == CLINUX_STEP_MAP) {
            // Without an answer the child ends.
            if (map_ids(isolation->map_commands, child) == 0 && write(answers[1], "", 1) < 0) {
            }
            close(answers[1]);
            answers[1] = -1;
            report.step = 0;
            while (read(ends[0], &report, sizeof report) < 0 && errno == EINTR) {
            }
        }
        if (report.step != 0) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
            }
            *step = report.step;
            number = report.number;
            child = -1;
        }
    }
    close(ends[0]);
    if (answers[1] >= 0) close(answers[1]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return child;
}
