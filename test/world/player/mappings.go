package main

import (
	"fmt"
	"runtime/debug"
	"syscall"
	"unsafe"
)

// mapping is a piece of a file that is mapped to be shared, for as long as the sequence likes.
type mapping struct {
	at     uintptr
	length uintptr
}

const mappings = 2

func init() {
	// What lies behind the end of a file faults: SIGBUS is a result.
	debug.SetPanicOnFault(true)
	calls["map"] = func(p *player, c Call) string {
		freed := p.unmap(c.To)
		length := uintptr(min(max(c.Length, 1), 1<<16))
		at, _, errno := syscall.Syscall6(syscall.SYS_MMAP, 0, length, uintptr(c.Flags&3), syscall.MAP_SHARED, p.fd(c.FD), uintptr(c.Offset))
		if errno != 0 {
			return freed + name(errno)
		}
		p.maps[c.To%mappings] = mapping{at, length}
		return freed + "mapped"
	}
	calls["munmap"] = func(p *player, c Call) string { return p.unmap(c.To) }
	calls["msync"] = func(p *player, c Call) string {
		m := p.maps[c.To%mappings]
		r, _, errno := syscall.Syscall(syscall.SYS_MSYNC, m.at, m.length, uintptr(c.Flags))
		return result(r, errno)
	}
	calls["load"] = func(p *player, c Call) string {
		return p.touch(c, func(bytes []byte) string { return show(append([]byte{}, bytes...)) })
	}
	calls["store"] = func(p *player, c Call) string {
		return p.touch(c, func(bytes []byte) string { return fmt.Sprint(copy(bytes, pattern(c))) })
	}
}

// touch uses the bytes of a mapping that a call means. Where it cannot be touched the signal says why.
func (p *player) touch(c Call, use func([]byte) string) (said string) {
	m := p.maps[c.To%mappings]
	from := uintptr(max(c.Offset, 0))
	to := min(from+uintptr(max(c.Length, 0)), m.length)
	if m.at == 0 || from >= to {
		return "not mapped"
	}
	defer func() {
		if fault := recover(); fault != nil {
			said = "fault"
		}
	}()
	return use(unsafe.Slice((*byte)(unsafe.Pointer(m.at+from)), to-from))
}

func (p *player) unmap(which int) string {
	m := p.maps[which%mappings]
	if m.at == 0 {
		return "none "
	}
	p.maps[which%mappings] = mapping{}
	r, _, errno := syscall.Syscall(syscall.SYS_MUNMAP, m.at, m.length, 0)
	return "unmapped " + result(r, errno) + " "
}
