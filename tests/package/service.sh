# SPDX-License-Identifier: Apache-2.0
# The service in the root, with or without systemd; sourced by tests/package/run.

unit_path=/usr/lib/systemd/system/fsshared.service

has_systemd() {
  [[ $root_kind == systemd ]]
}

# start_service: what `systemctl start` does, by the unit of the package.
start_service() {
  if has_systemd; then
    in_root systemctl start fsshared
  else
    start_by_hand
  fi
  becomes in_root fssharectl version
}

start_by_hand() {
  local unit=$scratch/unit program capabilities setting
  in_root cat "$unit_path" >"$unit"
  program=$(unit_setting "$unit" ExecStart)
  capabilities=$(unit_setting "$unit" CapabilityBoundingSet \
    | tr '[:upper:]' '[:lower:]' | sed 's/cap_/+/g; s/ /,/g')
  local environment=()
  while read -r setting; do
    environment+=("$setting")
  done < <(unit_setting "$unit" Environment)
  in_root mkdir -p /run/fsshare
  # shellcheck disable=SC2086 # its words
  in_root env "${environment[@]}" setsid setpriv --no-new-privs \
    --inh-caps="-all,$capabilities" --bounding-set="-all,$capabilities" \
    $program >>"$scratch/fsshared.log" 2>&1 </dev/null &
}

# Prints its process id in the root; 0 if it does not run.
service_pid() {
  if has_systemd; then
    in_root systemctl show -P MainPID fsshared
  else
    in_root sh -c 'pgrep -o -x fsshared || echo 0'
  fi
}

service_is_inactive() {
  equal "$(service_pid)" 0
}

# Its whole state as systemd has it.
service_state() {
  in_root systemctl show -P ActiveState fsshared
}
