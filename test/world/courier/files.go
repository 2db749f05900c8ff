package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// How many parcels of a worker are left in the folder.
const KEPT = 8

// parcels makes files: written under another name, synced, renamed, read again, and at last removed. Whatever has its
// final name must be whole, for it names its checksum.
func parcels(w *worker, folder string) {
	var kept []string
	for number := 0; !w.isOver.Load(); number++ {
		content := w.bytes(300_000)
		name := fmt.Sprintf("parcel-%d-%d-%x", w.name, number, sha256.Sum256(content))
		if err := deliver(w, folder, name, content); err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		kept = append(kept, name)
		w.keep(name, true)
		again := kept[w.random.Intn(len(kept))]
		if err := lookAt(w, folder, again); err == nil && len(kept) > KEPT {
			w.keep(kept[0], false)
			// Not os.Remove: where that fails it tries rmdir(2) as well, and tells of that.
			w.do("unlink", func() error { return syscall.Unlink(filepath.Join(folder, kept[0])) })
			kept = kept[1:]
		}
		w.pause()
	}
}

func (w *worker) keep(name string, isKept bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if isKept {
		w.kept[name] = true
	} else {
		delete(w.kept, name)
	}
}

func deliver(w *worker, folder, name string, content []byte) error {
	draft := filepath.Join(folder, fmt.Sprintf("draft-%d", w.name))
	var file *os.File
	err := w.do("create", func() (err error) {
		file, err = os.Create(draft)
		return err
	})
	if err != nil {
		return err
	}
	defer w.do("close", file.Close)
	for rest := content; len(rest) > 0; {
		count := min(len(rest), 1+w.random.Intn(100_000))
		if err := w.do("write", func() error { _, err := file.Write(rest[:count]); return err }); err != nil {
			return err
		}
		rest = rest[count:]
	}
	if err := w.do("fsync", file.Sync); err != nil {
		return err
	}
	return w.do("rename", func() error { return os.Rename(draft, filepath.Join(folder, name)) })
}

func lookAt(w *worker, folder, name string) error {
	path := filepath.Join(folder, name)
	err := w.do("stat", func() error { _, err := os.Stat(path); return err })
	if os.IsNotExist(err) {
		w.found("%s was delivered and is not there", name)
	}
	if err != nil {
		return err
	}
	var content []byte
	err = w.do("read", func() (err error) {
		content, err = os.ReadFile(path)
		return err
	})
	if err == nil && !strings.HasSuffix(name, fmt.Sprintf("%x", sha256.Sum256(content))) {
		w.found("%s has %d other bytes", name, len(content))
	}
	return err
}

const SIZE = 1 << 20

// rewriting keeps one file open, writes and reads pieces of it, and compares them with what must stand there.
func rewriting(w *worker, folder string) {
	path := filepath.Join(folder, fmt.Sprintf("rewritten-%d", w.name))
	should := make([]byte, SIZE)
	for !w.isOver.Load() {
		var file *os.File
		err := w.do("open", func() (err error) {
			file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
			return err
		})
		if err == nil {
			rewrite(w, file, should)
			w.do("close", file.Close)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// rewrite goes on until something fails: then nobody knows what stands in the file, and it is written anew.
func rewrite(w *worker, file *os.File, should []byte) {
	write := func(piece []byte, at int) error {
		return w.do("pwrite", func() error { _, err := file.WriteAt(piece, int64(at)); return err })
	}
	if write(should, 0) != nil || w.do("fsync", file.Sync) != nil {
		return
	}
	for !w.isOver.Load() {
		piece := w.bytes(50_000)
		at := w.random.Intn(SIZE - len(piece))
		copy(should[at:], piece)
		if write(piece, at) != nil {
			return
		}
		if w.random.Intn(4) == 0 && w.do("fsync", file.Sync) != nil {
			return
		}
		found := make([]byte, 1+w.random.Intn(50_000))
		at = w.random.Intn(SIZE - len(found))
		if w.do("pread", func() error { _, err := file.ReadAt(found, int64(at)); return err }) != nil {
			return
		}
		if !bytes.Equal(found, should[at:at+len(found)]) {
			w.found("%d bytes at %d are others", len(found), at)
			return
		}
		w.pause()
	}
}
