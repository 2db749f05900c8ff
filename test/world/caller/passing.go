package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

// connected makes a socket that is connected to the echo server.
func connected() int {
	fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0))
	check(syscall.Connect(fd, &syscall.SockaddrInet4{Port: 7002, Addr: [4]byte{127, 0, 0, 1}}))
	return fd
}

// use asks whose the other end is, talks to it by this descriptor, and closes it.
func use(fd int, words string) {
	peer(fd)
	must(syscall.Write(fd, []byte(words)))
	check(syscall.Shutdown(fd, syscall.SHUT_WR))
	file := os.NewFile(uintptr(fd), "socket")
	answer, err := io.ReadAll(file)
	fmt.Printf("%s %v\n", answer, err)
	peer(int(file.Fd())) // none any more
	file.Close()
}

func peer(fd int) {
	remote, err := syscall.Getpeername(fd)
	fmt.Println(nameText(remote), err)
	local, err := syscall.Getsockname(fd)
	fmt.Println(withoutPort(local), err)
}

// duplicates: every way to another number for a connected socket.
func duplicates(args []string) {
	use(must(syscall.Dup(connected())), "dup")
	check(syscall.Dup3(connected(), 200, syscall.O_CLOEXEC))
	use(200, "dup3")
	for _, command := range []uintptr{syscall.F_DUPFD, syscall.F_DUPFD_CLOEXEC} {
		copied, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(connected()), command, 300)
		use(int(copied), "fcntl")
	}
	// Over a socket that is connected elsewhere: that one is closed.
	other := connected()
	check(syscall.Dup3(connected(), other, 0))
	use(other, "over another")
}

const (
	sysCloseRange = 436
	sysSendmmsg   = 307
	sysRecvmmsg   = 299
)

// ranges: closing many at once closes theirs.
func ranges(args []string) {
	first, copied := connected(), 0
	for copied < 400 {
		copied, _ = syscall.Dup(first)
	}
	_, _, failed := syscall.Syscall(sysCloseRange, uintptr(first+1), 400, 0)
	_, gone := syscall.Getpeername(copied)
	fmt.Println(failed, gone)
	use(first, "the one that is left")
	_, again := syscall.Getpeername(first)
	fmt.Println(again)
	use(connected(), "the same number, another socket")
}

// passed: a connected socket that goes through another one, by SCM_RIGHTS.
func passed(args []string) {
	pair := must(syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0))
	sent := connected()
	check(syscall.Sendmsg(pair[0], []byte("x"), syscall.UnixRights(sent), nil, 0))
	check(syscall.Close(sent)) // it is in the message only
	control := make([]byte, syscall.CmsgSpace(4))
	_, length, _, _, err := syscall.Recvmsg(pair[1], make([]byte, 1), control, 0)
	check(err)
	messages := must(syscall.ParseSocketControlMessage(control[:length]))
	use(must(syscall.ParseUnixRights(&messages[0]))[0], "through another socket")
}

// ownTable: a thread that shares its descriptors with nobody any more (unshare with CLONE_FILES).
func ownTable(args []string) {
	shared := connected()
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // and ends with this
		check(syscall.Unshare(syscall.CLONE_FILES))
		check(syscall.Close(shared))
		other := connected()
		fmt.Println(other == shared)
		use(other, "in a table of its own")
		done <- true
	}()
	<-done
	use(shared, "in the others' table")
	// Another thread of the same table makes it, connects it, uses it.
	made := make(chan int)
	for range 2 {
		go func() {
			runtime.LockOSThread()
			made <- connected()
		}()
		use(<-made, "by another thread")
	}
}

// inherited: a program that is executed in a child that shares its parent's memory, and has a connected socket of it.
func inherited(args []string) {
	if len(args) > 0 {
		use(3, "by a child")
		return
	}
	for _, environment := range [][]string{nil, {"ONLY=this"}} {
		conn := must(net.Dial("tcp", "127.0.0.1:7002"))
		file := must(conn.(*net.TCPConn).File())
		child := exec.Command(must(os.Executable()), "inherited", "child")
		child.Env = environment
		child.ExtraFiles = []*os.File{file}
		output, err := child.CombinedOutput()
		fmt.Printf("%s%v\n", output, err)
	}
}

type message struct {
	header syscall.Msghdr
	length uint32
	_      [4]byte
}

// many: datagrams to several peers with one call, and their answers.
func many(args []string) {
	socket := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0))
	peers := []uint16{7001, 7003, 7001}
	messages := make([]message, len(peers))
	for at, port := range peers {
		name := &syscall.RawSockaddrInet4{Family: syscall.AF_INET, Port: port<<8 | port>>8, Addr: [4]byte{127, 0, 0, 1}}
		text := fmt.Append(nil, "message ", at)
		vector := &syscall.Iovec{Base: &text[0], Len: uint64(len(text))}
		messages[at].header = syscall.Msghdr{Name: (*byte)(unsafe.Pointer(name)), Namelen: syscall.SizeofSockaddrInet4, Iov: vector, Iovlen: 1}
	}
	sent, _, failed := syscall.Syscall6(sysSendmmsg, uintptr(socket), uintptr(unsafe.Pointer(&messages[0])), uintptr(len(messages)), 0, 0, 0)
	fmt.Println(sent, failed)
	for _, each := range messages {
		fmt.Print(each.length, " ")
	}
	fmt.Println()
	found := map[string]int{}
	for received := 0; received < len(peers); {
		names := make([]syscall.RawSockaddrInet4, len(peers))
		texts := make([][100]byte, len(peers))
		for at := range messages {
			vector := &syscall.Iovec{Base: &texts[at][0], Len: 100}
			messages[at] = message{header: syscall.Msghdr{Name: (*byte)(unsafe.Pointer(&names[at])), Namelen: syscall.SizeofSockaddrInet4, Iov: vector, Iovlen: 1}}
		}
		const waitForOne = 0x10000
		count, _, failed := syscall.Syscall6(sysRecvmmsg, uintptr(socket), uintptr(unsafe.Pointer(&messages[0])), uintptr(len(messages)), waitForOne, 0, 0)
		if failed != 0 {
			fmt.Println(failed)
			return
		}
		for at := range int(count) {
			found[fmt.Sprintf("%s %v:%d", texts[at][:messages[at].length], names[at].Addr, names[at].Port<<8|names[at].Port>>8)]++
		}
		received += int(count)
	}
	fmt.Println(found)
}
