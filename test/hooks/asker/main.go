// asker makes system calls as it is told and prints their errors, so that a test can hold what it believes of a
// call against the kernel.
//
//	asker FOLDER CALLS
//
// FOLDER becomes its working directory, FOLDER/at is descriptor 20, a link in it 21, an inotify instance 22, a
// fanotify one 23. A call is JSON: a number, then arguments: numbers, strings, and null for 4096 bytes of which the first is 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "asker:", err)
		os.Exit(1)
	}
}

func main() {
	text, err := os.ReadFile(os.Args[2])
	check(err)
	var calls [][]any
	check(json.Unmarshal(text, &calls))
	check(os.Chdir(os.Args[1]))
	check(os.Mkdir("at", 0o755))
	restore()
	for number, flags := range map[int]int{20: 0x200000, 21: 0x220000} {
		opened, err := syscall.Open(map[int]string{20: "at", 21: "at/link"}[number], flags, 0)
		check(err)
		check(syscall.Dup3(opened, number, 0))
	}
	inotify, err := syscall.InotifyInit1(0)
	check(err)
	check(syscall.Dup3(inotify, 22, 0))
	if fanotify, _, errno := syscall.Syscall(syscall.SYS_FANOTIFY_INIT, 0, 0, 0); errno == 0 {
		check(syscall.Dup3(int(fanotify), 23, 0))
	}
	errors := []int{}
	for _, call := range calls {
		restore()
		errors = append(errors, make1(call))
	}
	check(json.NewEncoder(os.Stdout).Encode(errors))
}

// restore makes here and in at/ what a call may have changed: a link to nowhere, a file, a directory.
func restore() {
	for _, folder := range []string{"", "at/"} {
		for _, name := range []string{"missing", "fresh", "link", "file", "dir"} {
			os.RemoveAll(folder + name)
		}
		check(os.Symlink("missing", folder+"link"))
		check(os.Mkdir(folder+"dir", 0o755))
		// Each place has a file that the other has not.
		check(os.WriteFile(folder+map[string]string{"": "here", "at/": "there"}[folder], nil, 0o644))
	}
}

func make1(call []any) int {
	registers := [7]uintptr{}
	memory := [7][]byte{}
	for i, value := range call {
		switch value := value.(type) {
		case float64:
			registers[i] = uintptr(int64(value))
		case string:
			memory[i] = append([]byte(value), 0)
		case nil:
			memory[i] = make([]byte, 4096)
			memory[i][0] = 1
		}
		if memory[i] != nil {
			registers[i] = uintptr(unsafe.Pointer(&memory[i][0]))
		}
	}
	result, _, errno := syscall.Syscall6(registers[0], registers[1], registers[2], registers[3], registers[4], registers[5], registers[6])
	if errno == 0 && int(result) > 23 {
		syscall.Close(int(result))
	}
	return int(errno)
}
