// probe makes calls in every situation in which a hook must still work, and says what it
// saw. getpgid is the call that the tests answer: 4242 is an answer, anything else came from
// the kernel.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const answer = 4242

func main() {
	probes := map[string]func([]string){
		"ask": ask, "stress": stress, "until-native": untilNative, "threads": threads,
		"setuid": setuid, "chroot": chroot, "unshare": unshare, "no-descriptors": noDescriptors,
		"seccomp": seccomp, "children": children, "blocked": blocked, "sleep": sleep, "die": die,
		"profile": profile, "restart": restart, "count": count, "odd": odd, "stuck": stuck,
	}
	if len(os.Args) < 2 || probes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "which probe?")
		os.Exit(2)
	}
	probes[os.Args[1]](os.Args[2:])
}

func number(args []string, index, fallback int) int {
	if index >= len(args) {
		return fallback
	}
	n, err := strconv.Atoi(args[index])
	check(err)
	return n
}

func check(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func answered() bool {
	group, err := syscall.Getpgid(0)
	return err == nil && group == answer
}

// expect asks a few times, close together and after some quiet.
func expect(what string) {
	for i := 0; i < 20; i++ {
		if !answered() {
			fmt.Println(what, "not answered")
			os.Exit(1)
		}
		if i%10 == 9 {
			time.Sleep(20 * time.Millisecond)
		}
	}
	fmt.Println(what, "answered")
}

func ask(args []string) {
	wrong := 0
	for i := 0; i < number(args, 0, 1); i++ {
		if !answered() {
			wrong++
		}
	}
	fmt.Println("wrong", wrong)
}

func deep(n int) int {
	var frame [64]byte
	frame[n%64] = 1
	if n == 0 {
		group, _ := syscall.Getpgid(0)
		return group
	}
	return deep(n-1) + int(frame[0])*0
}

// stress: 64 goroutines on shallow and deep stacks, forced collections, signals, children.
func stress(args []string) {
	end := time.Now().Add(time.Duration(number(args, 0, 5)) * time.Second)
	debug.SetGCPercent(20)
	var calls, wrong, execs, collections int64
	var all sync.WaitGroup
	for g := 0; g < 64; g++ {
		all.Add(1)
		go func(g int) {
			defer all.Done()
			for time.Now().Before(end) {
				garbage := make([][]byte, 50)
				for i := range garbage {
					garbage[i] = make([]byte, 200)
				}
				if deep(g*20) != answer {
					atomic.AddInt64(&wrong, 1)
				}
				if r, _, _ := syscall.Syscall(syscall.SYS_GETPGID, 0, 0, 0); int(r) != answer {
					atomic.AddInt64(&wrong, 1)
				}
				atomic.AddInt64(&calls, 2)
				runtime.KeepAlive(garbage)
			}
		}(g)
	}
	repeat := func(pause time.Duration, work func()) {
		all.Add(1)
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				work()
				time.Sleep(pause)
			}
		}()
	}
	repeat(2*time.Millisecond, func() { runtime.GC(); collections++ })
	repeat(time.Millisecond, func() { check(syscall.Kill(os.Getpid(), syscall.SIGWINCH)) })
	repeat(20*time.Millisecond, func() {
		out, err := exec.Command("/bin/echo", "hi").Output()
		if err != nil || string(out) != "hi\n" {
			atomic.AddInt64(&wrong, 1)
		}
		execs++
	})
	all.Wait()
	fmt.Printf("wrong %d calls %d collections %d execs %d\n", wrong, calls, collections, execs)
}

// until-native asks from several threads until the kernel answers, then tells how long the
// slowest call took: what a program feels when its supervisor dies.
func untilNative([]string) {
	fmt.Println("asking")
	var slowest int64
	var all sync.WaitGroup
	for g := 0; g < 8; g++ {
		all.Add(1)
		go func(pause time.Duration) {
			defer all.Done()
			for {
				start := time.Now()
				hooked := answered()
				if took := int64(time.Since(start)); took > atomic.LoadInt64(&slowest) {
					atomic.StoreInt64(&slowest, took)
				}
				if !hooked {
					return
				}
				time.Sleep(pause)
			}
		}(time.Duration(g) * time.Millisecond)
	}
	all.Wait()
	fmt.Println("native after", time.Duration(slowest).Milliseconds(), "ms")
}

// threads: n goroutines, each locked to a thread of its own, ask at the same time.
func threads(args []string) {
	n := number(args, 0, 100)
	debug.SetMaxThreads(n + 1000)
	var ready, all sync.WaitGroup
	var wrong int64
	ready.Add(n)
	all.Add(n)
	start := make(chan bool)
	for i := 0; i < n; i++ {
		go func() {
			defer all.Done()
			runtime.LockOSThread()
			ready.Done()
			<-start
			for k := 0; k < 5; k++ {
				if !answered() {
					atomic.AddInt64(&wrong, 1)
				}
			}
		}()
	}
	ready.Wait()
	close(start)
	all.Wait()
	fmt.Println("wrong", wrong)
}

func setuid([]string) {
	check(syscall.Setgid(65534))
	check(syscall.Setuid(65534))
	expect("after setuid")
}

func chroot([]string) {
	dir, err := os.MkdirTemp("", "probe")
	check(err)
	check(syscall.Chroot(dir))
	check(syscall.Chdir("/"))
	expect("after chroot")
}

func unshare([]string) {
	runtime.LockOSThread()
	check(syscall.Unshare(syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC))
	expect("after unshare")
}

func noDescriptors([]string) {
	time.Sleep(time.Millisecond) // the runtime opens its poller at the first sleep
	check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}))
	for {
		if _, err := syscall.Dup(1); err == syscall.EMFILE {
			break
		}
	}
	expect("without descriptors")
}

// seccomp allows what Go needs and getpgid, and kills for anything else.
func seccomp([]string) {
	type instruction struct {
		code   uint16
		jt, jf uint8
		k      uint32
	}
	allowed := []uint32{0, 1, 3, 9, 10, 11, 12, 13, 14, 15, 24, 28, 35, 39, 56, 60, 72, 96, 121, 131, 158, 186, 200, 202, 204, 228, 230, 231, 234, 257, 281, 291, 318, 334, 435, 222, 223, 226}
	time.Sleep(time.Millisecond)              // the runtime opens its poller at the first sleep
	program := []instruction{{0x20, 0, 0, 0}} // load the call number
	for _, call := range allowed {
		program = append(program, instruction{0x15, 0, 1, call}, instruction{0x06, 0, 0, 0x7fff0000})
	}
	program = append(program, instruction{0x06, 0, 0, 0x80000000}) // SECCOMP_RET_KILL_PROCESS
	filter := struct {
		length  uint16
		program *instruction
	}{uint16(len(program)), &program[0]}
	runtime.LockOSThread()
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, 38, 1, 0, 0, 0, 0); e != 0 {
		check(e)
	}
	const tsync = 1
	if _, _, e := syscall.RawSyscall(317, 1, tsync, pointer(&filter)); e != 0 {
		check(e)
	}
	expect("under seccomp")
}

// children starts n programs one after another: each is a vfork child that makes calls.
func children(args []string) {
	n, parallel := number(args, 0, 10), number(args, 1, 4)
	var wrong int64
	var all sync.WaitGroup
	work := make(chan bool)
	for p := 0; p < parallel; p++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for range work {
				if out, err := exec.Command("/bin/echo", "hi").Output(); err != nil || string(out) != "hi\n" || !answered() {
					atomic.AddInt64(&wrong, 1)
				}
			}
		}()
	}
	for i := 0; i < n; i++ {
		work <- true
	}
	close(work)
	all.Wait()
	fmt.Println("wrong", wrong)
}

// blocked: n threads block in read (asked for, when the test asks for read) until all of
// them do; then each gets a byte. With too few places to wait they would wait for ever.
func blocked(args []string) {
	n := number(args, 0, 100)
	debug.SetMaxThreads(n + 1000)
	var ends [2]int
	check(syscall.Pipe(ends[:]))
	var all sync.WaitGroup
	var entered int64
	for i := 0; i < n; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			atomic.AddInt64(&entered, 1)
			syscall.Read(ends[0], make([]byte, 1))
		}()
	}
	for atomic.LoadInt64(&entered) < int64(n) {
		time.Sleep(time.Millisecond)
	}
	for i := 0; i < n; i++ {
		_, err := syscall.Write(ends[1], []byte{1})
		check(err)
	}
	all.Wait()
	fmt.Println("all", n)
}

func sleep([]string) {
	answered()
	fmt.Println("asleep")
	time.Sleep(time.Hour)
}

func die(args []string) {
	signal := syscall.Signal(number(args, 0, int(syscall.SIGKILL)))
	fmt.Println("dying")
	check(syscall.Kill(os.Getpid(), signal))
	time.Sleep(10 * time.Second)
}

// restart: a read that a handled signal interrupts goes on (SA_RESTART) or gives EINTR, as
// it does natively; what it does is printed.
func restart([]string) {
	var ends [2]int
	check(syscall.Pipe(ends[:]))
	runtime.LockOSThread()
	thread := syscall.Gettid()
	go func() {
		for i := 0; i < 20; i++ {
			time.Sleep(5 * time.Millisecond)
			syscall.Tgkill(os.Getpid(), thread, syscall.SIGWINCH)
		}
		syscall.Write(ends[1], []byte("x"))
	}()
	n, err := syscall.Read(ends[0], make([]byte, 8))
	fmt.Println("read", n, err)
}
