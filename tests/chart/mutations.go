// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A mutation replaces text that stands once in what the chart renders, which has
// to be noticed.
type mutation struct {
	name      string
	set       valueSet
	from, to  string
	mayMount  bool
	complaint string
}

// Wrong for Kubernetes.
var forbidden = []mutation{
	{"a misspelt field", byDefault, "tolerations:", "toleration:", true,
		`unknown field "spec.template.spec.toleration"`},
	{"a field in the wrong case", byDefault, "hostPID:", "hostPid:", true,
		`unknown field "spec.template.spec.hostPid"`},
	{"a field twice", byDefault, "hostNetwork: false",
		"hostNetwork: false\n      hostPID: true", true, `already set`},
	{"a word for a boolean", byDefault, "hostPID: true", `hostPID: "true"`, true,
		"cannot unmarshal string"},
	{"a word for a number", byDefault, "terminationGracePeriodSeconds: 30",
		"terminationGracePeriodSeconds: 30s", true, "cannot unmarshal string"},
	{"a quantity that is none", byDefault, "memory: 256Mi", "memory: 512 MB",
		true, "quantities must match"},
	{"a request above its limit", byDefault, "memory: 64Mi", "memory: 640Mi",
		true, "must be less than or equal to memory limit"},
	{"Bidirectional without privileged", byDefault, "privileged: true",
		"privileged: false", true, "available only to privileged containers"},
	{"a privileged container that may not gain privileges", byDefault,
		"privileged: true", "privileged: true\n            allowPrivilegeEscalation: false",
		true, "cannot set `allowPrivilegeEscalation` to false"},
	{"a mount without a volume", byDefault, "- name: source-0\n          hostPath",
		"- name: source-1\n          hostPath", true, "Not found"},
	{"labels that the selector misses", byDefault,
		"matchLabels:\n      app.kubernetes.io/name: fsshare",
		"matchLabels:\n      app.kubernetes.io/name: sharing", true,
		"`selector` does not match template `labels`"},
	{"an unknown strategy", byDefault, "type: RollingUpdate", "type: Rolling", true,
		"Unsupported value"},
}

// Accepted by Kubernetes, and yet wrong.
var disagreeing = []mutation{
	{"a container that cannot mount", byDefault,
		"mountPath: /run/kata-containers/shared/sandboxes\n              mountPropagation: Bidirectional",
		"mountPath: /run/kata-containers/shared/sandboxes", true,
		"has propagation None"},
	{"a share root elsewhere", byDefault,
		`"root": "/run/kata-containers/shared/sandboxes"`, `"root": "/srv"`, true,
		"share root /srv is not mounted"},
	{"volumes that do not arrive", byDefault,
		"mountPath: /var/lib/kubelet\n              mountPropagation: HostToContainer",
		"mountPath: /var/lib/kubelet", true,
		"kubelet root /var/lib/kubelet has propagation None"},
	{"volumes that no sandbox can write", byDefault,
		"mountPath: /var/lib/kubelet\n", "mountPath: /var/lib/kubelet\n              readOnly: true\n",
		true, "kubelet root /var/lib/kubelet: readOnly true"},
	{"a socket in the container only", byDefault,
		`"socket": "/run/fsshare/fsshare.sock"`, `"socket": "/tmp/fsshare.sock"`,
		true, "/tmp is not the host's"},
	{"a host path at another path", byDefault,
		"hostPath:\n            path: /run/vc", "hostPath:\n            path: /run/vm",
		true, "/run/vm of the host is at /run/vc"},
	{"a container that does not see process 1", byDefault, "hostPID: true",
		"hostPID: false", true, "hostPID false"},
	{"a capability more", copyOnly, "- DAC_OVERRIDE", "- DAC_OVERRIDE\n                - SYS_ADMIN",
		false, "capabilities"},
	{"an address that the kubelet does not reach", byDefault,
		`"listen": "0.0.0.0:10260"`, `"listen": "127.0.0.1:10260"`, true,
		"fsshared is at 127.0.0.1:10260"},
	{"a port that is another", byDefault, "containerPort: 10260",
		"containerPort: 10261", true, "fsshared is at 0.0.0.0:10260"},
	{"a liveness that depends on being ready", byDefault,
		"path: /livez\n              port: http\n            periodSeconds: 20",
		"path: /readyz\n              port: http\n            periodSeconds: 20", true,
		"a probe asks for /readyz"},
	{"a token", copyOnly, "automountServiceAccountToken: false",
		"automountServiceAccountToken: true", false, "is given a token"},
}

func (t tree) mutationChecks() []check {
	var all []check
	for _, m := range forbidden {
		all = append(all, check{"found: " + m.name, func() error {
			return t.mutate(m, func(changed []document) error {
				for _, d := range changed {
					if err := validate(d.text); err != nil {
						return err
					}
				}
				return nil
			})
		}})
	}
	for _, m := range disagreeing {
		all = append(all, check{"found: " + m.name, func() error {
			return t.mutate(m, func(changed []document) error {
				made, err := install(changed)
				if err != nil {
					return err
				}
				return made.agrees(m.mayMount)
			})
		}})
	}
	return append(all,
		check{"found: a key that fsshared does not know", func() error {
			given := values{"config": values{"log": values{"levle": "debug"}}}
			return t.expectConfigError(given, "/log/levle")
		}},
		check{"found: a value that fsshared does not take", func() error {
			given := values{"config": values{"guest": values{"dial_timeout": 30}}}
			return t.expectConfigError(given, "/guest/dial_timeout")
		}},
		check{"found by lint: a template that does not render", func() error {
			return t.lintFinds("templates/configmap.yaml", "metadata:", "{{- end }}\nmetadata:", "unexpected {{end}}")
		}},
		check{"found by lint: a chart without a version", func() error {
			return t.lintFinds("Chart.yaml", "\nversion: ", "\nnoversion: ", "version is required")
		}},
	)
}

// mutate changes a rendering, and expects `judge` to complain of that, and of
// nothing without it.
func (t tree) mutate(m mutation, judge func([]document) error) error {
	rendered, err := t.renderSet(m.set)
	if err != nil {
		return err
	}
	all, err := documents(rendered.Manifest)
	if err != nil {
		return err
	}
	if err := judge(all); err != nil {
		return fmt.Errorf("without the change: %w", err)
	}
	times := 0
	for i := range all {
		isPod := all[i].source == "daemonset.yaml" || all[i].source == "configmap.yaml"
		if n := strings.Count(all[i].text, m.from); isPod && n > 0 {
			times += n
			all[i].text = strings.Replace(all[i].text, m.from, m.to, 1)
		}
	}
	if times != 1 {
		return fmt.Errorf("%q is there %d times", m.from, times)
	}
	return expectError(judge(all), m.complaint)
}

func (t tree) expectConfigError(given values, because string) error {
	made, err := t.installWith(given)
	if err != nil {
		return err
	}
	err = t.checkConfig(made.configText())
	if errors.Is(err, errSkipped) {
		return err
	}
	return expectError(err, because)
}

// lintFinds replaces text that stands once in a file of the chart.
func (t tree) lintFinds(file, from, to, because string) error {
	return t.withCopy(func(dir string) error {
		if err := lint(dir, nil); err != nil {
			return fmt.Errorf("before any change: %w", err)
		}
		path := filepath.Join(dir, file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := strings.Count(string(text), from); n != 1 {
			return fmt.Errorf("%s has %q %d times", file, from, n)
		}
		changed := strings.Replace(string(text), from, to, 1)
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			return err
		}
		return expectError(lint(dir, nil), because)
	})
}
