package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

func links() {
	file, err := os.OpenFile(in("data/file"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		fmt.Println(err)
		return
	}
	file.WriteString("some text")
	name := fmt.Sprintf("/proc/self/fd/%d", file.Fd())
	text, err := os.ReadFile(name)
	fmt.Printf("%q %v\n", text, err)
	info, err := os.Stat(name)
	fmt.Println(info.Size(), info.Mode(), err)
	fmt.Println(os.Chmod(name, 0o600), os.Truncate(name, 4))
	info, _ = file.Stat()
	fmt.Println(info.Size(), info.Mode())
	again, err := os.OpenFile(fmt.Sprintf("/dev/fd/%d", file.Fd()), os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		fmt.Fprint(again, "more")
		fmt.Println(again.Close())
	} else {
		fmt.Println(err)
	}
	text, err = os.ReadFile(in("data/file"))
	fmt.Printf("%q %v\n", text, err)
	link, err := os.Readlink(name)
	fmt.Println(link, err)
	folder, err := os.Open(in("config"))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err = os.ReadFile(fmt.Sprintf("/proc/self/fd/%d/app.conf", folder.Fd()))
	fmt.Println(len(text), err)
	text, err = os.ReadFile("/proc/self/cwd/config/app.conf")
	fmt.Println(len(text), err)
	entries, err := os.ReadDir("/proc/self/cwd")
	fmt.Println(len(entries) > 3, err)
	cwd, err := os.Readlink("/proc/self/cwd")
	fmt.Println(cwd, err)

	// A file without a name gets one.
	const tmpfile = 0o20000000 | syscall.O_DIRECTORY
	for _, flags := range []uintptr{0x400, 0x1000} {
		nameless, err := syscall.Open(in("data"), tmpfile|syscall.O_RDWR, 0o640)
		if err != nil {
			fmt.Println(err)
			return
		}
		syscall.Write(nameless, []byte("nameless"))
		to := in(fmt.Sprintf("data/named%d", flags))
		old := fmt.Sprintf("/proc/self/fd/%d", nameless)
		dir := -100
		if flags == 0x1000 {
			old, dir = "", nameless
		}
		fmt.Println("linkat", linkat(dir, old, to, flags))
		text, err = os.ReadFile(to)
		fmt.Printf("%q %v\n", text, err)
		syscall.Close(nameless)
	}
	fmt.Println("linkat", linkat(-100, in("data/nothing"), in("data/other"), 0))

	// AT_EMPTY_PATH
	empty, _ := syscall.BytePtrFromString("")
	var stat syscall.Stat_t
	_, _, errno := syscall.Syscall6(262, file.Fd(), uintptr(unsafe.Pointer(empty)), uintptr(unsafe.Pointer(&stat)), 0x1000, 0, 0)
	fmt.Println(errno, stat.Size, stat.Mode)
	_, _, errno = syscall.Syscall6(260, file.Fd(), uintptr(unsafe.Pointer(empty)), uintptr(os.Getuid()), uintptr(os.Getgid()), 0x1000, 0)
	fmt.Println(errno)
	_, _, errno = syscall.Syscall6(439, file.Fd(), uintptr(unsafe.Pointer(empty)), 4, 0x1000, 0, 0)
	fmt.Println(errno)
	_, _, errno = syscall.Syscall6(452, file.Fd(), uintptr(unsafe.Pointer(empty)), 0o644, 0x1000, 0, 0)
	fmt.Println(errno)
	info, _ = file.Stat()
	fmt.Println(info.Mode())

	// Names of any bytes, and of any length.
	odd := in("data/odd\xff\xfename")
	fmt.Println(os.WriteFile(odd, []byte("odd"), 0o644))
	fmt.Println(os.Symlink("to\xfeodd", in("data/odd\xff-link")))
	to, err := os.Readlink(in("data/odd\xff-link"))
	fmt.Printf("%q %v\n", to, err)
	text, err = os.ReadFile(odd)
	fmt.Printf("%q %v\n", text, err)
	os.Chdir(in("data"))
	relative, err := os.Create("relative")
	link, _ = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", relative.Fd()))
	fmt.Println(link, err, relative.Close(), os.Remove("relative"))
	text, err = os.ReadFile("odd\xff\xfename")
	fmt.Printf("%q %v\n", text, err)
	os.Chdir(home)
	entries, _ = os.ReadDir(in("data"))
	for _, entry := range entries {
		fmt.Printf("%q\n", entry.Name())
	}
	fmt.Println(os.Rename(odd, in("data/odd\xfd")), os.Remove(in("data/odd\xfd")))
	for _, length := range []int{255, 256} {
		long := in("data/" + strings.Repeat("n", length))
		err := os.WriteFile(long, []byte("long"), 0o644)
		fmt.Println(err == nil, err != nil && strings.Contains(err.Error(), "too long"))
		os.Remove(long)
	}
	for _, length := range []int{4095, 4096} {
		_, err := os.Stat(home + strings.Repeat("/", length-len(home)-len("config")) + "config")
		fmt.Println(err == nil, err != nil && strings.Contains(err.Error(), "too long"))
	}
	old := syscall.Umask(0o077)
	os.WriteFile(in("data/private"), nil, 0o666)
	os.Mkdir(in("data/secret"), 0o777)
	syscall.Umask(old)
	for _, name := range []string{"private", "secret"} {
		info, _ := os.Stat(in("data/" + name))
		fmt.Println(info.Mode())
	}
	buffer := make([]byte, 100)
	n, err := syscall.Getxattr(in("data/private"), "security.capability", buffer)
	fmt.Println(n, err)
	fmt.Println(syscall.Setxattr(in("data/private"), "user.mine", []byte("yes"), 0))
	n, err = syscall.Getxattr(in("data/private"), "user.mine", buffer)
	fmt.Printf("%q %v\n", buffer[:max(n, 0)], err)
}

func linkat(dir int, old, to string, flags uintptr) error {
	from, _ := syscall.BytePtrFromString(old)
	into, _ := syscall.BytePtrFromString(to)
	at := -100
	_, _, errno := syscall.Syscall6(265, uintptr(dir), uintptr(unsafe.Pointer(from)), uintptr(at), uintptr(unsafe.Pointer(into)), flags, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
