package main

import (
	"crypto/sha256"
	"fmt"
	"syscall"
	"unsafe"
)

// held keeps what calls were given where it is.
var held = make([][]byte, 64)
var next int

// address of bytes, good for the next few calls.
func address(bytes []byte) uintptr {
	if len(bytes) == 0 {
		bytes = make([]byte, 1)
	}
	held[next%len(held)] = bytes
	next++
	return uintptr(unsafe.Pointer(&bytes[0]))
}

func cstring(text string) uintptr {
	return address(append([]byte(text), 0))
}

// pattern is what a call writes: bytes that tell which call it was, and where each of them is.
func pattern(c Call) []byte {
	data := make([]byte, min(max(c.Length, 0), mostBytes))
	for i := range data {
		data[i] = byte('a' + (i*7+int(c.Mode))%26)
	}
	return data
}

// split makes a struct iovec[2] of a piece of memory.
func split(at uintptr, n uintptr) [4]uintptr {
	return [4]uintptr{at, n / 3, at + n/3, n - n/3}
}

type filling func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno)

// reading says what came, and whether memory behind it stayed as it was.
func (p *player) reading(c Call, call filling) string {
	room := min(max(c.Length, 0), mostBytes)
	data := make([]byte, room+8)
	for i := range data {
		data[i] = '.'
	}
	r, _, errno := call(address(data), uintptr(room))
	if errno == syscall.EINVAL && p.isDirectory(c.FD) {
		// A directory of ext4 that has been read to its end stands so far that no read fits behind it (rw_verify_area).
		errno = syscall.EISDIR
	}
	if errno != 0 {
		return name(errno)
	}
	for _, b := range data[r:] {
		if b != '.' {
			return fmt.Sprintf("%d: wrote behind it", r)
		}
	}
	return fmt.Sprintf("%d %s", r, show(data[:r]))
}

// text is for calls that write a text and return its length.
func text(room int64, call filling) string {
	data := make([]byte, max(room, 0)+1)
	r, _, errno := call(address(data), uintptr(max(room, 0)))
	if errno != 0 {
		return name(errno)
	}
	return fmt.Sprintf("%d %q", r, data[:min(int(r), len(data))])
}

func show(data []byte) string {
	if len(data) <= 24 {
		return fmt.Sprintf("%q", data)
	}
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%q… %x", data[:8], sum[:6])
}

// mmap says what is in a private mapping of a file, as far as it goes.
func (p *player) mmap(c Call) string {
	length := uintptr(min(max(c.Length, 1), 1<<16))
	flags := uintptr(privateMapping)
	at, _, errno := syscall.Syscall6(syscall.SYS_MMAP, 0, length, readingMapping, flags, p.fd(c.FD), uintptr(c.Offset))
	if errno != 0 {
		return name(errno)
	}
	// Behind the end of the file there is nothing to be touched.
	var stat syscall.Stat_t
	must(syscall.Fstat(int(p.fd(c.FD)), &stat))
	there := max(min(int64(length), stat.Size-c.Offset), 0)
	seen := show(append([]byte{}, unsafe.Slice((*byte)(unsafe.Pointer(at)), there)...))
	_, _, errno = syscall.Syscall(syscall.SYS_MUNMAP, at, length, 0)
	return fmt.Sprintf("%d %s %d", there, seen, errno)
}

func slice(texts []*byte) uintptr { return uintptr(unsafe.Pointer(&texts[0])) }
