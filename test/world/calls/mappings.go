package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

const shared = syscall.MAP_SHARED

func mappings() {
	path := in("data/mapped")
	if len(os.Args) > 3 {
		other(path)
		return
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.Truncate(100_000))
	data, err := syscall.Mmap(int(file.Fd()), 0, 100_000, syscall.PROT_READ|syscall.PROT_WRITE, shared)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(data[5000:], "stored")
	copy(data[70_000:], "behind")
	text := make([]byte, 6)
	n, err := file.ReadAt(text, 5000)
	fmt.Printf("read %q %v\n", text[:n], err)
	fmt.Println(file.WriteAt([]byte("written"), 6000))
	fmt.Printf("seen %q\n", data[6000:6007])
	whole, err := os.ReadFile(path)
	fmt.Println(len(whole), sum(whole), err)
	data[1] = 1
	out, err := exec.Command("/proc/self/exe", "mappings", home, "other").CombinedOutput()
	fmt.Printf("%s%v\n", out, err)
	fmt.Printf("child's %q\n", data[90_000:90_005])
	fmt.Println(file.Truncate(200_000))
	more, err := syscall.Mmap(int(file.Fd()), 131_072, 65_536, syscall.PROT_READ|syscall.PROT_WRITE, shared)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(more, "more")
	fmt.Println(syscall.Munmap(more))
	fmt.Println(file.Close())
	copy(data[80_000:], "after close")
	fmt.Println(syscall.Munmap(data))
	whole, err = os.ReadFile(path)
	fmt.Println(len(whole), sum(whole), err)

	only, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = syscall.Mmap(int(only.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, shared)
	fmt.Println("reading", err)
	data, err = syscall.Mmap(int(only.Fd()), 4096, 4096, syscall.PROT_READ, shared)
	fmt.Printf("%q %v\n", data[5000-4096:5006-4096], err)
	wo, _ := os.OpenFile(path, os.O_WRONLY, 0)
	_, err = syscall.Mmap(int(wo.Fd()), 0, 4096, syscall.PROT_READ, shared)
	fmt.Println("writing", err)
	// What is stored last is there when the program has ended.
	file, _ = os.OpenFile(path, os.O_RDWR, 0)
	data, err = syscall.Mmap(int(file.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, shared)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(data[100:], "at the end")
}

func other(path string) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, 100_000, syscall.PROT_READ|syscall.PROT_WRITE, shared)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("parent's %q %d\n", data[5000:5006], data[1])
	copy(data[90_000:], "child")
}
