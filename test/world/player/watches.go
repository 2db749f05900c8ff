package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

// watcher is an inotify instance. A directory of its own, that nobody else uses, tells when all has been said: events
// come in the order of what they tell.
type watcher struct {
	fd      int
	own     string
	marks   int
	cookies map[uint32]int
}

const (
	// Beyond the descriptors that sequences open.
	watching    = 90
	eventHeader = 16
	patienceMs  = 20_000
)

func init() {
	calls["watch"] = func(p *player, c Call) string {
		if p.watcher == nil {
			p.watcher = startWatching(filepath.Dir(p.folder) + p.ownName)
		}
		r, _, errno := syscall.Syscall(syscall.SYS_INOTIFY_ADD_WATCH, watching, p.path(c.Path), uintptr(c.Flags))
		return result(r, errno)
	}
	calls["unwatch"] = func(_ *player, c Call) string {
		// The first is our own.
		r, _, errno := syscall.Syscall(syscall.SYS_INOTIFY_RM_WATCH, watching, uintptr(c.FD+2), 0)
		return result(r, errno)
	}
	calls["events"] = func(p *player, _ Call) string {
		if p.watcher == nil {
			return "nobody watches"
		}
		return p.watcher.events()
	}
}

func startWatching(own string) *watcher {
	must(syscall.Mkdir(own, 0o755))
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	must(err)
	_, _, errno := syscall.Syscall(syscall.SYS_DUP3, uintptr(fd), watching, syscall.O_CLOEXEC)
	if errno != 0 {
		panic(errno)
	}
	must(syscall.Close(fd))
	first, err := syscall.InotifyAddWatch(watching, own, syscall.IN_CREATE)
	must(err)
	if first != 1 {
		panic("watches are not numbered from 1")
	}
	return &watcher{fd: watching, own: own, cookies: map[uint32]int{}}
}

// events are all that have happened.
func (w *watcher) events() string {
	w.marks++
	mark := fmt.Sprint(w.marks)
	must(syscall.Mkdir(w.own+"/"+mark, 0o755))
	said := []string{}
	buffer := make([]byte, 1<<16)
	for {
		n, err := syscall.Read(w.fd, buffer)
		if err == syscall.EAGAIN {
			poll := struct {
				fd              int32
				events, revents int16
			}{fd: int32(w.fd), events: 1}
			if r, _, errno := syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&poll)), 1, patienceMs); r == 0 && errno == 0 {
				return strings.Join(append(said, "and nothing more comes"), " ")
			}
			continue
		}
		if err == syscall.EINTR {
			continue
		}
		must(err)
		for at := 0; at < n; {
			wd := int32(binary.LittleEndian.Uint32(buffer[at:]))
			mask := binary.LittleEndian.Uint32(buffer[at+4:])
			cookie := binary.LittleEndian.Uint32(buffer[at+8:])
			length := int(binary.LittleEndian.Uint32(buffer[at+12:]))
			text, _, _ := bytes.Cut(buffer[at+eventHeader:at+eventHeader+length], []byte{0})
			at += eventHeader + length
			if wd == 1 && string(text) == mark {
				return strings.Join(said, " ")
			}
			said = append(said, fmt.Sprintf("%d:%x:%d:%q", wd, mask, w.number(cookie), text))
		}
	}
}

// number of the renames that have happened: cookies are the kernel's.
func (w *watcher) number(cookie uint32) int {
	if cookie == 0 {
		return 0
	}
	if _, ok := w.cookies[cookie]; !ok {
		w.cookies[cookie] = len(w.cookies) + 1
	}
	return w.cookies[cookie]
}

func (w *watcher) end() { must(syscall.Close(w.fd)) }
