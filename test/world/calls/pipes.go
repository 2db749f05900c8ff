package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

func pipes() {
	path := in("data/pipe")
	fmt.Println(syscall.Mkfifo(path, 0o640))
	info, err := os.Lstat(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Mode(), err)
	_, err = syscall.Open(path, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
	fmt.Println("no reader", err)
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	n, errRead := syscall.Read(fd, make([]byte, 10))
	fmt.Println("no writer", err, n, errRead)
	syscall.Close(fd)

	// Both ends wait for each other.
	done := make(chan string)
	go func() {
		file, err := os.Open(path)
		if err != nil {
			done <- err.Error()
			return
		}
		info, _ := file.Stat()
		text, err := io.ReadAll(file)
		file.Close()
		done <- fmt.Sprintf("%v %d %x %v", info.Mode(), len(text), sum(text), err)
	}()
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = writer.Seek(0, io.SeekStart)
	fmt.Println("seek", errors.Is(err, syscall.ESPIPE))
	total := 0
	for i := range 300 {
		n, err := writer.Write([]byte(fmt.Sprintf("%01000d", i)))
		total += n
		if err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("written", total, writer.Close())
	fmt.Println("read", <-done)

	// A reader with a deadline, a writer that comes and goes.
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	time.Sleep(100 * time.Millisecond)
	writer, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	// With a writer there is no end of file, before anything is written as well.
	buffer := make([]byte, 10)
	reader.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	n, err = reader.Read(buffer)
	fmt.Println(n, errors.Is(err, os.ErrDeadlineExceeded))
	reader.SetReadDeadline(time.Time{})
	fmt.Fprint(writer, "one")
	n, err = reader.Read(buffer)
	fmt.Printf("%q %v\n", buffer[:n], err)
	fmt.Println(reader.SetReadDeadline(time.Now().Add(50 * time.Millisecond)))
	n, err = reader.Read(buffer)
	fmt.Println(n, errors.Is(err, os.ErrDeadlineExceeded))
	reader.SetReadDeadline(time.Time{})
	go func() {
		time.Sleep(30 * time.Millisecond)
		fmt.Fprint(writer, "two")
		writer.Close()
	}()
	text, err := io.ReadAll(reader)
	fmt.Printf("%q %v\n", text, err)
	reader.Close()

	// Nobody reads any more.
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	writer, err = os.OpenFile(path, os.O_WRONLY, 0)
	fmt.Println(err)
	fmt.Println(both.Close())
	time.Sleep(100 * time.Millisecond)
	_, err = writer.Write([]byte("x"))
	fmt.Println("write", errors.Is(err, syscall.EPIPE))
	writer.Close()

	both, err = os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(both, "self")
	n, err = io.ReadFull(both, buffer[:4])
	fmt.Printf("%q %v\n", buffer[:n], err)
	both.Close()
	fmt.Println(os.Remove(path))

	// A socket's file is there, and nobody answers.
	fmt.Println(syscall.Mknod(in("data/socket"), syscall.S_IFSOCK|0o600, 0))
	info, err = os.Lstat(in("data/socket"))
	fmt.Println(info.Mode().Type() == fs.ModeSocket, err)
	_, err = os.Open(in("data/socket"))
	fmt.Println(errors.Is(err, syscall.ENXIO))
}

func sum(data []byte) uint32 {
	hash := uint32(2166136261)
	for _, each := range data {
		hash = (hash ^ uint32(each)) * 16777619
	}
	return hash
}
