package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

func transfers() {
	source, err := os.Open(in("big"))
	if err != nil {
		fmt.Println(err)
		return
	}
	to, err := os.Create(in("data/copy"))
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := io.Copy(to, source)
	fmt.Println("io.Copy", n, err)
	to.Close()
	text, err := os.ReadFile(in("data/copy"))
	fmt.Println(len(text), sum(text), err)

	copyRange := func(from, to *os.File, at, into *int64, length int) {
		n, _, errno := syscall.Syscall6(326, from.Fd(), uintptr(unsafe.Pointer(at)), to.Fd(), uintptr(unsafe.Pointer(into)), uintptr(length), 0)
		if errno != 0 {
			fmt.Println("copy_file_range", errno)
			return
		}
		fmt.Println("copy_file_range", n, at == nil || *at > 0, into == nil || *into > 0)
	}
	to, _ = os.OpenFile(in("data/copy"), os.O_RDWR, 0)
	at, into := int64(100), int64(1)
	copyRange(source, to, &at, &into, 50)
	fmt.Println(at, into)
	source.Seek(200, io.SeekStart)
	copyRange(source, to, nil, nil, 30)
	where, _ := source.Seek(0, io.SeekCurrent)
	there, _ := to.Seek(0, io.SeekCurrent)
	fmt.Println(where, there)
	copyRange(to, source, nil, nil, 30)
	small, _ := os.Open(in("config/app.conf"))
	copyRange(small, to, nil, nil, 1000)
	copyRange(small, to, nil, nil, 1000)
	text, _ = os.ReadFile(in("data/copy"))
	fmt.Println(len(text), sum(text))

	// A socket here, and a pipe.
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	send := func(from *os.File, at *int64, count int) {
		n, err := syscall.Sendfile(pair[0], int(from.Fd()), at, count)
		buffer := make([]byte, 100)
		got := 0
		if n > 0 {
			got, _ = syscall.Read(pair[1], buffer)
		}
		fmt.Printf("sendfile %d %v %q\n", n, err, buffer[:got])
	}
	source.Seek(8, io.SeekStart)
	send(source, nil, 16)
	at = 80
	send(source, &at, 8)
	fmt.Println(at)
	small.Seek(2, io.SeekStart)
	send(small, nil, 9)
	where, _ = small.Seek(0, io.SeekCurrent)
	fmt.Println(where)
	reader, writer, _ := os.Pipe()
	m, err := syscall.Splice(int(source.Fd()), nil, int(writer.Fd()), nil, 24, 0)
	fmt.Println("splice", m, err)
	m, err = syscall.Splice(int(reader.Fd()), nil, int(to.Fd()), nil, 24, 0)
	fmt.Println("splice", m, err)
	text, _ = os.ReadFile(in("data/copy"))
	fmt.Println(len(text), sum(text))

	// The standard library's ways.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println("listen", strings.Contains(err.Error(), "x"))
	} else {
		go func() {
			connection, _ := listener.Accept()
			big, _ := os.Open(in("big"))
			io.Copy(connection, big)
			connection.Close()
		}()
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			text, err = io.ReadAll(connection)
			fmt.Println("tcp", len(text), sum(text), err)
		}
	}

	// Holes.
	holes, _ := os.Create(in("data/holes"))
	holes.WriteAt([]byte("x"), 1<<20)
	for _, whence := range []int{3, 4} {
		for _, offset := range []int64{0, 1 << 20, 1<<20 + 1, -1} {
			found, err := holes.Seek(offset, whence)
			fmt.Println("seek", whence, offset, found, err)
		}
	}
	// Advice and the like.
	_, _, errno := syscall.Syscall6(221, source.Fd(), 0, 0, 3, 0, 0)
	fmt.Println(errno)
	_, _, errno = syscall.Syscall6(221, source.Fd(), 0, 0, 9, 0, 0)
	fmt.Println(errno)
	_, _, errno = syscall.Syscall(187, source.Fd(), 0, 4096)
	fmt.Println(errno, syscall.SyncFileRange(int(holes.Fd()), 0, 0, 0))
	_, _, errno = syscall.Syscall(306, holes.Fd(), 0, 0)
	fmt.Println(errno)
	syscall.Sync()
	// Devices, by links that lead to them there.
	for _, name := range []string{"null", "zero", "full"} {
		os.Symlink("/dev/"+name, in("data/"+name))
		device, err := os.OpenFile(in("data/"+name), os.O_RDWR, 0)
		if err != nil {
			fmt.Println(name, err)
			continue
		}
		buffer := []byte("0123456789")
		n, err := device.Read(buffer)
		fmt.Printf("%s %d %v %q\n", name, n, err, buffer)
		n, err = device.Write(buffer)
		fmt.Println(n, err)
		info, err := device.Stat()
		fmt.Println(info.Mode(), err)
		device.Close()
		os.Remove(in("data/" + name))
	}
}
