// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Long enough for a busy machine; without a fault it takes a second.
const confinedLimit = 2 * time.Minute

// confinementChecks run fsshared with what the chart gives its container where
// all sandboxes get copies: capabilities, configuration, mounts, probes.
func (t tree) confinementChecks() []check {
	return []check{
		{"with the capability that is left, fsshared copies and cannot mount",
			func() error {
				made, err := t.installSet(copyOnly)
				if err != nil {
					return err
				}
				return t.confined(made)
			}},
		{"found: without it, a guest of another user cannot be reached",
			func() error {
				given, err := t.given(copyOnly)
				if err != nil {
					return err
				}
				// So that it does not take half a minute to give up.
				given, err = with(given, "config.guest",
					values{"dial_timeout": "1s"})
				if err != nil {
					return err
				}
				made, err := t.installWith(given)
				if err != nil {
					return err
				}
				made.container().SecurityContext.Capabilities.Add = nil
				err = t.confined(made)
				if errors.Is(err, errSkipped) {
					return err
				}
				return expectError(err, "Permission denied")
			}},
	}
}

// confined runs tests/chart/confined.
func (t tree) confined(made *installation) error {
	if os.Geteuid() != 0 {
		return skipped("needs root")
	}
	program, err := t.program("fsshared")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fsshare-chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, "config.json")
	if err := os.WriteFile(config, []byte(made.configText()), 0o600); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(context.Background(), confinedLimit)
	defer cancel()
	probe := made.container().ReadinessProbe.HTTPGet
	run := exec.CommandContext(limited, "unshare", "--mount", "--propagation",
		"private", "--net", "--", filepath.Join(t.root, "tests/chart/confined"),
		filepath.Dir(program), config,
		bounding(made.container().SecurityContext.Capabilities),
		fmt.Sprint(made.portOf(probe)), probe.Path)
	run.Stdin = strings.NewReader(made.mountLines())
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, &said
	// With what it started; whatever still keeps the pipe open is not waited for.
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error {
		return syscall.Kill(-run.Process.Pid, syscall.SIGKILL)
	}
	run.WaitDelay = time.Second
	if err := run.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	return nil
}

// bounding writes a set of capabilities as setpriv(1) takes it.
func bounding(set *corev1.Capabilities) string {
	words := []string{"-all"}
	for _, added := range set.Add {
		words = append(words, "+"+strings.ToLower(string(added)))
	}
	return strings.Join(words, ",")
}

// mountLines writes what the container is given below /run and /var/lib.
func (i *installation) mountLines() string {
	var lines strings.Builder
	for _, mount := range i.container().VolumeMounts {
		if _, volume := i.mountAt(mount.MountPath); volume.ConfigMap != nil {
			continue
		}
		access := "rw"
		if mount.ReadOnly {
			access = "ro"
		}
		fmt.Fprintln(&lines, access, mount.MountPath)
	}
	return lines.String()
}
