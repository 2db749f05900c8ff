// Command roundtrip measures getpgid(0) as a Go program sees it, and prints one line of JSON.
//
// getpgid because nothing else calls it: who answers it with 4242 can be told from who does
// not, and natively it is about the cheapest call there is. syscall.Getpgid makes it by
// RawSyscall, so no scheduler is in the way. With -read it is one byte from /dev/zero, likewise.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type result struct {
	Value     int     `json:"value"`     // what getpgid returned last
	P50       float64 `json:"p50"`       // nanoseconds, each call timed by itself
	P90       float64 `json:"p90"`       //
	P99       float64 `json:"p99"`       //
	PerCall   float64 `json:"perCall"`   // nanoseconds, median of batches that are timed as a whole
	PerSecond float64 `json:"perSecond"` // calls, all goroutines together
}

const batch = 1000

// call is what is measured.
var call = func() { syscall.Getpgid(0) }
var oneByte [1]byte

func main() {
	calls := flag.Int("calls", 20000, "timed calls, in all goroutines together")
	gap := flag.Duration("gap", 0, "quiet before each timed call")
	goroutines := flag.Int("goroutines", 1, "how many ask at once")
	sleep := flag.Duration("sleep", 0, "measure nothing, sleep")
	tame := flag.Bool("tame", false, "one thread, a grown stack, no garbage collection")
	read := flag.Bool("read", false, "read a byte instead")
	file := flag.String("file", "", "measure opening, and opening, reading and closing, this file instead")
	flag.Parse()

	if *read {
		zero, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0)
		if err != nil {
			os.Exit(1)
		}
		call = func() { syscall.RawSyscall(syscall.SYS_READ, uintptr(zero), uintptr(unsafe.Pointer(&oneByte)), 1) }
	}
	if *sleep > 0 {
		time.Sleep(*sleep)
		return
	}
	if *tame {
		runtime.LockOSThread()
		debug.SetGCPercent(-1)
		grow(64)
	}
	if *file != "" {
		opening, all := files(*file, *calls)
		line, _ := json.Marshal([]result{opening, all})
		fmt.Println(string(line))
		return
	}
	var r result
	if *goroutines > 1 {
		r = together(*goroutines, *calls)
	} else {
		r = alone(*calls, *gap)
	}
	r.Value, _ = syscall.Getpgid(0)
	line, _ := json.Marshal(r)
	fmt.Println(string(line))
	if r.Value < 0 {
		os.Exit(1)
	}
}

func alone(calls int, gap time.Duration) result {
	times := make([]float64, calls)
	if gap == 0 {
		for i := 0; i < calls/10; i++ { // warm
			call()
		}
	}
	for i := range times {
		if gap > 0 {
			time.Sleep(gap)
		}
		start := time.Now()
		call()
		times[i] = float64(time.Since(start))
	}
	r := result{P50: quantile(times, 0.50), P90: quantile(times, 0.90), P99: quantile(times, 0.99)}
	if gap > 0 {
		return r
	}
	batches := make([]float64, (calls+batch-1)/batch)
	for b := range batches {
		start := time.Now()
		for i := 0; i < batch; i++ {
			call()
		}
		batches[b] = float64(time.Since(start)) / batch
	}
	r.PerCall = quantile(batches, 0.50)
	r.PerSecond = 1e9 / r.PerCall
	return r
}

func together(goroutines, calls int) result {
	var group sync.WaitGroup
	start := time.Now()
	for g := 0; g < goroutines; g++ {
		group.Add(1)
		go func() {
			for i := 0; i < calls/goroutines; i++ {
				call()
			}
			group.Done()
		}()
	}
	group.Wait()
	perCall := float64(time.Since(start)) / float64(calls/goroutines*goroutines)
	return result{PerCall: perCall, PerSecond: 1e9 / perCall}
}

// quantile sorts its argument.
func quantile(values []float64, q float64) float64 {
	sort.Float64s(values)
	return values[int(float64(len(values)-1)*q)]
}

//go:noinline
func grow(depth int) byte {
	var page [1024]byte
	page[depth] = byte(depth)
	if depth == 0 {
		return page[0]
	}
	return grow(depth-1) + page[depth]
}
