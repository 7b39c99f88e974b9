// SPDX-License-Identifier: Apache-2.0

// Package fssharetest is what tests against the real programs need. They find these
// in the folder that the variable FSSHARE_BIN names; `./dev clients` sets it.
package fssharetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Patience is after how long a test takes what does not happen for something that
// never will.
const Patience = time.Minute

// Eventually waits until look succeeds.
func Eventually(t *testing.T, what string, look func() bool) {
	t.Helper()
	for limit := time.Now().Add(Patience); !look(); {
		if time.Now().After(limit) {
			t.Fatalf("this did not happen: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func program(t *testing.T, name string) string {
	folder := os.Getenv("FSSHARE_BIN")
	if folder == "" {
		t.Skip("FSSHARE_BIN does not name the folder of fsshared and fsshare-guest")
	}
	return filepath.Join(folder, name)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func listens(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
}

func kill(command *exec.Cmd) {
	if command == nil || command.Process == nil {
		return
	}
	_ = command.Process.Kill()
	_ = command.Wait()
}

// Node is an fsshared with a socket, a share root and a configuration of its own. It
// ends with the test.
type Node struct {
	t       *testing.T
	dir     string
	command *exec.Cmd
	mounts  bool
}

// StartNode returns one that takes calls. more is merged into its configuration: the
// inner part of a JSON object.
func StartNode(t *testing.T, more string) *Node {
	node := StoppedNode(t, more)
	node.StartAgain()
	return node
}

// StartNodeWithMounts returns one that may mount, in a mount namespace of its own.
// Takes root: without, the test is skipped.
func StartNodeWithMounts(t *testing.T, more string) *Node {
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	node := StoppedNode(t, more)
	node.mounts = true
	node.StartAgain()
	return node
}

// StoppedNode returns one that is yet to be started.
func StoppedNode(t *testing.T, more string) *Node {
	program(t, "fsshared")
	node := &Node{t: t, dir: t.TempDir()}
	write(t, filepath.Join(node.dir, "config.d/more.json"), "{"+more+"}")
	// What runs beside the test looks where that runs, not at the host.
	write(t, filepath.Join(node.dir, "config.json"), fmt.Sprintf(
		`{"api": {"socket": %q}, "share": {"root": %q}, "http": {"listen": ""}, "mounts": {"visibility": "assumed"}}`,
		node.Socket(), node.ShareRoot()))
	t.Cleanup(func() { kill(node.command) })
	return node
}

// StartAgain returns when it takes calls. As a service manager does, it starts it once
// more where it ends: what one that was killed leaves behind for a moment still holds
// the share root.
func (n *Node) StartAgain() {
	n.t.Helper()
	n.Launch()
	defer func() {
		if n.t.Failed() {
			n.t.Log(n.Log())
		}
	}()
	Eventually(n.t, "fsshared takes calls", func() bool {
		if n.hasEnded() {
			n.Launch()
		}
		return listens(n.Socket())
	})
}

// hasEnded takes note of its end.
func (n *Node) hasEnded() bool {
	var status syscall.WaitStatus
	pid := n.command.Process.Pid
	ended, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
	return err == nil && ended == pid
}

// Launch returns at once.
func (n *Node) Launch() {
	n.t.Helper()
	n.command = exec.Command(program(n.t, "fsshared"), "--config",
		filepath.Join(n.dir, "config.json"))
	n.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if n.mounts {
		// Go makes what is unshared so private.
		n.command.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	log, err := os.Create(filepath.Join(n.dir, "log"))
	if err != nil {
		n.t.Fatal(err)
	}
	defer log.Close()
	n.command.Stderr = log
	start(n.t, n.command)
}

// Log is what it has logged since it was started.
func (n *Node) Log() string {
	text, err := os.ReadFile(filepath.Join(n.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Kill does what kill -9 does, and returns when nothing of it listens any more: its
// readers end a moment later.
func (n *Node) Kill() {
	n.t.Helper()
	kill(n.command)
	n.command = nil
	Eventually(n.t, "nothing listens", func() bool { return !listens(n.Socket()) })
}

// Pause makes it do nothing until GoOn.
func (n *Node) Pause() {
	n.t.Helper()
	pid := n.command.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		n.t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		n.t.Fatalf("fsshared is not stopped: %v", err)
	}
}

// GoOn ends what Pause began.
func (n *Node) GoOn() {
	n.t.Helper()
	if err := syscall.Kill(n.command.Process.Pid, syscall.SIGCONT); err != nil {
		n.t.Fatal(err)
	}
}

// Socket is where it listens.
func (n *Node) Socket() string {
	return filepath.Join(n.dir, "fsshare.sock")
}

// ShareRoot is its share.root.
func (n *Node) ShareRoot() string {
	return filepath.Join(n.dir, "root")
}

// Mounts returns what it has mounted, by lines of mountinfo.
func (n *Node) Mounts() []string {
	n.t.Helper()
	table, err := os.ReadFile(n.proc("mountinfo"))
	if err != nil {
		n.t.Fatal(err)
	}
	var ours []string
	for _, line := range strings.Split(string(table), "\n") {
		if strings.Contains(line, n.ShareRoot()) {
			ours = append(ours, line)
		}
	}
	return ours
}

// Sees returns an absolute path as it sees that.
func (n *Node) Sees(path string) string {
	return filepath.Join(n.proc("root"), path)
}

func (n *Node) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", n.command.Process.Pid, name)
}

// Guest is an fsshare-guest, which stands in for the guest agent and serves a folder
// that stands for the guest's share directory. It ends with the test.
type Guest struct {
	t       *testing.T
	dir     string
	options []string
	command *exec.Cmd
}

// StartGuest returns one that can be called. options are fsshare-guest's.
func StartGuest(t *testing.T, options ...string) *Guest {
	guest := StoppedGuest(t, options...)
	guest.StartAgain()
	return guest
}

// StoppedGuest returns one that is yet to be started.
func StoppedGuest(t *testing.T, options ...string) *Guest {
	program(t, "fsshare-guest")
	guest := &Guest{t: t, dir: t.TempDir(), options: options}
	if err := os.Mkdir(guest.root(), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(guest.command) })
	return guest
}

// StartAgain starts it with what it holds.
func (g *Guest) StartAgain() {
	g.t.Helper()
	arguments := append([]string{"--listen", g.Address(), "--root", g.root()}, g.options...)
	g.command = exec.Command(program(g.t, "fsshare-guest"), arguments...)
	g.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start(g.t, g.command)
	Eventually(g.t, "the guest listens", func() bool { return listens(g.socket()) })
}

// Kill does what kill -9 does.
func (g *Guest) Kill() {
	kill(g.command)
	g.command = nil
	_ = os.Remove(g.socket())
}

// Address is what Prepare is told.
func (g *Guest) Address() string {
	return "unix://" + g.socket()
}

// Entries returns the names in the guest's share directory.
func (g *Guest) Entries() []string {
	g.t.Helper()
	entries, err := os.ReadDir(g.root())
	if err != nil {
		g.t.Fatal(err)
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// At says where on this machine that is which has this path in the guest.
func (g *Guest) At(guestPath string) string {
	g.t.Helper()
	const shareDir = "/run/kata-containers/shared/containers/"
	if !strings.HasPrefix(guestPath, shareDir) {
		g.t.Fatalf("%s is not below %s", guestPath, shareDir)
	}
	return filepath.Join(g.root(), strings.TrimPrefix(guestPath, shareDir))
}

func (g *Guest) socket() string {
	return filepath.Join(g.dir, "guest.sock")
}

func (g *Guest) root() string {
	return filepath.Join(g.dir, "share")
}
