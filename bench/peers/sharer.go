// SPDX-License-Identifier: Apache-2.0
package main

import (
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const generationPrefix = "..20"

func isGeneration(path string) bool {
	return strings.HasPrefix(filepath.Base(path), generationPrefix)
}

// sharer knows where in the guest everything of a volume was copied to, and
// copies a new generation when the old one is gone.
type sharer struct {
	mutex   sync.Mutex
	sends   *copier
	watches *watcher
	// Path on the host -> paths in the guest.
	copies map[string][]string
}

func newSharer(sends *copier, watches *watcher) *sharer {
	return &sharer{sends: sends, watches: watches, copies: map[string][]string{}}
}

// share copies a tree in lexical order, a directory before what it holds.
func (s *sharer) share(source, destination string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := destination + strings.TrimPrefix(path, source)
		if err := s.sends.copy(path, to); err != nil {
			return err
		}
		if !strings.Contains(path, "/kubernetes.io~") {
			return nil
		}
		if entry.IsDir() && isGeneration(path) {
			if err := s.watches.add(path); err != nil {
				return err
			}
		}
		s.copies[path] = append(s.copies[path], to)
		return nil
	})
}

// follow copies every generation that replaces a removed one, for ever.
func (s *sharer) follow() {
	for removed := range s.watches.removed() {
		s.mutex.Lock()
		volume := filepath.Dir(removed)
		data := filepath.Join(volume, "..data")
		for _, to := range s.copies[data] {
			if err := s.update(removed, volume, filepath.Dir(to)); err != nil {
				log.Print(err)
			}
		}
		s.mutex.Unlock()
	}
}

// update copies the generation that `..data` names to one guest directory, then
// the link, then the links of new keys.
func (s *sharer) update(old, volume, destination string) error {
	data := filepath.Join(volume, "..data")
	generation, err := os.Readlink(data)
	if err != nil {
		return err
	}
	source := filepath.Join(volume, generation)
	var added []string
	err = filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(destination, generation)
		if !entry.IsDir() {
			key := filepath.Base(path)
			to = filepath.Join(to, key)
			if _, known := s.copies[filepath.Join(old, key)]; !known {
				added = append(added, key)
			}
		}
		s.copies[path] = append(s.copies[path], to)
		return s.sends.copy(path, to)
	})
	if err != nil {
		return err
	}
	if err := s.watches.add(source); err != nil {
		return err
	}
	if err := s.sends.copy(data, filepath.Join(destination, "..data")); err != nil {
		return err
	}
	for _, key := range added {
		if err := s.sends.copy(filepath.Join(volume, key), filepath.Join(destination, key)); err != nil {
			return err
		}
	}
	return nil
}
