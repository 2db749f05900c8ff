// Courier keeps files and connections busy while the way to them is disturbed, and looks at every byte that it gets.
//
//	courier serve PORT               answers on 127.0.0.1, until its standard input ends
//	courier load FOLDER PORT CHILDREN SEED  until its standard input ends; prints what has become of it, a line of JSON
//	                                 four times a second
//	courier halfopen PORT COUNT      tries COUNT connections to nobody at once, and one to the server meanwhile
//	courier unread PORT              writes to a server that reads nothing
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

func main() {
	args := os.Args[1:]
	switch args[0] {
	case "serve":
		serve(number(args[1]))
	case "load":
		load(args[1], number(args[2]), number(args[3]), number(args[4]))
	case "halfopen":
		halfOpen(number(args[1]), number(args[2]))
	case "unread":
		unread(number(args[1]))
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// untilEnd returns when standard input has ended: whoever has started this wants it to end, or is gone.
func untilEnd() { io.Copy(io.Discard, os.Stdin) }
