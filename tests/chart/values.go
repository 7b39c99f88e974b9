// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"
)

// Maps that are the user's: their keys are no values of ours.
var freeMaps = []string{"commonLabels", "serviceAccount.annotations", "config",
	"nodeSelector", "affinity", "resources", "annotations", "podAnnotations",
	"podLabels", "securityContext.seccompProfile",
	"securityContext.seLinuxOptions", "updateStrategy",
	"metrics.podMonitor.labels", "metrics.prometheusRule.labels",
	"metrics.dashboard.labels"}

// leaves returns the values by their paths, such as image.tag.
func leaves(of values, at string) map[string]any {
	out := map[string]any{}
	for key, value := range of {
		path := strings.TrimPrefix(at+"."+key, ".")
		below, isMap := value.(values)
		if isMap && !slices.Contains(freeMaps, path) {
			for p, v := range leaves(below, path) {
				out[p] = v
			}
		} else {
			out[path] = value
		}
	}
	return out
}

// with sets one value in a copy of others.
func with(given values, path string, value any) (values, error) {
	text, err := yaml.Marshal(given)
	if err != nil {
		return nil, err
	}
	out, err := toMap(string(text))
	if err != nil {
		return nil, err
	}
	at := out
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		if _, ok := at[key].(values); !ok {
			at[key] = values{}
		}
		at = at[key].(values)
	}
	at[keys[len(keys)-1]] = value
	return out, nil
}

func (t tree) valueChecks() []check {
	all := []check{
		{"each value has an effect", t.eachValueHasAnEffect},
		{"README.md lists every value with its default", t.readmeListsValues},
		{"the chart installs the version that the build makes", t.versionsAgree},
		{"refused: a PodMonitor of what only the node reaches", func() error {
			_, err := t.render(values{"hostNetwork": true,
				"metrics": values{"podMonitor": values{"enabled": true}}})
			return expectError(err, "Prometheus does not reach a loopback address")
		}},
	}
	for _, bad := range badValues {
		all = append(all, check{"refused: " + bad.path + " " +
			strings.TrimSpace(fmt.Sprint(bad.value)), func() error {
			given, err := with(values{}, bad.path, bad.value)
			if err != nil {
				return err
			}
			_, err = t.render(given)
			return expectError(err, bad.because)
		}})
	}
	return all
}

// expectError is content with an error that says something.
func expectError(err error, because string) error {
	if err == nil {
		return errors.New("no error")
	}
	if !strings.Contains(err.Error(), because) {
		return fmt.Errorf("another error than %q: %s", because, problems(err))
	}
	return nil
}

var schemaSays = "values don't meet the specifications of the schema"

var badValues = []struct {
	path    string
	value   any
	because string
}{
	{"imagePolicy", "Always", schemaSays},
	{"image.registry", "example", schemaSays},
	{"image.pullPolicy", "always", schemaSays},
	{"image.digest", "sha256:12", schemaSays},
	{"image.tag", "a b", schemaSays},
	{"sharedFilesystem.enabled", "yes", schemaSays},
	{"paths.shareRoot", "run/shares", schemaSays},
	{"paths.shareRoot", "/run/../etc", schemaSays},
	{"paths.socketDir", "/run/fsshare/", schemaSays},
	{"paths.socketDir", "/" + strings.Repeat("s", 94), schemaSays},
	{"paths.kubeletRoot", "/", schemaSays},
	{"guestSockets", "/run/vc", schemaSays},
	{"guestSockets", []any{"/run/vc", "/run/vc"}, schemaSays},
	{"sources", []any{"/srv"}, schemaSays},
	{"sources", []any{values{"readOnly": true}}, schemaSays},
	{"sources", []any{values{"path": "/srv", "readonly": true}}, schemaSays},
	{"config.log", "debug", schemaSays},
	{"updateStrategy.type", "Recreate", schemaSays},
	{"updateStrategy.rollingUpdate", values{"maxSurge": 1}, schemaSays},
	{"nodeSelector", values{"sandboxes": true}, schemaSays},
	{"terminationGracePeriodSeconds", 5, schemaSays},
	{"probes.liveness.timeoutSeconds", 0, schemaSays},
	{"http.port", "http", schemaSays},
	{"http.port", 0, schemaSays},
	{"http.address", "localhost", schemaSays},
	{"http.address", "127.0.0.1", "without hostNetwork the kubelet does not reach"},
	{"metrics.podMonitor.interval", 30, schemaSays},
	{"metrics.dashboard", true, schemaSays},
	{"probes.liveness.period", 1, schemaSays},
	{"securityContext.seccompProfile.type", "None", schemaSays},
	{"extraEnv", values{"A": "b"}, schemaSays},
	{"config.api.socket", "/run/other.sock", "set paths.socketDir"},
	{"config.share.root", "/srv/shares", "set paths.shareRoot"},
	{"config.volumes.kubelet_roots", []any{"/k"}, "set paths.kubeletRoot"},
	{"config.http.listen", "127.0.0.1:1", "set http.address and http.port"},
}

// Values that have an effect only beside others, and those others.
var besides = map[string]values{
	// Named by digest, an image has no tag.
	"image.tag": {"image": values{"digest": ""}},
	// It is made only if asked for.
	"serviceAccount.annotations": {"serviceAccount": values{"create": true}},
	// With hostNetwork, no address is one that Prometheus does not reach.
	"http.address": {
		"metrics": values{"podMonitor": values{"enabled": false}}},
	"probes.liveness.periodSeconds": {
		"probes": values{"liveness": values{"enabled": true}}},
	"probes.liveness.timeoutSeconds": {
		"probes": values{"liveness": values{"enabled": true}}},
	"probes.liveness.failureThreshold": {
		"probes": values{"liveness": values{"enabled": true}}},
}

// eachValueHasAnEffect changes all values, then sets one after the other back.
func (t tree) eachValueHasAnEffect() error {
	defaults, err := t.defaults()
	if err != nil {
		return err
	}
	changed, err := t.given(everything)
	if err != nil {
		return err
	}
	known := leaves(defaults, "")
	for path, value := range leaves(changed, "") {
		before, ok := known[path]
		if !ok {
			return fmt.Errorf("%s is no value of the chart", path)
		}
		if reflect.DeepEqual(value, before) {
			return fmt.Errorf("%s is not changed", path)
		}
		delete(known, path)
		if err := t.hasEffect(changed, path, before); err != nil {
			return err
		}
	}
	if len(known) > 0 {
		return fmt.Errorf("not changed: %v", sortedKeys(known))
	}
	return nil
}

func (t tree) hasEffect(changed values, path string, back any) error {
	base := chartutil.CoalesceTables(values{}, besides[path])
	base = chartutil.CoalesceTables(base, changed)
	one, err := t.render(base)
	if err != nil {
		return err
	}
	given, err := with(base, path, back)
	if err != nil {
		return err
	}
	other, err := t.render(given)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if one.Manifest == other.Manifest {
		return fmt.Errorf("%s changes nothing", path)
	}
	return nil
}

func sortedKeys(of map[string]any) []string {
	var keys []string
	for key := range of {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// | `image.tag` | `""` | … |
var valueRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]*)` \\| .+ \\|$")

func (t tree) readmeListsValues() error {
	text, err := os.ReadFile(filepath.Join(t.chartDir(), "README.md"))
	if err != nil {
		return err
	}
	defaults, err := t.defaults()
	if err != nil {
		return err
	}
	known := leaves(defaults, "")
	for _, row := range valueRow.FindAllStringSubmatch(string(text), -1) {
		path, written := row[1], row[2]
		value, ok := known[path]
		if !ok {
			return fmt.Errorf("%s is no value, or is listed twice", path)
		}
		var said any
		if err := yaml.Unmarshal([]byte(written), &said); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !reflect.DeepEqual(said, value) {
			return fmt.Errorf("%s is %v, not %s", path, value, written)
		}
		delete(known, path)
	}
	if len(known) > 0 {
		return fmt.Errorf("not listed: %v", sortedKeys(known))
	}
	return nil
}

func (t tree) versionsAgree() error {
	build, err := os.ReadFile(filepath.Join(t.root, "CMakeLists.txt"))
	if err != nil {
		return err
	}
	version := regexp.MustCompile(`project\(fsshare VERSION (\S+)`).
		FindSubmatch(build)
	if version == nil {
		return errors.New("CMakeLists.txt names no version")
	}
	made, err := t.installSet(byDefault)
	if err != nil {
		return err
	}
	image := made.container().Image
	if !strings.HasSuffix(image, ":"+string(version[1])) {
		return fmt.Errorf("the build makes %s, the chart installs %s",
			version[1], image)
	}
	return nil
}
