// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// A chart reads files of its own only: what it has is a copy, by what it is of.
var chartFiles = map[string]string{
	"deploy/prometheus/rules.yaml": "files/rules.yaml",
	"deploy/grafana/fsshare.json":  "files/fsshare.json",
}

func (t tree) writeChartFiles() error {
	for from, to := range chartFiles {
		text, err := os.ReadFile(filepath.Join(t.root, from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(t.chartDir(), to), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compareChartFiles tells whether the copies below `dir` are like what they are
// of.
func (t tree) compareChartFiles(dir string) error {
	for from, to := range chartFiles {
		wanted, err := os.ReadFile(filepath.Join(t.root, from))
		if err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, to))
		if err != nil {
			return err
		}
		if !bytes.Equal(text, wanted) {
			return fmt.Errorf("%s is not %s: run ./dev chart --write", to, from)
		}
	}
	return nil
}

func (t tree) monitoringChecks() []check {
	return []check{
		{"the chart's rules and dashboard are those of deploy", func() error {
			return t.compareChartFiles(t.chartDir())
		}},
		{"found: rules of the chart that differ", func() error {
			return t.withCopy(func(dir string) error {
				path := filepath.Join(dir, "files/rules.yaml")
				if err := os.WriteFile(path, []byte("groups: []\n"), 0o600); err != nil {
					return err
				}
				return expectError(t.compareChartFiles(dir), "files/rules.yaml is not")
			})
		}},
		{"by default nothing needs the operators of Prometheus or Grafana", func() error {
			made, err := t.monitors(byDefault)
			if err != nil {
				return err
			}
			if made.podMonitor != nil || made.rule != nil || made.dashboard != nil {
				return errors.New("there is such an object")
			}
			return nil
		}},
		{"what it has for them selects its pods, and has all rules and the dashboard",
			t.monitorsAgree},
	}
}

// What is for the operators of Prometheus and Grafana; nil where there is none.
type monitors struct {
	podMonitor *monitoring.PodMonitor
	rule       *monitoring.PrometheusRule
	dashboard  *corev1.ConfigMap
}

func (t tree) monitors(set valueSet) (*monitors, error) {
	rendered, err := t.renderSet(set)
	if err != nil {
		return nil, err
	}
	all, err := documents(rendered.Manifest)
	if err != nil {
		return nil, err
	}
	var found monitors
	for _, d := range all {
		object, err := decode(d.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.source, err)
		}
		switch o := object.(type) {
		case *monitoring.PodMonitor:
			found.podMonitor = o
		case *monitoring.PrometheusRule:
			found.rule = o
		case *corev1.ConfigMap:
			if _, ok := o.Data["fsshare.json"]; ok {
				found.dashboard = o
			}
		}
	}
	return &found, nil
}

func (t tree) monitorsAgree() error {
	found, err := t.monitors(everything)
	if err != nil {
		return err
	}
	made, err := t.installSet(everything)
	if err != nil {
		return err
	}
	if found.podMonitor == nil || found.rule == nil || found.dashboard == nil {
		return errors.New("one is missing")
	}
	return errors.Join(found.selects(made), t.hasRules(found.rule),
		t.hasDashboard(found.dashboard))
}

func (m *monitors) selects(made *installation) error {
	labels := made.daemonSet.Spec.Template.Labels
	for key, value := range m.podMonitor.Spec.Selector.MatchLabels {
		if labels[key] != value {
			return fmt.Errorf("pods have no label %s=%s", key, value)
		}
	}
	ends := m.podMonitor.Spec.PodMetricsEndpoints
	if len(ends) != 1 || ends[0].Path != "/metrics" || ends[0].Port == nil {
		return fmt.Errorf("endpoints %v", ends)
	}
	for _, port := range made.container().Ports {
		if port.Name == *ends[0].Port {
			return nil
		}
	}
	return fmt.Errorf("pods have no port %s", *ends[0].Port)
}

func (t tree) hasRules(rule *monitoring.PrometheusRule) error {
	text, err := os.ReadFile(filepath.Join(t.root, "deploy/prometheus/rules.yaml"))
	if err != nil {
		return err
	}
	var wanted monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(text, &wanted); err != nil {
		return err
	}
	if len(wanted.Groups) == 0 || !reflect.DeepEqual(rule.Spec, wanted) {
		return errors.New("the rules are others than in deploy/prometheus/rules.yaml")
	}
	return nil
}

func (t tree) hasDashboard(given *corev1.ConfigMap) error {
	text, err := os.ReadFile(filepath.Join(t.root, "deploy/grafana/fsshare.json"))
	if err != nil {
		return err
	}
	if given.Data["fsshare.json"] != string(text) {
		return errors.New("the dashboard is another than deploy/grafana/fsshare.json")
	}
	return nil
}
