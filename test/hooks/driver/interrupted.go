package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func init() { operations["interrupted"] = interrupted }

const (
	sysEventfd2     = 290
	saRestart       = 0x10000000
	signalsPerSleep = 20
)

// interrupted makes calls that sleep, all at the same time, gives their threads signals while they do, and then what they
// wait for. The first argument says whether the handler has SA_RESTART.
func interrupted(args []string) string {
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, syscall.SIGUSR1)
	defer signal.Stop(handled)
	if args[0] == "plain" {
		var action [4]uint64 // struct kernel_sigaction: handler, flags, restorer, mask
		rtSigaction(syscall.SIGUSR1, nil, &action)
		action[1] &^= saRestart
		rtSigaction(syscall.SIGUSR1, &action, nil)
	}
	told := make([]string, len(args)-1)
	var all sync.WaitGroup
	for i, name := range args[1:] {
		all.Add(1)
		go func() {
			defer all.Done()
			told[i] = name + "=" + interruptOne(name)
		}()
	}
	all.Wait()
	return strings.Join(told, "\n  ")
}

func interruptOne(name string) string {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	call, wake := sleeper(name)
	thread := syscall.Gettid()
	var done atomic.Bool
	begun := make(chan bool, 1)
	go func() {
		<-begun
		for sent := 0; sent < signalsPerSleep && !done.Load(); {
			time.Sleep(time.Millisecond)
			if asleep(thread) {
				syscall.Syscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(thread), uintptr(syscall.SIGUSR1))
				sent++
			}
		}
		if !done.Load() && wake != nil {
			time.Sleep(20 * time.Millisecond)
			wake()
		}
	}()
	syscall.Getpgid(0) // so hooks know whose call comes next
	begun <- true
	n, e := call()
	done.Store(true)
	if e != 0 {
		return fmt.Sprintf("errno %d", int(e))
	}
	return fmt.Sprint(n)
}

func rtSigaction(number syscall.Signal, action, before *[4]uint64) {
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(number), uintptr(unsafe.Pointer(action)),
		uintptr(unsafe.Pointer(before)), 8, 0, 0)
}

func asleep(thread int) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", thread))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "S")
}

// sleeper is a call that sleeps, and what ends its sleep; calls without that have a timeout.
func sleeper(name string) (func() (uintptr, syscall.Errno), func()) {
	number := map[string]uintptr{
		"pause": syscall.SYS_PAUSE, "rt_sigsuspend": syscall.SYS_RT_SIGSUSPEND,
		"rt_sigtimedwait": syscall.SYS_RT_SIGTIMEDWAIT, "poll": syscall.SYS_POLL, "ppoll": syscall.SYS_PPOLL,
		"select": syscall.SYS_SELECT, "pselect6": syscall.SYS_PSELECT6, "epoll_wait": syscall.SYS_EPOLL_WAIT,
		"epoll_pwait": syscall.SYS_EPOLL_PWAIT, "nanosleep": syscall.SYS_NANOSLEEP,
		"clock_nanosleep": syscall.SYS_CLOCK_NANOSLEEP, "semop": syscall.SYS_SEMOP,
		"semtimedop": syscall.SYS_SEMTIMEDOP, "msgrcv": syscall.SYS_MSGRCV, "futex": syscall.SYS_FUTEX,
	}
	seconds := &syscall.Timespec{Sec: 1, Nsec: 500_000_000}
	moments := &syscall.Timeval{Sec: 1, Usec: 500_000}
	const milliseconds = 1500
	timeout := uintptr(unsafe.Pointer(seconds))
	make6 := func(number uintptr, args ...uintptr) func() (uintptr, syscall.Errno) {
		all := [6]uintptr{}
		copy(all[:], args)
		return func() (uintptr, syscall.Errno) {
			n, _, e := syscall.Syscall6(number, all[0], all[1], all[2], all[3], all[4], all[5])
			runtime.KeepAlive(seconds)
			runtime.KeepAlive(moments)
			return n, e
		}
	}
	buffer := make([]byte, 4096)
	into := uintptr(unsafe.Pointer(&buffer[0]))
	switch name {
	case "pause":
		return make6(number[name]), nil
	case "rt_sigsuspend":
		mask := new(uint64)
		return make6(number[name], uintptr(unsafe.Pointer(mask)), 8), nil
	case "rt_sigtimedwait":
		wanted := new(uint64)
		*wanted = 1 << (syscall.SIGUSR2 - 1)
		return make6(number[name], uintptr(unsafe.Pointer(wanted)), 0, timeout, 8), nil
	case "poll":
		return make6(number[name], 0, 0, milliseconds), nil
	case "ppoll":
		return make6(number[name], 0, 0, timeout, 0, 8), nil
	case "select":
		return make6(number[name], 0, 0, 0, 0, uintptr(unsafe.Pointer(moments))), nil
	case "pselect6":
		return make6(number[name], 0, 0, 0, 0, timeout), nil
	case "epoll_wait", "epoll_pwait":
		fd, _ := syscall.EpollCreate1(0)
		return make6(number[name], uintptr(fd), into, 1, milliseconds, 0, 8), nil
	case "epoll_look":
		fd, _ := syscall.EpollCreate1(0)
		return make6(syscall.SYS_EPOLL_WAIT, uintptr(fd), into, 1, 0), nil
	case "nanosleep":
		return make6(number[name], timeout), nil
	case "clock_nanosleep":
		return make6(number[name], 1, 0, timeout), nil
	case "semop", "semtimedop":
		id, _, _ := syscall.Syscall(syscall.SYS_SEMGET, 0, 1, 0o600)
		operation := [3]int16{0, -1, 0}
		remove := func() { syscall.Syscall(syscall.SYS_SEMCTL, id, 0, 0) }
		call := make6(number[name], id, uintptr(unsafe.Pointer(&operation[0])), 1, map[string]uintptr{"semtimedop": timeout}[name])
		return func() (uintptr, syscall.Errno) {
			defer remove()
			return call()
		}, remove
	case "msgrcv":
		id, _, _ := syscall.Syscall(syscall.SYS_MSGGET, 0, 0o600, 0)
		remove := func() { syscall.Syscall(syscall.SYS_MSGCTL, id, 0, 0) }
		call := make6(number[name], id, into, 100, 0, 0)
		return func() (uintptr, syscall.Errno) {
			defer remove()
			return call()
		}, remove
	case "futex", "futex_forever":
		word := new(uint32)
		if name == "futex" {
			return make6(number["futex"], uintptr(unsafe.Pointer(word)), 0, 0, timeout), nil
		}
		return make6(number["futex"], uintptr(unsafe.Pointer(word)), 0, 0, 0), func() {
			for woken := uintptr(0); woken == 0; { // it may not sleep there yet: its hook waits
				woken, _, _ = syscall.Syscall(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), 1, 1)
				time.Sleep(time.Millisecond)
			}
		}
	case "read_pipe":
		var pipe [2]int
		syscall.Pipe(pipe[:])
		return make6(syscall.SYS_READ, uintptr(pipe[0]), into, 10), func() { syscall.Write(pipe[1], []byte("abc")) }
	case "read_file":
		fd, _ := syscall.Open("/etc/passwd", 0, 0)
		return make6(syscall.SYS_READ, uintptr(fd), into, 3), nil
	case "write_pipe":
		var pipe [2]int
		syscall.Pipe(pipe[:])
		syscall.SetNonblock(pipe[1], true)
		for n := 0; n >= 0; n, _ = syscall.Write(pipe[1], buffer) {
		}
		syscall.SetNonblock(pipe[1], false)
		return make6(syscall.SYS_WRITE, uintptr(pipe[1]), into, 4), func() {
			for range 16 {
				syscall.Read(pipe[0], buffer)
			}
		}
	case "read_inotify":
		fd, _ := syscall.InotifyInit()
		watched, _ := os.MkdirTemp("", "inotify")
		syscall.InotifyAddWatch(fd, watched, syscall.IN_DELETE_SELF)
		return make6(syscall.SYS_READ, uintptr(fd), into, 16), func() { os.Remove(watched) }
	case "read_eventfd":
		fd, _, _ := syscall.Syscall(sysEventfd2, 0, 0, 0)
		return make6(syscall.SYS_READ, fd, into, 8), func() { syscall.Write(int(fd), []byte{1, 0, 0, 0, 0, 0, 0, 0}) }
	case "wait4":
		child := exec.Command("/bin/sleep", "100")
		child.Start()
		call := make6(syscall.SYS_WAIT4, uintptr(child.Process.Pid), 0, 0, 0)
		return func() (uintptr, syscall.Errno) {
			n, e := call()
			child.Process.Kill()
			return map[bool]uintptr{true: 1}[int(n) == child.Process.Pid], e
		}, func() { child.Process.Kill() }
	case "flock", "fcntl_lock":
		file, _ := os.CreateTemp("", "lock")
		os.Remove(file.Name())
		fd, _ := syscall.Open(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), syscall.O_RDWR, 0)
		if name == "flock" {
			syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
			return make6(syscall.SYS_FLOCK, uintptr(fd), syscall.LOCK_EX), func() { file.Close() }
		}
		lock := &syscall.Flock_t{Type: syscall.F_WRLCK}
		const setLock, setLockWait = 37, 38 // F_OFD_SETLK, F_OFD_SETLKW
		syscall.FcntlFlock(file.Fd(), setLock, lock)
		return make6(syscall.SYS_FCNTL, uintptr(fd), setLockWait, uintptr(unsafe.Pointer(lock))), func() {
			syscall.FcntlFlock(file.Fd(), setLock, &syscall.Flock_t{Type: syscall.F_UNLCK})
		}
	case "accept", "accept_timeout":
		fd, address := listener(name)
		if name == "accept_timeout" {
			syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, moments)
		}
		call := make6(syscall.SYS_ACCEPT, uintptr(fd))
		return func() (uintptr, syscall.Errno) {
				n, e := call()
				return min(n, 1), e
			}, func() {
				client, _ := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
				syscall.Connect(client, address)
			}
	case "recv", "recv_timeout", "recv_nonblocking":
		pair, _ := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if name == "recv_timeout" {
			syscall.SetsockoptTimeval(pair[0], syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, moments)
		}
		if name == "recv_nonblocking" {
			syscall.SetNonblock(pair[0], true)
			return make6(syscall.SYS_RECVFROM, uintptr(pair[0]), into, 10), nil
		}
		return make6(syscall.SYS_RECVFROM, uintptr(pair[0]), into, 10), func() { syscall.Write(pair[1], []byte("ab")) }
	case "connect", "connect_timeout":
		fd, address := listener(name)
		for range 2 { // its backlog is full then
			client, _ := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			syscall.SetNonblock(client, true)
			syscall.Connect(client, address)
		}
		client, _ := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if name == "connect_timeout" {
			syscall.SetsockoptTimeval(client, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, moments)
		}
		return func() (uintptr, syscall.Errno) {
				e, _ := syscall.Connect(client, address).(syscall.Errno)
				return 0, e
			}, func() {
				for range 3 {
					syscall.Accept(fd)
				}
			}
	}
	panic("which call? " + name)
}

func listener(name string) (int, *syscall.SockaddrUnix) {
	fd, _ := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	address := &syscall.SockaddrUnix{Name: fmt.Sprintf("@elsewhere-%d-%s", os.Getpid(), name)}
	syscall.Bind(fd, address)
	syscall.Listen(fd, 0)
	return fd, address
}
