/*
 * Makes many calls, one after the other, each with all that its pointers point to in one small arena at a
 * fixed address, and writes for each: number, six arguments, result, the arena before and after.
 * Run under strace (script/record-strace): the call that follows each sched_yield is the one that was recorded.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <termios.h>
#include <unistd.h>

#define ARENA 0x20000000UL
#define SIZE 8192UL

static unsigned char *const arena = (unsigned char *)ARENA;
static unsigned char before[SIZE];
static size_t used;
static FILE *out;

static void hex(const unsigned char *bytes)
{
	size_t n = SIZE;
	while (n > 0 && bytes[n - 1] == 0)
		n--;
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02x", bytes[i]);
}

/* Begins a call: an empty arena. */
static void fresh(void)
{
	memset(arena, 0, SIZE);
	used = 16;
}

static long room(size_t n)
{
	long at = ARENA + used;
	used = (used + n + 7) & ~7UL;
	return at;
}

static long put(const void *bytes, size_t n)
{
	long at = room(n);
	memcpy((void *)at, bytes, n);
	return at;
}

static long str(const char *s) { return put(s, strlen(s) + 1); }
static long ints(int a, int b) { int v[2] = {a, b}; return put(v, sizeof v); }
static long num(int a) { return put(&a, sizeof a); }
static long longs(long a, long b) { long v[2] = {a, b}; return put(v, sizeof v); }

static long raw(long nr, long a, long b, long c, long d, long e, long f)
{
	long r;
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return r;
}

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	memcpy(before, arena, SIZE);
	raw(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	long r = raw(nr, a, b, c, d, e, f);
	if (r == 0 && (nr == SYS_fork || nr == SYS_clone || nr == SYS_clone3))
		raw(SYS_exit_group, 7, 0, 0, 0, 0, 0);
	fprintf(out, "%ld %lx %lx %lx %lx %lx %lx %ld ", nr, a, b, c, d, e, f, r);
	hex(before);
	fputc(' ', out);
	hex(arena);
	fputc('\n', out);
	return r;
}

/* T(nr, …): missing arguments are zero. fresh() comes first, since arguments fill the arena. */
#define T6(nr, a, b, c, d, e, f, ...) call(SYS_##nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define T(...) (fresh(), T6(__VA_ARGS__, 0, 0, 0, 0, 0, 0))
/* The same with what is in the arena already. */
#define K(...) T6(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

#define BAD 0x10000000L

static void files(void)
{
	T(openat, AT_FDCWD, str("/etc/hostname"), O_RDONLY | O_CLOEXEC);
	int fd = T(openat, AT_FDCWD, str("file with \"quotes\"\n\033\1771"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	T(openat, AT_FDCWD, str("/nonexistent"), O_WRONLY | O_APPEND | O_SYNC | O_DIRECTORY | O_NOFOLLOW);
	T(openat, 9, str("x"), O_RDWR | O_NONBLOCK | O_DSYNC | O_ASYNC | O_DIRECT | O_NOATIME | O_PATH | 0x40000000);
	T(openat, AT_FDCWD, str("."), O_RDWR | O_TMPFILE | O_LARGEFILE, 0);
	T(openat, AT_FDCWD, str(""), 3);
	T(openat, AT_FDCWD, 0, 0);
	T(openat, AT_FDCWD, BAD, O_EXCL | O_NOCTTY);
	T(open, str("caf\303\251 \001\0012"), O_RDONLY);
	T(creat, str("made"), 04755);
	struct open_how how = {O_RDONLY | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	fresh(); K(openat2, AT_FDCWD, str("made"), put(&how, sizeof how), sizeof how);
	how = (struct open_how){O_WRONLY | O_CREAT, 0600, 0};
	fresh(); K(openat2, AT_FDCWD, str("made2"), put(&how, sizeof how), sizeof how);
	fresh(); K(openat2, AT_FDCWD, str("made2"), put(&how, sizeof how), 8);
	T(access, str("/etc"), R_OK | X_OK);
	T(access, str("/nope"), F_OK);
	T(faccessat, AT_FDCWD, str("/etc"), W_OK);
	T(faccessat2, AT_FDCWD, str("/etc"), R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
	T(stat, str("/etc/hostname"), room(144));
	T(stat, str("/dev/null"), room(144));
	T(lstat, str("/etc"), room(144));
	T(stat, str("/nope"), room(144));
	T(fstat, fd, room(144));
	T(fstat, 99, room(144));
	T(newfstatat, AT_FDCWD, str("/tmp"), room(144), AT_SYMLINK_NOFOLLOW);
	T(newfstatat, fd, str(""), room(144), AT_EMPTY_PATH | AT_NO_AUTOMOUNT | 0x10);
	T(newfstatat, fd, BAD, BAD, 1);
	T(statx, AT_FDCWD, str("/etc"), AT_STATX_SYNC_AS_STAT | AT_NO_AUTOMOUNT, STATX_ALL, room(256));
	T(statx, AT_FDCWD, str("/etc/hostname"), AT_STATX_DONT_SYNC, STATX_BASIC_STATS, room(256));
	T(statx, AT_FDCWD, str("/etc/none"), AT_STATX_FORCE_SYNC | AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MODE | 0x80000000u, room(256));
	T(statfs, str("/proc"), room(120));
	T(statfs, str("/tmp"), room(120));
	T(statfs, str("/nope"), room(120));
	T(fstatfs, fd, room(120));
	T(getcwd, room(256), 256);
	T(getcwd, room(256), 2);
	T(mkdir, str("dir"), 0755);
	T(mkdirat, AT_FDCWD, str("dir"), 01777);
	T(mknod, str("fifo"), S_IFIFO | 0600, 0);
	T(mknod, str("null"), S_IFCHR | 0666, 0x103);
	T(mknodat, AT_FDCWD, str("dir/sock"), S_IFSOCK | S_ISUID | 0600, 0);
	T(mknodat, AT_FDCWD, str("reg"), 0644, 0);
	T(symlink, str("made"), str("link"));
	T(symlinkat, str("made"), AT_FDCWD, str("link2"));
	T(readlink, str("link"), room(64), 64);
	T(readlink, str("made"), room(64), 64);
	T(readlinkat, AT_FDCWD, str("/proc/self/exe"), room(256), 256);
	T(readlinkat, AT_FDCWD, str("link"), room(64), 2);
	T(link, str("made"), str("hard"));
	T(linkat, AT_FDCWD, str("made"), AT_FDCWD, str("hard2"), AT_SYMLINK_FOLLOW);
	T(rename, str("hard"), str("hard3"));
	T(renameat, AT_FDCWD, str("hard3"), AT_FDCWD, str("hard4"));
	T(renameat2, AT_FDCWD, str("hard4"), AT_FDCWD, str("hard5"), RENAME_NOREPLACE);
	T(renameat2, AT_FDCWD, str("a"), AT_FDCWD, str("b"), RENAME_EXCHANGE | 0x100);
	T(unlink, str("hard5"));
	T(unlinkat, AT_FDCWD, str("hard2"), 0);
	T(unlinkat, AT_FDCWD, str("dir2"), AT_REMOVEDIR);
	T(rmdir, str("nodir"));
	T(chdir, str("/nope"));
	T(fchdir, 99);
	T(chroot, str("/nope"));
	T(chmod, str("made"), 0644);
	T(fchmod, fd, 0600);
	T(fchmodat, AT_FDCWD, str("made"), 04711);
	T(chown, str("made"), -1, 0);
	T(lchown, str("made"), 0, -1);
	T(fchown, fd, 0, 0);
	T(fchownat, AT_FDCWD, str("made"), -1, -1, AT_SYMLINK_NOFOLLOW);
	T(umask, 027);
	T(umask, 022);
	struct timespec ts[2] = {{1, 2}, {0, UTIME_NOW}};
	fresh(); K(utimensat, AT_FDCWD, str("made"), put(ts, sizeof ts), 0);
	ts[0].tv_nsec = UTIME_OMIT; ts[1] = (struct timespec){1600000000, 0};
	fresh(); K(utimensat, AT_FDCWD, str("made"), put(ts, sizeof ts), AT_SYMLINK_NOFOLLOW);
	T(utimensat, fd, 0, 0, 0);
	struct timeval tv[2] = {{1600000000, 5}, {7, 0}};
	fresh(); K(utimes, str("made"), put(tv, sizeof tv));
	fresh(); K(futimesat, AT_FDCWD, str("made"), put(tv, sizeof tv));
	T(truncate, str("made"), 100);
	T(ftruncate, fd, 4096);
	int dir = T(open, str("."), O_RDONLY | O_DIRECTORY);
	T(getdents64, dir, room(2048), 2048);
	T(getdents64, dir, room(2048), 2048);
	T(getdents64, 99, room(2048), 2048);
	T(setxattr, str("made"), str("user.a"), str("value"), 5, 0);
	T(fsetxattr, fd, str("user.b"), str("value"), 3, XATTR_CREATE);
	T(lsetxattr, str("made"), str("user.a"), str("x"), 1, XATTR_REPLACE);
	T(getxattr, str("made"), str("user.a"), room(32), 32);
	T(lgetxattr, str("made"), str("user.none"), room(32), 32);
	T(fgetxattr, fd, str("user.b"), room(32), 32);
	T(listxattr, str("made"), room(64), 64);
	T(llistxattr, str("made"), 0, 0);
	T(flistxattr, fd, room(64), 64);
	T(removexattr, str("made"), str("user.a"));
	T(fremovexattr, fd, str("user.none"));
	T(lremovexattr, str("made"), str("user.none"));
	int in = T(inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
	T(inotify_add_watch, in, str("."), IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR);
	T(inotify_add_watch, in, str("."), IN_ALL_EVENTS);
	T(inotify_rm_watch, in, 1);
	T(inotify_rm_watch, in, 77);
	T(fanotify_init, 0x1 | 0x2 | 0x4, O_RDONLY | O_LARGEFILE);
	T(fanotify_mark, 99, 1, 0x40000002UL, AT_FDCWD, str("/x"));
	T(acct, str("/nope/x"));
	T(name_to_handle_at, AT_FDCWD, str("/nope"), room(8), room(4), 0);
}

static void descriptors(void)
{
	int fd = T(openat, AT_FDCWD, str("data"), O_RDWR | O_CREAT, 0644);
	T(write, fd, str("hello\nworld\t\"x\"\\"), 16);
	T(write, fd, put("\0\1\0012\3779\200\r\v\f", 11), 11);
	T(write, fd, str("0123456789012345678901234567890123456789"), 40);
	T(write, fd, str("01234567890123456789012345678901"), 32);
	T(write, fd, BAD, 5);
	T(write, fd, 0, 0);
	T(write, fd, str("x"), 0);
	T(write, 99, str("abc"), 3);
	T(lseek, fd, 0, SEEK_SET);
	T(read, fd, room(128), 20);
	T(read, fd, room(128), 128);
	T(read, fd, room(128), 128);
	T(read, 99, room(128), 128);
	T(pread64, fd, room(16), 16, 3);
	T(pwrite64, fd, str("zz"), 2, 1);
	struct iovec iov[3] = {{0}, {0}, {0}};
	fresh();
	iov[0] = (struct iovec){(void *)str("one"), 3};
	iov[1] = (struct iovec){(void *)str("two, three, four, five, six, seven, eight"), 41};
	iov[2] = (struct iovec){(void *)str(""), 0};
	K(writev, fd, put(iov, sizeof iov), 3);
	T(lseek, fd, -10, SEEK_END);
	fresh();
	iov[0] = (struct iovec){(void *)room(4), 4};
	iov[1] = (struct iovec){(void *)room(4), 4};
	iov[2] = (struct iovec){(void *)room(40), 40};
	K(readv, fd, put(iov, sizeof iov), 3);
	T(readv, 99, put(iov, sizeof iov), 3);
	T(readv, fd, BAD, 1);
	T(writev, fd, put(iov, 0), 0);
	fresh();
	iov[0] = (struct iovec){(void *)room(4), 4};
	K(preadv, fd, put(iov, 16), 1, 2, 0);
	fresh();
	iov[0] = (struct iovec){(void *)str("pp"), 2};
	K(pwritev, fd, put(iov, 16), 1, 2, 0);
	fresh();
	iov[0] = (struct iovec){(void *)room(4), 4};
	K(preadv2, fd, put(iov, 16), 1, 2, 0, 8);
	fresh();
	iov[0] = (struct iovec){(void *)str("pp"), 2};
	K(pwritev2, fd, put(iov, 16), 1, -1, -1, 0);
	T(lseek, fd, 5, SEEK_DATA);
	T(lseek, fd, 5, 77);
	int copy = T(dup, fd);
	T(dup2, fd, 50);
	T(dup3, fd, 51, O_CLOEXEC);
	T(dup3, fd, fd, 0);
	T(close, copy);
	T(close, 99);
	T(close_range, 50, 51, 0);
	T(close_range, 500, ~0u, 4 | 2);
	T(pipe, room(8));
	fresh(); long p = room(8); K(pipe2, p, O_CLOEXEC | O_NONBLOCK); int r = ((int *)p)[0], w = ((int *)p)[1];
	T(pipe2, room(8), O_DIRECT);
	T(pipe2, room(8), 0x1234);
	T(fcntl, fd, F_GETFD);
	T(fcntl, fd, F_SETFD, FD_CLOEXEC);
	T(fcntl, fd, F_GETFD);
	T(fcntl, fd, F_SETFD, 0);
	T(fcntl, fd, F_GETFL);
	T(fcntl, w, F_GETFL);
	T(fcntl, w, F_SETFL, O_RDONLY | O_NONBLOCK | O_LARGEFILE);
	T(fcntl, w, F_SETFL, O_WRONLY);
	T(fcntl, fd, F_DUPFD_CLOEXEC, 60);
	T(fcntl, fd, F_DUPFD, 0);
	struct flock lock = {F_WRLCK, SEEK_SET, 0, 10, 0};
	fresh(); K(fcntl, fd, F_SETLK, put(&lock, sizeof lock));
	fresh(); K(fcntl, fd, F_GETLK, put(&lock, sizeof lock));
	fresh(); K(fcntl, fd, F_OFD_GETLK, put(&lock, sizeof lock));
	lock.l_type = F_UNLCK;
	fresh(); K(fcntl, fd, F_SETLKW, put(&lock, sizeof lock));
	fresh(); K(fcntl, fd, F_OFD_SETLK, put(&lock, sizeof lock));
	T(fcntl, fd, F_GETOWN);
	T(fcntl, fd, F_SETOWN, -5);
	T(fcntl, fd, F_GETLEASE);
	T(fcntl, fd, F_SETLEASE, F_RDLCK);
	T(fcntl, fd, F_GETSIG);
	T(fcntl, fd, F_SETSIG, SIGUSR1);
	T(fcntl, r, F_GETPIPE_SZ);
	T(fcntl, r, F_SETPIPE_SZ, 65536);
	T(fcntl, 99, F_GETFL);
	T(fcntl, fd, 999, 5);
	T(fcntl, fd, F_GET_RW_HINT, room(8));
	int mem = T(memfd_create, str("name"), MFD_CLOEXEC | MFD_ALLOW_SEALING);
	T(memfd_create, str("0123456789012345678901234567890123456789"), 0x100);
	T(fcntl, mem, F_GET_SEALS);
	T(fcntl, mem, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	T(fcntl, mem, F_GET_SEALS);
	T(flock, fd, LOCK_EX | LOCK_NB);
	T(flock, fd, LOCK_UN);
	T(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 100);
	T(fallocate, fd, 0, 0, 10);
	T(fadvise64, fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	T(readahead, fd, 0, 10);
	T(sync_file_range, fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	T(fsync, fd); T(fdatasync, fd);
	T(sendfile, w, fd, 0, 10);
	T(sendfile, w, fd, longs(3, 0), 10);
	T(sendfile, 99, fd, longs(3, 0), 10);
	T(splice, fd, longs(0, 0), w, 0, 10, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	T(splice, r, 0, 99, 0, 10, SPLICE_F_MORE);
	T(tee, r, w, 10, 0);
	fresh(); iov[0] = (struct iovec){(void *)str("vm"), 2}; K(vmsplice, w, put(iov, 16), 1, SPLICE_F_GIFT);
	T(copy_file_range, fd, longs(0, 0), fd, longs(200, 0), 10, 0);
	T(copy_file_range, fd, 0, 99, 0, 10, 0);
	T(eventfd2, 5, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	T(eventfd, 0);
	T(userfaultfd, O_CLOEXEC);
	T(syncfs, fd);
	T(ioctl, fd, FIONREAD, room(4));
	T(ioctl, r, FIONREAD, room(4));
	T(ioctl, r, FIONBIO, num(1));
	T(ioctl, fd, TCGETS, room(60));
	T(ioctl, fd, TIOCGWINSZ, room(8));
	T(ioctl, fd, FIOCLEX);
	T(ioctl, fd, 0x12345678, 5);
	T(ioctl, fd, _IOR('!', 3, int), room(4));
	int pty = T(openat, AT_FDCWD, str("/dev/ptmx"), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty >= 0) {
		struct winsize ws = {24, 80, 0, 0};
		fresh(); long tio = room(60); K(ioctl, pty, TCGETS, tio); K(ioctl, pty, TCSETS, tio);
		T(ioctl, pty, TIOCSPTLCK, num(0));
		T(ioctl, pty, TIOCGPTN, room(4));
		fresh(); K(ioctl, pty, TIOCSWINSZ, put(&ws, sizeof ws));
		T(ioctl, pty, TIOCGWINSZ, room(8));
		T(ioctl, pty, TIOCGPGRP, room(4));
	}
}

static void memory(void)
{
	long a = T(mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T(mmap, a, 4096, PROT_NONE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	T(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, 99, 0x26000);
	T(mmap, 0, 4096, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC | MAP_POPULATE, 3, 0);
	T(mmap, 0, 4096, 0x100, 0xf00000ff, 3, 0);
	T(mmap, 0, 4096, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_HUGETLB | (21 << 26), -1, 0);
	T(mprotect, a, 4096, PROT_READ);
	T(mprotect, 1, 4096, 0x20000000);
	T(madvise, a, 4096, MADV_DONTNEED);
	T(madvise, a, 4096, MADV_HUGEPAGE);
	T(madvise, a, 4096, 999);
	T(mlock, a, 4096); T(munlock, a, 4096); T(mlock2, a, 4096, 1);
	T(mlockall, MCL_CURRENT | MCL_FUTURE | 0x100); T(munlockall);
	T(msync, a, 4096, MS_SYNC);
	T(mincore, a, 8192, room(2));
	a = T(mremap, a + 4096, 4096, 8192, MREMAP_MAYMOVE);
	T(mremap, 1, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x7000000);
	T(munmap, a, 8192);
	T(munmap, 0, 0);
	T(brk, 0);
	T(membarrier, 0, 0, 0);
	T(membarrier, 8, 0);
	T(shmget, 0x1234, 4096, 0600);
	T(shmat, 99999, 0, SHM_RDONLY);
	T(shmdt, 0x1000);
	T(semget, 0x77, 1, 0); T(msgget, 0x77, 0600 | IPC_EXCL);
	struct iovec iov = {(void *)ARENA, 5};
	fresh(); K(process_vm_readv, 99999999, put(&iov, 16), 1, put(&iov, 16), 1, 0);
	fresh(); K(process_vm_writev, getpid(), put(&iov, 16), 1, put(&iov, 16), 1, 0);
	T(get_mempolicy, 0, 0, 0, 0, 0);
	T(pkey_alloc, 0, 0);
}

static void sockets(void)
{
	struct sockaddr_in in = {AF_INET, htons(8080), {htonl(0x7f000001)}, {0}};
	struct sockaddr_in6 in6 = {AF_INET6, htons(443), htonl(7), IN6ADDR_LOOPBACK_INIT, 3};
	struct sockaddr_un un = {AF_UNIX, "/tmp/no such socket"};
	struct sockaddr_nl nl = {AF_NETLINK, 0, 0, 5};
	int s = T(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	int s6 = T(socket, AF_INET6, SOCK_DGRAM, 0);
	int u = T(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int n = T(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	T(socket, AF_PACKET, SOCK_RAW, htons(3));
	T(socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	T(socket, 99, 99 | 0x10000, 255);
	T(socket, AF_VSOCK, SOCK_STREAM, 0);
	fresh(); K(bind, s, put(&in, sizeof in), sizeof in);
	fresh(); K(bind, s6, put(&in6, sizeof in6), sizeof in6);
	in6.sin6_addr = in6addr_any; in6.sin6_flowinfo = 0; in6.sin6_scope_id = 0;
	fresh(); K(bind, s6, put(&in6, sizeof in6), sizeof in6);
	inet_pton(AF_INET6, "2001:db8:0:0:1:0:0:1", &in6.sin6_addr);
	fresh(); K(connect, s6, put(&in6, sizeof in6), sizeof in6);
	inet_pton(AF_INET6, "::ffff:1.2.3.4", &in6.sin6_addr);
	fresh(); K(connect, 99, put(&in6, sizeof in6), sizeof in6);
	inet_pton(AF_INET6, "1:0:2:3:4:5:6:7", &in6.sin6_addr);
	fresh(); K(connect, 99, put(&in6, sizeof in6), 24);
	fresh(); K(bind, n, put(&nl, sizeof nl), sizeof nl);
	fresh(); K(connect, u, put(&un, sizeof un), 22);
	fresh(); K(connect, u, put(&un, sizeof un), sizeof un);
	memcpy(un.sun_path, "\0abstract\0name", 14);
	fresh(); K(connect, u, put(&un, sizeof un), 2 + 14);
	fresh(); K(bind, 99, put(&un, sizeof un), 2);
	fresh(); K(bind, 99, put(&un, sizeof un), 3);
	fresh(); K(bind, 99, put(&un, sizeof un), 1);
	struct sockaddr none = {AF_UNSPEC, {1, 2, 3}};
	fresh(); K(connect, 99, put(&none, sizeof none), sizeof none);
	none.sa_family = 77;
	fresh(); K(connect, 99, put(&none, sizeof none), sizeof none);
	T(connect, 99, BAD, 16);
	T(connect, 99, 0, 16);
	T(listen, s, 128);
	T(accept4, s, room(128), num(128), SOCK_CLOEXEC | SOCK_NONBLOCK);
	int c = T(socket, AF_INET, SOCK_STREAM, IPPROTO_IP);
	fresh(); K(connect, c, put(&in, sizeof in), sizeof in);
	int p = T(accept4, s, room(128), num(128), SOCK_CLOEXEC);
	T(accept, s, 0, 0);
	T(getsockname, c, room(128), num(128));
	T(getsockname, c, room(128), num(16));
	T(getsockname, c, room(128), num(8));
	T(getpeername, p, room(128), num(112));
	T(getpeername, 99, room(128), num(112));
	T(getpeername, p, room(128), 0);
	T(sendto, c, str("hello"), 5, MSG_NOSIGNAL, 0, 0);
	T(sendto, c, str("hello"), 5, MSG_DONTWAIT | MSG_MORE | 0x10000000, 0, 0);
	fresh(); K(sendto, 99, str("hello"), 5, 0, put(&in, sizeof in), sizeof in);
	T(recvfrom, p, room(64), 64, MSG_PEEK, 0, 0);
	T(recvfrom, p, room(64), 64, 0, room(128), num(128));
	T(recvfrom, p, room(64), 64, MSG_DONTWAIT, room(128), num(128));
	T(setsockopt, s, SOL_SOCKET, SO_REUSEADDR, num(1), 4);
	T(setsockopt, s, SOL_SOCKET, SO_BROADCAST, num(1), 4);
	T(setsockopt, s, SOL_TCP, TCP_NODELAY, num(1), 4);
	T(setsockopt, s, SOL_TCP, TCP_KEEPINTVL, num(15), 4);
	T(setsockopt, s, SOL_TCP, TCP_CONGESTION, str("cubic"), 5);
	T(setsockopt, s6, SOL_IPV6, IPV6_V6ONLY, num(0), 4);
	T(setsockopt, s, SOL_SOCKET, SO_LINGER, ints(1, 5), 8);
	T(setsockopt, s, SOL_SOCKET, SO_RCVTIMEO, longs(3, 500000), 16);
	T(setsockopt, s, SOL_SOCKET, SO_BINDTODEVICE, str("nodev"), 6);
	T(setsockopt, s, SOL_IP, IP_TTL, num(64), 4);
	T(setsockopt, s, SOL_IP, IP_TOS, put("\1", 1), 1);
	T(setsockopt, s, SOL_SOCKET, 9999, num(64), 4);
	T(setsockopt, s, 9999, 1, num(64), 4);
	T(setsockopt, s, SOL_SOCKET, SO_RCVBUF, BAD, 4);
	T(setsockopt, s, SOL_SOCKET, SO_RCVBUF, 0, 4);
	T(setsockopt, s, SOL_SOCKET, SO_RCVBUF, num(1), -1);
	struct ip_mreqn mreq = {{htonl(0xe0000001)}, {0}, 1};
	fresh(); K(setsockopt, s, SOL_IP, IP_ADD_MEMBERSHIP, put(&mreq, sizeof mreq), sizeof mreq);
	fresh(); K(setsockopt, s, SOL_IP, IP_ADD_MEMBERSHIP, put(&mreq, 8), 8);
	fresh(); K(setsockopt, s, SOL_IP, IP_MULTICAST_IF, put(&mreq, 4), 4);
	struct ipv6_mreq m6 = {IN6ADDR_LOOPBACK_INIT, 1};
	fresh(); K(setsockopt, s6, SOL_IPV6, IPV6_ADD_MEMBERSHIP, put(&m6, sizeof m6), sizeof m6);
	T(getsockopt, s, SOL_SOCKET, SO_ERROR, room(4), num(4));
	T(getsockopt, s, SOL_SOCKET, SO_TYPE, room(4), num(4));
	T(getsockopt, s, SOL_SOCKET, SO_DOMAIN, room(4), num(4));
	T(getsockopt, s, SOL_SOCKET, SO_PROTOCOL, room(4), num(4));
	T(getsockopt, s, SOL_SOCKET, SO_ACCEPTCONN, room(4), num(4));
	T(getsockopt, s, SOL_SOCKET, SO_LINGER, room(8), num(8));
	T(getsockopt, s, SOL_SOCKET, SO_SNDTIMEO, room(16), num(16));
	T(getsockopt, u, SOL_SOCKET, SO_PEERCRED, room(12), num(12));
	T(getsockopt, s, SOL_SOCKET, SO_SNDBUF, room(8), num(8));
	T(getsockopt, s, SOL_TCP, TCP_CONGESTION, room(16), num(16));
	T(getsockopt, s, SOL_TCP, TCP_INFO, room(256), num(256));
	T(getsockopt, 99, SOL_SOCKET, SO_TYPE, room(4), num(4));
	T(getsockopt, s, SOL_SOCKET, SO_COOKIE, room(8), num(8));
	T(shutdown, c, SHUT_WR);
	T(shutdown, 99, 7);
	fresh(); long sv = room(8); K(socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv);
	int a = ((int *)sv)[0], b = ((int *)sv)[1];
	T(socketpair, AF_INET, SOCK_STREAM, 0, room(8));
	struct iovec iov[2]; struct msghdr m;
	memset(&m, 0, sizeof m);
	fresh();
	iov[0] = (struct iovec){(void *)str("to "), 3};
	iov[1] = (struct iovec){(void *)str("you"), 3};
	m.msg_iov = (void *)put(iov, 32); m.msg_iovlen = 2;
	char control[64] = {0};
	m.msg_control = control; m.msg_controllen = 64;
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_len = CMSG_LEN(8); h->cmsg_level = SOL_SOCKET; h->cmsg_type = SCM_RIGHTS;
	((int *)CMSG_DATA(h))[0] = a; ((int *)CMSG_DATA(h))[1] = b;
	m.msg_control = (void *)put(control, CMSG_SPACE(8)); m.msg_controllen = CMSG_SPACE(8);
	K(sendmsg, a, put(&m, sizeof m), MSG_NOSIGNAL);
	fresh();
	memset(&m, 0, sizeof m);
	iov[0] = (struct iovec){(void *)room(64), 64};
	m.msg_iov = (void *)put(iov, 16); m.msg_iovlen = 1;
	m.msg_control = (void *)room(64); m.msg_controllen = 64;
	m.msg_name = (void *)room(128); m.msg_namelen = 128;
	K(recvmsg, b, put(&m, sizeof m), MSG_CMSG_CLOEXEC);
	fresh();
	iov[0] = (struct iovec){(void *)room(64), 64};
	m.msg_iov = (void *)put(iov, 16);
	m.msg_control = 0; m.msg_controllen = 0; m.msg_name = (void *)room(128);
	K(recvmsg, b, put(&m, sizeof m), MSG_DONTWAIT);
	T(recvmsg, b, BAD, 0);
	T(sendmsg, b, BAD, 0);
	fresh();
	iov[0] = (struct iovec){(void *)str("dgram"), 5};
	memset(&m, 0, sizeof m);
	m.msg_name = (void *)put(&in, sizeof in); m.msg_namelen = sizeof in;
	m.msg_iov = (void *)put(iov, 16); m.msg_iovlen = 1;
	K(sendmsg, 99, put(&m, sizeof m), 0);
	int d1 = T(socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	in.sin_port = 0;
	fresh(); K(bind, d1, put(&in, sizeof in), sizeof in);
	struct sockaddr_in me; socklen_t len = sizeof me; getsockname(d1, (void *)&me, &len);
	fresh(); K(sendto, d1, str("datagram"), 8, 0, put(&me, sizeof me), sizeof me);
	fresh();
	iov[0] = (struct iovec){(void *)room(64), 64};
	memset(&m, 0, sizeof m);
	m.msg_name = (void *)room(16); m.msg_namelen = 28;
	m.msg_iov = (void *)put(iov, 16); m.msg_iovlen = 1;
	K(recvmsg, d1, put(&m, sizeof m), 0);
	struct mmsghdr mm[2];
	memset(mm, 0, sizeof mm);
	fresh();
	iov[0] = (struct iovec){(void *)str("first"), 5}; iov[1] = (struct iovec){(void *)str("second"), 6};
	long v = put(iov, 32), addr = put(&me, sizeof me);
	for (int i = 0; i < 2; i++) mm[i].msg_hdr = (struct msghdr){(void *)addr, sizeof me, (void *)(v + 16 * i), 1, 0, 0, 0};
	K(sendmmsg, d1, put(mm, sizeof mm), 2, 0);
	fresh();
	iov[0] = (struct iovec){(void *)room(64), 64}; iov[1] = (struct iovec){(void *)room(64), 64};
	v = put(iov, 32);
	for (int i = 0; i < 2; i++) mm[i].msg_hdr = (struct msghdr){0, 0, (void *)(v + 16 * i), 1, 0, 0, 0};
	K(recvmmsg, d1, put(mm, sizeof mm), 2, MSG_DONTWAIT, 0);
	T(recvmmsg, d1, put(mm, sizeof mm), 2, MSG_DONTWAIT, 0);
	T(recvfrom, d1, room(64), 64, MSG_DONTWAIT | MSG_TRUNC, room(128), num(128));
	struct ifreq ifr;
	memset(&ifr, 0, sizeof ifr); strcpy(ifr.ifr_name, "lo");
	fresh(); K(ioctl, d1, SIOCGIFINDEX, put(&ifr, sizeof ifr));
	fresh(); K(ioctl, d1, SIOCGIFFLAGS, put(&ifr, sizeof ifr));
	fresh(); K(ioctl, d1, SIOCGIFMTU, put(&ifr, sizeof ifr));
}

static void handler(int sig) { (void)sig; }

static void processes(void)
{
	fresh();
	{ long v[3] = {str("prog"), str("-a \"b\""), 0}, e[4] = {str("A=1"), str("B=2"), str("C=3"), 0}; long path = str("/nonexistent/prog");
	K(execve, path, put(v, sizeof v), put(e, sizeof e));
	K(execveat, AT_FDCWD, path, put(v, sizeof v), put(e, 0) + 8, AT_EMPTY_PATH);
	long one[2] = {str("X=1"), 0}, empty[1] = {0};
	K(execve, path, put(empty, 8), put(one, 16));
	K(execve, path, 0, 0); K(execve, path, BAD, BAD); K(execve, BAD, BAD, BAD); }
	fresh(); { long v[40]; for (int i = 0; i < 39; i++) v[i] = str("y"); v[39] = 0; K(execve, str("/nonexistent"), put(v, sizeof v), 0); }
	long pid = T(clone, SIGCHLD, 0, 0, 0, 0);
	T(wait4, pid, room(4), 0, room(144));
	T(wait4, -1, room(4), WNOHANG | WUNTRACED | __WALL, 0);
	pid = T(clone, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | SIGCHLD, 0, room(4), room(4), 0);
	T(waitid, P_PID, pid, room(128), WEXITED | WNOWAIT, room(144));
	T(waitid, P_ALL, 0, room(128), WEXITED, 0);
	T(waitid, P_PIDFD, 99, room(128), WEXITED | WNOHANG, 0);
	pid = fork();
	if (pid == 0) { raise(SIGKILL); }
	T(wait4, pid, room(4), 0, 0);
	pid = fork();
	if (pid == 0) { pause(); }
	kill(pid, SIGSTOP);
	T(wait4, pid, room(4), WUNTRACED, 0);
	T(kill, pid, SIGCONT);
	T(wait4, pid, room(4), WCONTINUED, 0);
	T(wait4, pid, room(4), WNOHANG, room(144));
	int pidfd = T(pidfd_open, pid, 0);
	T(pidfd_send_signal, pidfd, SIGKILL, 0, 0);
	T(waitid, P_PIDFD, pidfd, room(128), WEXITED, 0);
	T(pidfd_getfd, 99, 3, 0);
	struct clone_args ca;
	memset(&ca, 0, sizeof ca); ca.exit_signal = SIGCHLD;
	fresh(); pid = K(clone3, put(&ca, sizeof ca), sizeof ca); wait4(pid, 0, 0, 0);
	ca.flags = CLONE_FS | CLONE_VM | CLONE_VFORK | 0x100000000ULL; ca.exit_signal = 99; ca.stack = 0x1000; ca.stack_size = 0x2000;
	fresh(); K(clone3, put(&ca, 64), 64);
	ca.flags = CLONE_PARENT_SETTID; ca.parent_tid = ARENA; ca.exit_signal = 99;
	fresh(); K(clone3, put(&ca, 64), 64);
	T(clone3, BAD, 88);
	T(clone3, 0, 88);
	T(clone3, put(&ca, 8), 8);
	T(clone, CLONE_SIGHAND | CLONE_THREAD, 0x1000, 0, 0, 0);
	T(clone, CLONE_THREAD | CLONE_SETTLS, 0x1000, 0, 0, 0x7777);
	T(unshare, CLONE_FILES);
	T(unshare, 0x3);
	T(setns, 99, CLONE_NEWNET);
	T(kill, 0x7ffffff, SIGTERM); T(kill, getpid(), 0); T(kill, getpid(), 99);
	T(tkill, 0x7ffffff, SIGTERM); T(tgkill, getpid(), 0x7ffffff, SIGURG); T(tgkill, 1, 2, 34);
	T(getpid); T(getppid); T(gettid); T(getuid); T(geteuid); T(getgid); T(getegid); T(getpgrp);
	T(getpgid, 0); T(getsid, 0); T(setpgid, 0, 0); T(setsid);
	T(setuid, 0); T(setgid, 0); T(setreuid, -1, 0); T(setregid, -1, -1); T(setresuid, -1, 0, -1); T(setresgid, 0, 0, 0);
	T(setfsuid, -1); T(setfsgid, 0);
	T(getresuid, room(4), room(4), room(4)); T(getresgid, room(4), room(4), BAD);
	T(getgroups, 0, 0); T(getgroups, 64, room(256)); T(setgroups, 2, ints(1, 2)); T(getgroups, 64, room(256)); T(setgroups, 0, 0);
	struct __user_cap_header_struct ch = {_LINUX_CAPABILITY_VERSION_3, 0};
	fresh(); K(capget, put(&ch, sizeof ch), room(24));
	ch.version = 5;
	fresh(); K(capget, put(&ch, sizeof ch), room(24));
	ch.version = _LINUX_CAPABILITY_VERSION_3; ch.pid = 1;
	fresh(); struct __user_cap_data_struct cd[2] = {{1 << CAP_CHOWN | 1 << CAP_NET_ADMIN, 0, 0}, {2, 0, 1}};
	K(capset, put(&ch, sizeof ch), put(cd, sizeof cd));
	T(getrlimit, RLIMIT_NOFILE, room(16)); T(getrlimit, RLIMIT_CORE, room(16)); T(getrlimit, 99, room(16));
	T(setrlimit, RLIMIT_CORE, longs(0, -1));
	T(prlimit64, 0, RLIMIT_STACK, 0, room(16));
	T(prlimit64, 0, RLIMIT_NOFILE, longs(1000, 1000000), room(16));
	T(prlimit64, 0, RLIMIT_CPU, longs(2048, -1), 0);
	T(getrusage, RUSAGE_SELF, room(144)); T(getrusage, 77, room(144));
	T(getpriority, PRIO_PROCESS, 0); T(setpriority, PRIO_PROCESS, 0, 0);
	T(sched_getaffinity, 0, 128, room(128)); T(sched_setaffinity, 0, 8, longs(3, 0)); T(sched_getaffinity, 0x7ffffff, 8, room(8));
	T(sched_getscheduler, 0); T(sched_setscheduler, 0, SCHED_OTHER, num(0)); T(sched_getparam, 0, room(4)); T(sched_setparam, 0, num(0));
	T(sched_get_priority_max, SCHED_FIFO); T(sched_get_priority_min, SCHED_RR); T(sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, num(1000));
	T(prctl, PR_SET_NAME, str("thread")); T(prctl, PR_GET_NAME, room(16)); T(prctl, PR_SET_NAME, str("a very long name indeed"));
	T(prctl, PR_SET_PDEATHSIG, SIGTERM); T(prctl, PR_GET_PDEATHSIG, room(4)); T(prctl, PR_SET_DUMPABLE, 1); T(prctl, PR_GET_DUMPABLE);
	T(prctl, PR_SET_NO_NEW_PRIVS, 0, 1, 2, 3); T(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); T(prctl, PR_CAPBSET_READ, CAP_SYS_ADMIN);
	T(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0); T(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	T(prctl, PR_SET_CHILD_SUBREAPER, 0); T(prctl, PR_GET_CHILD_SUBREAPER, room(4)); T(prctl, PR_GET_KEEPCAPS); T(prctl, PR_SET_KEEPCAPS, 0);
	T(prctl, PR_SET_VMA, 0, 0x1000, 4096, BAD); T(prctl, PR_SET_VMA, 0, 0x1000, 4096, str("Go: heap")); T(prctl, 9999, 1, 2, 3, 4); T(prctl, PR_GET_SECCOMP); T(prctl, PR_GET_SECUREBITS); T(prctl, PR_SET_SECUREBITS, 1);
	T(prctl, PR_SET_PTRACER, -1UL); T(prctl, PR_SET_TIMERSLACK, 5); T(prctl, PR_GET_TIMERSLACK); T(prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0);
	T(arch_prctl, 0x1003, room(8)); T(arch_prctl, 0x1001, 0x7f); T(arch_prctl, 77, 0);
	struct sock_fprog prog = {4, (void *)ARENA};
	fresh(); K(seccomp, SECCOMP_SET_MODE_FILTER, 0x80, put(&prog, sizeof prog)); T(seccomp, 2, 0, num(0x7fff0000)); T(seccomp, 99, 1, 0);
	T(personality, 0xffffffff);
	T(uname, room(390)); T(uname, BAD); T(sysinfo, room(112)); T(getcpu, room(4), room(4), 0);
	T(set_tid_address, ARENA); T(set_robust_list, ARENA, 24);
	T(kcmp, 1, 1, 0, 0, 0);
}

static void signals(void)
{
	struct { long handler, flags, restorer, mask; } sa = {(long)handler, SA_SIGINFO | SA_ONSTACK | SA_RESTART | 0x04000000, 0x4444, ~0L};
	fresh(); K(rt_sigaction, SIGUSR1, put(&sa, sizeof sa), room(32), 8);
	T(rt_sigaction, SIGUSR1, 0, room(32), 8);
	sa.handler = 1; sa.flags = SA_NOCLDSTOP | SA_NODEFER | SA_RESETHAND; sa.mask = (1L << (SIGINT - 1)) | (1L << 33) | (1L << 63);
	fresh(); K(rt_sigaction, SIGUSR2, put(&sa, sizeof sa), 0, 8);
	sa.handler = 0; sa.flags = 0; sa.mask = 0;
	fresh(); K(rt_sigaction, SIGKILL, put(&sa, sizeof sa), 0, 8);
	T(rt_sigaction, SIGUSR1, BAD, BAD, 8); T(rt_sigaction, 99, 0, 0, 8); T(rt_sigaction, SIGINT, 0, room(32), 4);
	T(rt_sigprocmask, SIG_BLOCK, longs(1L << (SIGUSR1 - 1), 0), room(8), 8);
	T(rt_sigprocmask, SIG_SETMASK, longs(~0L, 0), room(8), 8); T(rt_sigprocmask, SIG_SETMASK, longs(0x7fffffff, 0), 0, 8);
	T(rt_sigprocmask, SIG_SETMASK, longs(0, 0), room(8), 8); T(rt_sigprocmask, 7, longs(0, 0), room(8), 8);
	T(rt_sigprocmask, SIG_UNBLOCK, 0, room(8), 8);
	T(rt_sigpending, room(8), 8);
	stack_t st = {(void *)ARENA, 0, 8192};
	fresh(); K(sigaltstack, put(&st, sizeof st), room(24)); T(sigaltstack, 0, room(24));
	st.ss_flags = SS_DISABLE; fresh(); K(sigaltstack, put(&st, sizeof st), 0);
	T(rt_sigtimedwait, longs(1L << (SIGUSR2 - 1), 0), room(128), longs(0, 1000), 8);
	raise(0); sigset_t block; sigemptyset(&block); sigaddset(&block, SIGUSR2); sigprocmask(SIG_BLOCK, &block, 0); kill(getpid(), SIGUSR2);
	T(rt_sigpending, room(8), 8);
	T(rt_sigtimedwait, longs(1L << (SIGUSR2 - 1), 0), room(128), 0, 8);
	union sigval sv = {.sival_int = 5}; sigqueue(getpid(), SIGUSR2, sv);
	T(rt_sigtimedwait, longs(1L << (SIGUSR2 - 1), 0), room(128), 0, 8);
	T(signalfd4, -1, longs(1L << (SIGINT - 1), 0), 8, SFD_CLOEXEC | SFD_NONBLOCK);
	siginfo_t info; memset(&info, 0, sizeof info); info.si_signo = SIGUSR1; info.si_code = SI_QUEUE; info.si_pid = 5; info.si_uid = 6;
	fresh(); K(rt_sigqueueinfo, 0x7ffffff, SIGUSR1, put(&info, 128)); fresh(); K(rt_tgsigqueueinfo, getpid(), 0x7ffffff, SIGUSR1, put(&info, 128));
}

static void events(void)
{
	int p[2]; pipe(p);
	int ep = T(epoll_create1, EPOLL_CLOEXEC); T(epoll_create, 5); T(epoll_create1, 1);
	struct epoll_event ev = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u64 = 0x1234567800000003UL}};
	fresh(); K(epoll_ctl, ep, EPOLL_CTL_ADD, p[0], put(&ev, sizeof ev)); fresh(); K(epoll_ctl, ep, EPOLL_CTL_MOD, p[0], put(&ev, sizeof ev));
	T(epoll_pwait, ep, room(120), 10, 0, 0, 0);
	write(p[1], "x", 1);
	T(epoll_pwait, ep, room(120), 10, -1, 0, 8); T(epoll_wait, ep, room(120), 10, 1000);
	fresh(); K(epoll_pwait, ep, room(120), 10, 0, longs(1, 0), 8); T(epoll_pwait2, ep, room(120), 10, longs(0, 1000), 0, 8); T(epoll_wait, 99, room(120), 10, 0);
	T(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], 0); T(epoll_ctl, ep, 9, p[0], 0); fresh(); K(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], put(&ev, sizeof ev));
	struct pollfd fds[3] = {{p[0], POLLIN | POLLPRI, 0}, {p[1], POLLOUT, 0}, {-1, POLLIN, 0}};
	fresh(); K(poll, put(fds, sizeof fds), 3, 1000); fresh(); K(poll, put(fds, sizeof fds), 3, -1);
	fds[1].fd = 99; fresh(); K(ppoll, put(fds, sizeof fds), 2, longs(5, 0), 0, 0); fresh(); K(ppoll, put(fds, sizeof fds), 2, 0, longs(0, 0), 8);
	char c; read(p[0], &c, 1);
	fresh(); K(poll, put(fds, 8), 1, 0); T(poll, 0, 0, 1); T(poll, BAD, 1, 0); fresh(); K(ppoll, put(fds, 8), 1, longs(0, 5), 0, 0);
	fd_set r, w; FD_ZERO(&r); FD_ZERO(&w); FD_SET(p[0], &r); FD_SET(p[1], &w); FD_SET(p[1], &r);
	fresh(); K(select, 64, put(&r, 128), put(&w, 128), 0, longs(1, 0)); fresh(); K(pselect6, 64, put(&r, 128), 0, 0, longs(0, 10), 0);
	fresh(); { long pair[2] = {longs(2, 0), 8}; K(pselect6, 0, 0, 0, 0, longs(0, 10), put(pair, 16)); }
	fresh(); K(select, 64, put(&r, 128), put(&w, 128), room(128), longs(1, 0)); T(select, 0, 0, 0, 0, longs(0, 1));
	T(futex, num(5), 128 | 0, 4, 0); T(futex, num(5), 0, 5, longs(0, 1000)); T(futex, num(5), 129, 1); T(futex, num(5), 128 | 9, 4, longs(1, 0), 0, -1);
	T(futex, num(5), 128 | 256 | 9, 4, longs(1, 0), 0, -1); T(futex, num(5), 131, 1, 2, num(6)); T(futex, num(5), 4, 1, 2, num(6), 5); T(futex, num(5), 77, 1, 2, 3, 4); T(futex, num(5), 128 | 10, 1, 0, 0, 3);
	T(nanosleep, longs(0, 1000), 0); T(nanosleep, longs(0, 1000), room(16)); T(nanosleep, longs(-1, 0), 0); T(clock_nanosleep, CLOCK_MONOTONIC, 0, longs(0, 10), 0);
	T(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, longs(5, 0), room(16));
	T(clock_gettime, CLOCK_MONOTONIC, room(16)); T(clock_gettime, 99, room(16)); T(clock_gettime, CLOCK_REALTIME, BAD); T(clock_getres, CLOCK_BOOTTIME, room(16)); T(gettimeofday, room(16), 0); T(time, 0); T(time, room(8));
	T(clock_settime, 55, longs(1, 2));
	int t = T(timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); struct itimerspec its = {{0, 0}, {1, 5}};
	fresh(); K(timerfd_settime, t, 0, put(&its, sizeof its), room(32)); fresh(); K(timerfd_settime, t, TFD_TIMER_ABSTIME, put(&its, sizeof its), 0); T(timerfd_gettime, t, room(32));
	struct itimerval itv = {{0, 0}, {100, 0}}; fresh(); K(setitimer, ITIMER_PROF, put(&itv, sizeof itv), room(32)); T(getitimer, ITIMER_PROF, room(32)); T(setitimer, ITIMER_PROF, put(&(struct itimerval){{0, 0}, {0, 0}}, 32), 0);
	struct sigevent se; memset(&se, 0, sizeof se); se.sigev_notify = SIGEV_THREAD_ID; se.sigev_signo = SIGPROF; se._sigev_un._tid = getpid();
	fresh(); long id = room(4); K(timer_create, CLOCK_MONOTONIC, put(&se, sizeof se), id); int tid = *(int *)id;
	fresh(); K(timer_settime, tid, 0, put(&its, sizeof its), 0); T(timer_gettime, tid, room(32)); T(timer_getoverrun, tid); T(timer_delete, tid); T(timer_create, CLOCK_REALTIME, 0, room(4));
}

static void system_(void)
{
	T(mount, str("none"), str("/nonexistent"), str("tmpfs"), MS_NOSUID | MS_NODEV, str("size=1m")); T(mount, str("a"), str("/nonexistent"), 0, MS_BIND | MS_REC, 0); T(mount, str("a"), str("/nonexistent"), str("x"), MS_MGC_VAL | MS_RDONLY, 0); T(mount, 0, str("/nonexistent"), 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0);
	T(umount2, str("/nonexistent"), MNT_DETACH); T(umount2, str("/nonexistent"), 0); T(pivot_root, str("/nonexistent"), str("/x"));
	T(open_tree, AT_FDCWD, str("/nonexistent"), 1 | O_CLOEXEC | AT_RECURSIVE); T(move_mount, 99, str(""), AT_FDCWD, str("/x"), 4); T(fsopen, str("nofs"), 1); T(fsmount, 99, 1, 3); T(fsconfig, 99, 1, str("k"), str("v"), 0); T(fspick, AT_FDCWD, str("/nonexistent"), 1);
	T(getrandom, room(40), 8, GRND_NONBLOCK); T(getrandom, room(40), 40, 0); T(getrandom, BAD, 8, 9);
	struct { uint64_t fs; } rules = {0x1fff};
	T(landlock_create_ruleset, 0, 0, 1); fresh(); int rs = K(landlock_create_ruleset, put(&rules, 8), 8, 0); struct landlock_path_beneath_attr pb = {4, 99};
	fresh(); K(landlock_add_rule, rs, 1, put(&pb, sizeof pb), 0); T(landlock_restrict_self, 99, 0);
	fresh(); K(io_uring_setup, 8, room(120)); T(io_uring_setup, 0, room(120)); T(io_uring_enter, 99, 1, 1, 1, 0, 8); T(io_uring_register, 99, 0, 0, 0);
	T(bpf, 0, 0, 0); T(perf_event_open, 0, 0, -1, -1, 8); T(sethostname, str("x"), 9999999); T(delete_module, str("nomod"), O_NONBLOCK); T(finit_module, 99, str(""), 0);
	T(swapon, str("/nonexistent"), 0x10000); T(swapoff, str("/nonexistent")); T(syslog, 99, 0, 0); T(reboot, 1, 2, 3, 0); T(add_key, str("nope"), str("d"), 0, 0, -3); T(keyctl, 0, -3, 0, 0, 0);
	T(rseq, ARENA, 32, 0, 0x53053053);
}

/* Every bit at once, on descriptors that do not exist: in which order flags are written. */
static void orders(void)
{
	T(openat, 99, str("x"), 0x7fffffff); T(openat, 99, str("x"), O_TMPFILE | O_PATH | O_NOFOLLOW, 0600); T(unlinkat, 99, str("x"), -1); T(faccessat2, 99, str("x"), 7, -1);
	T(newfstatat, 99, str("x"), 0, 0xffff); T(statx, 99, str("x"), 0x9f00, 0xffff, 0); T(linkat, 99, str("x"), 99, str("y"), 0x1f00); T(renameat2, 99, str("x"), 99, str("y"), 0xf);
	T(socket, 0, 0x80800, 0); T(eventfd2, 0, -1); T(signalfd4, -1, longs(0, 0), 8, -1); T(timerfd_create, 99, -1); T(timerfd_settime, 99, -1, 0, 0); T(inotify_init1, -1); T(epoll_create1, -1); T(pipe2, 0, -1); T(dup3, 99, 99, -1);
	T(mmap, 0, 0, -1, 0x3fffff2, 99, 0); T(mprotect, 1, 0, -1); T(mremap, 1, 0, 0, -1, 0); T(msync, 1, 0, -1); T(mlockall, -1); T(memfd_create, 0, -1); T(madvise, 1, 0, 25);
	T(sendto, 99, 0, 0, -1, 0, 0); T(recvfrom, 99, 0, 0, -1, 0, 0); T(accept4, 99, 0, 0, -1); T(unshare, 0x7e0202ff); T(setns, 99, -1); T(wait4, 0x7fffffff, 0, -1, 0); T(waitid, 99, 0, 0, -1, 0);
	T(clone, 0xffffff00u | CLONE_VFORK, 0x1000, 0, 0, 0); struct clone_args ca = {.flags = -1ULL}; fresh(); K(clone3, put(&ca, 64), 64);
	T(fallocate, 99, -1, 0, 0); T(splice, 99, 0, 99, 0, 0, -1); T(sync_file_range, 99, 0, 0, -1); T(close_range, 5, 4, -1); T(flock, 99, -1); T(fcntl, 99, F_SETFL, -1); T(fcntl, 99, F_ADD_SEALS, -1); T(fcntl, 99, F_SETFD, -1); T(preadv2, 99, 0, 0, 0, 0, -1); T(setxattr, BAD, BAD, 0, 0, -1);
	T(mount, 0, 0, 0, 0x3ffffff, 0); T(umount2, str("/nonexistent"), -1); T(open_tree, 99, str("x"), -1); T(move_mount, 99, str("x"), 99, str("y"), -1); T(fsopen, 0, -1); T(fsmount, 99, -1, -1); T(fspick, 99, str("x"), -1); T(inotify_add_watch, 99, str("x"), -1); T(getrandom, 0, 0, -1); T(fanotify_mark, 99, -1, 0xffffffffUL, 99, str("x")); T(fanotify_init, -1, -1);
	struct { long handler, flags, restorer, mask; } sa = {0, 0xffffffff, 0, 0}; fresh(); K(rt_sigaction, 99, put(&sa, sizeof sa), 0, 8);
	struct epoll_event ev = {-1, {0}}; fresh(); K(epoll_ctl, 99, EPOLL_CTL_ADD, 99, put(&ev, sizeof ev)); struct pollfd pf = {0, -1, 0}; fresh(); K(poll, put(&pf, sizeof pf), 1, 0); T(futex, num(5), -1, 5, 0); T(futex, num(5), 128 | 256 | 5, 1, 2, num(6), 0x21003005);
	struct open_how how = {-1UL, 0, -1UL}; fresh(); K(openat2, 99, str("x"), put(&how, sizeof how), sizeof how); T(landlock_create_ruleset, longs(-1, 0), 8, 0); T(landlock_create_ruleset, 0, 0, -1); T(io_uring_enter, 99, 0, 0, -1, 0, 0); T(prctl, PR_SET_SECUREBITS, -1); T(clock_nanosleep, 0, -1, longs(-1, 0), 0); T(perf_event_open, 0, 0, 0, 0, -1); T(seccomp, 1, -1, 0); T(shmget, 0x99, 0, -1); T(shmat, -1, 0, -1); T(sigaltstack, put((long[]){0, -1, 0}, 24), 0); T(setsockopt, 99, 1, 37, num(-1), 4); T(personality, -1); T(mlock2, 1, 0, -1); T(membarrier, -1, -1, 0); T(swapon, BAD, -1); T(pidfd_open, 0, -1);
	T(execveat, 99, BAD, 0, 0, -1); T(utimensat, 99, str("x"), 0, -1); T(name_to_handle_at, 99, str("x"), 0, 0, -1); T(fchownat, 99, str("x"), 0, 0, -1); T(userfaultfd, -1); T(mbind, 1, 0, -1, 0, 0, -1); T(delete_module, BAD, -1); T(finit_module, 99, BAD, -1); T(mount_setattr, 99, str("x"), -1, 0, 0);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	out = fopen(argv[1], "w");
	setvbuf(out, malloc(1 << 24), _IOFBF, 1 << 24);
	if (mmap(arena, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != arena)
		return 3;
	files();
	descriptors();
	memory();
	sockets();
	processes();
	signals();
	events();
	system_();
	orders();
	fclose(out);
	return 0;
}
