package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// serve listens, prints "ready", and goes on until it is killed.
//
//	7001 HTTP, 127.0.0.1 and ::1
//	7002 echoes until the other end has ended, then says how much it was
//	7003 has a backlog that is full
//	7004 sends a checksum of what it gets, at its end
//	7005 sends as many bytes as the first nine say, then their checksum
//	7006 reads nothing
//	7007 resets after the first byte
//	/srv/run.sock and @elsewhere-test echo as 7002 does
//	/srv/log.sock and @elsewhere-log write datagrams down in /srv/log
//	53 is a DNS server; 7001, [::1]:7002 and 7003 answer datagrams
func serve(args []string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintf(w, "%s %s from %s with %d bytes\n", r.Method, r.URL.Path, host, len(body))
	})
	for _, address := range []string{"127.0.0.1:7001", "[::1]:7001"} {
		listener := must(net.Listen("tcp", address))
		go http.Serve(listener, nil)
	}
	for _, address := range []string{"127.0.0.1:7002", "[::1]:7002"} {
		accept(address, func(conn *net.TCPConn) { echo(conn) })
	}
	fullBacklog(7003)
	accept("127.0.0.1:7004", checksum)
	accept("127.0.0.1:7005", send)
	accept("127.0.0.1:7006", func(conn *net.TCPConn) { select {} })
	accept("127.0.0.1:7007", func(conn *net.TCPConn) {
		conn.Read(make([]byte, 1))
		conn.SetLinger(0)
		conn.Close()
	})
	for _, path := range []string{"/srv/run.sock", "@elsewhere-test"} {
		listener := must(net.Listen("unix", path))
		go func() {
			for {
				conn := must(listener.Accept()).(*net.UnixConn)
				go echo(conn)
			}
		}()
	}
	os.Symlink("run.sock", "/srv/link.sock")
	long := "/srv/" + strings.Repeat("x", 103) // sun_path, full
	listen := must(syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0))
	check(syscall.Bind(listen, &syscall.SockaddrUnix{Name: long[:107]}))
	check(syscall.Listen(listen, 5))
	logs("/srv/log.sock", "/srv/log")
	logs("@elsewhere-log", "/srv/log")
	os.Mkdir("/srv/sub", 0o755)
	answer("127.0.0.1:7001")
	answer("[::1]:7002")
	answer("127.0.0.1:7003")
	names("127.0.0.1:53")
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}

func accept(address string, serve func(*net.TCPConn)) {
	listener := must(net.Listen("tcp", address))
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn.(*net.TCPConn))
		}
	}()
}

func echo(conn net.Conn) {
	count, err := io.Copy(conn, conn)
	fmt.Fprintf(conn, "[%d %v]", count, err)
	conn.Close()
}

func checksum(conn *net.TCPConn) {
	sum := sha256.New()
	count, err := io.Copy(sum, conn)
	fmt.Fprintf(conn, "%d %x %v", count, sum.Sum(nil), err)
	conn.Close()
}

func send(conn *net.TCPConn) {
	head := make([]byte, 9)
	io.ReadFull(conn, head)
	length, _ := strconv.Atoi(string(head))
	sum := sha256.New()
	io.CopyN(io.MultiWriter(conn, sum), &pattern{}, int64(length))
	conn.Write(sum.Sum(nil))
	conn.Close()
}

// pattern is an endless file that no period of a buffer's size goes through.
type pattern struct{ at uint32 }

func (p *pattern) Read(buffer []byte) (int, error) {
	for i := range buffer {
		p.at = p.at*1664525 + 1013904223
		buffer[i] = byte(p.at >> 24)
	}
	return len(buffer), nil
}

func fullBacklog(port int) {
	fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0))
	address := &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	check(syscall.Bind(fd, address))
	check(syscall.Listen(fd, 0))
	must(net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func logs(address, file string) {
	socket := must(net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"}))
	go func() {
		buffer := make([]byte, 1<<20)
		for {
			count, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			log := must(os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644))
			fmt.Fprintf(log, "%d %.40q from %v\n", count, buffer[:count], from)
			log.Close()
		}
	}()
}
