package main

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
)

var hosts = map[string]string{
	"db.internal": databaseAddress, "cache.internal": cacheAddress, "api.internal": apiAddress, "rpc.internal": rpcAddress,
	"clock.internal": clockAddress, "wrong.internal": apiAddress, "short.example.internal": clockAddress,
}

const (
	typeA   = 1
	typeTXT = 16
	typeSRV = 33
)

// serveNames is a DNS server, UDP and TCP (RFC 1035): many.internal needs TCP, silent.internal gets no answer.
func serveNames() {
	socket := must(net.ListenPacket("udp", dnsAddress+":53"))
	go func() {
		buffer := make([]byte, 1500)
		for {
			count, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := answerTo(buffer[:count], true); answer != nil {
				socket.WriteTo(answer, from)
			}
		}
	}()
	go accept(must(net.Listen("tcp", dnsAddress+":53")), func(conn net.Conn) {
		defer conn.Close()
		var length uint16
		binary.Read(conn, binary.BigEndian, &length)
		query := make([]byte, length)
		io.ReadFull(conn, query)
		answer := answerTo(query, false)
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	})
}

func answerTo(query []byte, isDatagram bool) []byte {
	at, labels := 12, []string{}
	for query[at] != 0 {
		labels = append(labels, strings.ToLower(string(query[at+1:at+1+int(query[at])])))
		at += 1 + int(query[at])
	}
	name, kind := strings.Join(labels, "."), binary.BigEndian.Uint16(query[at+1:])
	answer := append([]byte{}, query[:at+5]...)
	binary.BigEndian.PutUint16(answer[2:], 0x8580)
	copy(answer[6:12], make([]byte, 6))
	var records [][]byte
	address, isKnown := hosts[name]
	switch {
	case name == "silent.internal":
		return nil
	case name == "many.internal" && isDatagram:
		answer[2] |= 2 // truncated
		return answer
	case name == "many.internal" && kind == typeA:
		for i := range 60 {
			records = append(records, []byte{10, 78, 0, byte(i)})
		}
	case isKnown && kind == typeA:
		records = append(records, net.ParseIP(address).To4())
	case isKnown && kind == typeTXT:
		records = append(records, append([]byte{9}, "some text"...))
	case name == "_cache._tcp.internal" && kind == typeSRV:
		target := append([]byte{0, 1, 0, 2, 0x18, 0xeb, 5}, "cache\x08internal\x00"...)
		records = append(records, target)
	case !isKnown && name != "many.internal":
		answer[3] |= 3 // there is no such name
	}
	binary.BigEndian.PutUint16(answer[6:], uint16(len(records)))
	for _, data := range records {
		answer = append(answer, 0xc0, 12, byte(kind>>8), byte(kind), 0, 1, 0, 0, 0, 60)
		answer = append(binary.BigEndian.AppendUint16(answer, uint16(len(data))), data...)
	}
	return answer
}
