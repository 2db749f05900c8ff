package main

import (
	"bufio"
	"encoding/json"
	"os"
	"syscall"
)

// child is a process that was started with the descriptors as they were then.
type child struct {
	process *os.Process
	calls   *json.Encoder
	ask     *os.File
	results *bufio.Scanner
}

// Where a child has its pipes: beyond the descriptors that sequences open.
const (
	asked    = 100
	answered = 101
)

type start struct {
	Folder     string     `json:"folder"`
	FDs        [slots]int `json:"fds"`
	MakesPipes bool       `json:"makesPipes"`
}

func (p *player) spawn() string {
	if p.child != nil {
		return "is there"
	}
	hadChild = true
	var down, up [2]int
	must(syscall.Pipe2(down[:], syscall.O_CLOEXEC))
	must(syscall.Pipe2(up[:], syscall.O_CLOEXEC))
	files := make([]uintptr, answered+1)
	for i := range files {
		files[i] = ^uintptr(0)
	}
	files[2] = 2
	files[asked], files[answered] = uintptr(down[0]), uintptr(up[1])
	s := start{Folder: p.folder, FDs: p.fds, MakesPipes: p.makesPipes}
	for _, fd := range p.fds {
		if fd >= 0 {
			files[fd] = uintptr(fd)
		}
	}
	exe, err := os.Executable()
	must(err)
	pid, err := syscall.ForkExec(exe, []string{"player", "child"}, &syscall.ProcAttr{Files: files, Env: os.Environ()})
	must(err)
	must(syscall.Close(down[0]))
	must(syscall.Close(up[1]))
	process, err := os.FindProcess(pid)
	must(err)
	ask := os.NewFile(uintptr(down[1]), "ask")
	p.child = &child{process: process, calls: json.NewEncoder(ask), ask: ask}
	p.child.results = bufio.NewScanner(os.NewFile(uintptr(up[0]), "answer"))
	must(p.child.calls.Encode(s))
	return "started"
}

func (c *child) make(call Call) string {
	must(c.calls.Encode(call))
	if !c.results.Scan() {
		return "the child is gone"
	}
	return c.results.Text()
}

func (c *child) end() string {
	must(c.ask.Close())
	state, err := c.process.Wait()
	if err != nil {
		return err.Error()
	}
	return state.String()
}

// serve is a child's life: it makes the calls that it is told until nobody tells any.
func serve() {
	in := json.NewDecoder(os.NewFile(asked, "asked"))
	out := os.NewFile(answered, "answered")
	var s start
	must(in.Decode(&s))
	p := newPlayer(s.Folder)
	p.fds = s.FDs
	p.ownName = "/t"
	p.makesPipes = s.MakesPipes
	for {
		var call Call
		if in.Decode(&call) != nil {
			return
		}
		call.Child = false
		_, err := out.WriteString(p.make(call) + "\n")
		must(err)
	}
}
