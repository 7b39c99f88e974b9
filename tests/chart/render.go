// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"sigs.k8s.io/yaml"
)

type values = map[string]any

// What the chart is rendered for: the Kubernetes that go.mod has.
var kubernetes = chartutil.KubeVersion{
	Version: "v1.37.0", Major: "1", Minor: "37"}

// tree is where everything is.
type tree struct {
	root, programs string
}

// A valueSet is one way to install the chart.
type valueSet struct {
	name string
	// Below tests/chart/values; none is the chart's defaults.
	file string
}

var (
	byDefault  = valueSet{"the default values", ""}
	copyOnly   = valueSet{"values for copies only", "copy-only.yaml"}
	everything = valueSet{"every value changed", "everything.yaml"}
	valueSets  = []valueSet{byDefault, copyOnly, everything}
)

const (
	releaseName = "fsshare"
	namespace   = "fsshare"
)

func (t tree) chartDir() string {
	return filepath.Join(t.root, "deploy/helm/fsshare")
}

// given returns a copy of the values of a set, without the defaults.
func (t tree) given(set valueSet) (values, error) {
	if set.file == "" {
		return values{}, nil
	}
	return chartutil.ReadValuesFile(
		filepath.Join(t.root, "tests/chart/values", set.file))
}

// defaults returns a copy of the chart's values.
func (t tree) defaults() (values, error) {
	return chartutil.ReadValuesFile(filepath.Join(t.chartDir(), "values.yaml"))
}

// render does what `helm template` does, and checks values as that does.
func (t tree) render(given values) (*release.Release, error) {
	return renderChart(t.chartDir(), given)
}

func renderChart(dir string, given values) (*release.Release, error) {
	// Helm complains about values to the standard logger.
	log.SetOutput(io.Discard)
	loaded, err := loader.Load(dir)
	if err != nil {
		return nil, err
	}
	install := action.NewInstall(&action.Configuration{
		Log: func(string, ...any) {},
	})
	install.DryRun = true
	install.ClientOnly = true
	install.KubeVersion = &kubernetes
	install.ReleaseName = releaseName
	install.Namespace = namespace
	return install.Run(loaded, given)
}

// renderSet renders the chart with the values of a set.
func (t tree) renderSet(set valueSet) (*release.Release, error) {
	given, err := t.given(set)
	if err != nil {
		return nil, err
	}
	return t.render(given)
}

// A document is one object of a rendering.
type document struct {
	// The template's file name: daemonset.yaml.
	source string
	// YAML, ending in a newline.
	text string
}

// documents takes a rendering apart.
func documents(rendered string) ([]document, error) {
	var all []document
	for _, part := range strings.Split("\n"+rendered, "\n---\n") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		first, text, _ := strings.Cut(part, "\n")
		source, ok := strings.CutPrefix(first, "# Source: ")
		if !ok {
			return nil, fmt.Errorf("a document without its source: %s", first)
		}
		all = append(all, document{filepath.Base(source), text + "\n"})
	}
	return all, nil
}

// lint does what `helm lint --strict` does.
func lint(dir string, given values) error {
	linter := action.NewLint()
	linter.Strict = true
	linter.Namespace = namespace
	linter.KubeVersion = &kubernetes
	result := linter.Run([]string{dir}, given)
	if len(result.Errors) > 0 {
		return fmt.Errorf("%v", result.Errors)
	}
	if result.TotalChartsLinted != 1 {
		return fmt.Errorf("%d charts were checked", result.TotalChartsLinted)
	}
	return nil
}

// withCopy calls `do` with a copy of the chart that may be changed.
func (t tree) withCopy(do func(dir string) error) error {
	scratch, err := os.MkdirTemp("", "fsshare-chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	dir := filepath.Join(scratch, "fsshare")
	if err := os.CopyFS(dir, os.DirFS(t.chartDir())); err != nil {
		return err
	}
	return do(dir)
}

// toMap decodes YAML of any shape.
func toMap(text string) (values, error) {
	out := values{}
	return out, yaml.Unmarshal([]byte(text), &out)
}
