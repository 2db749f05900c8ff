package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sort"
	"strings"
	"syscall"
	"time"
)

// answer sends each datagram back, with who has sent it.
func answer(address string) {
	socket := must(net.ListenPacket("udp", address))
	go func() {
		buffer := make([]byte, 65536)
		for {
			count, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			host, _, _ := net.SplitHostPort(from.String())
			socket.WriteTo([]byte(fmt.Sprintf("%s from %s", buffer[:count], host)), from)
		}
	}()
}

// names is a DNS server, UDP and TCP: "db." is 10.1.2.3, "big." is 100 addresses (TCP only), others do not exist.
func names(address string) {
	socket := must(net.ListenPacket("udp", address))
	go func() {
		buffer := make([]byte, 1500)
		for {
			count, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			socket.WriteTo(answerTo(buffer[:count], true), from)
		}
	}()
	accept(address, func(conn *net.TCPConn) {
		defer conn.Close()
		var length uint16
		if binary.Read(conn, binary.BigEndian, &length) != nil {
			return
		}
		query := make([]byte, length)
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		response := answerTo(query, false)
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(response))), response...))
	})
}

func answerTo(query []byte, isDatagram bool) []byte {
	at, labels := 12, []string{}
	for query[at] != 0 {
		labels = append(labels, string(query[at+1:at+1+int(query[at])]))
		at += 1 + int(query[at])
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	response := append([]byte{}, query[:at+5]...)
	binary.BigEndian.PutUint16(response[2:], 0x8580)
	copy(response[6:12], make([]byte, 6))
	records := map[string]int{"db.test": 1, "big.test": 100}[strings.Join(labels, ".")]
	switch {
	case records == 0:
		response[3] |= 3
	case records > 1 && isDatagram:
		response[2] |= 2
	case kind == 1:
		binary.BigEndian.PutUint16(response[6:], uint16(records))
		for i := range records {
			response = append(response, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 2, byte(3+i))
		}
	}
	return response
}

// lookup: SERVER NAME...: what Go's own resolver finds.
func lookup(args []string) {
	resolver := net.Resolver{PreferGo: true}
	for _, name := range args {
		found, err := resolver.LookupHost(background, name)
		sort.Strings(found)
		fmt.Println(name, len(found), strings.Join(found[:min(3, len(found))], " "), err)
	}
}

// datagrams: ADDRESS: by a connected socket.
func datagrams(args []string) {
	conn := must(net.Dial("udp", args[0]))
	host, _, _ := net.SplitHostPort(conn.LocalAddr().String())
	fmt.Println(host, conn.RemoteAddr())
	buffer := make([]byte, 65536)
	for _, length := range []int{1, 0, 1400, 9000} {
		must(conn.Write(make([]byte, length)))
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		count, err := conn.Read(buffer)
		fmt.Println(length, count, err)
	}
	check(conn.Close())
}

// packets: ADDRESS...: by one socket that is not connected.
func packets(addresses []string) {
	socket := must(net.ListenPacket("udp", ":0")).(*net.UDPConn)
	buffer := make([]byte, 1000)
	for round := range 2 {
		for _, address := range addresses {
			to := must(net.ResolveUDPAddr("udp", address))
			must(socket.WriteTo([]byte("hello"), to))
			socket.SetReadDeadline(time.Now().Add(5 * time.Second))
			if round == 0 {
				count, from, err := socket.ReadFrom(buffer)
				fmt.Printf("%s %v %v\n", buffer[:count], from, err)
			} else {
				count, _, flags, from, err := socket.ReadMsgUDP(buffer, nil)
				fmt.Printf("%s %v %d %v\n", buffer[:count], from, flags, err)
			}
		}
	}
}

// silent: ADDRESS: where nobody is.
func silent(args []string) {
	conn := must(net.Dial("udp", args[0]))
	for range 2 {
		_, sent := conn.Write([]byte("anybody?"))
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err := conn.Read(make([]byte, 10))
		fmt.Println(sent, errors.Is(err, syscall.ECONNREFUSED), os.IsTimeout(err))
	}
}
