package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime/pprof"
	"syscall"
	"time"
	"unsafe"
)

func pointer[T any](value *T) uintptr { return uintptr(unsafe.Pointer(value)) }

// profile writes a CPU profile of a program that spends its time in system calls to the file
// named first, for the number of seconds given second.
func profile(args []string) {
	var buffer bytes.Buffer
	check(pprof.StartCPUProfile(&buffer))
	end := time.Now().Add(time.Duration(number(args, 1, 2)) * time.Second)
	zero, err := os.Open("/dev/zero")
	check(err)
	block := make([]byte, 65536)
	for time.Now().Before(end) {
		for i := 0; i < 100; i++ {
			_, err := syscall.Read(int(zero.Fd()), block)
			check(err)
		}
	}
	pprof.StopCPUProfile()
	check(os.WriteFile(args[0], buffer.Bytes(), 0o600))
	fmt.Println("written")
}
