package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// watches tells of changes as github.com/fsnotify/fsnotify does: an instance that does not block, read by the poller.
func watches() {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = syscall.Read(fd, make([]byte, 4096))
	fmt.Println("nothing yet", err)
	file := os.NewFile(uintptr(fd), "inotify")
	events := make(chan string, 1000)
	go func() {
		defer close(events)
		buffer := make([]byte, 65536)
		for {
			n, err := file.Read(buffer)
			if err != nil {
				return
			}
			for at := 0; at+16 <= n; {
				length := int(binary.LittleEndian.Uint32(buffer[at+12:]))
				name := strings.TrimRight(string(buffer[at+16:at+16+length]), "\x00")
				wd := int32(binary.LittleEndian.Uint32(buffer[at:]))
				mask := binary.LittleEndian.Uint32(buffer[at+4:])
				cookie := binary.LittleEndian.Uint32(buffer[at+8:])
				events <- fmt.Sprintf("%d %x %v %q %d", wd, mask, cookie != 0, name, length)
				at += 16 + length
			}
		}
	}()
	mask := uint32(syscall.IN_CREATE | syscall.IN_DELETE | syscall.IN_CLOSE_WRITE | syscall.IN_MOVE | syscall.IN_ATTRIB | syscall.IN_DELETE_SELF)
	fmt.Println(os.Mkdir(in("data/watched"), 0o755))
	watch, err := syscall.InotifyAddWatch(fd, in("data/watched"), mask)
	fmt.Println(watch, err)
	again, err := syscall.InotifyAddWatch(fd, in("data/watched"), mask)
	fmt.Println(again, err)
	local, err := os.MkdirTemp("/tmp", "calls")
	if err != nil {
		fmt.Println(err)
		return
	}
	here, err := syscall.InotifyAddWatch(fd, local, mask)
	fmt.Println(here, err)
	_, err = syscall.InotifyAddWatch(fd, in("data/nothing"), mask)
	fmt.Println(err)
	_, err = syscall.InotifyAddWatch(fd, in("config/app.conf"), mask|syscall.IN_ONLYDIR)
	fmt.Println(err)
	next := func(count int) {
		for range count {
			select {
			case event := <-events:
				fmt.Println("event", event)
			case <-time.After(3 * time.Second):
				fmt.Println("no event")
			}
		}
	}
	os.WriteFile(in("data/watched/one"), []byte("text"), 0o644)
	next(2)
	os.Rename(in("data/watched/one"), in("data/watched/two"))
	next(2)
	os.Chmod(in("data/watched/two"), 0o600)
	next(1)
	os.Mkdir(in("data/watched/folder"), 0o755)
	next(1)
	os.WriteFile(local+"/file", nil, 0o644)
	next(2)
	os.Remove(local + "/file")
	next(1)
	for i := range 400 {
		os.Mkdir(in(fmt.Sprintf("data/watched/%d", i)), 0o755)
	}
	next(400)
	_, err = syscall.InotifyRmWatch(fd, uint32(here))
	fmt.Println(err)
	next(1)
	_, err = syscall.InotifyRmWatch(fd, 77)
	fmt.Println(err)
	os.RemoveAll(in("data/watched"))
	for range 404 {
		event := <-events
		if strings.Contains(event, "400") || !strings.Contains(event, "\"") {
			fmt.Println(event)
		}
	}
	fmt.Println(file.Close())
	_, open := <-events
	fmt.Println(open)
	os.RemoveAll(local)
}
