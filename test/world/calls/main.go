// Calls makes the calls about files that few programs make. Its first argument says which, its second where. What it
// prints must be the same whether it runs in the target or is made to believe it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

var home string

func in(name string) string { return filepath.Join(home, name) }

func main() {
	if filepath.Base(os.Args[0]) == "tool" || len(os.Args) > 1 && os.Args[1] == "as-tool" {
		tool()
		return
	}
	home = os.Args[2]
	map[string]func(){
		"programs":  programs,
		"pipes":     pipes,
		"watches":   watches,
		"transfers": transfers,
		"links":     links,
		"mappings":  mappings,
	}[os.Args[1]]()
}

func tool() {
	executable, err := os.Executable()
	fmt.Println("tool", os.Args, executable, err)
	link, err := os.Readlink("/proc/self/exe")
	fmt.Println("exe", link, err)
	info, err := os.Stat("/proc/self/exe")
	if err == nil {
		fmt.Println("size", info.Size() > 1000, info.Mode(), info.Name())
	} else {
		fmt.Println(err)
	}
	cwd, err := os.Getwd()
	fmt.Println("cwd", cwd, err, os.Getenv("GREETING"))
	comm, _ := os.ReadFile("/proc/self/comm")
	fmt.Printf("comm %s", comm)
	if len(os.Args) > 1 {
		if last := os.Args[len(os.Args)-1]; last == "exit" {
			os.Exit(7)
		}
		text, err := os.ReadFile(os.Args[1])
		fmt.Println("read", len(text) < 4096 && len(text) > 0, err)
	}
	input := make([]byte, 100)
	n, _ := os.Stdin.Read(input)
	fmt.Printf("input %q\n", input[:n])
}
