// driver does what its arguments say, one after the other, and prints what it saw: the same
// words with and without hooks show what a hook has changed.
//
//	driver cat /etc/hostname , dial 127.0.0.1:80 , exe
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

var operations = map[string]func(args []string) string{
	"open": open, "cat": cat, "write": write, "rename": rename, "readv": readv, "writev": writev, "stat": stat,
	"ls": ls, "readlink": readlink, "pgid": pgid, "dial": dial, "listen": listen, "unix": unixSocket, "udp": udp,
	"message": message, "exe": exe, "child": child, "exec": execSelf, "spin": spin, "opens": opens, "wait": wait,
	"badpath": badPath, "sleep": sleep, "pid": pid, "uring": uring, "dup": dup, "beside": beside,
}

func main() {
	operation := []string{}
	for _, word := range append(os.Args[1:], ",") {
		if word != "," {
			operation = append(operation, word)
			continue
		}
		do(operation)
		operation = operation[:0]
	}
}

func do(words []string) {
	if len(words) == 0 {
		return
	}
	operation := operations[words[0]]
	if operation == nil {
		fmt.Fprintln(os.Stderr, "which operation?", words[0])
		os.Exit(2)
	}
	said := operation(words[1:])
	fmt.Printf("%.100s: %s\n", strings.Join(words, " "), said)
}

// said is an error without what changes from run to run.
func said(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return "errno " + strconv.Itoa(int(errno))
	}
	return err.Error()
}

func open(args []string) string {
	fd, err := syscall.Open(args[0], syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return said(err)
	}
	if fd < 1000 {
		syscall.Close(fd)
		return "opened"
	}
	return strconv.Itoa(fd)
}

func cat(args []string) string {
	content, err := os.ReadFile(args[0])
	if err != nil {
		return said(err)
	}
	return fmt.Sprintf("%q", content)
}

func write(args []string) string {
	if err := os.WriteFile(args[0], []byte(args[1]), 0o644); err != nil {
		return said(err)
	}
	return "written"
}

func rename(args []string) string {
	if err := os.Rename(args[0], args[1]); err != nil {
		return said(err)
	}
	return "renamed"
}

func vector(parts [][]byte) (uintptr, uintptr) {
	vector := make([]syscall.Iovec, len(parts))
	for i, part := range parts {
		vector[i].Base = &part[0]
		vector[i].SetLen(len(part))
	}
	return uintptr(unsafe.Pointer(&vector[0])), uintptr(len(vector))
}

func readv(args []string) string {
	file, err := os.Open(args[0])
	if err != nil {
		return said(err)
	}
	defer file.Close()
	parts := [][]byte{make([]byte, 3), make([]byte, 5), make([]byte, 100)}
	at, count := vector(parts)
	n, _, e := syscall.Syscall(syscall.SYS_READV, file.Fd(), at, count)
	if e != 0 {
		return said(e)
	}
	all := string(parts[0]) + string(parts[1]) + string(parts[2])
	return fmt.Sprintf("%q", all[:n])
}

func writev(args []string) string {
	file, err := os.Create(args[0])
	if err != nil {
		return said(err)
	}
	defer file.Close()
	parts := [][]byte{}
	for _, part := range args[1:] {
		parts = append(parts, []byte(part))
	}
	at, count := vector(parts)
	n, _, e := syscall.Syscall(syscall.SYS_WRITEV, file.Fd(), at, count)
	if e != 0 {
		return said(e)
	}
	return strconv.Itoa(int(n))
}

func stat(args []string) string {
	info, err := os.Stat(args[0])
	if err != nil {
		return said(err)
	}
	return fmt.Sprint(info.Size(), info.Mode())
}

func ls(args []string) string {
	entries, err := os.ReadDir(args[0])
	if err != nil {
		return said(err)
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

func readlink(args []string) string {
	target, err := os.Readlink(args[0])
	if err != nil {
		return said(err)
	}
	return target
}

func pgid([]string) string {
	group, err := syscall.Getpgid(0)
	if err != nil {
		return said(err)
	}
	if group > 10 && group != 4242 {
		return "own" // and another one at every run
	}
	return strconv.Itoa(group)
}

func dial(args []string) string {
	connection, err := net.DialTimeout("tcp", args[0], 10*time.Second)
	if err != nil {
		return said(err)
	}
	defer connection.Close()
	answer, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil && err != io.EOF {
		return said(err)
	}
	return fmt.Sprintf("%q", answer)
}

func listen(args []string) string {
	listener, err := net.Listen("tcp", args[0])
	if err != nil {
		return said(err)
	}
	defer listener.Close()
	go func() {
		if connection, err := net.Dial("tcp", listener.Addr().String()); err == nil {
			connection.Close()
		}
	}()
	connection, err := listener.Accept()
	if err != nil {
		return said(err)
	}
	defer connection.Close()
	return "accepted from " + connection.RemoteAddr().(*net.TCPAddr).IP.String()
}

func unixSocket(args []string) string {
	listener, err := net.Listen("unix", args[0])
	if err != nil {
		return said(err)
	}
	defer listener.Close()
	connection, err := net.Dial("unix", args[0])
	if err != nil {
		return said(err)
	}
	defer connection.Close()
	return "connected"
}

// udp sends itself a datagram, by sendto and recvfrom.
func udp(args []string) string {
	socket, err := net.ListenPacket("udp", args[0])
	if err != nil {
		return said(err)
	}
	defer socket.Close()
	if _, err := socket.WriteTo([]byte(args[1]), socket.LocalAddr()); err != nil {
		return said(err)
	}
	got := make([]byte, 100)
	socket.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, from, err := socket.ReadFrom(got)
	if err != nil {
		return said(err)
	}
	return fmt.Sprintf("%q from itself: %v", got[:n], from.String() == socket.LocalAddr().String())
}

// message sends over a pair of sockets, by sendmsg and recvmsg.
func message(args []string) string {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return said(err)
	}
	if err := syscall.Sendmsg(pair[0], []byte(args[0]), nil, nil, 0); err != nil {
		return said(err)
	}
	got := make([]byte, 100)
	n, _, _, _, err := syscall.Recvmsg(pair[1], got, nil, 0)
	if err != nil {
		return said(err)
	}
	return fmt.Sprintf("%q", got[:n])
}

func exe([]string) string {
	path, err := os.Executable()
	if err != nil {
		return said(err)
	}
	return path
}

func child(args []string) string {
	command := exec.Command("/proc/self/exe", args...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return said(err)
	}
	return fmt.Sprintf("%q", output)
}

func execSelf(args []string) string {
	path, _ := os.Executable()
	return said(syscall.Exec(path, append([]string{path}, args...), os.Environ()))
}

// spin asks for its process group n times and prints the median in nanoseconds, on standard error.
func spin(args []string) string {
	n, _ := strconv.Atoi(args[0])
	times := make([]int, n)
	for i := range times {
		start := time.Now()
		syscall.Getpgid(0)
		times[i] = int(time.Since(start))
	}
	sort.Ints(times)
	fmt.Fprintln(os.Stderr, times[n/2], times[n*99/100])
	return "done"
}

// opens opens a file in n threads at the same time.
func opens(args []string) string {
	n, _ := strconv.Atoi(args[0])
	debug.SetMaxThreads(n + 1000)
	var all sync.WaitGroup
	results := make([]string, n)
	for i := 0; i < n; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			results[i] = open(args[1:])
		}(i)
	}
	all.Wait()
	counts := map[string]int{}
	for _, result := range results {
		counts[result]++
	}
	return fmt.Sprint(counts)
}

// wait reads a line from standard input.
func wait([]string) string {
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return said(err)
	}
	return strings.TrimSpace(line)
}

func badPath([]string) string {
	at, _ := syscall.Mmap(-1, 0, 4096, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	_, _, e := syscall.Syscall6(syscall.SYS_OPENAT, 0, uintptr(unsafe.Pointer(&at[0])), 0, 0, 0, 0)
	return said(e)
}

func sleep([]string) string {
	fmt.Println("asleep")
	time.Sleep(time.Hour)
	return "awake"
}

func pid([]string) string {
	return strconv.Itoa(os.Getpid())
}

// uring: io_uring_setup with one entry (include/uapi/linux/io_uring.h, struct io_uring_params).
func uring([]string) string {
	var params [120]byte
	_, _, errno := syscall.Syscall(425, 1, uintptr(unsafe.Pointer(&params)), 0)
	return fmt.Sprintf("errno %d", int(errno))
}

// dup FILE: reads it through descriptors that dup and dup2 made, with the first one closed.
func dup(args []string) string {
	fd, err := syscall.Open(args[0], syscall.O_RDONLY, 0)
	if err != nil {
		return fmt.Sprint(err)
	}
	one, _ := syscall.Dup(fd)
	syscall.Dup3(one, 100, 0)
	syscall.Close(fd)
	buffer := make([]byte, 5)
	said := ""
	for _, fd := range []int{one, 100} {
		n, err := syscall.Read(fd, buffer)
		said += fmt.Sprintf("%q %v ", buffer[:n], err)
		syscall.Close(fd)
	}
	return said
}

// beside N FILE: N threads open the file; another one calls getpgid until they have.
func beside(args []string) string {
	n, _ := strconv.Atoi(args[0])
	debug.SetMaxThreads(n + 1000)
	var all sync.WaitGroup
	done := make(chan bool)
	for i := 0; i < n; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if fd, err := syscall.Open(args[1], syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err == nil {
				syscall.Close(fd)
			} else {
				fmt.Println(err)
			}
		}()
	}
	go func() { all.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return fmt.Sprintf("map[opened:%d]", n)
		default:
			for i := 0; i < 100; i++ {
				syscall.Getpgid(0)
			}
		}
	}
}
