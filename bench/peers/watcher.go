// SPDX-License-Identifier: Apache-2.0
package main

import (
	"encoding/binary"
	"log"
	"os"
	"sync"
	"syscall"
)

// watcher tells which directories were removed, by inotify(7).
type watcher struct {
	// Of the file, whose own Fd() would make it block.
	fd    int
	file  *os.File
	mutex sync.Mutex
	paths map[int32]string
	ids   map[string]bool
}

func newWatcher() (*watcher, error) {
	// Non-blocking, so that the runtime waits for it as for a socket.
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	return &watcher{
		fd: fd, file: os.NewFile(uintptr(fd), "inotify"),
		paths: map[int32]string{}, ids: map[string]bool{},
	}, nil
}

// add watches a directory, for the same events as fsnotify does. Idempotent.
func (w *watcher) add(dir string) error {
	const mask = syscall.IN_CREATE | syscall.IN_DELETE | syscall.IN_DELETE_SELF |
		syscall.IN_MODIFY | syscall.IN_MOVED_TO | syscall.IN_MOVED_FROM |
		syscall.IN_MOVE_SELF | syscall.IN_ATTRIB
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.ids[dir] {
		return nil
	}
	id, err := syscall.InotifyAddWatch(w.fd, dir, mask)
	if err != nil {
		return &os.PathError{Op: "inotify_add_watch", Path: dir, Err: err}
	}
	w.paths[int32(id)] = dir
	w.ids[dir] = true
	return nil
}

// forget returns the path of a watch that has ended.
func (w *watcher) forget(id int32) string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	dir := w.paths[id]
	delete(w.paths, id)
	delete(w.ids, dir)
	return dir
}

// removed returns a channel of the directories that are removed from now on.
func (w *watcher) removed() <-chan string {
	out := make(chan string)
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, err := w.file.Read(buffer)
			if err != nil {
				log.Fatal(err)
			}
			for event := buffer[:n]; len(event) >= syscall.SizeofInotifyEvent; {
				id := int32(binary.LittleEndian.Uint32(event))
				mask := binary.LittleEndian.Uint32(event[4:])
				name := binary.LittleEndian.Uint32(event[12:])
				event = event[syscall.SizeofInotifyEvent+name:]
				if mask&syscall.IN_DELETE_SELF != 0 {
					out <- w.forget(id)
				}
			}
		}
	}()
	return out
}
