// Player makes the file calls that standard input lists and prints the result of each, so that two worlds can be
// compared. Every call is made as it is: raw, with whatever arguments were drawn.
//
// Standard input is one sequence per line, {"folder": "/srv/1", "calls": [...]}; each is played in a folder of its own
// and answered by a line with the results. Calls that say so are made by a child that has the same descriptors.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
)

// Call is a system call and its arguments; those that it does not take are not looked at.
type Call struct {
	Name string `json:"name"`
	// Slots of descriptors; -1 is AT_FDCWD where a directory is meant.
	FD  int `json:"fd"`
	Dir int `json:"dir"`
	To  int `json:"to"`
	// "%" is the sequence's folder.
	Path   string `json:"path"`
	Second string `json:"second"`
	Flags  int    `json:"flags"`
	Mode   int    `json:"mode"`
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Child  bool   `json:"child"`
}

type sequence struct {
	Folder string `json:"folder"`
	Calls  []Call `json:"calls"`
}

const slots = 5

// player is what one sequence has: descriptors, and numbers in the place of inodes.
type player struct {
	folder  string
	fds     [slots]int
	inodes  map[uint64]int
	child   *child
	maps    [mappings]mapping
	watcher *watcher
	ownName string
	// Whether the sequence makes named pipes.
	makesPipes bool
}

func main() {
	// chdir and umask are the process's, locks are its own: one thread makes all calls.
	runtime.LockOSThread()
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "child":
			serve()
		case "start":
			startOther(os.Args[2])
		default:
			say()
		}
		return
	}
	// The runtime opens descriptors of its own when it first waits for one: now, not between ours.
	r, w, err := os.Pipe()
	must(err)
	must(r.Close())
	must(w.Close())
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		var s sequence
		must(json.Unmarshal(line, &s))
		must(out.Encode(play(s)))
	}
}

func newPlayer(folder string) *player {
	p := &player{folder: folder, ownName: "/s", inodes: map[uint64]int{}}
	for i := range p.fds {
		p.fds[i] = -1
	}
	return p
}

func play(s sequence) []string {
	must(os.MkdirAll(s.Folder, 0o755))
	must(syscall.Chdir(s.Folder))
	syscall.Umask(0o022)
	p := newPlayer(s.Folder)
	p.makesPipes = slices.ContainsFunc(s.Calls, func(c Call) bool { return c.Name == "mknodat" })
	results := make([]string, 0, len(s.Calls)+1)
	for _, call := range s.Calls {
		results = append(results, p.make(call))
	}
	if p.child != nil {
		results = append(results, "child "+p.child.end())
	}
	last := ""
	for i := range p.maps {
		last += p.unmap(i)
	}
	if p.watcher != nil {
		p.watcher.end()
	}
	for i := range p.fds {
		last += p.release(i) + " "
	}
	must(syscall.Chdir("/"))
	return append(results, last)
}

func (p *player) make(call Call) string {
	if call.Name == "spawn" {
		return p.spawn()
	}
	if call.Child && p.child != nil {
		return p.child.make(call)
	}
	if p.movesBytesOfPipe(call) {
		return aPipe
	}
	known, ok := calls[call.Name]
	if !ok {
		return "no such call"
	}
	return known(p, call)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// result is what a call gives: a number, or the name of its error.
func result(value uintptr, errno syscall.Errno) string {
	if errno != 0 {
		return name(errno)
	}
	return fmt.Sprint(int64(value))
}
