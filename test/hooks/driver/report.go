package main

import (
	"fmt"
	"strings"
)

// report is what an operation has to say of the many things that it does, a line each.
type report []string

func (told *report) say(what string, values ...any) {
	*told = append(*told, what+"="+strings.TrimSpace(fmt.Sprintln(values...)))
}

func (told *report) String() string {
	return strings.Join(*told, "\n  ")
}
