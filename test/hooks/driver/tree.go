package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"unsafe"
)

func init() {
	operations["tree"] = tree
	operations["entries"] = entries
}

// tree does whatever can be done by path with a directory that has a file "a" and a directory "sub" with a file "b".
func tree(args []string) string {
	root := args[0]
	told := report{}
	say := told.say
	for _, name := range []string{"a", "sub", "sub/b", "sub/../a", "./sub/./b", "missing", "sub/missing", "a/x", "a/", "sub/"} {
		path := root + "/" + name
		say("path", name)
		var info, link syscall.Stat_t
		say("stat", errorOf(syscall.Stat(path, &info)), fmt.Sprintf("%o", info.Mode), info.Size*int64(info.Mode>>15))
		say("lstat", errorOf(syscall.Lstat(path, &link)), link.Mode == info.Mode, link.Ino == info.Ino)
		var statx [256]byte
		bytes, _ := syscall.BytePtrFromString(path)
		_, _, e := syscall.Syscall6(332, ^uintptr(99), uintptr(unsafe.Pointer(bytes)), 0, 0x7ff, uintptr(unsafe.Pointer(&statx)), 0)
		say("statx", int(e), fmt.Sprintf("%o", *(*uint16)(unsafe.Pointer(&statx[28]))))
		for mode := uint32(0); mode < 8; mode++ {
			say("access", mode, errorOf(syscall.Access(path, mode)))
		}
		fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
		var same syscall.Stat_t
		syscall.Fstat(fd, &same)
		say("open", errorOf(err), err != nil || same.Ino == info.Ino)
		for _, flags := range []int{syscall.O_WRONLY, syscall.O_RDWR, syscall.O_CREAT | syscall.O_EXCL, syscall.O_CREAT | syscall.O_WRONLY,
			syscall.O_DIRECTORY, syscall.O_TRUNC, syscall.O_NOFOLLOW, syscall.O_CREAT} {
			other, err := syscall.Open(path, flags, 0o600)
			say("open", flags, errorOf(err))
			if err == nil {
				syscall.Close(other)
			}
		}
		content, err := os.ReadFile(path)
		say("read", string(content), errorOf(err))
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		say("link", target, errorOf(err) == "")
		syscall.Close(fd)
		_, err = syscall.Readlink(path, make([]byte, 10))
		say("readlink", errorOf(err))
		say("truncate", errorOf(syscall.Truncate(path, 0)))
		say("chmod", errorOf(syscall.Chmod(path, 0o777)))
		say("chown", errorOf(syscall.Chown(path, 0, 0)), errorOf(syscall.Lchown(path, 0, 0)))
		say("utimes", errorOf(syscall.UtimesNano(path, make([]syscall.Timespec, 2))))
		say("unlink", errorOf(syscall.Unlink(path)))
		say("mkdir", errorOf(syscall.Mkdir(path, 0o777)))
		say("symlink", errorOf(syscall.Symlink("x", path)))
		say("mknod", errorOf(syscall.Mknod(path, syscall.S_IFREG, 0)))
		say("setxattr", errorOf(syscall.Setxattr(path, "user.x", []byte("x"), 0)))
		say("exec", errorOf(syscall.Exec(path, []string{"x"}, nil)))
	}
	say("rename", errorOf(os.Rename(root+"/a", root+"/c")))
	say("rename", errorOf(os.Rename("/dev/null", root+"/sub/c")) != "")
	say("listing", entries([]string{root}), entries([]string{root + "/sub"}))
	matches, _ := filepath.Glob(root + "/*/*")
	say("glob", matches)
	walked := []string{}
	filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		walked = append(walked, fmt.Sprint(path, errorOf(err)))
		return nil
	})
	say("walk", walked)
	directory, err := syscall.Open(root, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	say("directory", errorOf(err))
	for _, name := range []string{"a", "sub/b", "missing", "../missing", "sub/..", "."} {
		fd, err := syscall.Openat(directory, name, syscall.O_RDONLY, 0)
		say("openat", name, errorOf(err))
		syscall.Close(fd)
	}
	_, err = syscall.Read(directory, make([]byte, 4))
	say("read", errorOf(err))
	_, err = syscall.Openat(directory, "new", syscall.O_CREAT|syscall.O_WRONLY, 0o600)
	say("create", errorOf(err))
	say("chdir", errorOf(syscall.Chdir(root+"/a")), errorOf(syscall.Chdir(root+"/missing")))
	for _, where := range []func() error{func() error { return syscall.Chdir(root + "/sub") }, func() error { return syscall.Fchdir(directory) }} {
		say("chdir", errorOf(where()))
		buffer := make([]byte, 1000)
		n, err := syscall.Getcwd(buffer)
		say("getcwd", string(buffer[:max(n-1, 0)]), errorOf(err))
		_, err = syscall.Getcwd(buffer[:2])
		say("getcwd", errorOf(err))
		link, _ := os.Readlink("/proc/self/cwd")
		say("cwd", link)
		for _, name := range []string{"a", "b", "../a", "sub/b", ".", "..", "../../dev/null"} {
			content, err := os.ReadFile(name)
			say("relative", name, string(content), errorOf(err))
		}
		say("here", entries([]string{"."}))
	}
	syscall.Chdir("/")
	return told.String()
}

// entries lists a directory twice through one descriptor and once through its duplicate, with large and small buffers.
func entries(args []string) string {
	fd, err := syscall.Open(args[0], syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return errorOf(err)
	}
	defer syscall.Close(fd)
	duplicate, _ := syscall.Dup(fd)
	defer syscall.Close(duplicate)
	all := []string{}
	for _, size := range []int{8192, 8192, 320} {
		names := []string{}
		buffer := make([]byte, size)
		for {
			n, err := syscall.Getdents(fd, buffer)
			if err != nil {
				names = append(names, errorOf(err))
			}
			if n <= 0 {
				break
			}
			for at := 0; at < n; {
				entry := (*syscall.Dirent)(unsafe.Pointer(&buffer[at]))
				name := string(buffer[at+19 : at+int(entry.Reclen)])
				names = append(names, fmt.Sprint(name[:strings.IndexByte(name, 0)], ":", entry.Type, entry.Ino != 0))
				at += int(entry.Reclen)
			}
		}
		sort.Strings(names)
		all = append(all, fmt.Sprint(names))
		syscall.Seek(fd, 0, 0)
		fd, duplicate = duplicate, fd
	}
	if all[0] != all[1] || all[0] != all[2] {
		return fmt.Sprint("they differ: ", all)
	}
	return all[0]
}
