// The Linux calls of PID 1 that Swift cannot name.
#ifndef CGUEST_H
#define CGUEST_H

#include <stdint.h>
#include <sys/types.h>

/// clone(2) with flags and SIGCHLD, in the manner of fork(2): 0 in the child. For a process with one thread.
pid_t cguest_clone(unsigned long flags);

/// The flags of `cguest_clone`: new namespaces of mounts, processes, IPC and host name, and of the network where it is asked
/// for.
unsigned long cguest_namespaces(int with_network);

/// mount(2) with MS_RDONLY, with MS_NOSUID | MS_NODEV | MS_NOEXEC, or with none of them. -1 and errno on failure.
int cguest_mount(const char *source, const char *target, const char *type, const char *options);
int cguest_mount_read_only(const char *source, const char *target, const char *type, const char *options);
int cguest_mount_restricted(const char *source, const char *target, const char *type, int read_only);

/// Mounts a directory at another place too (MS_BIND), then read-only if that is asked for.
int cguest_bind(const char *source, const char *target, int read_only);

/// Lets no mount of this namespace be seen in another one.
int cguest_make_private(void);
int cguest_unmount(const char *target);

/// Loads a kernel module (finit_module(2)). -1 and errno on failure; EEXIST if it is loaded.
int cguest_load_module(int descriptor);

/// The number of a device (makedev(3)).
dev_t cguest_device(unsigned int major, unsigned int minor);

/// Sets an extended attribute (lsetxattr(2)).
int cguest_set_xattr(const char *path, const char *name, const void *value, size_t size);

/// Brings up the loopback interface; QEMU's user network with its address and its route.
int cguest_start_loopback(void);
int cguest_start_network(void);

/// Ends the machine (reboot(2)); comes back only on failure.
void cguest_restart(void);

#endif
