{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "fsshare.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "fsshare.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "fsshare.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "fsshare.selectorLabels" -}}
app.kubernetes.io/name: {{ include "fsshare.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Without those that every new chart changes, which would restart pods. */}}
{{- define "fsshare.podLabels" -}}
{{ include "fsshare.selectorLabels" . }}
app.kubernetes.io/component: node-agent
app.kubernetes.io/part-of: fsshare
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "fsshare.labels" -}}
{{ include "fsshare.podLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "fsshare.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "fsshare.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "fsshare.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "fsshare.socket" -}}
{{ .Values.paths.socketDir }}/fsshare.sock
{{- end }}

{{/*
The configuration. What is mounted and what fsshared is told come from the same
values, so that they cannot differ.
*/}}
{{- define "fsshare.config" -}}
{{- $given := .Values.config }}
{{- if dig "api" "socket" "" $given }}
{{- fail "config.api.socket: set paths.socketDir, which is also what is mounted" }}
{{- end }}
{{- if dig "share" "root" "" $given }}
{{- fail "config.share.root: set paths.shareRoot, which is also what is mounted" }}
{{- end }}
{{- if dig "volumes" "kubelet_roots" "" $given }}
{{- fail "config.volumes.kubelet_roots: set paths.kubeletRoot, which is also what is mounted" }}
{{- end }}
{{- if dig "http" "listen" "" $given }}
{{- fail "config.http.listen: set http.address and http.port, which probes use, too" }}
{{- end }}
{{- if and (not .Values.hostNetwork) (eq "true" (include "fsshare.httpIsLocal" .)) }}
{{- fail "http.address: without hostNetwork the kubelet does not reach a loopback address" }}
{{- end }}
{{- $derived := dict
      "http" (dict "listen" (printf "%s:%v" (include "fsshare.httpAddress" .) .Values.http.port))
      "api" (dict "socket" (include "fsshare.socket" .))
      "share" (dict "root" .Values.paths.shareRoot)
      "volumes" (dict "kubelet_roots" (list .Values.paths.kubeletRoot)) }}
{{- if not .Values.sharedFilesystem.enabled }}
{{- $_ := set $derived "mounts" (dict "visibility" "assumed") }}
{{- end }}
{{- mergeOverwrite $derived (deepCopy $given) | toPrettyJson }}
{{- end }}

{{/* The address of the pod that fsshared listens on. */}}
{{- define "fsshare.httpAddress" -}}
{{ default (ternary "127.0.0.1" "0.0.0.0" .Values.hostNetwork) .Values.http.address }}
{{- end }}

{{/* "true" where only the network namespace itself reaches it. */}}
{{- define "fsshare.httpIsLocal" -}}
{{ $address := include "fsshare.httpAddress" . }}
{{- or (hasPrefix "127." $address) (eq "[::1]" $address) }}
{{- end }}

{{/* One probe. Called with a list of the root context, the probe's values and
     the path. */}}
{{- define "fsshare.probe" -}}
{{- $root := index . 0 }}
{{- $probe := index . 1 -}}
httpGet:
  path: {{ index . 2 }}
  port: http
  {{- if eq "true" (include "fsshare.httpIsLocal" $root) }}
  # The kubelet is in the same network namespace, with hostNetwork.
  host: {{ include "fsshare.httpAddress" $root | trimPrefix "[" | trimSuffix "]" | quote }}
  {{- end }}
periodSeconds: {{ $probe.periodSeconds }}
timeoutSeconds: {{ $probe.timeoutSeconds }}
failureThreshold: {{ $probe.failureThreshold }}
{{- end }}
