// SPDX-License-Identifier: Apache-2.0

package runtimes

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shim is a process that has left the host's mount namespace, as those of Kata do, and
// has mounted a root filesystem that nobody else sees. It ends with the test.
type shim struct {
	command *exec.Cmd
}

// startShim mounts what is in image at rootfs.
func startShim(t *testing.T, image, rootfs string) *shim {
	t.Helper()
	command := exec.Command("unshare", "--mount", "--propagation", "slave", "sh", "-c",
		`mount --bind "$1" "$2" && echo mounted && exec cat`, "sh", image, rootfs)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	// cat lives until nobody writes to it any more.
	if _, err := command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s := &shim{command}
	t.Cleanup(s.end)
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "mounted\n" {
		t.Fatalf("the shim says %q: %v", line, err)
	}
	return s
}

func (s *shim) end() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

func (s *shim) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", s.command.Process.Pid, name)
}

// sees returns an absolute path as the shim sees that.
func (s *shim) sees(path string) string {
	return filepath.Join(s.proc("root"), path)
}

// mountsBelow returns what is mounted there, by lines of mountinfo.
func (s *shim) mountsBelow(t *testing.T, path string) []string {
	t.Helper()
	table, err := os.ReadFile(s.proc("mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, line := range strings.Split(string(table), "\n") {
		if strings.Contains(line, path) {
			found = append(found, line)
		}
	}
	return found
}
