// Goes through a tree: asks what each file is, and reads all of it. Prints how many there are and a hash of everything.
package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	files, hash := 0, sha256.New()
	err := filepath.WalkDir(os.Args[1], func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		fmt.Fprintf(hash, "%s %o %d %d\n", path, info.Mode(), info.Size(), info.ModTime().UnixNano())
		hash.Write(content)
		return nil
	})
	fmt.Printf("%d %x %v\n", files, hash.Sum(nil), err)
}
