// Says where it is, or stays there:
//
//	teller tell FILE   one line of JSON: host name, working directory, user, environment, the file's content
//	teller wait        says "up" and waits for SIGTERM
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"syscall"
)

type told struct {
	Hostname    string   `json:"hostname"`
	Workdir     string   `json:"workdir"`
	UID         int      `json:"uid"`
	GID         int      `json:"gid"`
	Environment []string `json:"environment"`
	Content     string   `json:"content"`
	Error       string   `json:"error"`
}

func main() {
	switch os.Args[1] {
	case "tell":
		tell(os.Args[2])
	case "wait":
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM)
		fmt.Println("up")
		<-ended
	}
}

func tell(path string) {
	var t told
	t.Hostname, _ = os.Hostname()
	t.Workdir, _ = os.Getwd()
	t.UID, t.GID = os.Geteuid(), os.Getegid()
	t.Environment = os.Environ()
	sort.Strings(t.Environment)
	content, err := os.ReadFile(path)
	t.Content = string(content)
	if failure, ok := err.(*os.PathError); ok {
		t.Error = failure.Err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(t)
}
