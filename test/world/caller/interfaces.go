package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// interfaces: what the machine has, as package net finds it.
func interfaces(args []string) {
	for _, each := range must(net.Interfaces()) {
		fmt.Println(each.Index, each.Name, each.MTU, each.Flags, each.HardwareAddr)
		fmt.Println(each.Addrs())
		fmt.Println(each.MulticastAddrs())
	}
	fmt.Println(net.InterfaceAddrs())
	fmt.Println(net.InterfaceByName("lo"))
	fmt.Println(net.InterfaceByName("nowhere0"))
}

// routes: what netlink says of routes and rules, and to whom; what is asked for in one datagram after another.
func routes(args []string) {
	for _, kind := range []int{syscall.RTM_GETROUTE, syscall.RTM_GETRULE} {
		for _, family := range []int{syscall.AF_INET, syscall.AF_INET6} {
			messages := must(syscall.NetlinkRIB(kind, family))
			for _, message := range must(syscall.ParseNetlinkMessage(messages)) {
				fmt.Printf("%d %x\n", message.Header.Type, stable(message))
			}
		}
	}
	fd := must(syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_NONBLOCK, syscall.NETLINK_ROUTE))
	buffer := make([]byte, 4096)
	_, _, err := syscall.Recvfrom(fd, buffer, 0)
	fmt.Println(err)
	check(syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}))
	name := must(syscall.Getsockname(fd)).(*syscall.SockaddrNetlink)
	fmt.Println(name.Pid == uint32(os.Getpid()), name.Groups)
	// A link that is not there; one message, and one that would change something.
	for _, kind := range []uint16{syscall.RTM_GETLINK, syscall.RTM_GETADDR} {
		request := make([]byte, 16+16)
		binary.LittleEndian.PutUint32(request, uint32(len(request)))
		binary.LittleEndian.PutUint16(request[4:], kind)
		binary.LittleEndian.PutUint16(request[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
		binary.LittleEndian.PutUint32(request[8:], 77)
		binary.LittleEndian.PutUint32(request[20:], 4242)
		check(syscall.Sendto(fd, request, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}))
		peeked, _, err := syscall.Recvfrom(fd, buffer[:10], syscall.MSG_PEEK|syscall.MSG_TRUNC)
		fmt.Println(peeked, err)
		count, _, flags, from, err := syscall.Recvmsg(fd, buffer, nil, 0)
		check(err)
		fmt.Printf("%T %v %x %d %v\n", from, from.(*syscall.SockaddrNetlink).Pid, flags, binary.LittleEndian.Uint32(buffer[8:]), binary.LittleEndian.Uint32(buffer[12:]) == name.Pid)
		fmt.Println(count, binary.LittleEndian.Uint16(buffer[4:]), int32(binary.LittleEndian.Uint32(buffer[16:])))
	}
	for _, option := range []int{syscall.SO_DOMAIN, syscall.SO_TYPE, syscall.SO_PROTOCOL} {
		fmt.Println(syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, option))
	}
	check(syscall.Close(fd))
}

// stable leaves out what changes by itself: how long ago an entry was used.
func stable(message syscall.NetlinkMessage) []byte {
	if message.Header.Type != syscall.RTM_NEWROUTE {
		return message.Data
	}
	var kept bytes.Buffer
	kept.Write(message.Data[:syscall.SizeofRtMsg])
	attributes, err := syscall.ParseNetlinkRouteAttr(&message)
	check(err)
	for _, each := range attributes {
		if each.Attr.Type != syscall.RTA_CACHEINFO {
			fmt.Fprintf(&kept, "%d%x", each.Attr.Type, each.Value)
		}
	}
	return kept.Bytes()
}

// ioctls: the old way to ask the same.
func ioctls(args []string) {
	fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0))
	for _, name := range []string{"lo", "nowhere0"} {
		for _, request := range []uintptr{syscall.SIOCGIFFLAGS, syscall.SIOCGIFADDR, syscall.SIOCGIFNETMASK, syscall.SIOCGIFMTU, syscall.SIOCGIFHWADDR, syscall.SIOCGIFINDEX, syscall.SIOCGIFTXQLEN} {
			var ifreq [40]byte
			copy(ifreq[:], name)
			_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&ifreq)))
			fmt.Printf("%x %x %v\n", request, ifreq, errno)
		}
	}
	var room [10 * 40]byte
	for _, place := range []*byte{nil, &room[0]} {
		configuration := struct {
			length int32
			place  *byte
		}{int32(len(room)), place}
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCGIFCONF, uintptr(unsafe.Pointer(&configuration)))
		fmt.Printf("%d %v %x\n", configuration.length, errno, room)
	}
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCGIFCONF, 1)
	fmt.Println(errno)
}

// netfiles: what the files of proc_pid_net(5) and sysfs tell.
func netfiles(args []string) {
	for _, name := range []string{"/proc/net/dev", "/proc/self/net/dev", "/proc/net/route", "/proc/net/if_inet6", "/proc/net/nothing"} {
		content, err := os.ReadFile(name)
		lines := strings.Split(string(content), "\n")
		for _, line := range lines {
			field, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			fmt.Println(name, field)
		}
		fmt.Println(err)
	}
	for _, folder := range []string{"/sys/class/net", "/proc/net"} {
		entries, err := os.ReadDir(folder)
		fmt.Println(folder, err)
		for _, entry := range entries {
			fmt.Println(entry.Name(), entry.Type())
		}
	}
	content, err := os.ReadFile("/sys/class/net/lo/mtu")
	fmt.Println(string(content), err)
	fmt.Println(os.Readlink("/sys/class/net/lo"))
	content, err = os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	fmt.Println(string(content), err)
}
