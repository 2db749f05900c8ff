package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The threads of work of one process.
const (
	PARCELS = 2
	FLOWS   = 2
)

// load works until standard input ends, and then prints what it has left in the folder.
func load(folder string, port, count, seed int) {
	office := &office{kinds: map[string]*kind{}, errors: map[string]int{}, kept: map[string]bool{}}
	var children sync.WaitGroup
	var inputs []io.Closer
	for child := range count {
		process := exec.Command(os.Args[0], "load", folder, fmt.Sprint(port), "0", fmt.Sprint(seed+1+child))
		process.Stdout, process.Stderr = os.Stdout, os.Stderr
		stdin, err := process.StdinPipe()
		check(err)
		check(process.Start())
		inputs = append(inputs, stdin)
		children.Add(1)
		go func() {
			process.Wait()
			children.Done()
		}()
	}
	office.seed = seed
	for each := range PARCELS {
		office.work("parcels", seed*100+each, func(w *worker) { parcels(w, folder) })
	}
	office.work("rewriting", seed*100+50, func(w *worker) { rewriting(w, folder) })
	for each := range FLOWS {
		office.work("flows", seed*100+60+each, func(w *worker) { flows(w, port) })
	}
	office.work("datagrams", seed*100+70, func(w *worker) { datagrams(w, port) })
	go func() {
		for {
			time.Sleep(250 * time.Millisecond)
			office.print(false)
		}
	}()
	untilEnd()
	office.isOver.Store(true)
	office.all.Wait()
	for _, input := range inputs {
		input.Close()
	}
	children.Wait()
	office.print(true)
}

// office is what all workers know together.
type office struct {
	seed    int
	all     sync.WaitGroup
	isOver  atomic.Bool
	lock    sync.Mutex
	workers []*worker
	kinds   map[string]*kind
	errors  map[string]int
	wrong   []string
	kept    map[string]bool
}

// kind is what has become of all work of one kind.
type kind struct {
	Done      int
	LongestMs int64
}

type worker struct {
	*office
	kind   string
	name   int
	random *rand.Rand
	doing  string
	since  time.Time
}

func (o *office) work(name string, number int, run func(*worker)) {
	w := &worker{office: o, kind: name, name: number, random: rand.New(rand.NewSource(int64(number)))}
	o.workers = append(o.workers, w)
	o.kinds[name] = &kind{}
	o.all.Add(1)
	go func() {
		defer o.all.Done()
		run(w)
	}()
}

// do makes one call, and notes how long it took and how it failed.
func (w *worker) do(doing string, call func() error) error {
	w.lock.Lock()
	w.doing, w.since = doing, time.Now()
	w.lock.Unlock()
	err := call()
	w.lock.Lock()
	defer w.lock.Unlock()
	took := time.Since(w.since).Milliseconds()
	w.doing = ""
	kind := w.kinds[w.kind]
	kind.LongestMs = max(kind.LongestMs, took)
	if err == nil {
		kind.Done++
	} else {
		w.errors[w.kind+" "+doing+" "+nameOf(err)]++
	}
	return err
}

func (w *worker) found(wrong string, args ...any) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if len(w.wrong) < 20 {
		w.wrong = append(w.wrong, fmt.Sprintf("%s %d: ", w.kind, w.name)+fmt.Sprintf(wrong, args...))
	}
}

func nameOf(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return fmt.Sprint(int(errno))
	}
	return err.Error()
}

func (o *office) print(isLast bool) {
	o.lock.Lock()
	defer o.lock.Unlock()
	waiting := map[string]int64{}
	for _, w := range o.workers {
		if w.doing != "" {
			name := w.kind + " " + w.doing
			waiting[name] = max(waiting[name], time.Since(w.since).Milliseconds())
		}
	}
	var kept []string
	if isLast {
		for name := range o.kept {
			kept = append(kept, name)
		}
	}
	line, _ := json.Marshal(map[string]any{
		"seed": o.seed, "kinds": o.kinds, "errors": o.errors, "wrong": o.wrong,
		"waiting": waiting, "kept": kept, "isLast": isLast,
	})
	fmt.Printf("%s\n", line)
}

func (w *worker) pause() { time.Sleep(time.Duration(w.random.Intn(20)) * time.Millisecond) }

func (w *worker) bytes(most int) []byte {
	bytes := make([]byte, 1+w.random.Intn(most))
	w.random.Read(bytes)
	return bytes
}
