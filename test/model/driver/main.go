// driver makes the calls of a script, a line each, so that a test can decide what a program does
// with its descriptors and compare what elsewhere believes with what the kernel says.
//
//	driver SCRIPT FIRST COUNT
//
// Numbers below 20 are the driver's own: the Go runtime's, its terminal, a socket pair at 18
// and 19, a listening socket at 17. What the script opens gets 20 and up.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const (
	first    = 20
	listener = 17
	left     = 18
	right    = 19
)

var script []string
var self string

func init() { runtime.LockOSThread() }

func main() {
	from, _ := strconv.Atoi(os.Args[2])
	count, _ := strconv.Atoi(os.Args[3])
	text, err := os.ReadFile(os.Args[1])
	check(err)
	self, err = os.Executable()
	check(err)
	script = strings.Split(strings.TrimSpace(string(text)), "\n")
	reserve()
	syscall.Getpgid(0) // from here on the test compares
	run(from, count)
	syscall.Getpgid(0)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "driver:", err)
		os.Exit(1)
	}
}

// reserve takes every number below 20; 10 to 15 are free again after execve, for the runtime.
func reserve() {
	time.Sleep(time.Microsecond) // the runtime opens its poller
	null, err := syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	check(err)
	if !isOpen(left) {
		ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_NONBLOCK, 0)
		check(err)
		check(syscall.Dup3(ends[0], left, 0))
		check(syscall.Dup3(ends[1], right, 0))
		syscall.Close(ends[0])
		syscall.Close(ends[1])
		socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
		check(err)
		check(syscall.Bind(socket, &syscall.SockaddrUnix{Name: address()}))
		check(syscall.Listen(socket, 100))
		check(syscall.Dup3(socket, listener, 0))
		syscall.Close(socket)
	}
	for n := 3; n < first; n++ {
		if isOpen(n) {
			continue
		}
		flags := 0
		if n >= 10 && n < 16 {
			flags = syscall.O_CLOEXEC
		}
		check(syscall.Dup3(null, n, flags))
	}
	if null >= first {
		syscall.Close(null)
	}
}

// address is an abstract one, the same for the whole run.
func address() string { return "@" + os.Args[1] }

func isOpen(n int) bool {
	_, _, e := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(n), syscall.F_GETFD, 0)
	return e == 0
}

// run carries out `count` lines from line `from` on.
func run(from, count int) {
	for at := from; at < from+count && at < len(script); at++ {
		words := strings.Fields(script[at])
		number := func(index int) uintptr {
			if index >= len(words) {
				return 0
			}
			value, err := strconv.ParseInt(words[index], 0, 64)
			check(err)
			return uintptr(value)
		}
		lines := func(index int) int { return int(number(index)) }
		switch words[0] {
		case "call":
			syscall.Syscall6(number(1), number(2), number(3), number(4), number(5), number(6), 0)
		case "path": // a call with a path as its argument: path NUMBER INDEX PATH ARGS…
			pathCall(number(1), lines(2), words[3], number)
		case "pair": // a call that fills two numbers: pair NUMBER INDEX ARGS…
			var ends [2]int32
			args := [6]uintptr{number(3), number(4), number(5), number(6)}
			args[lines(2)] = uintptr(unsafe.Pointer(&ends))
			syscall.Syscall6(number(1), args[0], args[1], args[2], args[3], args[4], args[5])
		case "send":
			var numbers []int
			for index := 1; index < len(words); index++ {
				numbers = append(numbers, int(number(index)))
			}
			syscall.Sendmsg(left, []byte("x"), syscall.UnixRights(numbers...), nil, 0)
		case "receive": // receive ROOM FLAGS
			syscall.Recvmsg(right, make([]byte, 8), make([]byte, number(1)), int(number(2))|syscall.MSG_DONTWAIT)
		case "connect":
			socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			if err == nil {
				syscall.Connect(socket, &syscall.SockaddrUnix{Name: address()})
			}
		case "spawn": // spawn COUNT: a child started by fork and execve carries out the next lines
			pid, err := syscall.ForkExec(self, []string{self, os.Args[1], strconv.Itoa(at + 1), words[1]},
				&syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
			check(err)
			wait(pid)
			at += lines(1)
		case "fork": // fork FLAGS COUNT: a child made by clone carries out the next lines
			fork(number(1), at+1, lines(2))
			at += lines(2)
		case "exec": // the rest is carried out after execve
			check(syscall.Exec(self, []string{self, os.Args[1], strconv.Itoa(at + 1), strconv.Itoa(from + count - at - 1)}, os.Environ()))
		case "unshare": // unshare FLAGS COUNT: a thread on its own
			done := make(chan bool)
			from, count := at+1, lines(2)
			go func() {
				runtime.LockOSThread() // and ends with its thread
				syscall.Unshare(int(number(1)))
				run(from, count)
				done <- true
			}()
			<-done
			at += count
		case "threads": // threads COUNT ROUNDS
			threads(lines(1), lines(2))
		default:
			check(fmt.Errorf("line %d: %s", at+1, script[at]))
		}
	}
}

func pathCall(call uintptr, index int, path string, number func(int) uintptr) {
	text, err := syscall.BytePtrFromString(path)
	check(err)
	args := [6]uintptr{number(4), number(5), number(6), number(7)}
	args[index] = uintptr(unsafe.Pointer(text))
	if call == 437 { // openat2: flags and resolve in a structure
		how := [3]uint64{uint64(number(6)), 0, uint64(number(7))}
		args[2], args[3] = uintptr(unsafe.Pointer(&how)), 24
	}
	syscall.Syscall6(call, args[0], args[1], args[2], args[3], args[4], args[5])
	runtime.KeepAlive(text)
}

func wait(pid int) {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		check(err)
		break
	}
	if status.ExitStatus() != 0 {
		check(fmt.Errorf("a child ended with %v", status))
	}
}

// fork makes a child that makes raw calls and ends; nothing of Go's runtime runs in it.
func fork(flags uintptr, from, count int) {
	calls := make([][6]uintptr, 0, count)
	for at := from; at < from+count && at < len(script); at++ {
		words := strings.Fields(script[at])
		if words[0] != "call" {
			continue
		}
		var call [6]uintptr
		for index, word := range words[1:] {
			value, err := strconv.ParseInt(word, 0, 64)
			check(err)
			call[index] = uintptr(value)
		}
		calls = append(calls, call)
	}
	var pidfd int32
	pid, _, e := syscall.RawSyscall6(syscall.SYS_CLONE, flags|uintptr(syscall.SIGCHLD), 0, uintptr(unsafe.Pointer(&pidfd)), 0, 0, 0)
	if e != 0 {
		check(e)
	}
	if pid == 0 {
		for i := range calls {
			c := &calls[i]
			syscall.RawSyscall6(c[0], c[1], c[2], c[3], c[4], c[5], 0)
		}
		syscall.RawSyscall(syscall.SYS_GETPGID, 0, 0, 0)
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	wait(int(pid))
}

// threads open, hand each other what they opened, and close it, all at the same time.
func threads(count, rounds int) {
	pool := make(chan int, count*4)
	done := make(chan bool)
	for thread := 0; thread < count; thread++ {
		go func(thread int) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for round := 0; round < rounds; round++ {
				n, err := syscall.Open("/dev/null", syscall.O_RDONLY|(round&1)*syscall.O_CLOEXEC, 0)
				if err == nil {
					pool <- n
				}
				if (round+thread)%3 == 0 {
					if ends := make([]int, 2); syscall.Pipe2(ends, syscall.O_CLOEXEC) == nil {
						syscall.Close(ends[1])
						pool <- ends[0]
					}
				}
				for len(pool) > count {
					select {
					case n := <-pool:
						syscall.Close(n)
					default:
					}
				}
			}
			done <- true
		}(thread)
	}
	for thread := 0; thread < count; thread++ {
		<-done
	}
	syscall.Getpgid(0) // all have reported
	for len(pool) > 0 {
		syscall.Close(<-pool)
	}
}
