/* Makes one system call fail, or kills the process at it. Preloaded into the program by the crash-point test.
 *
 * FAULT_DIR    only files below this directory count (sockets of the internet always do)
 * FAULT_LOG    one line per call: "<class> <file name>"
 * FAULT_ARM    nothing counts before this file exists
 * FAULT_CLASS  sync, write, rename, link, unlink, truncate or send
 * FAULT_AT     which call of that class, from 1; 0 for none
 * FAULT_MODE   kill (before the call), torn (in the middle of a write), eio, enospc
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char directory[4096], arm[4096], wanted[16], mode[16];
static int log_fd = -1;
static long at;
static atomic_long seen;

__attribute__((constructor)) static void start(void) {
    const char *value;
    if ((value = getenv("FAULT_DIR"))) strncpy(directory, value, sizeof directory - 1);
    if ((value = getenv("FAULT_ARM"))) strncpy(arm, value, sizeof arm - 1);
    if ((value = getenv("FAULT_CLASS"))) strncpy(wanted, value, sizeof wanted - 1);
    if ((value = getenv("FAULT_MODE"))) strncpy(mode, value, sizeof mode - 1);
    if ((value = getenv("FAULT_AT"))) at = atol(value);
    if ((value = getenv("FAULT_LOG"))) log_fd = open(value, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    /* Programs that this one starts are not under test. */
    unsetenv("LD_PRELOAD");
}

static int is_below(const char *path) {
    size_t length = strlen(directory);
    return length > 0 && strncmp(path, directory, length) == 0;
}

static int path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int is_internet(int fd) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    return getpeername(fd, (struct sockaddr *)&address, &length) == 0
        && (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

enum { GO, TORN, FAIL };

/* Counts a call; what becomes of it. */
static int meet(const char *class, const char *path, int can_tear) {
    if (log_fd < 0 || syscall(SYS_faccessat, AT_FDCWD, arm, F_OK) != 0) return GO;
    char line[512];
    const char *name = strrchr(path, '/');
    int length = snprintf(line, sizeof line, "%s %s\n", class, name ? name + 1 : path);
    syscall(SYS_write, log_fd, line, length);
    if (strcmp(class, wanted) != 0 || atomic_fetch_add(&seen, 1) + 1 != at) return GO;
    syscall(SYS_write, log_fd, "met\n", 4);
    if (strcmp(mode, "torn") == 0 && can_tear) return TORN;
    if (strcmp(mode, "eio") == 0) { errno = EIO; return FAIL; }
    if (strcmp(mode, "enospc") == 0) { errno = ENOSPC; return FAIL; }
    syscall(SYS_kill, getpid(), SIGKILL);
    return GO;
}

static int meet_fd(const char *class, int fd, int can_tear) {
    int kept = errno, verdict = GO;
    char path[4096];
    if (is_internet(fd)) verdict = strcmp(class, "write") == 0 ? meet("send", "server", can_tear) : GO;
    else if (path_of(fd, path, sizeof path) && is_below(path)) verdict = meet(class, path, can_tear);
    if (verdict != FAIL) errno = kept;
    return verdict;
}

static int meet_path(const char *class, int dir, const char *path) {
    int kept = errno, verdict = GO;
    char real[4096], parent[4096];
    snprintf(parent, sizeof parent, "%s", path);
    char *name = strrchr(parent, '/');
    if (name) *name = 0;
    if (dir != AT_FDCWD && path[0] != '/' && path_of(dir, parent, sizeof parent)) {
        if (is_below(parent)) verdict = meet(class, path, 0);
    } else if (realpath(name ? parent : ".", real) && is_below(real)) verdict = meet(class, path, 0);
    if (verdict != FAIL) errno = kept;
    return verdict;
}

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); }

ssize_t write(int fd, const void *bytes, size_t length) {
    switch (meet_fd("write", fd, length > 1)) {
    case FAIL: return -1;
    case TORN: syscall(SYS_write, fd, bytes, length / 2); die();
    }
    return syscall(SYS_write, fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    switch (meet_fd("write", fd, length > 1)) {
    case FAIL: return -1;
    case TORN: syscall(SYS_pwrite64, fd, bytes, length / 2, offset); die();
    }
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return pwrite64(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    switch (meet_fd("write", fd, count > 0 && parts[0].iov_len > 1)) {
    case FAIL: return -1;
    case TORN: syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2); die();
    }
    return syscall(SYS_writev, fd, parts, count);
}

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    switch (meet_fd("write", fd, length > 1)) {
    case FAIL: return -1;
    case TORN: syscall(SYS_sendto, fd, bytes, length / 2, flags, to, size); die();
    }
    return syscall(SYS_sendto, fd, bytes, length, flags, to, size);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    return sendto(fd, bytes, length, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (meet_fd("write", fd, 0) == FAIL) return -1;
    return syscall(SYS_sendmsg, fd, message, flags);
}

int fsync(int fd) { return meet_fd("sync", fd, 0) == FAIL ? -1 : (int)syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return meet_fd("sync", fd, 0) == FAIL ? -1 : (int)syscall(SYS_fdatasync, fd); }

int ftruncate64(int fd, off64_t length) {
    return meet_fd("truncate", fd, 0) == FAIL ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    if (meet_path("rename", to_dir, to) == FAIL) return -1;
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return renameat2(from_dir, from, to_dir, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    if (meet_path("link", to_dir, to) == FAIL) return -1;
    return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int dir, const char *path, int flags) {
    if (meet_path("unlink", dir, path) == FAIL) return -1;
    return (int)syscall(SYS_unlinkat, dir, path, flags);
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
