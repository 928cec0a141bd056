#define _GNU_SOURCE
#include "CGuest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

// Swift's runtime reads the program's path from /proc before main, and aborts if it cannot.
__attribute__((constructor(101))) static void mount_proc(void) {
    if (getpid() != 1) return;
    mkdir("/proc", 0755);
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

pid_t cguest_clone(unsigned long flags) {
    return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

unsigned long cguest_namespaces(int with_network) {
    return CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (with_network ? CLONE_NEWNET : 0);
}

int cguest_mount(const char *source, const char *target, const char *type, const char *options) {
    return mount(source, target, type, 0, options);
}

int cguest_mount_read_only(const char *source, const char *target, const char *type, const char *options) {
    return mount(source, target, type, MS_RDONLY, options);
}

int cguest_mount_restricted(const char *source, const char *target, const char *type, int read_only) {
    return mount(source, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC | (read_only ? MS_RDONLY : 0), NULL);
}

int cguest_bind(const char *source, const char *target, int read_only) {
    if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) != 0) return -1;
    return read_only ? mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) : 0;
}

int cguest_make_private(void) {
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

int cguest_unmount(const char *target) {
    return umount2(target, 0);
}

int cguest_load_module(int descriptor) {
    return (int)syscall(SYS_finit_module, descriptor, "", 0);
}

dev_t cguest_device(unsigned int major, unsigned int minor) {
    return makedev(major, minor);
}

int cguest_set_xattr(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}

static void set_address(struct sockaddr *address, const char *text) {
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    memset(in, 0, sizeof *in);
    in->sin_family = AF_INET;
    inet_pton(AF_INET, text, &in->sin_addr);
}

static int set_up(int sock, struct ifreq *request) {
    if (ioctl(sock, SIOCGIFFLAGS, request) != 0) return -1;
    request->ifr_flags |= IFF_UP | IFF_RUNNING;
    return ioctl(sock, SIOCSIFFLAGS, request);
}

static int start(const char *interface, const char *address, const char *mask, const char *gateway) {
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0) return -1;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    int result = 0;
    if (address) {
        set_address(&request.ifr_addr, address);
        result |= ioctl(sock, SIOCSIFADDR, &request);
        set_address(&request.ifr_netmask, mask);
        result |= ioctl(sock, SIOCSIFNETMASK, &request);
    }
    if (result == 0) result = set_up(sock, &request);
    if (result == 0 && gateway) {
        struct rtentry route;
        memset(&route, 0, sizeof route);
        set_address(&route.rt_dst, "0.0.0.0");
        set_address(&route.rt_genmask, "0.0.0.0");
        set_address(&route.rt_gateway, gateway);
        route.rt_flags = RTF_UP | RTF_GATEWAY;
        result = ioctl(sock, SIOCADDRT, &route);
    }
    int error = errno;
    close(sock);
    errno = error;
    return result;
}

int cguest_start_loopback(void) {
    return start("lo", NULL, NULL, NULL);
}

// The address of the guest in QEMU's user network (QEMU documentation, "Using the user mode network stack").
int cguest_start_network(void) {
    return start("eth0", "10.0.2.15", "255.255.255.0", "10.0.2.2");
}

void cguest_quiet_kernel(void) {
    // SYSLOG_ACTION_CONSOLE_LEVEL with the level of `quiet`, CONSOLE_LOGLEVEL_QUIET.
    klogctl(8, NULL, 4);
}

void cguest_restart(void) {
    reboot(RB_AUTOBOOT);
}
