package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
)

const sysExecveat = 322

func init() {
	calls["script"] = func(p *player, c Call) string {
		fd, _, errno := syscall.Syscall6(syscall.SYS_OPENAT, p.dir(-1), p.path(c.Path), syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC|syscall.O_NONBLOCK, 0o755, 0, 0)
		if errno != 0 {
			return name(errno)
		}
		text := []byte(strings.ReplaceAll(c.Second, "%", p.folder))
		r, _, errno := syscall.Syscall(syscall.SYS_WRITE, fd, address(text), uintptr(len(text)))
		said := result(r, errno)
		r, _, errno = syscall.Syscall(syscall.SYS_CLOSE, fd, 0, 0)
		return said + " " + result(r, errno)
	}
	calls["exec"] = func(p *player, c Call) string { return p.run(c) }
}

// run has a child of its own make the call: what is started says who it thinks it is.
func (p *player) run(c Call) string {
	if p.mayBeWriting() {
		return "somebody may be writing it"
	}
	var out [2]int
	must(syscall.Pipe2(out[:], syscall.O_CLOEXEC))
	files := []uintptr{^uintptr(0), uintptr(out[1]), 2}
	for _, fd := range p.fds {
		for fd >= len(files) {
			files = append(files, ^uintptr(0))
		}
		if fd > 2 {
			files[fd] = uintptr(fd)
		}
	}
	asked, err := json.Marshal(struct {
		start
		Call Call `json:"call"`
	}{start{Folder: p.folder, FDs: p.fds}, c})
	must(err)
	exe, err := os.Executable()
	must(err)
	pid, err := syscall.ForkExec(exe, []string{"player", "start", string(asked)}, &syscall.ProcAttr{Files: files, Env: os.Environ()})
	must(err)
	must(syscall.Close(out[1]))
	reading := os.NewFile(uintptr(out[0]), "out")
	said, err := io.ReadAll(reading)
	must(err)
	must(reading.Close())
	var status syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &status, 0, nil)
		if err != syscall.EINTR {
			break
		}
	}
	must(err)
	return fmt.Sprintf("%s %d %d", said, status.ExitStatus(), status.Signal())
}

// mayBeWriting: a program that is open for writing is ETXTBSY, which a target's is not (docs/special-files.md).
func (p *player) mayBeWriting() bool {
	for i := range p.fds {
		if p.fds[i] >= 0 && p.access(i) != syscall.O_RDONLY {
			return true
		}
	}
	return hadChild || p.maps != [mappings]mapping{}
}

// startOther is the child's life: it becomes another program, or says why not.
func startOther(text string) {
	var asked struct {
		start
		Call Call `json:"call"`
	}
	must(json.Unmarshal([]byte(text), &asked))
	p := newPlayer(asked.Folder)
	p.fds = asked.FDs
	c := asked.Call
	arguments, err := syscall.SlicePtrFromStrings([]string{"zero", "one", "two words"})
	must(err)
	environment, err := syscall.SlicePtrFromStrings([]string{"WHERE=there"})
	must(err)
	defer runtime.KeepAlive(environment)
	defer runtime.KeepAlive(arguments)
	_, _, errno := syscall.RawSyscall6(sysExecveat, p.dir(c.Dir), p.path(c.Path), slice(arguments), slice(environment), uintptr(c.Flags), 0)
	fmt.Print(name(errno))
}

// say is what a program of the target does.
func say() {
	directory, err := os.Getwd()
	fmt.Printf("%q in %q %v with %q", os.Args, directory, err, os.Environ())
}
