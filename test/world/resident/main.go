// Resident lives in one directory of one machine: it reads what is there, changes it, and says where it is. What it
// prints must be the same whether it runs there or is made to believe it.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"text/template"
	"time"
)

func main() {
	home := os.Args[1]
	say("identity", identity)
	say("config", func() error { return config(home) })
	say("tree", func() error { return tree(home) })
	say("write", func() error { return write(home) })
	say("names", func() error { return names(home) })
	say("attributes", func() error { return attributes(home) })
	say("lock", func() error { return lock(home) })
	say("map", func() error { return mapped(home) })
	say("append", func() error { return appended(home) })
	say("relative", func() error { return relative(home) })
	say("errors", func() error { return failures(home) })
	say("copy", func() error { return copied(home) })
	say("tree", func() error { return tree(home) })
}

func say(what string, do func() error) {
	fmt.Println("==", what)
	if err := do(); err != nil {
		fmt.Println("FAILED:", err)
	}
}

func identity() error {
	name, err := os.Hostname()
	fmt.Println("host", name, err)
	cwd, err := os.Getwd()
	fmt.Println("cwd", cwd, err)
	for _, name := range []string{"APP_NAME", "APP_MODE", "NOBODY_SAYS"} {
		value, is := os.LookupEnv(name)
		fmt.Println(name, value, is)
	}
	fmt.Println("ids", os.Getuid(), os.Geteuid(), os.Getgid(), os.Getegid())
	who, err := user.Current()
	if err != nil {
		return err
	}
	fmt.Println("current", who.Username, who.HomeDir)
	fmt.Println("time", time.Unix(1_600_000_000, 0).Format(time.RFC3339))
	if len(os.Args) > 2 {
		token, err := os.ReadFile(os.Args[2])
		fmt.Printf("secret %q %v\n", token, err)
	}
	for _, name := range []string{"app", "root", "nobodyknows"} {
		if found, err := user.Lookup(name); err == nil {
			fmt.Println("user", found.Username, found.Uid, found.HomeDir)
		} else {
			fmt.Println("user", err)
		}
	}
	for _, file := range []string{"/etc/hosts", "/etc/resolv.conf", "/etc/hostname"} {
		text, err := os.ReadFile(file)
		fmt.Printf("%s %q %v\n", file, text, err)
	}
	return nil
}

func config(home string) error {
	text, err := os.ReadFile(filepath.Join(home, "config/app.conf"))
	if err != nil {
		return err
	}
	fmt.Printf("%s", text)
	page, err := template.ParseFiles(filepath.Join(home, "templates/page.txt"))
	if err != nil {
		return err
	}
	if err := page.Execute(os.Stdout, map[string]string{"Name": "world"}); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(home, "config/app.conf"))
	if err != nil {
		return err
	}
	fmt.Println(info.Name(), info.Size(), info.Mode(), info.ModTime().UTC())
	big, err := os.Open(filepath.Join(home, "big"))
	if err != nil {
		return err
	}
	defer big.Close()
	whole, err := io.ReadAll(big)
	fmt.Println("big", len(whole), sum(whole), err)
	at := make([]byte, 10)
	n, err := big.ReadAt(at, 1<<20+7)
	fmt.Printf("%d %q %v\n", n, at, err)
	where, err := big.Seek(-5, io.SeekEnd)
	rest, _ := io.ReadAll(big)
	fmt.Printf("%d %v %q\n", where, err, rest)
	return nil
}

func sum(data []byte) uint32 {
	hash := uint32(2166136261)
	for _, each := range data {
		hash = (hash ^ uint32(each)) * 16777619
	}
	return hash
}

func tree(home string) error {
	return filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		size := info.Size()
		if info.IsDir() {
			size = 0
		}
		link, _ := os.Readlink(path)
		fmt.Println(path, info.Mode(), size, link)
		return nil
	})
}

func write(home string) error {
	folder := filepath.Join(home, "data/a/b")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(folder, "new"))
	if err != nil {
		return err
	}
	for i := range 1000 {
		if _, err := fmt.Fprintf(file, "line %d\n", i); err != nil {
			return err
		}
	}
	if err := file.Sync(); err != nil {
		return err
	}
	info, err := file.Stat()
	fmt.Println(info.Size(), info.Mode(), err)
	if _, err := file.WriteAt([]byte("LINE"), 8); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	start := make([]byte, 20)
	n, err := file.Read(start)
	fmt.Printf("%q %v\n", start[:n], err)
	if err := file.Truncate(100); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(folder, "new"), filepath.Join(home, "data/renamed")); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(home, "data/renamed"))
	fmt.Println(len(text), err)
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	if err := os.WriteFile(filepath.Join(home, "data/large"), large, 0o600); err != nil {
		return err
	}
	back, err := os.ReadFile(filepath.Join(home, "data/large"))
	fmt.Println(len(back), bytes.Equal(back, large), err)
	temporary, err := os.CreateTemp(filepath.Join(home, "data"), "tmp*")
	if err != nil {
		return err
	}
	fmt.Println(strings.HasPrefix(temporary.Name(), filepath.Join(home, "data/tmp")))
	temporary.Close()
	return os.Remove(temporary.Name())
}

func names(home string) error {
	in := func(name string) string { return filepath.Join(home, "data", name) }
	fmt.Println(os.Link(in("renamed"), in("hard")))
	fmt.Println(os.Symlink("renamed", in("soft")))
	fmt.Println(os.Symlink("/nowhere/at/all", in("dangling")))
	text, err := os.Readlink(in("soft"))
	fmt.Println(text, err)
	first, _ := os.Stat(in("renamed"))
	second, _ := os.Stat(in("hard"))
	third, _ := os.Stat(in("soft"))
	fmt.Println(os.SameFile(first, second), os.SameFile(first, third))
	info, err := os.Lstat(in("soft"))
	fmt.Println(info.Mode(), err)
	fmt.Println(os.Remove(in("hard")))
	fmt.Println(os.Mkdir(in("empty"), 0o700), os.Remove(in("empty")))
	fmt.Println(os.MkdirAll(in("x/y/z"), 0o755), os.WriteFile(in("x/y/file"), nil, 0o644), os.RemoveAll(in("x")))
	entries, err := os.ReadDir(in(""))
	for _, entry := range entries {
		fmt.Println(entry.Name(), entry.Type())
	}
	return err
}

func attributes(home string) error {
	path := filepath.Join(home, "data/renamed")
	when := time.Date(2020, 2, 29, 12, 0, 0, 123456789, time.UTC)
	fmt.Println(os.Chmod(path, 0o604), os.Chtimes(path, when, when))
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Println(info.Mode(), info.ModTime().UTC())
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	fmt.Println(file.Chmod(0o640))
	info, err = os.Stat(path)
	fmt.Println(info.Mode(), err)
	fmt.Println(os.Truncate(path, 10))
	info, _ = os.Stat(path)
	fmt.Println(info.Size())
	fmt.Println(syscall.Access(path, 4), syscall.Access(path+"x", 4))
	var space syscall.Statfs_t
	fmt.Println(syscall.Statfs(path, &space), space.Bsize > 0)
	return nil
}

func lock(home string) error {
	path := filepath.Join(home, "data/lock")
	first, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer first.Close()
	second, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer second.Close()
	fmt.Println(syscall.Flock(int(first.Fd()), syscall.LOCK_EX))
	fmt.Println(syscall.Flock(int(second.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	done := make(chan error)
	go func() { done <- syscall.Flock(int(second.Fd()), syscall.LOCK_EX) }()
	time.Sleep(20 * time.Millisecond)
	fmt.Println(syscall.Flock(int(first.Fd()), syscall.LOCK_UN))
	fmt.Println(<-done)
	whole := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: 10, Len: 5}
	fmt.Println(syscall.FcntlFlock(first.Fd(), syscall.F_SETLK, &whole))
	other := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
	fmt.Println(syscall.FcntlFlock(second.Fd(), 36 /* F_OFD_GETLK */, &other), other.Type, other.Start, other.Len)
	return nil
}

func mapped(home string) error {
	file, err := os.Open(filepath.Join(home, "big"))
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := syscall.Mmap(int(file.Fd()), 4096, 1<<20, syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	fmt.Println(len(data), sum(data))
	if err := syscall.Munmap(data); err != nil {
		return err
	}
	own, err := os.OpenFile(filepath.Join(home, "data/renamed"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer own.Close()
	shared, err := syscall.Mmap(int(own.Fd()), 0, 10, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	copy(shared, "MAPPED")
	if err := syscall.Munmap(shared); err != nil {
		return err
	}
	text, err := os.ReadFile(own.Name())
	fmt.Printf("%q %v\n", text, err)
	small, err := os.Open(filepath.Join(home, "config/app.conf"))
	if err != nil {
		return err
	}
	defer small.Close()
	data, err = syscall.Mmap(int(small.Fd()), 0, 10, syscall.PROT_READ, syscall.MAP_SHARED)
	fmt.Printf("%q %v\n", data, err)
	return err
}

func appended(home string) error {
	path := filepath.Join(home, "data/log")
	for i := range 3 {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		fmt.Fprintf(file, "entry %d\n", i)
		fmt.Fprintf(file, "more %d\n", i)
		if err := file.Close(); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(path)
	fmt.Printf("%s%v\n", text, err)
	return err
}

func relative(home string) error {
	before, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(filepath.Join(home, "data")); err != nil {
		return err
	}
	cwd, err := os.Getwd()
	fmt.Println(cwd, err)
	text, err := os.ReadFile("../config/app.conf")
	fmt.Println(len(text), err)
	text, err = os.ReadFile("log")
	fmt.Println(len(text), err)
	names, err := filepath.Glob("*")
	sort.Strings(names)
	fmt.Println(names, err)
	if err := os.WriteFile("here", []byte("x"), 0o644); err != nil {
		return err
	}
	folder, err := os.Open(".")
	if err != nil {
		return err
	}
	defer folder.Close()
	fmt.Println(folder.Chdir())
	fmt.Println(os.Remove("here"))
	return os.Chdir(before)
}

func failures(home string) error {
	in := func(name string) string { return filepath.Join(home, name) }
	tell := func(err error) {
		var path *fs.PathError
		if errors.As(err, &path) {
			fmt.Println(path.Op, path.Err)
			return
		}
		fmt.Println(err)
	}
	_, err := os.ReadFile(in("missing"))
	tell(err)
	_, err = os.ReadFile(home)
	tell(err)
	_, err = os.ReadFile(in("config/app.conf/below"))
	tell(err)
	tell(os.Mkdir(in("config"), 0o755))
	tell(os.Remove(in("config")))
	tell(os.Rename(in("missing"), in("anywhere")))
	_, err = os.OpenFile(in("config/app.conf"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	tell(err)
	_, err = os.OpenFile(in("config"), os.O_RDWR, 0)
	tell(err)
	_, err = os.Readlink(in("config"))
	tell(err)
	_, err = os.Stat(in("data/dangling"))
	tell(err)
	_, err = os.Open(in(strings.Repeat("x", 300)))
	tell(err)
	file, err := os.Open(in("config/app.conf"))
	if err != nil {
		return err
	}
	_, err = file.Write([]byte("x"))
	tell(err)
	tell(file.Truncate(0))
	file.Close()
	return nil
}

func copied(home string) error {
	from, err := os.Open(filepath.Join(home, "big"))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(home, "data/copy"))
	if err != nil {
		return err
	}
	n, err := io.Copy(to, from)
	fmt.Println(n, err, to.Close())
	text, err := os.ReadFile(to.Name())
	fmt.Println(len(text), sum(text), err)
	return err
}
