package main

import (
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

func init() {
	operations["file"] = file
	operations["opening"] = opening
	operations["drop"] = drop
	operations["cat3"] = cat3
	operations["size"] = size
}

// file does with an open file whatever can be done, and says what came of each.
func file(args []string) string {
	told := report{}
	say := told.say
	spare, _ := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	syscall.Close(spare)
	fd, err := syscall.Open(args[0], syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return errorOf(err)
	}
	say("lowest", fd == spare)
	buffer := make([]byte, 100)
	n, err := syscall.Read(fd, buffer[:4])
	say("read", string(buffer[:max(n, 0)]), errorOf(err))
	n, err = syscall.Pread(fd, buffer, 2)
	say("pread", string(buffer[:max(n, 0)]), errorOf(err))
	n, err = syscall.Pread(fd, buffer, 1000)
	say("behind", n, errorOf(err))
	for whence := 0; whence < 3; whence++ {
		at, err := syscall.Seek(fd, 1, whence)
		say("seek", at, errorOf(err))
	}
	n, err = syscall.Read(fd, buffer)
	say("end", n, errorOf(err))
	for _, flags := range []int{syscall.MAP_PRIVATE, syscall.MAP_SHARED} {
		memory, err := syscall.Mmap(fd, 0, 5, syscall.PROT_READ, flags)
		say("mmap", string(memory), errorOf(err))
	}
	_, err = syscall.Mmap(fd, 0, 5, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	say("mmap for writing", errorOf(err))
	_, err = syscall.Write(fd, []byte("no"))
	say("write", errorOf(err))
	_, err = syscall.Pwrite(fd, []byte("no"), 1)
	say("pwrite", errorOf(err))
	say("ftruncate", errorOf(syscall.Ftruncate(fd, 1)))
	say("fsync", errorOf(syscall.Fsync(fd)))
	say("flock", errorOf(syscall.Flock(fd, syscall.LOCK_EX)))
	var info syscall.Stat_t
	err = syscall.Fstat(fd, &info)
	say("fstat", fmt.Sprintf("%o", info.Mode), info.Size, errorOf(err))
	var again syscall.Stat_t
	syscall.Fstat(fd, &again)
	say("inode", info.Ino == again.Ino && info.Ino != 0)
	_, err = syscall.ReadDirent(fd, buffer)
	say("getdents64", errorOf(err))
	for _, command := range []uintptr{syscall.F_GETFL, syscall.F_GETFD} {
		flags, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), command, 0)
		say("fcntl", flags&^syscall.O_NOFOLLOW, int(e)) // docs/virtual-files.md: not told
	}
	link := fmt.Sprintf("/proc/self/fd/%d", fd)
	for _, room := range []int{4096, 10} {
		n, err = syscall.Readlink(link, make([]byte, room))
		say("readlink", n, errorOf(err))
	}
	target, _ := os.Readlink(link)
	say("link", target)
	content, err := os.ReadFile(link)
	say("again", string(content), errorOf(err))
	other, err := syscall.Dup(fd)
	syscall.Seek(other, 3, 0)
	n, _ = syscall.Read(fd, buffer[:3])
	say("dup", string(buffer[:max(n, 0)]), errorOf(err))
	var pipe [2]int
	syscall.Pipe(pipe[:])
	offset := int64(1)
	n, err = syscall.Sendfile(pipe[1], fd, &offset, 4)
	syscall.Read(pipe[0], buffer)
	say("sendfile", string(buffer[:max(n, 0)]), errorOf(err))
	pair, _ := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	syscall.Sendmsg(pair[0], []byte("x"), syscall.UnixRights(fd), nil, 0)
	control := make([]byte, 64)
	_, length, _, _, _ := syscall.Recvmsg(pair[1], buffer[:1], control, 0)
	messages, _ := syscall.ParseSocketControlMessage(control[:length])
	rights, _ := syscall.ParseUnixRights(&messages[0])
	n, err = syscall.Pread(rights[0], buffer, 0)
	say("passed", string(buffer[:max(n, 0)]), errorOf(err))
	syscall.Seek(fd, 2, 0)
	command := exec.Command("/proc/self/exe", "cat3")
	command.ExtraFiles = []*os.File{os.NewFile(uintptr(other), "other")}
	output, err := command.Output()
	say("child", string(output), errorOf(err))
	return told.String()
}

func errorOf(err error) string {
	if err == nil {
		return ""
	}
	return said(err)
}

// cat3 reads descriptor 3, from where it stands.
func cat3([]string) string {
	buffer := make([]byte, 100)
	n, err := syscall.Read(3, buffer)
	return fmt.Sprintf("%q %s", buffer[:max(n, 0)], errorOf(err))
}

// size is how much a file holds, read to its end.
func size(args []string) string {
	content, err := os.ReadFile(args[0])
	return fmt.Sprint(len(content), errorOf(err))
}

// opening opens a file with all kinds of flags, by every call that can.
func opening(args []string) string {
	said := []string{}
	path, _ := syscall.BytePtrFromString(args[0])
	at := uintptr(unsafe.Pointer(path))
	for _, flags := range args[1:] {
		value, _ := strconv.ParseUint(flags, 0, 32)
		how := [3]uint64{value, 0, 0}
		cwd := ^uintptr(99) // AT_FDCWD
		for call, args := range map[uintptr][4]uintptr{
			syscall.SYS_OPENAT: {cwd, at, uintptr(value), 0},
			437:                {cwd, at, uintptr(unsafe.Pointer(&how)), 24}, // openat2
		} {
			fd, _, e := syscall.Syscall6(call, args[0], args[1], args[2], args[3], 0, 0)
			result := "opened"
			if e != 0 {
				result = fmt.Sprintf("errno %d", int(e))
			} else {
				got, _, _ := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
				onExec, _, _ := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFD, 0)
				result = fmt.Sprintf("opened %#x %d", got, onExec)
				syscall.Close(int(fd))
			}
			said = append(said, fmt.Sprintf("%d %s: %s", call, flags, result))
		}
	}
	sort.Strings(said)
	return strings.Join(said, ", ")
}

// drop gives up all capabilities of this process, then does what follows.
func drop(args []string) string {
	header := [2]uint32{0x20080522, 0} // struct __user_cap_header_struct: _LINUX_CAPABILITY_VERSION_3, this thread
	var none [6]uint32
	_, _, e := syscall.AllThreadsSyscall(
		syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none)), 0)
	do(args)
	return "dropped " + strconv.Itoa(int(e))
}
