package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sort"
	"time"
)

func names() {
	for _, name := range []string{"db.internal", "many.internal", "nowhere.internal", "inhosts", "short", "silent.internal"} {
		found, err := net.DefaultResolver.LookupHost(background, name)
		sort.Strings(found)
		fmt.Println(name, len(found), found[:min(2, len(found))], clean(err))
	}
	_, services, err := net.LookupSRV("cache", "tcp", "internal")
	for _, service := range services {
		fmt.Println(service.Target, service.Port, service.Priority, service.Weight)
	}
	fmt.Println(clean(err))
	fmt.Println(net.LookupTXT("db.internal"))
}

func datagrams() {
	conn := must(net.Dial("udp", "clock.internal:123")).(*net.UDPConn)
	request := make([]byte, 48)
	request[0] = 0x23
	for range 5 {
		must(conn.Write(request))
		check(conn.SetReadDeadline(time.Now().Add(20 * time.Second)))
		answer := make([]byte, 512)
		count := must(conn.Read(answer))
		fmt.Println(count, answer[0], string(answer[12:16]), conn.RemoteAddr(), conn.LocalAddr().(*net.UDPAddr).IP)
	}
	check(conn.Close())

	// By one socket to two servers, and to one that is not there.
	socket := must(net.ListenUDP("udp4", nil))
	buffer := make([]byte, 512)
	for _, port := range []int{123, 124} {
		must(socket.WriteToUDP(request, &net.UDPAddr{IP: net.ParseIP(clockAddress), Port: port}))
		check(socket.SetReadDeadline(time.Now().Add(20 * time.Second)))
		count, from, err := socket.ReadFromUDP(buffer)
		fmt.Println(count, from, clean(err))
	}
	check(socket.Close())
	for _, port := range []string{"125", "126"} { // nobody, and who does not answer
		conn := must(net.Dial("udp", clockAddress+":"+port))
		must(conn.Write(request))
		check(conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)))
		_, err := conn.Read(buffer)
		fmt.Println(clean(err))
	}
}

func daemon() {
	conn, err := net.Dial("unix", shared+"/run/daemon.sock")
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := bufio.NewReader(conn)
	for i := range 3 {
		fmt.Fprintln(conn, "question", i)
		fmt.Print(must(lines.ReadString('\n')))
	}
	check(conn.(*net.UnixConn).CloseWrite())
	rest, err := io.ReadAll(lines)
	fmt.Println(string(rest), err, conn.RemoteAddr(), conn.LocalAddr())
	check(conn.Close())
	for _, path := range []string{"/run/nothing.sock", "/ca.pem", "/run/abandoned.sock"} {
		_, err := net.Dial("unix", shared+path)
		fmt.Println(err)
	}
}

// misbehaving: whom nobody should have to talk to, by port (serve.go).
func misbehaving() {
	for port := 1001; port <= 1006; port++ {
		address := fmt.Sprint(badAddress, ":", port)
		conn, err := net.DialTimeout("tcp", address, 2*time.Second)
		if err != nil {
			fmt.Println(port, clean(err))
			continue
		}
		_, err = conn.Write([]byte("hello\n"))
		check(conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)))
		answer, end := io.ReadAll(conn)
		fmt.Println(port, conn.RemoteAddr(), port == 1001 || err == nil, len(answer), clean(end))
		check(conn.Close())
	}
}
