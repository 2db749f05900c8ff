package main

import (
	"fmt"
	"strings"
	"syscall"
	"unsafe"
)

const (
	atCwd             = -100
	sysRenameat2      = 316
	unnamed           = 0o20000000 // __O_TMPFILE
	sysStatx          = 332
	sysFaccessat2     = 439
	sysCopyRange      = 326
	sysOpenat2        = 437
	sysFchmodat2      = 452
	nobodysSlot       = 77
	seekSet           = 0
	mostBytes         = 1 << 20
	lockLength        = 32
	directoryType     = syscall.S_IFDIR
	closedAlready     = -1
	privateMapping    = syscall.MAP_PRIVATE
	readingMapping    = syscall.PROT_READ
	atSymlinkNoFollow = 0x100
)

// calls are all that can be played.
var calls = map[string]func(*player, Call) string{
	"open": func(p *player, c Call) string {
		closed := p.release(c.FD)
		fd, _, errno := syscall.Syscall6(syscall.SYS_OPENAT, p.dir(c.Dir), p.path(c.Path), p.opening(c), uintptr(c.Mode), 0, 0)
		return closed + p.keep(c.FD, fd, errno)
	},
	"openat2": func(p *player, c Call) string {
		closed := p.release(c.FD)
		// The fourth word is of a later kernel.
		how := [4]uint64{uint64(p.opening(c)), uint64(c.Mode), uint64(c.Offset), uint64(c.To)}
		fd, _, errno := syscall.Syscall6(sysOpenat2, p.dir(c.Dir), p.path(c.Path), uintptr(unsafe.Pointer(&how)), uintptr(c.Length), 0, 0)
		return closed + p.keep(c.FD, fd, errno)
	},
	"close": func(p *player, c Call) string { return p.release(c.FD) },
	"dup": func(p *player, c Call) string {
		fd, _, errno := syscall.Syscall(syscall.SYS_DUP, p.fd(c.FD), 0, 0)
		return p.release(c.To) + p.keep(c.To, fd, errno)
	},
	"dup3": func(p *player, c Call) string {
		// Onto the very descriptor of the other slot, where it has one.
		to := p.fd(c.To)
		if p.fds[c.To] < 0 {
			to = uintptr(40 + c.To)
		}
		fd, _, errno := syscall.Syscall(syscall.SYS_DUP3, p.fd(c.FD), to, uintptr(c.Flags&syscall.O_CLOEXEC))
		if errno != 0 {
			return name(errno)
		}
		p.fds[c.To] = int(fd)
		return result(fd, errno)
	},
	"read": func(p *player, c Call) string {
		return p.reading(c, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall(syscall.SYS_READ, p.fd(c.FD), at, n)
		})
	},
	"pread": func(p *player, c Call) string {
		return p.reading(c, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(syscall.SYS_PREAD64, p.fd(c.FD), at, n, uintptr(c.Offset), 0, 0)
		})
	},
	"readv": func(p *player, c Call) string {
		return p.reading(c, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			parts := split(at, n)
			return syscall.Syscall(syscall.SYS_READV, p.fd(c.FD), uintptr(unsafe.Pointer(&parts)), 2)
		})
	},
	"write": func(p *player, c Call) string {
		data := pattern(c)
		r, _, errno := syscall.Syscall(syscall.SYS_WRITE, p.fd(c.FD), address(data), uintptr(len(data)))
		return result(r, errno)
	},
	"pwrite": func(p *player, c Call) string {
		data := pattern(c)
		r, _, errno := syscall.Syscall6(syscall.SYS_PWRITE64, p.fd(c.FD), address(data), uintptr(len(data)), uintptr(c.Offset), 0, 0)
		return result(r, errno)
	},
	"writev": func(p *player, c Call) string {
		data := pattern(c)
		parts := split(address(data), uintptr(len(data)))
		r, _, errno := syscall.Syscall(syscall.SYS_WRITEV, p.fd(c.FD), uintptr(unsafe.Pointer(&parts)), 2)
		return result(r, errno)
	},
	"lseek": func(p *player, c Call) string {
		// Where in a directory one is has no meaning but for the directory itself.
		if p.isDirectory(c.FD) && (c.Flags != seekSet || c.Offset != 0) {
			return "a directory"
		}
		r, _, errno := syscall.Syscall(syscall.SYS_LSEEK, p.fd(c.FD), uintptr(c.Offset), uintptr(c.Flags))
		return result(r, errno)
	},
	"ftruncate": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FTRUNCATE, p.fd(c.FD), uintptr(c.Length), 0)
		return result(r, errno)
	},
	"truncate": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_TRUNCATE, p.path(c.Path), uintptr(c.Length), 0)
		return result(r, errno)
	},
	"fsync": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FSYNC, p.fd(c.FD), 0, 0)
		return result(r, errno)
	},
	"fdatasync": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FDATASYNC, p.fd(c.FD), 0, 0)
		return result(r, errno)
	},
	"fallocate": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(syscall.SYS_FALLOCATE, p.fd(c.FD), uintptr(c.Flags), uintptr(c.Offset), uintptr(c.Length), 0, 0)
		return result(r, errno)
	},
	"faccessat2": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(sysFaccessat2, p.dir(c.Dir), p.path(c.Path), uintptr(c.Mode&7), uintptr(c.Flags), 0, 0)
		return result(r, errno)
	},
	"access": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_ACCESS, p.path(c.Path), uintptr(c.Mode&7), 0)
		return result(r, errno)
	},
	"mkdirat": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_MKDIRAT, p.dir(c.Dir), p.path(c.Path), uintptr(c.Mode))
		return result(r, errno)
	},
	"rmdir": func(p *player, c Call) string {
		if p.isAbove(p.dir(-1), c.Path) {
			return above
		}
		r, _, errno := syscall.Syscall(syscall.SYS_RMDIR, p.path(c.Path), 0, 0)
		return result(r, errno)
	},
	"unlink": func(p *player, c Call) string {
		if p.isAbove(p.dir(-1), c.Path) {
			return above
		}
		r, _, errno := syscall.Syscall(syscall.SYS_UNLINK, p.path(c.Path), 0, 0)
		return result(r, errno)
	},
	"unlinkat": func(p *player, c Call) string {
		if p.isAbove(p.dir(c.Dir), c.Path) {
			return above
		}
		r, _, errno := syscall.Syscall(syscall.SYS_UNLINKAT, p.dir(c.Dir), p.path(c.Path), uintptr(c.Flags))
		return result(r, errno)
	},
	"rename": func(p *player, c Call) string {
		if len(c.Second) == 2 && c.Second[0] == '@' {
			return "not here"
		}
		if p.isAbove(p.dir(-1), c.Path) || p.isAbove(p.dir(-1), c.Second) {
			return above
		}
		r, _, errno := syscall.Syscall(syscall.SYS_RENAME, p.path(c.Path), p.path(c.Second), 0)
		return result(r, errno)
	},
	"renameat2": func(p *player, c Call) string {
		if len(c.Second) == 2 && c.Second[0] == '@' {
			return "not here"
		}
		if p.isAbove(p.dir(c.Dir), c.Path) || p.isAbove(p.dir(c.To), c.Second) {
			return above
		}
		r, _, errno := syscall.Syscall6(sysRenameat2, p.dir(c.Dir), p.path(c.Path), p.dir(c.To), p.path(c.Second), uintptr(c.Flags), 0)
		return result(r, errno)
	},
	"linkat": func(p *player, c Call) string {
		// A name that is to be made in /proc.
		if strings.HasPrefix(c.Second, "@") {
			return "not here"
		}
		r, _, errno := syscall.Syscall6(syscall.SYS_LINKAT, p.dir(c.Dir), p.path(c.Path), p.dir(c.To), p.path(c.Second), uintptr(c.Flags), 0)
		return result(r, errno)
	},
	"symlinkat": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_SYMLINKAT, p.path(c.Second), p.dir(c.Dir), p.path(c.Path))
		return result(r, errno)
	},
	"readlinkat": func(p *player, c Call) string {
		return text(c.Length, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(syscall.SYS_READLINKAT, p.dir(c.Dir), p.path(c.Path), at, n, 0, 0)
		})
	},
	"fchmodat": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FCHMODAT, p.dir(c.Dir), p.path(c.Path), uintptr(c.Mode))
		return result(r, errno)
	},
	"fchmodat2": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(sysFchmodat2, p.dir(c.Dir), p.path(c.Path), uintptr(c.Mode), uintptr(c.Flags), 0, 0)
		return result(r, errno)
	},
	"fchmod": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FCHMOD, p.fd(c.FD), uintptr(c.Mode), 0)
		return result(r, errno)
	},
	"fchownat": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(syscall.SYS_FCHOWNAT, p.dir(c.Dir), p.path(c.Path), uintptr(c.Offset), uintptr(c.Length), uintptr(c.Flags), 0)
		return result(r, errno)
	},
	"fchown": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FCHOWN, p.fd(c.FD), uintptr(c.Offset), uintptr(c.Length))
		return result(r, errno)
	},
	"utimensat": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(syscall.SYS_UTIMENSAT, p.dir(c.Dir), p.path(c.Path), times(c), uintptr(c.Flags), 0, 0)
		return result(r, errno)
	},
	"futimens": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(syscall.SYS_UTIMENSAT, p.fd(c.FD), 0, times(c), 0, 0, 0)
		return result(r, errno)
	},
	"chdir": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_CHDIR, p.path(c.Path), 0, 0)
		return result(r, errno)
	},
	"fchdir": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FCHDIR, p.fd(c.FD), 0, 0)
		return result(r, errno)
	},
	"getcwd": func(_ *player, c Call) string {
		return text(c.Length, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall(syscall.SYS_GETCWD, at, n, 0)
		})
	},
	"umask": func(_ *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_UMASK, uintptr(c.Mode), 0, 0)
		return result(r, errno)
	},
	"flock": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FLOCK, p.fd(c.FD), uintptr(c.Flags|syscall.LOCK_NB), 0)
		return result(r, errno)
	},
	"lock": func(p *player, c Call) string { return p.lock(c) },
	"getfl": func(p *player, c Call) string {
		// docs/files.md: a descriptor of the target's files does not tell O_NOFOLLOW, and not O_TMPFILE.
		r, _, errno := syscall.Syscall(syscall.SYS_FCNTL, p.fd(c.FD), syscall.F_GETFL, 0)
		if errno == 0 && r&unnamed != 0 {
			r &^= unnamed | syscall.O_DIRECTORY
		}
		return result(r&^syscall.O_NOFOLLOW, errno)
	},
	"setfl": func(p *player, c Call) string {
		// Pipes never block here.
		if p.isPipe(c.FD) {
			c.Flags |= syscall.O_NONBLOCK
		}
		r, _, errno := syscall.Syscall(syscall.SYS_FCNTL, p.fd(c.FD), syscall.F_SETFL, uintptr(c.Flags))
		return result(r, errno)
	},
	"getfd": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FCNTL, p.fd(c.FD), syscall.F_GETFD, 0)
		return result(r, errno)
	},
	"setxattr": func(p *player, c Call) string {
		value := pattern(c)
		r, _, errno := syscall.Syscall6(syscall.SYS_SETXATTR, p.path(c.Path), cstring(c.Second), address(value), uintptr(len(value)), uintptr(c.Flags), 0)
		return result(r, errno)
	},
	"fsetxattr": func(p *player, c Call) string {
		value := pattern(c)
		r, _, errno := syscall.Syscall6(syscall.SYS_FSETXATTR, p.fd(c.FD), cstring(c.Second), address(value), uintptr(len(value)), uintptr(c.Flags), 0)
		return result(r, errno)
	},
	"getxattr": func(p *player, c Call) string {
		return text(c.Length, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(syscall.SYS_GETXATTR, p.path(c.Path), cstring(c.Second), at, n, 0, 0)
		})
	},
	"fgetxattr": func(p *player, c Call) string {
		return text(c.Length, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(syscall.SYS_FGETXATTR, p.fd(c.FD), cstring(c.Second), at, n, 0, 0)
		})
	},
	"lgetxattr": func(p *player, c Call) string {
		return text(c.Length, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(syscall.SYS_LGETXATTR, p.path(c.Path), cstring(c.Second), at, n, 0, 0)
		})
	},
	"listxattr": func(p *player, c Call) string {
		return text(c.Length, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall(syscall.SYS_LISTXATTR, p.path(c.Path), at, n)
		})
	},
	"flistxattr": func(p *player, c Call) string {
		return text(c.Length, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall(syscall.SYS_FLISTXATTR, p.fd(c.FD), at, n)
		})
	},
	"removexattr": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_REMOVEXATTR, p.path(c.Path), cstring(c.Second), 0)
		return result(r, errno)
	},
	"fremovexattr": func(p *player, c Call) string {
		r, _, errno := syscall.Syscall(syscall.SYS_FREMOVEXATTR, p.fd(c.FD), cstring(c.Second), 0)
		return result(r, errno)
	},
	"mmap":       func(p *player, c Call) string { return p.mmap(c) },
	"getdents":   func(p *player, c Call) string { return p.list(c) },
	"stat":       func(p *player, c Call) string { return p.stat(c, syscall.SYS_STAT, p.path(c.Path)) },
	"lstat":      func(p *player, c Call) string { return p.stat(c, syscall.SYS_LSTAT, p.path(c.Path)) },
	"fstat":      func(p *player, c Call) string { return p.stat(c, syscall.SYS_FSTAT, p.fd(c.FD)) },
	"newfstatat": func(p *player, c Call) string { return p.statAt(c) },
	"statx":      func(p *player, c Call) string { return p.statx(c) },
}

func (p *player) fd(slot int) uintptr {
	if p.fds[slot] < 0 {
		return nobodysSlot
	}
	return uintptr(p.fds[slot])
}

func (p *player) dir(slot int) uintptr {
	if slot < 0 {
		cwd := atCwd
		return uintptr(cwd)
	}
	return p.fd(slot)
}

func (p *player) path(path string) uintptr {
	path = strings.ReplaceAll(path, "%", p.folder)
	if len(path) > 1 && path[0] == '@' {
		// What a slot has, by its link.
		path = fmt.Sprintf("/proc/self/fd/%d%s", p.fd(int(path[1]-'0')), path[2:])
	}
	return cstring(path)
}

// heldTimes stays where it is.
var heldTimes [4]int64

// times of both kinds are the same, or one of them is left as it is; or there are none.
func times(c Call) uintptr {
	const omit = 0x3ffffffe
	both := &heldTimes
	*both = [4]int64{c.Offset, c.Length, c.Offset, c.Length}
	switch c.Mode {
	case 1:
		both[1] = omit
	case 2:
		both[3] = omit
	case 3:
		return 0
	}
	return uintptr(unsafe.Pointer(both))
}

// release closes what a slot has. It says nothing where that is nothing.
func (p *player) release(slot int) string {
	if p.fds[slot] < 0 {
		return "none "
	}
	r, _, errno := syscall.Syscall(syscall.SYS_CLOSE, uintptr(p.fds[slot]), 0, 0)
	p.fds[slot] = closedAlready
	return "closed " + result(r, errno) + " "
}

func (p *player) keep(slot int, fd uintptr, errno syscall.Errno) string {
	if errno == 0 {
		p.fds[slot] = int(fd)
		if hadChild {
			return "descriptor"
		}
	}
	return result(fd, errno)
}

// hadChild: the pipes to a child are closed whenever its end is noticed, so numbers depend on that.
var hadChild bool
