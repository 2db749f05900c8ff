// Both ends of what the tests of outgoing traffic need: `caller serve` answers, on ports of the loopback interface and
// a Unix path; the other commands call, and print what they find.
package main

import (
	"context"
	"fmt"
	"os"
)

var commands = map[string]func(args []string){
	"serve":     serve,
	"get":       get,
	"dial":      dial,
	"halfclose": halfClose,
	"bulk":      bulk,
	"parallel":  parallel,
	"stall":     stall,
	"reset":     reset,
	"options":   options,
	"own":       own,
	"unix":      unix,
	"epoll":     epoll,
	"outlive":   outlive,
	"lookup":    lookup,
	"datagrams": datagrams,
	"packets":   packets,
	"silent":    silent,

	"interfaces": interfaces,
	"routes":     routes,
	"ioctls":     ioctls,
	"netfiles":   netfiles,

	"copies":     copies,
	"afterreset": afterReset,
	"relative":   relative,
	"unixerrors": unixErrors,
	"unixgrams":  unixgrams,
	"play":       play,

	"duplicates": duplicates,
	"ranges":     ranges,
	"passed":     passed,
	"owntable":   ownTable,
	"inherited":  inherited,
	"many":       many,
}

var background = context.Background()

func main() {
	command, ok := commands[os.Args[1]]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such command")
		os.Exit(2)
	}
	command(os.Args[2:])
}
