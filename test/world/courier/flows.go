package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// Far above the longest fault: whoever waits for longer is stuck.
const PATIENCE = 150 * time.Second

// flows sends bytes to the server and compares what comes back, a few times for each connection.
func flows(w *worker, port int) {
	for !w.isOver.Load() {
		var conn net.Conn
		err := w.do("connect", func() (err error) {
			conn, err = net.DialTimeout("tcp", address(port), PATIENCE)
			return err
		})
		if err == nil {
			exchange(w, conn)
			conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func exchange(w *worker, conn net.Conn) {
	for range 1 + w.random.Intn(40) {
		if w.isOver.Load() {
			return
		}
		sent := w.bytes(200_000)
		found := make([]byte, len(sent))
		conn.SetDeadline(time.Now().Add(PATIENCE))
		err := w.do("exchange", func() error {
			writing := make(chan error, 1)
			go func() {
				_, err := conn.Write(sent)
				writing <- err
			}()
			_, err := io.ReadFull(conn, found)
			if err == nil {
				return nil
			}
			// A reset is told once (net/ipv4/tcp.c, tcp_recvmsg_locked): where the writer has heard of it the reader finds an end.
			if err := <-writing; err != nil {
				return err
			}
			return err
		})
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			w.found("a connection has ended that nobody has closed")
		}
		if err != nil {
			return
		}
		if !bytes.Equal(sent, found) {
			w.found("%d bytes came back as others", len(sent))
			return
		}
		w.pause()
	}
}

// datagrams has one socket for good. Datagrams may be lost, or come late, but not become others.
func datagrams(w *worker, port int) {
	conn, err := net.Dial("udp", address(port))
	for err != nil {
		conn, err = net.Dial("udp", address(port))
		time.Sleep(20 * time.Millisecond)
	}
	buffer := make([]byte, 2000)
	for number := 0; !w.isOver.Load(); number++ {
		sent := fmt.Sprintf("%d %d %x", w.name, number, w.bytes(600))
		conn.SetDeadline(time.Now().Add(500 * time.Millisecond))
		err := w.do("datagram", func() error {
			if _, err := conn.Write([]byte(sent)); err != nil {
				return err
			}
			for {
				count, err := conn.Read(buffer)
				if err != nil || string(buffer[:count]) == sent {
					return err
				}
				if !strings.HasPrefix(string(buffer[:count]), fmt.Sprintf("%d ", w.name)) {
					w.found("a datagram of somebody else")
				}
			}
		})
		if err != nil {
			time.Sleep(20 * time.Millisecond)
		}
		w.pause()
	}
}

// halfOpen prints how many attempts are under way, what became of a connection to the server meanwhile and again when
// they have been given up, and how they ended.
func halfOpen(port, count int) {
	fmt.Println("first", once(port))
	time.Sleep(time.Second) // who looks at what is open sees it now
	ended := make(chan string, count)
	var fds []int
	for range count {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
		if err == nil {
			err = syscall.Connect(fd, &syscall.SockaddrInet4{Port: port + 2, Addr: [4]byte{127, 0, 0, 1}})
			fds = append(fds, fd)
		}
		if err == nil {
			ended <- "connected"
		} else {
			ended <- nameOf(err)
		}
	}
	counts := map[string]int{}
	for range count {
		counts[<-ended]++
	}
	fmt.Println("begun", counts)
	fmt.Println("meanwhile", once(port))
	for _, fd := range fds {
		syscall.Close(fd)
	}
	fmt.Println("afterwards", once(port))
	untilEnd()
}

func once(port int) string {
	conn, err := net.DialTimeout("tcp", address(port), 20*time.Second)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	conn.Write([]byte("hello"))
	found := make([]byte, 5)
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, err = io.ReadFull(conn, found)
	return fmt.Sprintf("%s %v", found, err)
}

// unread prints how much there is room for on the way to somebody who reads nothing, and how that ends.
func unread(port int) {
	conn, err := net.Dial("tcp", address(port+1))
	check(err)
	total := 0
	piece := make([]byte, 1<<16)
	for {
		conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
		count, err := conn.Write(piece)
		total += count
		if errors.Is(err, os.ErrDeadlineExceeded) {
			fmt.Println("stopped at", total)
			break
		}
		check(err)
	}
	fmt.Println("others", once(port))
	conn.SetWriteDeadline(time.Time{})
	_, err = conn.Write(make([]byte, 64<<20))
	fmt.Println("ended", nameOf(err))
	untilEnd()
}
