// Clerk writes numbered lines to files of a directory until its time is over, and says which are safe: what fsync has
// promised. A failure is told, and the file is opened again.
//
//	clerk DIRECTORY CLERKS MILLISECONDS
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func main() {
	clerks, _ := strconv.Atoi(os.Args[2])
	milliseconds, _ := strconv.Atoi(os.Args[3])
	until := time.Now().Add(time.Duration(milliseconds) * time.Millisecond)
	var all sync.WaitGroup
	for clerk := range clerks {
		all.Add(1)
		go func() {
			defer all.Done()
			write(clerk, filepath.Join(os.Args[1], fmt.Sprintf("clerk-%d", clerk)), until)
		}()
	}
	all.Wait()
	fmt.Println("over")
}

func write(clerk int, path string, until time.Time) {
	number := 0
	for time.Now().Before(until) {
		if err := session(clerk, path, &number, until); err != nil {
			var errno syscall.Errno
			errors.As(err, &errno)
			fmt.Printf("failed %d %d %s\n", clerk, int(errno), err)
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func session(clerk int, path string, number *int, until time.Time) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	for time.Now().Before(until) {
		first := *number
		for range 5 {
			// A line that failed may be there or not: its number is not used again.
			*number++
			if _, err := fmt.Fprintf(file, "%d\n", *number); err != nil {
				return err
			}
		}
		if err := file.Sync(); err != nil {
			return err
		}
		fmt.Printf("safe %d %d %d\n", clerk, first+1, *number)
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	return nil
}
