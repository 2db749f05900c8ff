// walker opens paths with O_PATH and tells where the kernel says they lead, then waits for the
// end of its input, so that a test can resolve the same paths on its behalf.
//
//	walker FOLDER QUERIES [chroot]
//
// FOLDER becomes its working directory; FOLDER/d is descriptor 20, FOLDER/f is 21.
// With "chroot" FOLDER is its root as well. A query is JSON: a descriptor (-100: the working
// directory), a path, flags of open, flags of openat2.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

type query struct {
	Dirfd   int
	Path    string
	Flags   uint64
	Resolve uint64
}

type answer struct {
	Path  string `json:"path,omitempty"`
	Errno int    `json:"errno,omitempty"`
}

// links is /proc/self/fd, also where there is no /proc.
var links int

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "walker:", err)
		os.Exit(1)
	}
}

// The first thread: /proc/thread-self is its number.
func init() { runtime.LockOSThread() }

func main() {
	text, err := os.ReadFile(os.Args[2])
	check(err)
	var queries []query
	check(json.Unmarshal(text, &queries))
	check(os.Chdir(os.Args[1]))
	links, err = syscall.Open("/proc/self/fd", 0x200000, 0)
	check(err)
	if len(os.Args) > 3 {
		check(syscall.Chroot("."))
	}
	for number, name := range map[int]string{20: "d", 21: "f"} {
		opened, err := syscall.Open(name, 0x200000, 0)
		check(err)
		check(syscall.Dup3(opened, number, 0))
		syscall.Close(opened)
	}
	answers := make([]answer, len(queries))
	for index, each := range queries {
		answers[index] = ask(each)
	}
	check(json.NewEncoder(os.Stdout).Encode(answers))
	io.Copy(io.Discard, os.Stdin)
}

func ask(q query) answer {
	path, err := syscall.BytePtrFromString(q.Path)
	check(err)
	const oPath = 0x200000
	how := [3]uint64{oPath | q.Flags, 0, q.Resolve}
	opened, _, e := syscall.Syscall6(437, uintptr(q.Dirfd), uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&how)), 24, 0, 0)
	if e != 0 {
		return answer{Errno: int(e)}
	}
	defer syscall.Close(int(opened))
	buffer := make([]byte, 8192)
	name, err := syscall.BytePtrFromString(fmt.Sprint(opened))
	check(err)
	n, _, e := syscall.Syscall6(syscall.SYS_READLINKAT, uintptr(links), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&buffer[0])), 8192, 0, 0)
	if e != 0 {
		check(e)
	}
	return answer{Path: string(buffer[:n])}
}
