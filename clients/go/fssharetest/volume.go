// SPDX-License-Identifier: Apache-2.0

package fssharetest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Volume is written as the kubelet writes one: generations below hidden names, of
// which the link ..data names the one that counts, and a link for each key.
type Volume struct {
	// Path is its root.
	Path string

	t      *testing.T
	number int
}

// Keys are a volume's keys and their values.
type Keys map[string]string

// NewVolume makes one whose kind is configmap, secret, projected or downward-api.
func NewVolume(t *testing.T, kind, name string, keys Keys) *Volume {
	t.Helper()
	volume := &Volume{
		Path: filepath.Join(t.TempDir(), "pods/6fa1/volumes/kubernetes.io~"+kind, name),
		t:    t,
	}
	if err := os.MkdirAll(volume.Path, 0o755); err != nil {
		t.Fatal(err)
	}
	volume.Rotate(keys)
	return volume
}

// Generation is the name of the one that counts.
func (v *Volume) Generation() string {
	return fmt.Sprintf("..2026_01_02_03_04_05.%09d", v.number)
}

// Rotate replaces the contents step by step as the kubelet does it.
func (v *Volume) Rotate(keys Keys) {
	v.t.Helper()
	old := filepath.Join(v.Path, v.Generation())
	v.number++
	for key, value := range keys {
		write(v.t, filepath.Join(v.Path, v.Generation(), key), value)
	}
	beside := filepath.Join(v.Path, "..data_tmp")
	v.must(os.Symlink(v.Generation(), beside))
	v.must(os.Rename(beside, filepath.Join(v.Path, "..data")))
	for key := range keys {
		link := filepath.Join(v.Path, key)
		if _, err := os.Lstat(link); err != nil {
			v.must(os.Symlink(filepath.Join("..data", key), link))
		}
	}
	v.must(os.RemoveAll(old))
}

func (v *Volume) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}
