{{/* Names, labels, and what the server and the migration have in common. */}}

{{- define "event-grpc.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "event-grpc.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "event-grpc.labels" -}}
{{ include "event-grpc.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "event-grpc.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Nothing of the node, and no root. */}}
{{- define "event-grpc.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "event-grpc.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Secrets as files, and the variables that are no secrets. */}}
{{- define "event-grpc.env" -}}
{{- range $variable, $entry := .Values.secrets }}
- { name: {{ $variable }}_FILE, value: /etc/event-grpc/secrets/{{ $entry }} }
{{- end }}
{{- range $variable, $value := .Values.env }}
- { name: {{ $variable }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{- define "event-grpc.mounts" -}}
- { name: secrets, mountPath: /etc/event-grpc/secrets, readOnly: true }
{{- if or .Values.files.existingSecret .Values.files.existingConfigMap }}
- { name: files, mountPath: /etc/event-grpc/files, readOnly: true }
{{- end }}
{{- end }}

{{- define "event-grpc.volumes" -}}
- name: secrets
  secret: { secretName: {{ .Values.existingSecret }}, defaultMode: 0440 }
{{- if or .Values.files.existingSecret .Values.files.existingConfigMap }}
- name: files
  projected:
    sources:
      {{- with .Values.files.existingSecret }}
      - secret: { name: {{ . }} }
      {{- end }}
      {{- with .Values.files.existingConfigMap }}
      - configMap: { name: {{ . }} }
      {{- end }}
{{- end }}
{{- end }}
