package main

import (
	"fmt"
	"io"
	"net"
	"syscall"
)

// serve listens on
//
//	PORT      TCP and UDP: echoes
//	PORT + 1  TCP: reads nothing
//	PORT + 2  TCP: a backlog that is full, so that nobody answers who connects
func serve(port int) {
	accept(port, func(conn net.Conn) {
		io.Copy(conn, conn)
		conn.Close()
	})
	accept(port+1, func(net.Conn) { select {} })
	fullBacklog(port + 2)
	packets, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	check(err)
	go func() {
		buffer := make([]byte, 65536)
		for {
			count, peer, err := packets.ReadFromUDP(buffer)
			if err == nil {
				packets.WriteToUDP(buffer[:count], peer)
			}
		}
	}()
	fmt.Println("ready")
	untilEnd()
}

func accept(port int, each func(net.Conn)) {
	listener, err := net.Listen("tcp", address(port))
	check(err)
	go func() {
		for {
			conn, err := listener.Accept()
			check(err)
			go each(conn)
		}
	}()
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func fullBacklog(port int) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	check(err)
	check(syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	check(syscall.Listen(fd, 0))
	_, err = net.Dial("tcp", address(port))
	check(err)
}
