package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// count: so many threads (first) that each make numbered calls (second).
func count(args []string) {
	var all sync.WaitGroup
	for t := 0; t < number(args, 0, 64); t++ {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread()
			for n := 1; n <= number(args, 1, 1000); n++ {
				syscall.RawSyscall(syscall.SYS_GETPGID, uintptr(n)+0x40000000, 0, 0)
			}
		}()
	}
	all.Wait()
}

// odd: calls with pointers that lead nowhere, across pages that end, with strings of every length.
func odd([]string) {
	page := syscall.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	check(syscall.Mprotect(memory[page:], syscall.PROT_NONE))
	null, err := syscall.Open("/dev/null", syscall.O_RDWR, 0)
	check(err)
	call := func(number, a, b, c uintptr) {
		_, _, errno := syscall.Syscall(number, a, b, c)
		fmt.Println(number, int(errno))
	}
	const noPath = 1 << 20
	at := func(fromEnd int) uintptr { return uintptr(unsafe.Pointer(&memory[page-fromEnd])) }
	here := ^uintptr(99) // AT_FDCWD
	for i := range memory[:page] {
		memory[i] = 'x'
	}
	call(syscall.SYS_OPENAT, here, noPath, 0) // nothing is mapped there
	call(syscall.SYS_OPENAT, here, at(5), 0)  // no NUL before the page ends
	call(syscall.SYS_WRITE, uintptr(null), at(5), 5)
	call(syscall.SYS_WRITE, uintptr(null), at(5), 6)
	call(syscall.SYS_WRITE, uintptr(null), ^uintptr(0), 6)
	call(syscall.SYS_WRITE, uintptr(null), at(5), ^uintptr(0))
	call(syscall.SYS_FSTAT, uintptr(null), 1, 0)
	memory[page-1] = 0
	call(syscall.SYS_OPENAT, here, at(5), 0)
	for _, length := range []int{0, 1, 7, 8, 255, 900, 959, 960, 961, 2000, 4094, 4095, 4096, 5000} {
		path, _ := syscall.BytePtrFromString(strings.Repeat("/", length))
		call(syscall.SYS_OPENAT, here, uintptr(unsafe.Pointer(path)), syscall.O_DIRECTORY)
	}
	call(syscall.SYS_FSTAT, uintptr(null), at(8), 0) // fills in what it can
}

// stuck: a thread waits in read; its process is killed when it does.
func stuck([]string) {
	var pipe [2]int
	check(syscall.Pipe(pipe[:]))
	go syscall.Read(pipe[0], make([]byte, 10))
	time.Sleep(200 * time.Millisecond)
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {}
}
