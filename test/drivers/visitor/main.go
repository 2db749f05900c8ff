// A service with drivers that everybody uses, and the servers that it visits: `visitor serve DIRECTORY` is what a network
// holds besides PostgreSQL and Redis; `visitor visit` goes round all of them and prints what it finds, every
// address and error included, and nothing that differs from run to run.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

// Where everything is. The visitor knows names only, and the addresses of those that misbehave.
const (
	dnsAddress      = "10.77.0.53"
	databaseAddress = "10.77.0.2"
	cacheAddress    = "10.77.0.3"
	apiAddress      = "10.77.0.4"
	rpcAddress      = "10.77.0.5"
	clockAddress    = "10.77.0.6"
	badAddress      = "10.77.0.7"
)

// What the servers share with the visitor: certificates and Unix sockets.
const shared = "/srv"

var background = context.Background()

func main() {
	if len(os.Args) == 2 && os.Args[1] == "wait" {
		io.Copy(io.Discard, os.Stdin)
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		serve(os.Args[2])
		return
	}
	for _, part := range []struct {
		name  string
		visit func()
	}{
		{"names", names}, {"PostgreSQL", database}, {"Redis", cache}, {"HTTP", api}, {"gRPC", rpc},
		{"datagrams", datagrams}, {"a Unix socket", daemon}, {"servers that misbehave", misbehaving},
	} {
		fmt.Println("==", part.name)
		part.visit()
	}
}

var ownPort = regexp.MustCompile(`(\d|\]):\d+->`)

// clean takes the port that the kernel has chosen out of an error.
func clean(err error) string {
	if err == nil {
		return "<nil>"
	}
	return ownPort.ReplaceAllString(err.Error(), "$1:PORT->")
}

func soon(limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(background, limit)
	time.AfterFunc(2*limit, cancel)
	return ctx
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
