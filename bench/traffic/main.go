// Traffic does with connections what the benchmarks measure, and prints one line of JSON about it.
//
//	traffic serve                          listens on 127.0.0.1, prints its address, ends with standard input
//	traffic [flags] dial N                 N connections, each made and closed
//	traffic [flags] once N                 N connections, each made, asked one thing and closed
//	traffic [flags] ask N                  N requests of 64 bytes and their answers on one connection
//	traffic [flags] up BYTES               so many bytes to the server, until it has them all
//	traffic [flags] down BYTES             so many bytes from the server
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var (
	address = flag.String("address", "", "the server's, or what leads to it")
	proxy   = flag.String("socks", "", "a SOCKS5 proxy that leads to the server")
	many    = flag.Int("many", 1, "how many goroutines do it at once")
	warm    = flag.Int("warm", 0, "so many of the same first, unmeasured")
)

const (
	message = 64
	chunk   = 256 << 10
)

type result struct {
	// Nanoseconds: of all together, and of single ones.
	Elapsed int64 `json:"elapsed"`
	P50     int64 `json:"p50"`
	P99     int64 `json:"p99"`
}

func main() {
	flag.Parse()
	if flag.Arg(0) == "serve" {
		serve()
		return
	}
	count, err := strconv.Atoi(flag.Arg(1))
	check(err)
	works := map[string]func(count int) []int64{"dial": dialMany, "once": onceMany, "ask": askMany, "up": up, "down": down}
	work := works[flag.Arg(0)]
	if *warm > 0 {
		work(*warm)
	}
	start := time.Now()
	each := work(count)
	found := result{Elapsed: time.Since(start).Nanoseconds()}
	if len(each) > 0 {
		slices.Sort(each)
		found.P50, found.P99 = each[len(each)/2], each[len(each)*99/100]
	}
	check(json.NewEncoder(os.Stdout).Encode(found))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Connect gives a connection to the server, by whichever way.
func connect() net.Conn {
	if *proxy == "" {
		connection, err := net.Dial("tcp", *address)
		check(err)
		return connection
	}
	connection, err := net.Dial("tcp", *proxy)
	check(err)
	to, err := net.ResolveTCPAddr("tcp", *address)
	check(err)
	// RFC 1928: no authentication; CONNECT to an IPv4 address.
	request := append([]byte{5, 1, 0, 5, 1, 0, 1}, to.IP.To4()...)
	_, err = connection.Write(binary.BigEndian.AppendUint16(request, uint16(to.Port)))
	check(err)
	var answer [12]byte
	_, err = io.ReadFull(connection, answer[:])
	check(err)
	if answer[1] != 0 || answer[3] != 0 {
		check(fmt.Errorf("the proxy says %v", answer))
	}
	return connection
}

// Spread calls work count times, by many goroutines, and gives what each took.
func spread(count int, work func() int64) []int64 {
	each := make([]int64, count)
	var next atomic.Int64
	var all sync.WaitGroup
	for range *many {
		all.Add(1)
		go func() {
			defer all.Done()
			for at := next.Add(1); at <= int64(count); at = next.Add(1) {
				each[at-1] = work()
			}
		}()
	}
	all.Wait()
	return each
}

func dialMany(count int) []int64 {
	return spread(count, func() int64 {
		start := time.Now()
		connection := connect()
		took := time.Since(start).Nanoseconds()
		connection.Close()
		return took
	})
}

func onceMany(count int) []int64 {
	return spread(count, func() int64 {
		start := time.Now()
		connection := connect()
		ask(connection, begin(connection, 'e', 0))
		took := time.Since(start).Nanoseconds()
		connection.Close()
		return took
	})
}

// AskMany asks on one connection per goroutine.
func askMany(count int) []int64 {
	var (
		lock sync.Mutex
		each []int64
		all  sync.WaitGroup
	)
	for range *many {
		all.Add(1)
		go func() {
			defer all.Done()
			connection := connect()
			defer connection.Close()
			data := begin(connection, 'e', 0)
			own := make([]int64, count / *many)
			for at := range own {
				start := time.Now()
				ask(connection, data)
				own[at] = time.Since(start).Nanoseconds()
			}
			lock.Lock()
			each = append(each, own...)
			lock.Unlock()
		}()
	}
	all.Wait()
	return each
}

func ask(connection net.Conn, data []byte) {
	_, err := connection.Write(data)
	check(err)
	_, err = io.ReadFull(connection, data)
	check(err)
}

// Begin says what the connection is for: 'e' to have messages answered, 'u' to send, 'd' to get so many bytes.
// It gives room for a message.
func begin(connection net.Conn, what byte, bytes int) []byte {
	request := binary.BigEndian.AppendUint64([]byte{what}, uint64(bytes))
	_, err := connection.Write(request)
	check(err)
	return make([]byte, message)
}

func up(bytes int) []int64 {
	return flows(bytes, func(connection net.Conn, bytes int) {
		begin(connection, 'u', bytes)
		data := make([]byte, chunk)
		for left := bytes; left > 0; {
			wrote, err := connection.Write(data[:min(left, chunk)])
			check(err)
			left -= wrote
		}
		_, err := io.ReadFull(connection, data[:1])
		check(err)
	})
}

func down(bytes int) []int64 {
	return flows(bytes, func(connection net.Conn, bytes int) {
		begin(connection, 'd', bytes)
		check(swallow(connection, bytes))
	})
}

// Flows shares the bytes among as many connections as there are to be.
func flows(bytes int, work func(connection net.Conn, bytes int)) []int64 {
	var all sync.WaitGroup
	for range *many {
		all.Add(1)
		go func() {
			defer all.Done()
			connection := connect()
			defer connection.Close()
			work(connection, bytes / *many)
		}()
	}
	all.Wait()
	return nil
}

func swallow(connection net.Conn, bytes int) error {
	data := make([]byte, chunk)
	for left := bytes; left > 0; {
		got, err := connection.Read(data[:min(left, chunk)])
		if err != nil {
			return err
		}
		left -= got
	}
	return nil
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		connection, err := listener.Accept()
		check(err)
		go answer(connection)
	}
}

func answer(connection net.Conn) {
	defer connection.Close()
	var request [9]byte
	if _, err := io.ReadFull(connection, request[:]); err != nil {
		return // it was only made
	}
	bytes := int(binary.BigEndian.Uint64(request[1:]))
	switch request[0] {
	case 'e':
		io.CopyBuffer(struct{ io.Writer }{connection}, struct{ io.Reader }{connection}, make([]byte, message))
	case 'u':
		if swallow(connection, bytes) == nil {
			connection.Write(request[:1])
		}
	case 'd':
		data := make([]byte, chunk)
		for left := bytes; left > 0; {
			wrote, err := connection.Write(data[:min(left, chunk)])
			if err != nil {
				return
			}
			left -= wrote
		}
	}
}
