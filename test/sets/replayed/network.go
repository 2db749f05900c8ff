package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
)

func get(urls []string) {
	for _, url := range urls {
		fmt.Println(fetched(url))
	}
}

func fetched(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprint(response.Status, " ", string(body), " ", err)
}

// parallel fetches twenty pages at once, over as many connections as it likes.
func parallel(args []string) {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 4
	pages := make([]string, 20)
	var all sync.WaitGroup
	for i := range pages {
		all.Add(1)
		go func() {
			defer all.Done()
			pages[i] = fetched(fmt.Sprint(args[0], "/", i)) + fetched(fmt.Sprint(args[0], "/again/", i))
		}()
	}
	all.Wait()
	fmt.Println(strings.Join(pages, "\n"))
}

// serve answers until somebody asks for /quit.
func serve(args []string) {
	listener, err := net.Listen("tcp", args[0])
	check(err)
	fmt.Println("at", listener.Addr())
	server := &http.Server{}
	done := make(chan bool)
	http.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		w.Header()["Date"] = nil
		body, err := io.ReadAll(request.Body)
		fmt.Println(request.Method, request.URL, string(body), err, request.RemoteAddr)
		fmt.Fprintln(w, "you said", len(body))
		if request.URL.Path == "/quit" {
			go func() {
				server.Shutdown(context.Background())
				close(done)
			}()
		}
	})
	server.Serve(listener)
	<-done
}

// lookup asks the name server at its first argument.
func lookup(args []string) {
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", args[0])
	}}
	for _, name := range args[1:] {
		addresses, err := resolver.LookupHost(context.Background(), name)
		sort.Strings(addresses)
		fmt.Println(name, addresses, err)
	}
}

// datagrams sends some, and prints what comes back and from where.
func datagrams(args []string) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	fmt.Println("at", socket.LocalAddr())
	to, err := net.ResolveUDPAddr("udp", args[0])
	check(err)
	for _, text := range args[1:] {
		_, err := socket.WriteTo([]byte(text), to)
		check(err)
		buffer := make([]byte, 100)
		count, from, err := socket.ReadFrom(buffer)
		fmt.Printf("%q from %v %v\n", buffer[:count], from, err)
	}
}

// greet talks to a server that speaks first.
func greet(args []string) {
	connection, err := net.Dial("tcp", args[0])
	check(err)
	lines := bufio.NewReader(connection)
	for _, word := range args[1:] {
		line, err := lines.ReadString('\n')
		fmt.Printf("%q %v\n", line, err)
		fmt.Fprintln(connection, word)
	}
	rest, err := io.ReadAll(lines)
	fmt.Printf("%q %v %v %v\n", rest, err, connection.RemoteAddr(), connection.LocalAddr())
}

func unixClient(args []string) {
	connection, err := net.Dial("unix", args[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(connection, args[1])
	connection.(*net.UnixConn).CloseWrite()
	answer, err := io.ReadAll(connection)
	fmt.Printf("%q %v\n", answer, err)
}
