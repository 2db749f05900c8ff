package main

import (
	"bytes"
	"fmt"
	"syscall"
	"unsafe"
)

const (
	aPipe     = "a named pipe"
	mostTalk  = 4096
	accessing = syscall.O_ACCMODE
)

// Where pipes without a name are.
var pipeFS = func() uint64 {
	var ends [2]int
	must(syscall.Pipe(ends[:]))
	var stat syscall.Stat_t
	must(syscall.Fstat(ends[0], &stat))
	must(syscall.Close(ends[0]))
	must(syscall.Close(ends[1]))
	return stat.Dev
}()

func init() {
	calls["mknodat"] = func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(syscall.SYS_MKNODAT, p.dir(c.Dir), p.path(c.Path), uintptr(c.Mode), 0, 0, 0)
		return result(r, errno)
	}
	// What one end says the other hears, however long it takes to get there.
	calls["converse"] = func(p *player, c Call) string {
		writer, reader := p.namedPipe(c.FD), p.namedPipe(c.To)
		if writer == nil || reader == nil || writer.Ino != reader.Ino || p.access(c.FD) == syscall.O_RDONLY || p.access(c.To) == syscall.O_WRONLY {
			return "no pipe"
		}
		c.Length = min(max(c.Length, 1), mostTalk)
		said := pattern(c)
		n, err := syscall.Write(int(p.fd(c.FD)), said)
		if err != nil {
			return err.Error()
		}
		heard := []byte{}
		for len(heard) < n {
			poll := struct {
				fd              int32
				events, revents int16
			}{fd: int32(p.fd(c.To)), events: 1}
			if r, _, errno := syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&poll)), 1, patienceMs); r == 0 && errno == 0 {
				return "silence"
			}
			room := make([]byte, n-len(heard))
			got, err := syscall.Read(int(p.fd(c.To)), room)
			if err == syscall.EAGAIN || err == syscall.EINTR {
				continue
			}
			if err != nil || got == 0 {
				return fmt.Sprint("heard ", got, err)
			}
			heard = append(heard, room[:got]...)
		}
		return fmt.Sprint(n, bytes.Equal(heard, said[:n]))
	}
}

// namedPipe is what fstat says of a slot that has one.
func (p *player) namedPipe(slot int) *syscall.Stat_t {
	var stat syscall.Stat_t
	if syscall.Fstat(int(p.fd(slot)), &stat) != nil || stat.Mode&syscall.S_IFMT != syscall.S_IFIFO || stat.Dev == pipeFS {
		return nil
	}
	return &stat
}

func (p *player) access(slot int) uintptr {
	flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, p.fd(slot), syscall.F_GETFL, 0)
	return flags & accessing
}

// opening is the flags to open something with: nobody waits for the other end of a pipe. Only sequences that make pipes
// look first whether there is one, for looking changes what is known of a file.
func (p *player) opening(c Call) uintptr {
	if !p.makesPipes {
		return uintptr(c.Flags)
	}
	var stat syscall.Stat_t
	_, _, errno := syscall.Syscall6(syscall.SYS_NEWFSTATAT, p.dir(c.Dir), p.path(c.Path), uintptr(unsafe.Pointer(&stat)), 0, 0, 0)
	if errno == 0 && stat.Mode&syscall.S_IFMT == syscall.S_IFIFO {
		return uintptr(c.Flags) | syscall.O_NONBLOCK
	}
	return uintptr(c.Flags)
}

// bytesOfPipes are calls that move a pipe's bytes: those of named pipes take their time, and converse waits for them.
var bytesOfPipes = map[string]bool{
	"read": true, "readv": true, "preadv2": true, "write": true, "writev": true, "pwritev2": true, "splice": true,
	"tee": true, "sendfile": true, "copy_file_range": true,
}

func (p *player) movesBytesOfPipe(c Call) bool {
	return p.makesPipes && bytesOfPipes[c.Name] && (p.namedPipe(c.FD) != nil || p.namedPipe(c.To) != nil)
}
