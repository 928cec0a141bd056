// Linux system calls of PID 1 that Swift cannot import.
#ifndef CGUEST_H
#define CGUEST_H

#include <stdint.h>
#include <sys/types.h>

/// clone(2) with flags and SIGCHLD; returns like fork(2). Only for processes with one thread.
pid_t cguest_clone(unsigned long flags);

/// The flags for `cguest_clone` that make new namespaces for mounts, processes, IPC and host name, and for the network if
/// `with_network` is not 0.
unsigned long cguest_namespaces(int with_network);

/// mount(2) without flags, with MS_RDONLY, or with MS_NOSUID | MS_NODEV | MS_NOEXEC. -1 and errno on failure.
int cguest_mount(const char *source, const char *target, const char *type, const char *options);
int cguest_mount_read_only(const char *source, const char *target, const char *type, const char *options);
int cguest_mount_restricted(const char *source, const char *target, const char *type, int read_only);

/// Mounts a directory at a second path (MS_BIND), read-only if `read_only` is not 0.
int cguest_bind(const char *source, const char *target, int read_only);

/// Makes all mounts private, so that other namespaces do not see new mounts of this one (MS_PRIVATE).
int cguest_make_private(void);

/// umount2(2) without flags. -1 and errno on failure.
int cguest_unmount(const char *target);

/// Loads a kernel module (finit_module(2)). -1 and errno on failure; EEXIST if it is loaded already.
int cguest_load_module(int descriptor);

/// A device number (makedev(3)).
dev_t cguest_device(unsigned int major, unsigned int minor);

/// Sets an extended attribute (lsetxattr(2)).
int cguest_set_xattr(const char *path, const char *name, const void *value, size_t size);

/// Starts the loopback interface, or eth0 with its address and route in QEMU's user network. Nonzero and errno on failure.
int cguest_start_loopback(void);
int cguest_start_network(void);

/// Makes the kernel print only errors to the console (syslog(2)), as its argument `quiet` does.
void cguest_quiet_kernel(void);

/// Restarts the machine (reboot(2)); returns only on failure.
void cguest_restart(void);

#endif
