package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"unsafe"
)

func init() {
	operations["served"] = served
	operations["unserved"] = unserved
	operations["copy"] = copyOut
	operations["appending"] = appending
	operations["hold"] = hold
}

// served reads, writes and moves about in a file in all ways.
func served(args []string) string {
	told := report{}
	say := told.say
	fd, err := syscall.Open(args[0], syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC|syscall.O_TRUNC, 0o644)
	if err != nil {
		return errorOf(err)
	}
	say("open", fd)
	buffer := make([]byte, 100)
	at := func() int64 {
		offset, _ := syscall.Seek(fd, 0, 1)
		return offset
	}
	for _, text := range []string{"0123456789", "", "abcdef"} {
		n, err := syscall.Write(fd, []byte(text))
		say("write", n, errorOf(err), at())
	}
	n, err := syscall.Pwrite(fd, []byte("XY"), 3)
	say("pwrite", n, errorOf(err), at())
	n, err = syscall.Pwrite(fd, []byte("XY"), -3)
	say("pwrite", n, errorOf(err))
	for _, to := range [][2]int64{{0, 2}, {-4, 2}, {2, 0}, {1, 1}, {-9, 1}, {-1, 0}, {3, 3}, {3, 4}, {99, 3}, {0, 9}, {5, 0}} {
		offset, err := syscall.Seek(fd, to[0], int(to[1]))
		say("seek", to, offset, errorOf(err))
	}
	n, err = syscall.Read(fd, buffer[:4])
	say("read", string(buffer[:max(n, 0)]), errorOf(err), at())
	n, err = syscall.Read(fd, buffer[:0])
	say("read nothing", n, errorOf(err))
	n, err = syscall.Pread(fd, buffer, 1)
	say("pread", string(buffer[:max(n, 0)]), errorOf(err), at())
	n, err = syscall.Pread(fd, buffer, -1)
	say("pread", n, errorOf(err))
	_, _, e := syscall.Syscall(syscall.SYS_READ, uintptr(fd), 1, 4)
	say("bad pointer", int(e))
	_, _, e = syscall.Syscall(syscall.SYS_WRITE, uintptr(fd), 1, 4)
	say("bad pointer", int(e), at())
	for _, call := range []uintptr{syscall.SYS_READV, 295, 327} {
		for _, offset := range []int64{2, -1} {
			parts := [][]byte{make([]byte, 2), make([]byte, 3)}
			vector, count := vector(parts)
			syscall.Seek(fd, 4, 0)
			n, _, e := syscall.Syscall6(call, uintptr(fd), vector, count, uintptr(offset), 0, 0)
			say("readv", call, offset, int(n), int(e), string(parts[0]), string(parts[1]), at())
		}
	}
	for _, call := range []uintptr{syscall.SYS_WRITEV, 296, 328} {
		vector, count := vector([][]byte{[]byte("pq"), []byte("r")})
		n, _, e := syscall.Syscall6(call, uintptr(fd), vector, count, 1, 0, 0)
		say("writev", call, int(n), int(e), at())
	}
	var info syscall.Stat_t
	stat := func() {
		err := syscall.Fstat(fd, &info)
		say("fstat", errorOf(err), info.Size, fmt.Sprintf("%o", info.Mode), info.Nlink)
		var again syscall.Stat_t
		empty := []byte{0}
		_, _, e := syscall.Syscall6(syscall.SYS_NEWFSTATAT, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])), uintptr(unsafe.Pointer(&again)), 0x1000, 0, 0)
		say("newfstatat", int(e), again.Size, again.Mode == info.Mode, again.Ino == info.Ino, again.Mtim == info.Mtim)
		var statx [256]byte
		_, _, e = syscall.Syscall6(332, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])), 0x1000, 0x7ff, uintptr(unsafe.Pointer(&statx)), 0)
		say("statx", int(e), *(*int64)(unsafe.Pointer(&statx[40])), *(*uint16)(unsafe.Pointer(&statx[28])) == uint16(info.Mode), *(*uint32)(unsafe.Pointer(&statx[16])))
	}
	stat()
	for _, size := range []int64{7, 20, -1} {
		say("ftruncate", size, errorOf(syscall.Ftruncate(fd, size)), at())
		stat()
	}
	say("fsync", errorOf(syscall.Fsync(fd)), errorOf(syscall.Fdatasync(fd)))
	duplicate, _ := syscall.Dup(fd)
	syscall.Seek(fd, 1, 0)
	n, _ = syscall.Read(duplicate, buffer[:2])
	say("dup", string(buffer[:max(n, 0)]), at())
	syscall.Close(fd)
	fd = duplicate
	command := exec.Command("/proc/self/exe", "cat3")
	syscall.Ftruncate(fd, 9)
	other, _ := syscall.Dup(fd)
	command.ExtraFiles = []*os.File{os.NewFile(uintptr(other), "other")}
	output, err := command.Output()
	say("child", string(output), errorOf(err), at())
	syscall.Seek(fd, 0, 0)
	syscall.Ftruncate(fd, 0)
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			syscall.Write(fd, []byte("together"))
		}()
	}
	all.Wait()
	n, err = syscall.Pread(fd, make([]byte, 1000), 0)
	say("together", n, errorOf(err), at())
	for _, flags := range []int{syscall.O_RDONLY, syscall.O_WRONLY} {
		one, err := syscall.Open(args[0], flags, 0)
		say("open", errorOf(err))
		_, err = syscall.Read(one, buffer[:8])
		say("read", errorOf(err))
		_, err = syscall.Write(one, []byte("w"))
		say("write", errorOf(err))
		say("ftruncate", errorOf(syscall.Ftruncate(one, 100)))
		syscall.Close(one)
	}
	path, err := syscall.Open(args[0], 0x200000, 0) // O_PATH
	_, bad := syscall.Read(path, buffer)
	_, moved := syscall.Seek(path, 1, 0)
	say("O_PATH", errorOf(err), errorOf(bad), errorOf(moved), errorOf(syscall.Fstat(path, &info)), info.Size)
	event := syscall.EpollEvent{}
	poll, _ := syscall.EpollCreate1(0)
	say("epoll", errorOf(syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, fd, &event)))
	say("flock", errorOf(syscall.Flock(fd, syscall.LOCK_EX)))
	_, err = syscall.ReadDirent(fd, buffer)
	say("getdents64", errorOf(err))
	target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	say("link", target)
	for _, flags := range []int{syscall.O_DIRECTORY, syscall.O_CREAT | syscall.O_EXCL} {
		_, err = syscall.Open(args[0], flags, 0)
		say("open", errorOf(err))
	}
	syscall.Close(fd)
	return told.String()
}

// unserved does with a file what handlers cannot serve.
func unserved(args []string) string {
	fd, err := syscall.Open(args[0], syscall.O_RDWR, 0)
	if err != nil {
		return errorOf(err)
	}
	_, mapped := syscall.Mmap(fd, 0, 4096, syscall.PROT_READ, syscall.MAP_PRIVATE)
	null, _ := syscall.Open("/dev/null", syscall.O_WRONLY, 0)
	_, sent := syscall.Sendfile(null, fd, nil, 10)
	return fmt.Sprint("mmap ", errorOf(mapped), " sendfile ", errorOf(sent), " fallocate ", errorOf(syscall.Fallocate(fd, 0, 0, 10)))
}

// copyOut copies a file to another as Go programs do: copy_file_range or sendfile, where they work.
func copyOut(args []string) string {
	from, err := os.Open(args[0])
	if err != nil {
		return said(err)
	}
	to, err := os.Create(args[1])
	if err != nil {
		return said(err)
	}
	n, err := io.Copy(to, from)
	return fmt.Sprint(n, errorOf(err))
}

func appending(args []string) string {
	file, err := os.OpenFile(args[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return said(err)
	}
	for _, text := range args[1:] {
		if _, err := file.WriteString(text); err != nil {
			return said(err)
		}
	}
	return errorOf(file.Close())
}

// hold opens a file twice, and closes one.
func hold(args []string) string {
	one, err := os.Open(args[0])
	if err != nil {
		return said(err)
	}
	other, _ := syscall.Dup(int(one.Fd()))
	one.Close()
	syscall.Getpgid(0)
	syscall.Close(other)
	return "closed"
}
