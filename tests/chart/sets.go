// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// setChecks are made of each way to install the chart.
func (t tree) setChecks(set valueSet) []check {
	return []check{
		{"Helm's lint accepts the chart with " + set.name, func() error {
			given, err := t.given(set)
			if err != nil {
				return err
			}
			return lint(t.chartDir(), given)
		}},
		{"the API server's rules accept what it renders with " + set.name,
			func() error {
				rendered, err := t.renderSet(set)
				if err != nil {
					return err
				}
				return accepted(rendered.Manifest)
			}},
		{"fsshared's configuration and its container agree with " + set.name,
			func() error {
				made, err := t.installSet(set)
				if err != nil {
					return err
				}
				return made.agrees(set == byDefault)
			}},
		{"fsshared accepts its configuration with " + set.name, func() error {
			made, err := t.installSet(set)
			if err != nil {
				return err
			}
			return t.checkConfig(made.configText())
		}},
		{"the notes say how to upgrade with " + set.name, func() error {
			rendered, err := t.renderSet(set)
			if err != nil {
				return err
			}
			notes := rendered.Info.Notes
			byHand := strings.Contains(notes, "delete pod -l")
			if byHand != (set == everything) ||
				!strings.Contains(notes, "goes on with the sandboxes") {
				return errors.New(notes)
			}
			return nil
		}},
	}
}

// accepted tells whether the API server would store all objects of a rendering.
func accepted(rendered string) error {
	all, err := documents(rendered)
	if err != nil {
		return err
	}
	if len(all) < 2 {
		return fmt.Errorf("only %d documents", len(all))
	}
	for _, d := range all {
		if err := validate(d.text); err != nil {
			return fmt.Errorf("%s: %w", d.source, err)
		}
	}
	return nil
}

func (t tree) installSet(set valueSet) (*installation, error) {
	given, err := t.given(set)
	if err != nil {
		return nil, err
	}
	return t.installWith(given)
}

func (t tree) installWith(given values) (*installation, error) {
	rendered, err := t.render(given)
	if err != nil {
		return nil, err
	}
	all, err := documents(rendered.Manifest)
	if err != nil {
		return nil, err
	}
	return install(all)
}

// program returns the path of one of our programs.
func (t tree) program(name string) (string, error) {
	path, err := filepath.Abs(filepath.Join(t.programs, name))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", skipped("not built: " + filepath.Join(t.programs, name))
	}
	return path, nil
}

// checkConfig has fsshared read a configuration.
func (t tree) checkConfig(text string) error {
	program, err := t.program("fsshared")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fsshare-chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "config.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	said, err := exec.Command(program, "--check-config", "--config", file).
		CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(said)))
	}
	return nil
}
