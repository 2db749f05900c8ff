package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"
)

func programs() {
	os.Setenv("PATH", in("bin")+":"+in("empty"))
	os.Setenv("GREETING", "hello")
	fmt.Println(exec.LookPath("tool"))
	fmt.Println(exec.LookPath("no-tool"))
	fmt.Println(exec.LookPath("plain"))
	run := func(name string, args ...string) {
		command := exec.Command(name, args...)
		command.Stdin = strings.NewReader("typed")
		command.Env = append(os.Environ(), "GREETING=hi")
		out, err := command.CombinedOutput()
		fmt.Printf("== %s %v\n%s%v\n", name, args, out, err)
	}
	run("tool")
	run(in("bin/tool"), "x", "exit")
	run(in("bin/link"), "as-tool")
	os.Chdir(in("bin"))
	run("./tool")
	os.Chdir(home)
	run(in("bin/script"), "a", "b")
	run(in("bin/nested"), "c")
	for _, name := range []string{"bin/plain", "bin/missing", "bin", "bin/empty", "bin/text", "bin/noint", "bin/loop", "bin/self", "config/app.conf/x"} {
		fmt.Println(name, syscall.Exec(in(name), []string{name}, nil))
	}
	attr := &syscall.ProcAttr{Dir: in("bin"), Env: []string{"GREETING=bare"}, Files: []uintptr{0, 1, 2}}
	pid, err := syscall.ForkExec("./tool", []string{"tool", "given"}, attr)
	if err != nil {
		fmt.Println(err)
	} else {
		var status syscall.WaitStatus
		_, err = syscall.Wait4(pid, &status, 0, nil)
		fmt.Println(status.ExitStatus(), err)
	}
	file, err := os.Open(in("bin/tool"))
	if err != nil {
		fmt.Println(err)
		return
	}
	// execveat of the open file, in this very process: the last thing it does.
	path, _ := syscall.BytePtrFromString("")
	argv, _ := syscall.SlicePtrFromStrings([]string{"tool", in("config/app.conf")})
	envp, _ := syscall.SlicePtrFromStrings([]string{"GREETING=at"})
	_, _, errno := syscall.RawSyscall6(322, file.Fd(), uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envp[0])), 0x1000, 0)
	fmt.Println("execveat", errno)
}
