package main

import (
	"fmt"
	"syscall"
	"unsafe"
)

const (
	sysPreadv2      = 327
	sysPwritev2     = 328
	spliceNonBlock  = 2
	hasInputOffset  = 1
	hasOutputOffset = 2
)

// What moves bytes from one descriptor to another, and pipes to move them through: those never block.
func init() {
	calls["pipe"] = func(p *player, c Call) string {
		if c.FD == c.To {
			return "one slot"
		}
		closed := p.release(c.FD) + p.release(c.To)
		var ends [2]int32
		_, _, errno := syscall.Syscall(syscall.SYS_PIPE2, uintptr(unsafe.Pointer(&ends)), syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		return closed + p.keep(c.FD, uintptr(ends[0]), errno) + p.keep(c.To, uintptr(ends[1]), errno)
	}
	calls["splice"] = func(p *player, c Call) string {
		return p.transfer(c, func(in, out *int64) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(syscall.SYS_SPLICE, p.fd(c.FD), pointer(in), p.fd(c.To), pointer(out), uintptr(c.Length), uintptr(c.Flags|spliceNonBlock))
		})
	}
	calls["tee"] = func(p *player, c Call) string {
		r, _, errno := syscall.Syscall6(syscall.SYS_TEE, p.fd(c.FD), p.fd(c.To), uintptr(c.Length), spliceNonBlock, 0, 0)
		return result(r, errno)
	}
	calls["copy_file_range"] = func(p *player, c Call) string {
		return p.transfer(c, func(in, out *int64) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(sysCopyRange, p.fd(c.FD), pointer(in), p.fd(c.To), pointer(out), uintptr(c.Length), uintptr(c.Flags))
		})
	}
	calls["sendfile"] = func(p *player, c Call) string {
		return p.transfer(c, func(in, _ *int64) (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall6(syscall.SYS_SENDFILE, p.fd(c.To), p.fd(c.FD), pointer(in), uintptr(c.Length), 0, 0)
		})
	}
	calls["preadv2"] = func(p *player, c Call) string {
		return p.reading(c, func(at uintptr, n uintptr) (uintptr, uintptr, syscall.Errno) {
			parts := split(at, n)
			return syscall.Syscall6(sysPreadv2, p.fd(c.FD), uintptr(unsafe.Pointer(&parts)), 2, uintptr(c.Offset), 0, uintptr(c.Flags))
		})
	}
	calls["pwritev2"] = func(p *player, c Call) string {
		data := pattern(c)
		parts := split(address(data), uintptr(len(data)))
		r, _, errno := syscall.Syscall6(sysPwritev2, p.fd(c.FD), uintptr(unsafe.Pointer(&parts)), 2, uintptr(c.Offset), 0, uintptr(c.Flags))
		return result(r, errno)
	}
}

// transfer says how much was moved, and where offsets that were given stand afterwards.
func (p *player) transfer(c Call, call func(in, out *int64) (uintptr, uintptr, syscall.Errno)) string {
	from, to := c.Offset, c.Offset/2
	var in, out *int64
	if c.Mode&hasInputOffset != 0 {
		in = &from
	}
	if c.Mode&hasOutputOffset != 0 {
		out = &to
	}
	r, _, errno := call(in, out)
	return fmt.Sprintf("%s %d %d", result(r, errno), from, to)
}

func pointer(offset *int64) uintptr { return uintptr(unsafe.Pointer(offset)) }
