// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The plain manifests: what the chart renders to with default values, and the
// namespace, which Helm would make itself. `kubectl apply -f` takes files by
// name, the namespace first.
var manifestFiles = map[string]string{
	"namespace.yaml":      "00-namespace.yaml",
	"serviceaccount.yaml": "10-serviceaccount.yaml",
	"configmap.yaml":      "20-configmap.yaml",
	"daemonset.yaml":      "30-daemonset.yaml",
}

const manifestHead = "# SPDX-License-Identifier: Apache-2.0\n" +
	"# Written by `./dev chart --write` from deploy/helm/fsshare.\n"

func (t tree) manifestDir() string {
	return filepath.Join(t.root, "deploy/kubernetes")
}

// manifests returns the files that are to be in deploy/kubernetes.
func (t tree) manifests() (map[string]string, error) {
	rendered, err := t.render(values{"namespace": values{"create": true}})
	if err != nil {
		return nil, err
	}
	all, err := documents(rendered.Manifest)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, d := range all {
		name, ok := manifestFiles[d.source]
		if !ok {
			return nil, fmt.Errorf("%s has no file in deploy/kubernetes", d.source)
		}
		files[name] = manifestHead + withoutHelm(d.text)
	}
	if len(files) != len(manifestFiles) {
		return nil, fmt.Errorf("%d documents", len(files))
	}
	return files, nil
}

// withoutHelm leaves out the two labels by which Helm tells what is its own.
func withoutHelm(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		label := strings.TrimSpace(line)
		if label != "app.kubernetes.io/managed-by: Helm" &&
			!strings.HasPrefix(label, "helm.sh/chart: ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func (t tree) writeManifests() error {
	if err := t.writeChartFiles(); err != nil {
		return err
	}
	files, err := t.manifests()
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(t.manifestDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare tells whether the YAML files of a folder are those that should be
// there.
func (t tree) compare(dir string) error {
	wanted, err := t.manifests()
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.y*ml"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		name := filepath.Base(path)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		should, ok := wanted[name]
		if !ok {
			return fmt.Errorf("%s is not rendered", name)
		}
		if string(text) != should {
			return fmt.Errorf("%s differs: run ./dev chart --write", name)
		}
		delete(wanted, name)
	}
	for name := range wanted {
		return fmt.Errorf("%s is missing: run ./dev chart --write", name)
	}
	return nil
}

func (t tree) manifestChecks() []check {
	return []check{
		{"the plain manifests are what the chart renders to", func() error {
			return t.compare(t.manifestDir())
		}},
		{"the API server's rules accept the plain manifests", func() error {
			paths, err := filepath.Glob(filepath.Join(t.manifestDir(), "*.yaml"))
			if err != nil {
				return err
			}
			for _, path := range paths {
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				if err := validate(string(text)); err != nil {
					return fmt.Errorf("%s: %w", filepath.Base(path), err)
				}
			}
			if len(paths) != len(manifestFiles) {
				return fmt.Errorf("%d files", len(paths))
			}
			return nil
		}},
		{"found: a plain manifest that differs", t.findsChange},
		{"found: a plain manifest that is missing, and one too many",
			t.findsMissingAndExtra},
	}
}

// withManifests calls `do` with a copy of deploy/kubernetes.
func (t tree) withManifests(do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "fsshare-chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(t.manifestDir())); err != nil {
		return err
	}
	if err := t.compare(dir); err != nil {
		return fmt.Errorf("before any change: %w", err)
	}
	return do(dir)
}

func (t tree) findsChange() error {
	return t.withManifests(func(dir string) error {
		path := filepath.Join(dir, "30-daemonset.yaml")
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		changed := strings.Replace(string(text), "RollingUpdate", "OnDelete", 1)
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			return err
		}
		return expectError(t.compare(dir), "30-daemonset.yaml differs")
	})
}

func (t tree) findsMissingAndExtra() error {
	return t.withManifests(func(dir string) error {
		from := filepath.Join(dir, "20-configmap.yaml")
		to := filepath.Join(dir, "40-configmap.yaml")
		if err := os.Rename(from, to); err != nil {
			return err
		}
		extra := expectError(t.compare(dir), "40-configmap.yaml is not rendered")
		if err := os.Remove(to); err != nil {
			return err
		}
		return errors.Join(extra,
			expectError(t.compare(dir), "20-configmap.yaml is missing"))
	})
}
