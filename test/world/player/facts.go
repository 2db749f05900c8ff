package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"syscall"
	"unsafe"
)

// inode gives each inode that turns up a number, in the order in which they do.
func (p *player) inode(inode uint64) int {
	known, ok := p.inodes[inode]
	if !ok {
		known = len(p.inodes)
		p.inodes[inode] = known
	}
	return known
}

func (p *player) isDirectory(slot int) bool {
	var stat syscall.Stat_t
	return syscall.Fstat(int(p.fd(slot)), &stat) == nil && stat.Mode&syscall.S_IFMT == directoryType
}

func (p *player) isPipe(slot int) bool {
	var stat syscall.Stat_t
	return syscall.Fstat(int(p.fd(slot)), &stat) == nil && stat.Mode&syscall.S_IFMT == syscall.S_IFIFO
}

// above is said of what would remove or rename the working directory or one that it is in: docs/files.md.
const above = "we work in it"

func (p *player) isAbove(dirfd uintptr, path string) bool {
	var named, there syscall.Stat_t
	_, _, errno := syscall.Syscall6(syscall.SYS_NEWFSTATAT, dirfd, p.path(path), uintptr(unsafe.Pointer(&named)), atSymlinkNoFollow, 0, 0)
	if errno != 0 {
		return false
	}
	// Up to "/", which is its own parent.
	for up := "."; syscall.Stat(up, &there) == nil; up += "/.." {
		if there.Ino == named.Ino && there.Dev == named.Dev {
			return true
		}
		if len(up) > 40 {
			break
		}
	}
	return false
}

// old is a time that a call has set; what the clock said is different in every run.
const old = 1_600_000_000

func when(seconds int64, nanoseconds int64) string {
	if seconds > old {
		return "now"
	}
	return fmt.Sprintf("%d.%09d", seconds, nanoseconds)
}

func (p *player) facts(mode uint32, links uint64, uid uint32, gid uint32, inode uint64, size int64, modified string) string {
	// How large a directory is depends on what was in it before, and on the file system.
	if mode&syscall.S_IFMT == directoryType {
		size = 0
	}
	return fmt.Sprintf("%o links=%d %d:%d #%d size=%d %s", mode, links, uid, gid, p.inode(inode), size, modified)
}

func (p *player) described(stat *syscall.Stat_t) string {
	modified := when(stat.Mtim.Sec, stat.Mtim.Nsec)
	return p.facts(stat.Mode, stat.Nlink, stat.Uid, stat.Gid, stat.Ino, stat.Size, modified)
}

func (p *player) stat(_ Call, number uintptr, what uintptr) string {
	var stat syscall.Stat_t
	_, _, errno := syscall.Syscall(number, what, uintptr(unsafe.Pointer(&stat)), 0)
	if errno != 0 {
		return name(errno)
	}
	return p.described(&stat)
}

func (p *player) statAt(c Call) string {
	var stat syscall.Stat_t
	_, _, errno := syscall.Syscall6(syscall.SYS_NEWFSTATAT, p.dir(c.Dir), p.path(c.Path), uintptr(unsafe.Pointer(&stat)), uintptr(c.Flags), 0, 0)
	if errno != 0 {
		return name(errno)
	}
	return p.described(&stat)
}

// statx: struct statx, include/uapi/linux/stat.h
func (p *player) statx(c Call) string {
	var b [256]byte
	_, _, errno := syscall.Syscall6(sysStatx, p.dir(c.Dir), p.path(c.Path), uintptr(c.Flags), uintptr(c.Mode), uintptr(unsafe.Pointer(&b)), 0)
	if errno != 0 {
		return name(errno)
	}
	le := binary.LittleEndian
	modified := when(int64(le.Uint64(b[112:])), int64(le.Uint32(b[120:])))
	// More than was asked for may come.
	asked := uint32(c.Mode) & 0xfff
	known := fmt.Sprintf("mask=%x attributes=%x ", le.Uint32(b[0:])&asked, le.Uint64(b[8:]))
	if asked&0x7ff != 0x7ff {
		return known
	}
	return known + p.facts(uint32(le.Uint16(b[28:])), uint64(le.Uint32(b[16:])), le.Uint32(b[20:]), le.Uint32(b[24:]), le.Uint64(b[32:]), int64(le.Uint64(b[40:])), modified)
}

// list reads the next entries of a directory. struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type
func (p *player) list(c Call) string {
	room := make([]byte, min(max(c.Length, 0), 1<<15)+1)
	n, _, errno := syscall.Syscall(syscall.SYS_GETDENTS64, p.fd(c.FD), address(room), uintptr(len(room)-1))
	if errno != 0 {
		return name(errno)
	}
	entries := []string{fmt.Sprint(int(n))}
	for at := 0; at < int(n); {
		length := int(binary.LittleEndian.Uint16(room[at+16:]))
		inode := binary.LittleEndian.Uint64(room[at:])
		text, _, _ := bytes.Cut(room[at+19:at+length], []byte{0})
		number := -1
		// What is above depends on the sequences before.
		if string(text) != ".." {
			number = p.inode(inode)
		}
		entries = append(entries, fmt.Sprintf("%s#%d:%d", text, number, room[at+18]))
		at += length
	}
	return strings.Join(entries, " ")
}

// lock is fcntl(2)'s: F_GETLK, F_SETLK and their kin, which do not wait.
func (p *player) lock(c Call) string {
	var b [lockLength]byte
	le := binary.LittleEndian
	le.PutUint16(b[0:], uint16(c.Mode&3))
	le.PutUint16(b[2:], uint16(c.Mode>>2&3))
	le.PutUint64(b[8:], uint64(c.Offset))
	le.PutUint64(b[16:], uint64(c.Length))
	r, _, errno := syscall.Syscall(syscall.SYS_FCNTL, p.fd(c.FD), uintptr(c.Flags), uintptr(unsafe.Pointer(&b)))
	if errno != 0 {
		return name(errno)
	}
	// Whose it is: the process's id is another in every run.
	return fmt.Sprintf("%d type=%d whence=%d %d+%d", r, le.Uint16(b[0:]), le.Uint16(b[2:]), int64(le.Uint64(b[8:])), int64(le.Uint64(b[16:])))
}

func name(errno syscall.Errno) string {
	if known, ok := errors[errno]; ok {
		return known
	}
	return fmt.Sprintf("errno %d", int(errno))
}

var errors = map[syscall.Errno]string{
	1: "EPERM", 2: "ENOENT", 4: "EINTR", 5: "EIO", 6: "ENXIO", 7: "E2BIG", 8: "ENOEXEC", 9: "EBADF", 11: "EAGAIN", 12: "ENOMEM",
	13: "EACCES", 14: "EFAULT", 16: "EBUSY", 17: "EEXIST", 18: "EXDEV", 19: "ENODEV", 20: "ENOTDIR", 21: "EISDIR",
	22: "EINVAL", 24: "EMFILE", 25: "ENOTTY", 26: "ETXTBSY", 27: "EFBIG", 28: "ENOSPC", 29: "ESPIPE", 30: "EROFS", 31: "EMLINK", 32: "EPIPE",
	34: "ERANGE", 36: "ENAMETOOLONG", 38: "ENOSYS", 39: "ENOTEMPTY", 40: "ELOOP", 61: "ENODATA", 75: "EOVERFLOW",
	95: "EOPNOTSUPP", 116: "ESTALE",
}
