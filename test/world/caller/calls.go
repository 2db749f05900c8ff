package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// get: URL...
func get(urls []string) {
	for _, url := range urls {
		response, err := http.Post(url, "text/plain", strings.NewReader("hello"))
		if err != nil {
			fmt.Println(err)
			continue
		}
		body, err := io.ReadAll(response.Body)
		fmt.Printf("%s %s%v\n", response.Status, body, err)
	}
}

// dial: NETWORK ADDRESS TIMEOUT [LOCAL]: what it leads to, and who the ends are.
func dial(args []string) {
	dialer := net.Dialer{Timeout: must(time.ParseDuration(args[2]))}
	if len(args) > 3 {
		dialer.LocalAddr = must(net.ResolveTCPAddr("tcp", args[3]))
	}
	conn, err := dialer.Dial(args[0], args[1])
	if err != nil {
		var errno syscall.Errno
		errors.As(err, &errno)
		fmt.Printf("%v (%d, timeout %v)\n", err, int(errno), os.IsTimeout(err))
		return
	}
	host, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	if len(args) <= 3 && port != "0" {
		port = "some"
	}
	fmt.Println("local", host, port, "remote", conn.RemoteAddr(), conn.RemoteAddr().Network())
	file, err := conn.(interface{ File() (*os.File, error) }).File()
	check(err)
	again, err := net.FileConn(file)
	check(err)
	if len(args) > 3 {
		check(conn.(*net.TCPConn).SetLinger(0)) // so that the port is free again
	}
	fmt.Printf("duplicate %T %v %v\n", again, again.LocalAddr().String() == conn.LocalAddr().String(), again.RemoteAddr())
	check(conn.Close())
}

// halfclose: ADDRESS: says something, ends, and reads to the other end's end.
func halfClose(args []string) {
	conn := must(net.Dial("tcp", args[0])).(*net.TCPConn)
	must(conn.Write([]byte("to be or not ")))
	check(conn.CloseWrite())
	_, failed := conn.Write([]byte("x"))
	answer, err := io.ReadAll(conn)
	fmt.Printf("%s %v; %v\n", answer, err, errors.Is(failed, syscall.EPIPE))
	check(conn.Close())
}

// bulk: BYTES: as many there and back, with checksums.
func bulk(args []string) {
	length := must(strconv.Atoi(args[0]))
	up := must(net.Dial("tcp", "127.0.0.1:7004")).(*net.TCPConn)
	sum := sha256.New()
	sent, err := io.CopyN(io.MultiWriter(up, sum), &pattern{}, int64(length))
	check(err)
	check(up.CloseWrite())
	answer := must(io.ReadAll(up))
	fmt.Println("up", sent, string(answer) == fmt.Sprintf("%d %x <nil>", length, sum.Sum(nil)))

	down := must(net.Dial("tcp", "127.0.0.1:7005"))
	fmt.Fprintf(down, "%09d", length)
	sum.Reset()
	received, err := io.CopyN(sum, down, int64(length))
	check(err)
	rest := must(io.ReadAll(down))
	fmt.Println("down", received, bytes.Equal(rest, sum.Sum(nil)))
}

// parallel: COUNT connections at once, each with an echo.
func parallel(args []string) {
	count := must(strconv.Atoi(args[0]))
	var group sync.WaitGroup
	var wrong sync.Map
	for i := range count {
		group.Go(func() {
			conn, err := net.Dial("tcp", "127.0.0.1:7002")
			if err != nil {
				wrong.Store(i, err)
				return
			}
			defer conn.Close()
			text := strings.Repeat(fmt.Sprint("connection ", i, "\n"), 1000)
			go func() {
				io.WriteString(conn, text)
				conn.(*net.TCPConn).CloseWrite()
			}()
			answer, err := io.ReadAll(conn)
			if want := fmt.Sprintf("%s[%d <nil>]", text, len(text)); err != nil || string(answer) != want {
				wrong.Store(i, fmt.Sprint(len(answer), " of ", len(want), " ", err))
			}
		})
	}
	group.Wait()
	wrong.Range(func(i, what any) bool { fmt.Println(i, what); return true })
	fmt.Println("done", count)
}

// stall: writes to who does not read, until a second has gone by in which nothing went.
func stall(args []string) {
	conn := must(net.Dial("tcp", "127.0.0.1:7006"))
	total := 0
	block := make([]byte, 1<<16)
	for {
		conn.SetWriteDeadline(time.Now().Add(time.Second))
		count, err := conn.Write(block)
		total += count
		if err != nil {
			fmt.Println("stopped", os.IsTimeout(err), total < 64<<20)
			return
		}
	}
}

// reset: what is found when the other end resets.
func reset(args []string) {
	conn := must(net.Dial("tcp", "127.0.0.1:7007"))
	must(conn.Write([]byte("x")))
	_, err := conn.Read(make([]byte, 10))
	fmt.Println(errors.Is(err, syscall.ECONNRESET), err != io.EOF)
	// And this end, with something unread and abruptly.
	conn = must(net.Dial("tcp", "127.0.0.1:7002"))
	check(conn.(*net.TCPConn).SetLinger(0))
	check(conn.Close())
}

// options: what a connected socket says of itself.
func options(args []string) {
	conn := must(net.Dial("tcp", "127.0.0.1:7002")).(*net.TCPConn)
	check(conn.SetNoDelay(true))
	check(conn.SetKeepAlivePeriod(33 * time.Second))
	raw := must(conn.SyscallConn())
	raw.Control(func(fd uintptr) {
		for _, option := range [][2]int{
			{syscall.SOL_SOCKET, syscall.SO_DOMAIN}, {syscall.SOL_SOCKET, syscall.SO_TYPE},
			{syscall.SOL_SOCKET, syscall.SO_PROTOCOL}, {syscall.SOL_SOCKET, syscall.SO_ERROR},
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE}, {syscall.IPPROTO_TCP, syscall.TCP_NODELAY},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE}, {syscall.IPPROTO_TCP, 9999},
		} {
			value, err := syscall.GetsockoptInt(int(fd), option[0], option[1])
			fmt.Println(option, value, err)
		}
		fmt.Println(syscall.Connect(int(fd), &syscall.SockaddrInet4{Port: 7002, Addr: [4]byte{127, 0, 0, 1}}))
	})
}

// own: the program's own listener is nobody else's.
func own(args []string) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go func() {
		conn := must(listener.Accept())
		fmt.Fprint(conn, "own")
		conn.Close()
	}()
	conn := must(net.Dial("tcp", listener.Addr().String()))
	answer := must(io.ReadAll(conn))
	fmt.Println(string(answer), conn.RemoteAddr().String() == listener.Addr().String())
	listener.Close()
	_, err := net.Dial("tcp", listener.Addr().String())
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
}

// unix: PATH: who the ends are, and an echo.
func unix(args []string) {
	conn, err := net.Dial("unix", args[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("local @%v remote %v %v\n", strings.TrimPrefix(conn.LocalAddr().String(), "@"), conn.RemoteAddr(), conn.RemoteAddr().Network())
	must(conn.Write([]byte("to be or not ")))
	check(conn.(*net.UnixConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	fmt.Printf("%s %v\n", answer, err)
}

// outlive: ADDRESS: what is found when the way there is gone.
func outlive(args []string) {
	conn := must(net.Dial("tcp", args[0]))
	fmt.Println("connected")
	_, err := conn.Read(make([]byte, 1))
	fmt.Printf("reset %v, then ", errors.Is(err, syscall.ECONNRESET))
	_, err = net.Dial("tcp", args[0])
	var errno syscall.Errno
	errors.As(err, &errno)
	fmt.Println(errno)
}

// epoll: PORT...: registers a socket, then connects it; what it waits for, and what comes.
func epoll(args []string) {
	poll := must(syscall.EpollCreate1(0))
	for _, arg := range args {
		fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0))
		event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP, Fd: 42}
		check(syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, fd, &event))
		to := &syscall.SockaddrInet4{Port: must(strconv.Atoi(arg)), Addr: [4]byte{127, 0, 0, 1}}
		fmt.Println(syscall.Connect(fd, to))
		events := make([]syscall.EpollEvent, 4)
		count := must(syscall.EpollWait(poll, events, 5000))
		option, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
		fmt.Printf("%d %#x %d; %v %v\n", count, events[0].Events, events[0].Fd, syscall.Errno(option), err)
		fmt.Println(syscall.Connect(fd, to))
		fmt.Println(syscall.Connect(fd, to))
		check(syscall.Close(fd))
	}
}
