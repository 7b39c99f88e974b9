// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// What an installation consists of.
type installation struct {
	daemonSet appsv1.DaemonSet
	configMap corev1.ConfigMap
}

// nodeConfig is the part of fsshared's configuration that names what is outside
// of its container.
type nodeConfig struct {
	HTTP struct {
		Listen string `json:"listen"`
	} `json:"http"`
	API struct {
		Socket string `json:"socket"`
	} `json:"api"`
	Share struct {
		Root string `json:"root"`
	} `json:"share"`
	Volumes struct {
		KubeletRoots []string `json:"kubelet_roots"`
	} `json:"volumes"`
}

func install(documents []document) (*installation, error) {
	var found installation
	seen := map[string]int{}
	for _, d := range documents {
		object, err := decode(d.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.source, err)
		}
		switch o := object.(type) {
		case *appsv1.DaemonSet:
			found.daemonSet = *o
			seen["DaemonSet"]++
		case *corev1.ConfigMap:
			if _, ok := o.Data["config.json"]; !ok {
				continue
			}
			found.configMap = *o
			seen["ConfigMap"]++
		}
	}
	if seen["DaemonSet"] != 1 || seen["ConfigMap"] != 1 {
		return nil, fmt.Errorf("not one DaemonSet and one ConfigMap: %v", seen)
	}
	return &found, nil
}

func (i *installation) container() *corev1.Container {
	return &i.daemonSet.Spec.Template.Spec.Containers[0]
}

func (i *installation) configText() string {
	return i.configMap.Data["config.json"]
}

// mountAt returns what is mounted at a path, and the volume that it is of.
func (i *installation) mountAt(at string) (*corev1.VolumeMount, *corev1.Volume) {
	pod := &i.daemonSet.Spec.Template.Spec
	for m := range i.container().VolumeMounts {
		mount := &i.container().VolumeMounts[m]
		for v := range pod.Volumes {
			if mount.MountPath == at && pod.Volumes[v].Name == mount.Name {
				return mount, &pod.Volumes[v]
			}
		}
	}
	return nil, nil
}

// agrees tells whether what fsshared is told and what its container is given go
// together. Whether it may mount is for the caller to say.
func (i *installation) agrees(mayMount bool) error {
	var config nodeConfig
	if err := json.Unmarshal([]byte(i.configText()), &config); err != nil {
		return err
	}
	return errors.Join(
		i.everyVolumeIsUsed(),
		i.hostPathsKeepTheirPath(),
		i.readsItsConfigMap(),
		i.hasHostDirectory(path.Dir(config.API.Socket)),
		i.hasKubeletRoots(config, mayMount),
		i.hasShareRoot(config.Share.Root, mayMount),
		i.probesReach(config.HTTP.Listen),
		i.hasPrivileges(mayMount),
	)
}

func (i *installation) everyVolumeIsUsed() error {
	for _, volume := range i.daemonSet.Spec.Template.Spec.Volumes {
		if !slices.ContainsFunc(i.container().VolumeMounts,
			func(m corev1.VolumeMount) bool { return m.Name == volume.Name }) {
			return fmt.Errorf("volume %s is not mounted", volume.Name)
		}
	}
	return nil
}

// Requests name paths of the host, which have to be the same here.
func (i *installation) hostPathsKeepTheirPath() error {
	for _, mount := range i.container().VolumeMounts {
		_, volume := i.mountAt(mount.MountPath)
		if volume == nil {
			return fmt.Errorf("mount %s has no volume", mount.Name)
		}
		if host := volume.HostPath; host != nil && host.Path != mount.MountPath {
			return fmt.Errorf("%s of the host is at %s", host.Path, mount.MountPath)
		}
	}
	return nil
}

func (i *installation) readsItsConfigMap() error {
	_, volume := i.mountAt("/etc/fsshare")
	if volume == nil || volume.ConfigMap == nil ||
		volume.ConfigMap.Name != i.configMap.Name {
		return fmt.Errorf("/etc/fsshare is not ConfigMap %s", i.configMap.Name)
	}
	return nil
}

func (i *installation) hasHostDirectory(dir string) error {
	mount, volume := i.mountAt(dir)
	if mount == nil || volume.HostPath == nil || mount.ReadOnly {
		return fmt.Errorf("%s is not the host's, or cannot be written", dir)
	}
	return nil
}

// A bind of what is mounted read-only is read-only, also where the sandbox is to
// write; mounts of later volumes have to arrive.
func (i *installation) hasKubeletRoots(config nodeConfig, mayMount bool) error {
	if len(config.Volumes.KubeletRoots) == 0 {
		return errors.New("no kubelet root is configured")
	}
	for _, root := range config.Volumes.KubeletRoots {
		mount, volume := i.mountAt(root)
		if mount == nil || volume.HostPath == nil {
			return fmt.Errorf("kubelet root %s is not the host's", root)
		}
		if flow(mount) != corev1.MountPropagationHostToContainer {
			return fmt.Errorf("kubelet root %s has propagation %s", root, flow(mount))
		}
		if mount.ReadOnly == mayMount {
			return fmt.Errorf("kubelet root %s: readOnly %t", root, mount.ReadOnly)
		}
	}
	return nil
}

func flow(mount *corev1.VolumeMount) corev1.MountPropagationMode {
	if mount.MountPropagation == nil {
		return corev1.MountPropagationNone
	}
	return *mount.MountPropagation
}

func (i *installation) hasShareRoot(root string, mayMount bool) error {
	mount, volume := i.mountAt(root)
	if mount == nil || mount.ReadOnly {
		return fmt.Errorf("share root %s is not mounted to be written", root)
	}
	for m := range i.container().VolumeMounts {
		other := &i.container().VolumeMounts[m]
		both := flow(other) == corev1.MountPropagationBidirectional
		if both != (mayMount && other.MountPath == root) {
			return fmt.Errorf("%s has propagation %s", other.MountPath, flow(other))
		}
	}
	if (volume.HostPath != nil) != mayMount {
		return fmt.Errorf("share root %s: of the host: %t", root,
			volume.HostPath != nil)
	}
	return nil
}

// The kubelet asks at the pod's address, unless a probe names another.
func (i *installation) probesReach(listen string) error {
	address, err := netip.ParseAddrPort(listen)
	if err != nil {
		return err
	}
	c := i.container()
	for path, probe := range map[string]*corev1.Probe{
		"/livez": c.LivenessProbe, "/livez ": c.StartupProbe,
		"/readyz": c.ReadinessProbe} {
		if probe == nil && probe == c.LivenessProbe {
			continue
		}
		if probe == nil || probe.HTTPGet == nil {
			return errors.New("a probe asks for no page")
		}
		asks := probe.HTTPGet
		if asks.Path != strings.TrimSpace(path) {
			return fmt.Errorf("a probe asks for %s", asks.Path)
		}
		if port := i.portOf(asks); port != int32(address.Port()) {
			return fmt.Errorf("a probe asks at port %d, fsshared is at %s", port,
				listen)
		}
		wanted := ""
		if address.Addr().IsLoopback() {
			wanted = address.Addr().String()
		}
		if asks.Host != wanted {
			return fmt.Errorf("a probe asks at %q, fsshared is at %s", asks.Host,
				listen)
		}
	}
	if address.Addr().IsLoopback() && !i.daemonSet.Spec.Template.Spec.HostNetwork {
		return fmt.Errorf("the kubelet does not reach %s", listen)
	}
	return nil
}

// portOf returns the number of a probe's port, which is named.
func (i *installation) portOf(asks *corev1.HTTPGetAction) int32 {
	for _, port := range i.container().Ports {
		if port.Name == asks.Port.StrVal {
			return port.ContainerPort
		}
	}
	return 0
}

func (i *installation) hasPrivileges(mayMount bool) error {
	pod := &i.daemonSet.Spec.Template.Spec
	if pod.HostPID != mayMount {
		return fmt.Errorf("hostPID %t", pod.HostPID)
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		return errors.New("it is given a token of the Kubernetes API")
	}
	context := i.container().SecurityContext
	if *context.Privileged != mayMount {
		return fmt.Errorf("privileged %t", *context.Privileged)
	}
	if !*context.ReadOnlyRootFilesystem {
		return errors.New("its root filesystem can be written")
	}
	if mayMount {
		return nil
	}
	if *context.AllowPrivilegeEscalation {
		return errors.New("it may gain privileges")
	}
	kept := fmt.Sprint(context.Capabilities.Drop, context.Capabilities.Add)
	if kept != "[ALL] [DAC_OVERRIDE]" {
		return fmt.Errorf("capabilities %s", kept)
	}
	return nil
}

// problems writes an error on one line.
func problems(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
