package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// copies: descriptors that were duplicated before they are connected are one socket with those that were not.
func copies(args []string) {
	for _, nonblocking := range []int{0, syscall.SOCK_NONBLOCK} {
		fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|nonblocking, 0))
		copied := must(syscall.Dup(fd))
		err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: 7002, Addr: [4]byte{127, 0, 0, 1}})
		fmt.Println(err)
		for err == syscall.EINPROGRESS {
			if _, failed := syscall.Getpeername(copied); failed == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		for _, each := range []int{fd, copied} {
			peer, err := syscall.Getpeername(each)
			flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(each), syscall.F_GETFD, 0)
			fmt.Printf("%+v %v %d\n", peer, err, flags)
		}
		check(syscall.SetNonblock(fd, false))
		must(syscall.Write(copied, []byte("by the copy")))
		check(syscall.Shutdown(copied, syscall.SHUT_WR))
		check(syscall.Close(copied))
		file := os.NewFile(uintptr(fd), "socket")
		answer, err := io.ReadAll(file)
		fmt.Printf("%s %v\n", answer, err)
		check(file.Close())
	}
}

// afterreset: who writes first to a connection that was reset is told, and then it is closed; who has read it is not told again.
func afterReset(args []string) {
	for _, reads := range []bool{false, true} {
		conn := must(net.Dial("tcp", "127.0.0.1:7007"))
		must(conn.Write([]byte("x")))
		raw := must(conn.(*net.TCPConn).SyscallConn())
		if reads {
			_, err := conn.Read(make([]byte, 1))
			fmt.Println(errors.Is(err, syscall.ECONNRESET))
		} else {
			// Until it has arrived: poll tells of an error without taking it.
			raw.Control(func(fd uintptr) {
				for !isHungUp(fd) {
					time.Sleep(time.Millisecond)
				}
			})
		}
		for range 3 {
			_, err := conn.Write([]byte("y"))
			var errno syscall.Errno
			errors.As(err, &errno)
			fmt.Println(errno)
		}
		conn.Close()
	}
}

// relative: Unix sockets by paths that begin where the program works.
func relative(args []string) {
	for _, folder := range []string{"/srv", "/srv/sub"} {
		check(os.Chdir(folder))
		for _, path := range []string{"run.sock", "../srv/run.sock", "./link.sock", "sub/../run.sock", "../run.sock"} {
			conn, err := net.Dial("unix", path)
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Println(conn.RemoteAddr())
			conn.Close()
		}
	}
	for _, length := range []int{106, 107, 108} {
		fd := must(syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0))
		fmt.Println(length, syscall.Connect(fd, &syscall.SockaddrUnix{Name: ("/srv/" + strings.Repeat("x", 103))[:length]}))
		check(syscall.Close(fd))
	}
}

// unixerrors: what connecting and sending to a name leads to that is of no use.
func unixErrors(args []string) {
	check(os.WriteFile("/srv/file", nil, 0o644))
	for _, kind := range []int{syscall.SOCK_STREAM, syscall.SOCK_DGRAM} {
		for _, name := range []string{"/srv/nothing", "/srv/file", "/srv/file/x", "/srv", "/srv/run.sock", "/srv/log.sock", "@elsewhere-nobody", "@elsewhere-test", "@elsewhere-log"} {
			fd := must(syscall.Socket(syscall.AF_UNIX, kind, 0))
			connected := syscall.Connect(fd, &syscall.SockaddrUnix{Name: name})
			sent := error(nil)
			if kind == syscall.SOCK_DGRAM {
				other := must(syscall.Socket(syscall.AF_UNIX, kind, 0))
				sent = syscall.Sendto(other, nil, 0, &syscall.SockaddrUnix{Name: name})
				check(syscall.Close(other))
			}
			peer, named := syscall.Getpeername(fd)
			fmt.Println(kind, name, connected, sent, peer != nil, named)
			check(syscall.Close(fd))
		}
	}
	fmt.Println(syscall.Connect(0, &syscall.SockaddrUnix{Name: "/srv/run.sock"}), syscall.Connect(99, &syscall.SockaddrUnix{Name: "/srv/run.sock"}))
}

// unixgrams: a log and what it says.
func unixgrams(args []string) {
	os.Remove("/srv/log")
	for index, name := range []string{"/srv/log.sock", "@elsewhere-log"} {
		conn := must(net.Dial("unixgram", name))
		fmt.Println(conn.RemoteAddr(), conn.LocalAddr())
		for _, text := range []string{"connected", "", strings.Repeat("long ", 10000)} {
			fmt.Println(conn.Write([]byte(text)))
		}
		socket := must(syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0))
		fmt.Println(syscall.Sendto(socket, []byte("sent"), 0, &syscall.SockaddrUnix{Name: name}))
		fmt.Println(syscall.SendmsgN(socket, []byte("message"), nil, &syscall.SockaddrUnix{Name: name}, 0))
		_, err := syscall.Write(socket, []byte("nobody"))
		fmt.Println(err)
		check(syscall.Close(socket))
		conn.Close()
		awaitLines(5 * (index + 1))
	}
	os.Stdout.Write(must(os.ReadFile("/srv/log")))
}

// awaitLines waits until the servers, each in its time, have written so many lines.
func awaitLines(count int) {
	for {
		content, _ := os.ReadFile("/srv/log")
		if strings.Count(string(content), "\n") >= count {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// isHungUp asks poll(2) for POLLHUP and POLLERR, which take nothing.
func isHungUp(fd uintptr) bool {
	entry := struct {
		fd              int32
		events, revents int16
	}{fd: int32(fd)}
	syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&entry)), 1, 0)
	return entry.revents&(8|16) != 0
}
