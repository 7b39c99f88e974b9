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
{{- $derived := dict
      "api" (dict "socket" (include "fsshare.socket" .))
      "share" (dict "root" .Values.paths.shareRoot)
      "volumes" (dict "kubelet_roots" (list .Values.paths.kubeletRoot)) }}
{{- if not .Values.sharedFilesystem.enabled }}
{{- $_ := set $derived "mounts" (dict "visibility" "assumed") }}
{{- end }}
{{- mergeOverwrite $derived (deepCopy $given) | toPrettyJson }}
{{- end }}

{{/* One probe. Called with a list of the root context and the probe's values. */}}
{{- define "fsshare.probe" -}}
{{- $root := index . 0 }}
{{- $probe := index . 1 -}}
exec:
  command:
    - fssharectl
    - --endpoint
    - {{ include "fsshare.socket" $root }}
    - --timeout
    - {{ sub $probe.timeoutSeconds 1 }}s
    - version
periodSeconds: {{ $probe.periodSeconds }}
timeoutSeconds: {{ $probe.timeoutSeconds }}
failureThreshold: {{ $probe.failureThreshold }}
{{- end }}
