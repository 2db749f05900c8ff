package main

import (
	"fmt"
	"math/rand"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// play: SEED COUNT: random sequences of calls about sockets, and what each says. Whoever plays the same seed elsewhere
// must find the same: nothing that is printed depends on time, or on what numbers the kernel gives.
func play(args []string) {
	seed := must(strconv.ParseInt(args[0], 10, 64))
	for each := range must(strconv.ParseInt(args[1], 10, 64)) {
		fmt.Println("#", seed+each)
		game := game{Rand: rand.New(rand.NewSource(seed + each))}
		for range 4 + game.Intn(16) {
			game.step()
		}
		for _, socket := range game.sockets {
			if socket != nil {
				syscall.Close(socket.fd)
			}
		}
	}
}

type game struct {
	*rand.Rand
	sockets [3]*played
}

// played is a descriptor; copies of one share what is known of the socket.
type played struct {
	fd int
	*state
}

type state struct {
	family, kind int
	isWaiting    bool
	// What the other end, which echoes, still has to say; what it got; whether it was told of the end.
	owed, sent int
	isEnded    bool
	isEcho     bool
	hasFailed  bool
	isDatagram bool
}

var families = [][2]int{
	{syscall.AF_INET, syscall.SOCK_STREAM}, {syscall.AF_INET, syscall.SOCK_STREAM}, {syscall.AF_INET, syscall.SOCK_STREAM},
	{syscall.AF_INET6, syscall.SOCK_STREAM}, {syscall.AF_INET, syscall.SOCK_DGRAM}, {syscall.AF_UNIX, syscall.SOCK_STREAM},
	{syscall.AF_UNIX, syscall.SOCK_DGRAM},
}

var playedOptions = [][2]int{
	{syscall.SOL_SOCKET, syscall.SO_TYPE}, {syscall.SOL_SOCKET, syscall.SO_DOMAIN}, {syscall.SOL_SOCKET, syscall.SO_PROTOCOL},
	{syscall.SOL_SOCKET, syscall.SO_ERROR}, {syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN}, {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE},
	{syscall.SOL_SOCKET, syscall.SO_REUSEADDR}, {syscall.SOL_SOCKET, syscall.SO_BROADCAST}, {syscall.IPPROTO_TCP, syscall.TCP_NODELAY},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE}, {syscall.IPPROTO_IP, syscall.IP_TTL}, {syscall.IPPROTO_TCP, 9999}, {77, 1},
}

func (g *game) step() {
	at := g.Intn(len(g.sockets))
	socket := g.sockets[at]
	if socket == nil || g.Intn(12) == 0 {
		if socket != nil {
			fmt.Println(at, "close", syscall.Close(socket.fd))
		}
		family := families[g.Intn(len(families))]
		flags := g.Intn(2) * syscall.SOCK_NONBLOCK
		fd, err := syscall.Socket(family[0], family[1]|flags, 0)
		fmt.Println(at, "socket", family, flags, err)
		g.sockets[at] = &played{fd, &state{family: family[0], kind: family[1], isWaiting: flags == 0}}
		return
	}
	action := g.Intn(17)
	if socket.isEnded && (action == 8 || action == 9 || action < 5) {
		return // whether the other end has ended too is a matter of time
	}
	switch action {
	case 0, 1, 2:
		g.connect(at, socket)
	case 3, 4:
		g.send(at, socket)
	case 5, 6:
		g.receive(at, socket)
	case 7:
		g.end(at, socket)
	case 8:
		name, err := syscall.Getsockname(socket.fd)
		if _, failed := syscall.Getpeername(socket.fd); failed != nil && socket.family != syscall.AF_UNIX {
			// What an attempt that failed has left behind differs from family to family.
			fmt.Printf("%d getsockname %T %v\n", at, name, err)
			return
		}
		fmt.Println(at, "getsockname", withoutPort(name), err)
	case 9:
		name, err := syscall.Getpeername(socket.fd)
		fmt.Println(at, "getpeername", nameText(name), err)
	case 10:
		option := playedOptions[g.Intn(len(playedOptions))]
		value, err := syscall.GetsockoptInt(socket.fd, option[0], option[1])
		fmt.Println(at, "getsockopt", option, value, err)
	case 11:
		option, value := playedOptions[g.Intn(len(playedOptions))], g.Intn(3)
		fmt.Println(at, "setsockopt", option, value, syscall.SetsockoptInt(socket.fd, option[0], option[1], value))
	case 12:
		to := g.Intn(len(g.sockets))
		if to == at {
			return
		}
		if old := g.sockets[to]; old != nil {
			syscall.Close(old.fd)
		}
		fd, err := syscall.Dup(socket.fd)
		fmt.Println(at, "dup", to, err)
		g.sockets[to] = &played{fd, socket.state}
	case 14:
		if socket.hasFailed || socket.isEnded {
			return // poll(2) still tells of an end (docs/network.md), or the other end's comes after its last words
		}
		if (socket.isEcho || socket.isDatagram) && socket.owed > 0 {
			socket.wait(pollIn)
		}
		fmt.Printf("%d poll %#x\n", at, socket.ready())
	case 15:
		g.peek(at, socket)
	case 16:
		if socket.isEcho && !socket.isEnded {
			data := make([]byte, []int{0, 1, 300}[g.Intn(3)])
			count, err := syscall.Write(socket.fd, data)
			fmt.Println(at, "write", count, err)
			socket.owed += max(count, 0)
			socket.sent += max(count, 0)
		}
	case 13:
		_, _, err := syscall.Accept4(socket.fd, syscall.SOCK_NONBLOCK)
		fmt.Println(at, "accept", err)
	}
}

func (g *game) connect(at int, socket *played) {
	loopback := [4]byte{127, 0, 0, 1}
	targets := []syscall.Sockaddr{
		&syscall.SockaddrInet4{Port: 7002, Addr: loopback}, &syscall.SockaddrInet4{Port: 7002, Addr: loopback},
		&syscall.SockaddrInet4{Port: 1, Addr: loopback}, &syscall.SockaddrInet4{Port: 80, Addr: [4]byte{192, 0, 2, 1}},
	}
	if socket.family == syscall.AF_INET6 {
		targets = []syscall.Sockaddr{&syscall.SockaddrInet6{Port: 7002, Addr: [16]byte{15: 1}}, &syscall.SockaddrInet6{Port: 1, Addr: [16]byte{15: 1}}}
	}
	if socket.kind == syscall.SOCK_DGRAM {
		targets = []syscall.Sockaddr{&syscall.SockaddrInet4{Port: 7001, Addr: loopback}, &syscall.SockaddrInet4{Port: 7003, Addr: loopback}}
	}
	if socket.family == syscall.AF_UNIX {
		targets = nil
		for _, name := range []string{"/srv/run.sock", "@elsewhere-test", "/srv/nothing", "/srv/log.sock", "@elsewhere-log", "@elsewhere-nobody"} {
			targets = append(targets, &syscall.SockaddrUnix{Name: name})
		}
	}
	which := g.Intn(len(targets))
	if which == 3 && !socket.isWaiting && socket.family == syscall.AF_INET {
		which = 2 // whether it is told at once that there is no route: docs/network.md
	}
	if socket.isEcho && socket.family == syscall.AF_UNIX {
		which %= 2 // a connected one says EISCONN before it looks for the name: docs/network.md
	}
	if socket.isDatagram && socket.owed > 0 {
		socket.wait(pollIn) // what comes later is from nobody it is connected to: the kernel drops it
	}
	err := syscall.Connect(socket.fd, targets[which])
	fmt.Println(at, "connect", which, err)
	if err == syscall.EINPROGRESS {
		socket.wait(pollOut)
		value, failed := syscall.GetsockoptInt(socket.fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
		fmt.Println(at, "in the end", syscall.Errno(value), failed)
		if value == 0 {
			fmt.Println(at, "again", syscall.Connect(socket.fd, targets[which]))
			err = nil
		}
		socket.hasFailed = value != 0
	}
	if err == nil {
		socket.isEcho = socket.kind == syscall.SOCK_STREAM
		socket.isDatagram = socket.kind == syscall.SOCK_DGRAM && socket.family != syscall.AF_UNIX
	}
}

func (g *game) send(at int, socket *played) {
	data := make([]byte, []int{0, 1, 10, 1000, 4000}[g.Intn(5)])
	count, err := syscall.SendmsgN(socket.fd, data, nil, nil, syscall.MSG_NOSIGNAL)
	fmt.Println(at, "send", len(data), count, err)
	if err == nil && socket.isEcho {
		socket.owed += count
		socket.sent += count
	} else if err == nil && socket.isDatagram {
		socket.owed++
	}
}

// receive asks for no more than there is going to be.
func (g *game) receive(at int, socket *played) {
	flags := syscall.MSG_DONTWAIT
	buffer := make([]byte, 1+g.Intn(5000))
	switch {
	case socket.isDatagram && socket.owed > 0:
		socket.wait(pollIn)
		if flags |= g.Intn(2) * syscall.MSG_PEEK; flags&syscall.MSG_PEEK == 0 {
			socket.owed--
		}
	case socket.isEcho && (socket.owed > 0 || socket.isEnded):
		// All that is asked for, or the end: non-blocking sockets are read until then.
		if !socket.isEnded {
			buffer = buffer[:min(len(buffer), socket.owed)]
		}
		got := 0
		for got < len(buffer) {
			socket.wait(pollIn)
			count, _, err := syscall.Recvfrom(socket.fd, buffer[got:], flags)
			if err != nil || count == 0 {
				fmt.Println(at, "no more", err)
				break
			}
			got += count
		}
		socket.owed -= got
		fmt.Printf("%d received %d %.40q\n", at, got, strings.TrimLeft(string(buffer[:got]), "\x00"))
		return
	}
	count, from, err := syscall.Recvfrom(socket.fd, buffer, flags)
	fmt.Printf("%d recvfrom %d %d %.30q %v %v\n", at, len(buffer), count, buffer[:max(0, min(count, len(buffer)))], nameText(from), err)
}

// peek looks at what is there without taking it.
func (g *game) peek(at int, socket *played) {
	if !socket.isEcho || socket.owed == 0 {
		return
	}
	socket.wait(pollIn)
	buffer := make([]byte, 1)
	count, _, err := syscall.Recvfrom(socket.fd, buffer, syscall.MSG_DONTWAIT|syscall.MSG_PEEK)
	fmt.Printf("%d peek %d %q %v\n", at, count, buffer, err)
}

func (g *game) end(at int, socket *played) {
	if socket.isEnded {
		return // ENOTCONN once the other end has ended as well: docs/network.md
	}
	if !socket.isEcho {
		return // inet_shutdown (net/ipv4/af_inet.c) remembers it of a socket that is not connected, and says ENOTCONN
	}
	err := syscall.Shutdown(socket.fd, syscall.SHUT_WR)
	fmt.Println(at, "shutdown", err)
	if err == nil && socket.isEcho && !socket.isEnded {
		socket.isEnded = true
		socket.owed += len(fmt.Sprintf("[%d <nil>]", socket.sent))
	}
}

const (
	pollIn  = 1
	pollOut = 4
)

// wait until it is ready, or five seconds.
func (socket *played) wait(events int16) {
	entry := struct {
		fd              int32
		events, revents int16
	}{fd: int32(socket.fd), events: events}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if count, _, _ := syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&entry)), 1, 1000); count == 1 {
			return
		}
	}
	fmt.Println("not ready")
}

// ready is what poll(2) says at once.
func (socket *played) ready() int16 {
	entry := struct {
		fd              int32
		events, revents int16
	}{fd: int32(socket.fd), events: pollIn | pollOut | 0x2000}
	syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&entry)), 1, 0)
	return entry.revents
}

func nameText(name syscall.Sockaddr) string {
	switch name := name.(type) {
	case nil:
		return "nobody"
	case *syscall.SockaddrInet4:
		return fmt.Sprint(net.IP(name.Addr[:]), " ", name.Port)
	case *syscall.SockaddrInet6:
		return fmt.Sprint(net.IP(name.Addr[:]), " ", name.Port)
	case *syscall.SockaddrUnix:
		return fmt.Sprintf("%q", name.Name)
	}
	return fmt.Sprintf("%T", name)
}

func withoutPort(name syscall.Sockaddr) string {
	text := nameText(name)
	if at := strings.LastIndexByte(text, ' '); at >= 0 {
		return text[:at]
	}
	return text
}
