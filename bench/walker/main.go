// Walker does with files what the benchmarks measure, and prints one line of JSON about it.
//
//	walker tree DIRECTORY         walks it, examines and reads every file
//	walker read FILE              reads it from the start to the end
//	walker write FILE BYTES       writes so many bytes and closes it
//	walker local FILE SLOW N      reads a byte of FILE N times, while others wait for files of directory SLOW
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

type result struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	// Nanoseconds.
	Elapsed int64 `json:"elapsed"`
	P50     int64 `json:"p50"`
	P99     int64 `json:"p99"`
}

func main() {
	var found result
	start := time.Now()
	var err error
	switch os.Args[1] {
	case "tree":
		err = tree(os.Args[2], &found)
	case "read":
		err = read(os.Args[2], &found)
	case "write":
		err = write(os.Args[2], os.Args[3], &found)
	case "local":
		err = local(os.Args[2], os.Args[3], os.Args[4], &found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	found.Elapsed = time.Since(start).Nanoseconds()
	json.NewEncoder(os.Stdout).Encode(found)
}

func tree(root string, found *result) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if int64(len(text)) != info.Size() {
			return fmt.Errorf("%s: %d bytes of %d", path, len(text), info.Size())
		}
		found.Files++
		found.Bytes += info.Size()
		return nil
	})
}

// Plain reads and writes of 1 MiB: whoever makes them smaller or moves them elsewhere is not asked to.
var buffer = make([]byte, 1<<20)

func read(path string, found *result) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		n, err := file.Read(buffer)
		found.Bytes += int64(n)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func write(path, bytes string, found *result) error {
	size, err := strconv.ParseInt(bytes, 10, 64)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	for found.Bytes < size {
		n, err := file.Write(buffer[:min(int64(len(buffer)), size-found.Bytes)])
		found.Bytes += int64(n)
		if err != nil {
			return err
		}
	}
	return file.Close()
}

func local(path, slow, times string, found *result) error {
	count, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	for range 8 {
		go func() {
			for {
				os.Stat(filepath.Join(slow, "nothing of that name"))
			}
		}()
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	durations := make([]int64, count)
	one := make([]byte, 1)
	for i := range durations {
		start := time.Now()
		if _, err := file.ReadAt(one, 0); err != nil {
			return err
		}
		durations[i] = time.Since(start).Nanoseconds()
	}
	slices.Sort(durations)
	found.P50, found.P99 = durations[count/2], durations[count*99/100]
	return nil
}
