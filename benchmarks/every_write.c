/* Count the writes of a process below a folder, and disturb the n-th: see every_write.py.

   A write is a call that changes a file or a folder: open that creates or empties a file, write, rename, mkdir, unlink.
   cc -shared -fPIC -O1 -o every_write.so every_write.c -ldl, then LD_PRELOAD it and call every_write(). */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault { NONE, KILLED_BEFORE, KILLED_HALFWAY, DISK_FULL, WATCHED };
enum step { PASS, HALF, FAIL };

static char top[PATH_MAX]; /* empty until every_write() is called */
static long disturbed;
static enum fault fault;
static int list = -1, asks = -1, answers = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static atomic_long count;

/* Start to count from 0, below `folder`; disturb the n-th write; list each write in a file unless `fd` is -1. If WATCHED,
   ask before each write, and after half of its bytes, and go on when there is an answer. */
void every_write(const char *folder, long n, int kind, int fd, int ask, int answer) {
    asks = ask;
    answers = answer;
    disturbed = n;
    fault = kind;
    list = fd;
    count = 0;
    strncpy(top, folder, sizeof top - 1);
}

long every_write_count(void) { return count; }

static void end(void) { syscall(SYS_exit_group, 137); }

static void watch(long n, char when) {
    char text[32], byte;
    int size = snprintf(text, sizeof text, "%ld %c\n", n, when);
    syscall(SYS_write, asks, text, (size_t)size);
    syscall(SYS_read, answers, &byte, 1);
}

/* What happens to a write of `bytes` at `path`; one that needs no space does not fail. */
static enum step next(const char *call, const char *path, size_t bytes, int needs_space) {
    size_t length = strlen(top);
    if (!length || strncmp(path, top, length) || (path[length] != '/' && path[length])) return PASS;
    long n = ++count;
    if (list >= 0) {
        char line[PATH_MAX + 64];
        int size = snprintf(line, sizeof line, "%s\t%zu\t%d\t%s\n", call, bytes, needs_space, path + length);
        syscall(SYS_write, list, line, (size_t)size);
    }
    if (fault == WATCHED) {
        pthread_mutex_lock(&turn);
        watch(n, 'b');
        pthread_mutex_unlock(&turn);
        return bytes > 1 ? HALF : PASS;
    }
    if (n == disturbed && fault == KILLED_BEFORE) end();
    if (n == disturbed && fault == KILLED_HALFWAY && bytes < 2) end();
    if (n == disturbed && fault == KILLED_HALFWAY) return HALF;
    if (fault == DISK_FULL && needs_space && n >= disturbed) return n == disturbed && bytes > 1 ? HALF : FAIL;
    return PASS;
}

static enum step next_of_file(const char *call, int fd, size_t bytes) {
    char link[64], path[PATH_MAX];
    if (!top[0]) return PASS;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return PASS;
    path[size] = 0;
    return next(call, path, bytes, 1);
}

static void absolute(char *path, int folder, const char *name) {
    char link[64];
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t size = readlink(folder == AT_FDCWD ? "/proc/self/cwd" : link, path, PATH_MAX / 2);
    path[size < 0 ? 0 : size] = 0;
    strcat(path, "/");
    strncat(path, name, PATH_MAX / 2 - 2);
}

static enum step next_of_name(const char *call, int folder, const char *name, int needs_space) {
    char path[PATH_MAX];
    if (!top[0]) return PASS;
    absolute(path, folder, name);
    return next(call, path, 0, needs_space);
}

/* List a path that changes with a write of another path. */
static void note(const char *call, int folder, const char *name) {
    char path[PATH_MAX], line[PATH_MAX + 64];
    absolute(path, folder, name);
    size_t length = strlen(top);
    if (list < 0 || strncmp(path, top, length) || path[length] != '/') return;
    int size = snprintf(line, sizeof line, "%s\t0\t0\t%s\n", call, path + length);
    syscall(SYS_write, list, line, (size_t)size);
}

static int full(void) {
    errno = ENOSPC;
    return -1;
}

/* The number of bytes that are left to copy from a file, at most `most`. */
static size_t left(int fd, const off64_t *at, size_t most) {
    struct stat status;
    off_t position = at ? *at : lseek(fd, 0, SEEK_CUR);
    if (fstat(fd, &status) || status.st_size <= position) return 0;
    size_t rest = (size_t)(status.st_size - position);
    return rest < most ? rest : most;
}

/* Run a call that writes `size` bytes: all; or half of them, and then the end (killed), a short count (disk full), or the
   rest (watched). */
#define WRITES(call, fd, size, whole, half, rest)      \
    switch (next_of_file(call, fd, size)) {            \
    case FAIL: return full();                          \
    case HALF: {                                       \
        ssize_t done = half;                           \
        if (fault == KILLED_HALFWAY) end();            \
        if (fault == DISK_FULL) return done;           \
        watch(count, 'h');                             \
        ssize_t more = rest;                           \
        return more < 0 ? done : done + more;          \
    }                                                  \
    default: return whole;                             \
    }

ssize_t write(int fd, const void *data, size_t size) {
    WRITES("write", fd, size, syscall(SYS_write, fd, data, size), syscall(SYS_write, fd, data, size / 2),
           syscall(SYS_write, fd, (const char *)data + done, size - done))
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    WRITES("pwrite", fd, size, syscall(SYS_pwrite64, fd, data, size, at), syscall(SYS_pwrite64, fd, data, size / 2, at),
           syscall(SYS_pwrite64, fd, (const char *)data + done, size - done, at + done))
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

/* Of several parts: nothing, all, or half of the first. */
ssize_t writev(int fd, const struct iovec *parts, int number) {
    WRITES("writev", fd, parts[0].iov_len, syscall(SYS_writev, fd, parts, number),
           syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2), 0)
}

ssize_t pwritev64(int fd, const struct iovec *parts, int number, off64_t at) {
    WRITES("pwritev", fd, parts[0].iov_len, syscall(SYS_pwritev, fd, parts, number, at, 0),
           syscall(SYS_pwrite64, fd, parts[0].iov_base, parts[0].iov_len / 2, at), 0)
}
ssize_t pwritev(int fd, const struct iovec *parts, int number, off_t at) { return pwritev64(fd, parts, number, at); }

ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    size_t all = top[0] ? left(from, at, size) : size;
    if (!all) return syscall(SYS_sendfile, to, from, at, size);
    WRITES("sendfile", to, all, syscall(SYS_sendfile, to, from, at, size),
           syscall(SYS_sendfile, to, from, at, all / 2), syscall(SYS_sendfile, to, from, at, size - done))
}
ssize_t sendfile(int to, int from, off_t *at, size_t size) { return sendfile64(to, from, at, size); }

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags) {
    size_t all = top[0] ? left(from, from_at, size) : size;
    if (!all) return syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
    WRITES("copy_file_range", to, all, syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags),
           syscall(SYS_copy_file_range, from, from_at, to, to_at, all / 2, flags),
           syscall(SYS_copy_file_range, from, from_at, to, to_at, size - done, flags))
}

int ftruncate64(int fd, off64_t size) {
    struct stat status;
    if (top[0] && !fstat(fd, &status) && size > status.st_size && next_of_file("ftruncate", fd, 0) == FAIL) return full();
    return (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fallocate64(int fd, int mode, off64_t at, off64_t size) {
    if (next_of_file("fallocate", fd, 0) == FAIL) return full();
    return (int)syscall(SYS_fallocate, fd, mode, at, size);
}
int fallocate(int fd, int mode, off_t at, off_t size) { return fallocate64(fd, mode, at, size); }
int posix_fallocate64(int fd, off64_t at, off64_t size) { return fallocate64(fd, 0, at, size) ? errno : 0; }
int posix_fallocate(int fd, off_t at, off_t size) { return posix_fallocate64(fd, at, size); }

static int opened(int folder, const char *name, int flags, mode_t mode) {
    if (top[0] && flags & (O_CREAT | O_TRUNC)) {
        int exists = !syscall(SYS_faccessat, folder, name, F_OK);
        if ((exists ? flags & O_TRUNC : flags & O_CREAT) &&
            next_of_name(exists ? "empty" : "create", folder, name, !exists) == FAIL)
            return full();
    }
    return (int)syscall(SYS_openat, folder, name, flags, mode);
}

#define MODE(flags)                          \
    mode_t mode = 0;                         \
    if (flags & (O_CREAT | __O_TMPFILE)) {   \
        va_list rest;                        \
        va_start(rest, flags);               \
        mode = (mode_t)va_arg(rest, int);    \
        va_end(rest);                        \
    }
int open(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE(flags) return opened(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE(flags) return opened(folder, name, flags, mode); }
int creat(const char *name, mode_t mode) { return opened(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* Files of the C library's own streams: their mode says what they do. The bytes pass unseen. */
#define STREAM(symbol)                                                                            \
    FILE *symbol(const char *name, const char *mode) {                                            \
        static FILE *(*real)(const char *, const char *);                                         \
        if (!real) real = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, #symbol);     \
        if (top[0] && mode[0] != 'r' && next_of_name("fopen", AT_FDCWD, name, 1) == FAIL) {       \
            errno = ENOSPC;                                                                       \
            return NULL;                                                                          \
        }                                                                                         \
        return real(name, mode);                                                                  \
    }
STREAM(fopen)
STREAM(fopen64)

#define NAMES(call, folder, name, needs_space) \
    if (next_of_name(call, folder, name, needs_space) == FAIL) return full();

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    if (top[0]) note("from", from, old);
    NAMES("rename", to, new, 1)
    return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
    NAMES("link", to, new, 1)
    return (int)syscall(SYS_linkat, from, old, to, new, flags);
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int symlinkat(const char *target, int folder, const char *name) {
    NAMES("symlink", folder, name, 1)
    return (int)syscall(SYS_symlinkat, target, folder, name);
}
int symlink(const char *target, const char *name) { return symlinkat(target, AT_FDCWD, name); }

int mkdirat(int folder, const char *name, mode_t mode) {
    if (top[0] && syscall(SYS_faccessat, folder, name, F_OK)) { NAMES("mkdir", folder, name, 1) }
    return (int)syscall(SYS_mkdirat, folder, name, mode);
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

int unlinkat(int folder, const char *name, int flags) {
    if (top[0] && !syscall(SYS_faccessat, folder, name, F_OK)) { NAMES("unlink", folder, name, 0) }
    return (int)syscall(SYS_unlinkat, folder, name, flags);
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
