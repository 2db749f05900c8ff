// replayed does what its first argument says, and prints all that it gets: what a recording has to bring back.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

var programs = map[string]func([]string){
	"files": files, "read": readAll, "write": write, "temporary": temporary, "stdin": stdin, "random": random,
	"get": get, "parallel": parallel, "serve": serve, "lookup": lookup, "datagrams": datagrams, "greet": greet,
	"unix": unixClient, "start": start, "changed": changed,
}

func main() { programs[os.Args[1]](os.Args[2:]) }

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
	}
}

// files looks at a folder in every way, works in it, and leaves it changed.
func files(args []string) {
	check(os.Chdir(args[0]))
	where, err := os.Getwd()
	fmt.Println("in", where, err)
	list, err := os.ReadDir(".")
	check(err)
	for _, entry := range list {
		info, err := entry.Info()
		check(err)
		stat := info.Sys().(*syscall.Stat_t)
		fmt.Println(info.Name(), info.Mode(), info.ModTime().UnixNano(), stat.Ino, stat.Dev, stat.Nlink, stat.Size)
	}
	for _, name := range []string{"a.txt", "link", "sub/../sub/b.txt", where + "/absolute", "missing", "sub/missing/x", "a.txt/x", "loop"} {
		content, err := os.ReadFile(name)
		fmt.Printf("%s: %q %v\n", name, content, err)
	}
	target, err := os.Readlink("link")
	fmt.Println("link to", target, err)
	file, err := os.Open("sub/b.txt")
	check(err)
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	fmt.Println("open:", path, err)
	info, err := file.Stat()
	check(err)
	fmt.Println(info.ModTime().UnixNano(), info.Sys().(*syscall.Stat_t).Ino)
	mapped, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	fmt.Printf("mapped %q %v\n", mapped, err)
	check(os.WriteFile("new.txt", []byte("new"), 0o640))
	appended, err := os.OpenFile("a.txt", os.O_APPEND|os.O_WRONLY, 0)
	check(err)
	fmt.Fprint(appended, " and more")
	appended.Close()
	check(os.Rename("sub", "renamed"))
	check(os.Remove("renamed/c.txt"))
	check(os.Symlink("new.txt", "another"))
	for _, name := range []string{"a.txt", "another", "renamed/b.txt", "renamed/c.txt", "sub/b.txt"} {
		content, err := os.ReadFile(name)
		fmt.Printf("%s: %q %v\n", name, content, err)
	}
	if info, err := os.Stat("new.txt"); err == nil {
		fmt.Println(info.Mode(), info.Size())
	}
}

func readAll(args []string) {
	for _, name := range args {
		content, err := os.ReadFile(name)
		fmt.Printf("%s: %q %v\n", name, content, err)
	}
}

func write(args []string) {
	check(os.WriteFile(args[0], []byte(strings.Join(args[1:], " ")), 0o644))
}

// temporary leaves a file whose name is another one in every run.
func temporary(args []string) {
	file, err := os.CreateTemp(args[0], "temporary-*.txt")
	check(err)
	fmt.Fprint(file, args[1])
	file.Close()
}

func stdin([]string) {
	info, err := os.Stdin.Stat()
	fmt.Println(info.Mode(), err)
	content, err := io.ReadAll(os.Stdin)
	fmt.Printf("%q %v\n", content, err)
}

// random asks the kernel for so many bytes each time; not the vDSO, as crypto/rand does.
func random(args []string) {
	for _, arg := range args {
		length, _ := strconv.Atoi(arg)
		bytes := make([]byte, length)
		count, _, errno := syscall.Syscall(318, uintptr(unsafe.Pointer(&bytes[0])), uintptr(length), 0)
		fmt.Printf("%x %d %d\n", bytes, count, errno)
	}
}

// start runs programs, one after the other.
func start(args []string) {
	for _, command := range args {
		words := strings.Fields(command)
		output, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		fmt.Printf("%s: %s%v\n", words[0], output, err)
	}
}

// changed reads a file before and after somebody else has changed it.
func changed(args []string) {
	for i := 0; i < 3; i++ {
		content, err := os.ReadFile(args[0])
		fmt.Printf("%q %v\n", content, err)
		os.Stdin.Read(make([]byte, 1))
	}
}
