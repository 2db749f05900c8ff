// raw makes the system calls that its arguments name, one after the other, and prints their results:
//
//	raw openat -100 /etc/hostname 0 0 , read $0 @20 20
//
// An argument is a number, $N (the result of call N), @N (N zero bytes), x:HEX (bytes) or text.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

var numbers = map[string]uintptr{
	"openat": syscall.SYS_OPENAT, "mkdirat": syscall.SYS_MKDIRAT, "unlinkat": syscall.SYS_UNLINKAT,
	"renameat2": 316, "linkat": syscall.SYS_LINKAT, "symlinkat": syscall.SYS_SYMLINKAT,
	"fchmodat": syscall.SYS_FCHMODAT, "fchmod": syscall.SYS_FCHMOD, "fchownat": syscall.SYS_FCHOWNAT,
	"utimensat": syscall.SYS_UTIMENSAT, "truncate": syscall.SYS_TRUNCATE, "chdir": syscall.SYS_CHDIR,
	"openat2": 437, "execve": syscall.SYS_EXECVE, "io_uring_setup": 425, "open_by_handle_at": 304,
	"getdents64": syscall.SYS_GETDENTS64, "socket": syscall.SYS_SOCKET, "bind": syscall.SYS_BIND,
	"connect": syscall.SYS_CONNECT, "listen": syscall.SYS_LISTEN, "sendmmsg": 307, "sendto": syscall.SYS_SENDTO,
	"write": syscall.SYS_WRITE, "read": syscall.SYS_READ, "close": syscall.SYS_CLOSE, "mount": syscall.SYS_MOUNT,
	"faccessat": syscall.SYS_FACCESSAT, "readlinkat": syscall.SYS_READLINKAT, "setxattr": syscall.SYS_SETXATTR,
	"mknodat": syscall.SYS_MKNODAT, "dup": syscall.SYS_DUP, "memfd_create": 319, "chroot": syscall.SYS_CHROOT,
}

var results []uintptr
var kept [][]byte

func main() {
	for _, call := range strings.Split(strings.Join(os.Args[1:], " "), " , ") {
		words := strings.Fields(call)
		number, known := numbers[words[0]]
		if !known {
			fmt.Println("which call?", words[0])
			os.Exit(2)
		}
		var args [6]uintptr
		for i, word := range words[1:] {
			args[i] = argument(word)
		}
		result, _, errno := syscall.Syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5])
		results = append(results, result)
		if errno != 0 {
			fmt.Printf("%s: errno %d\n", words[0], int(errno))
		} else {
			fmt.Printf("%s: ok\n", words[0])
		}
	}
}

func argument(word string) uintptr {
	if number, err := strconv.ParseInt(word, 0, 64); err == nil {
		return uintptr(number)
	}
	var bytes []byte
	switch {
	case word[0] == '$':
		at, _ := strconv.Atoi(word[1:])
		return results[at]
	case word[0] == '@':
		length, _ := strconv.Atoi(word[1:])
		bytes = make([]byte, length)
	case strings.HasPrefix(word, "x:"):
		bytes, _ = hex.DecodeString(word[2:])
	default:
		bytes = append([]byte(word), 0)
	}
	kept = append(kept, bytes)
	return uintptr(unsafe.Pointer(&bytes[0]))
}
