# SPDX-License-Identifier: Apache-2.0
# What the unit takes from the process, and what systemd does when it ends;
# sourced by tests/package/run.

status_of() {
  in_root sed -n "s/^$1:[[:space:]]*//p" "/proc/$(service_pid)/status"
}

# As a mask of bits, in the order of linux/capability.h.
capabilities_of_unit() {
  local name mask=0
  local -A numbers=([CAP_DAC_OVERRIDE]=1 [CAP_SYS_CHROOT]=18
    [CAP_SYS_PTRACE]=19 [CAP_SYS_ADMIN]=21)
  for name in $(in_root cat "$unit_path" | sed -n 's/^CapabilityBoundingSet=//p'); do
    ((mask |= 1 << numbers[$name]))
  done
  printf '%016x\n' "$mask"
}

has_the_unit_s_capabilities_only() {
  local mask
  mask=$(capabilities_of_unit)
  equal "$(status_of CapBnd)" "$mask"
  equal "$(status_of CapEff)" "$mask"
}

gets_no_new_privileges() {
  equal "$(status_of NoNewPrivs)" 1
}

is_filtered() {
  equal "$(status_of Seccomp)" 2
}

mounts_where_the_host_looks() {
  equal "$(in_root readlink "/proc/$(service_pid)/ns/mnt")" \
    "$(in_root readlink /proc/1/ns/mnt)"
}

# It did not begin itself anew: LD_BIND_NOW is of the unit.
binds_at_the_start() {
  in_root sh -c "tr '\\0' '\\n' </proc/$(service_pid)/environ" \
    | grep -x LD_BIND_NOW=1
}

drop_in=/run/systemd/system/fsshared.service.d/test.conf

# with_drop_in LINE...: starts the service with these lines in its unit.
with_drop_in() {
  in_root mkdir -p "${drop_in%/*}"
  printf '%s\n' '[Service]' "$@" | in_root tee "$drop_in" >/dev/null
  in_root systemctl daemon-reload
  in_root systemctl restart fsshared
}

without_drop_in() {
  in_root rm -f "$drop_in"
  in_root systemctl daemon-reload
  in_root systemctl reset-failed fsshared || :
}

mounts_a_share() {
  becomes in_root fssharectl version
  in_root fssharectl sandbox prepare "$1" --mode shared-filesystem
  in_root fssharectl share add "$1" app "$2" /a
  in_root fssharectl sandbox cleanup "$1"
}

# Volumes may be of any user and readable by nobody else.
make_what_others_own() {
  in_root mkdir -p /srv/others/private /srv/guest-of-others
  in_root sh -c 'echo x >/srv/others/private/file'
  in_root chmod 0700 /srv/others/private
  in_root chown -R 4711:4711 /srv/others
  # Who cannot be reached is not waited for.
  in_root sh -c 'echo "{\"guest\": {\"dial_timeout\": \"2s\"}}" \
    >/etc/fsshare/config.d/30-test.json'
  # A hypervisor that does not run as root has a socket that is not root's.
  in_root setsid fsshare-guest --listen unix:///run/guest-of-others.sock \
    --root /srv/guest-of-others >/dev/null 2>&1 </dev/null &
  becomes in_root test -S /run/guest-of-others.sock
  in_root chown 4711:4711 /run/guest-of-others.sock
  in_root chmod 0700 /run/guest-of-others.sock
}

# copies SANDBOX GUEST SOURCE
copies() {
  becomes in_root fssharectl version
  in_root fssharectl sandbox prepare "$1" --mode copy --guest "unix:///run/$2.sock"
  in_root fssharectl share add "$1" app "$3" /a
}

needs_sys_admin() {
  with_drop_in 'CapabilityBoundingSet=~CAP_SYS_ADMIN'
  fails mounts_a_share box-a /srv/data
}

needs_dac_override() {
  with_drop_in 'CapabilityBoundingSet=~CAP_DAC_OVERRIDE'
  copies box-b guest /srv/data
  fails copies box-c guest /srv/others/private
  fails copies box-d guest-of-others /srv/data
}

works_with_all_of_them() {
  without_drop_in
  in_root systemctl restart fsshared
  mounts_a_share box-e /srv/data
  copies box-f guest /srv/others/private
  copies box-g guest-of-others /srv/data
}

check_confinement() {
  check "it has the unit's capabilities only" has_the_unit_s_capabilities_only
  check "it gets no new privileges" gets_no_new_privileges
  check "it mounts where the host looks" mounts_where_the_host_looks
  check "it binds its libraries at the start" binds_at_the_start
  if has_systemd; then
    check "its system calls are filtered" is_filtered
  else
    skip "no systemd can be booted here" "its system calls are filtered"
  fi
}

# ended_with STATUS: it has ended so, and stays so.
ended_with() {
  equal "$(service_state) $(in_root systemctl show -P ExecMainStatus fsshared)" \
    "$1"
}

is_started_again() {
  local pid
  pid=$(service_pid)
  in_root sh -c "kill -KILL $pid"
  becomes eval "[[ \$(service_pid) != $pid && \$(service_pid) != 0 ]]"
  becomes in_root fssharectl version
  host_has_share
}

# What systemd starts after it may call it at once.
serves_when_it_is_up() {
  in_root systemctl restart fsshared
  in_root fssharectl version
  equal "$(in_root systemctl show -P StatusText fsshared)" \
    "serving /run/fsshare/fsshare.sock"
}

# Who calls while nobody is there starts it, and is answered.
is_waited_for() {
  in_root systemctl stop fsshared.service
  service_is_inactive
  in_root fssharectl version
  equal "$(service_state)" active
}

# The socket that systemd holds is not the one of the configuration.
is_not_started_with_another_socket() {
  in_root sh -c 'echo "{\"api\": {\"socket\": \"/run/other.sock\"}}" \
    >/etc/fsshare/config.d/20-wrong.json'
  fails in_root systemctl restart fsshared.service
  becomes ended_with "failed 78"
  in_root rm /etc/fsshare/config.d/20-wrong.json
  in_root systemctl restart fsshared.service
  in_root fssharectl version
}

is_started_again_when_it_stands_still() {
  local pid
  with_drop_in WatchdogSec=1
  pid=$(service_pid)
  in_root kill -STOP "$pid"
  becomes eval "[[ \$(service_pid) != $pid && \$(service_pid) != 0 ]]"
  becomes in_root fssharectl version
  without_drop_in
  in_root systemctl restart fsshared
}

stops_within_its_limit() {
  local begin=$SECONDS
  in_root systemctl stop fsshared
  ((SECONDS - begin < 30))
  ended_with "inactive 0"
  host_has_share
}

is_not_started_again_with_wrong_configuration() {
  in_root sh -c 'echo "{\"share\": 1}" >/etc/fsshare/config.d/20-wrong.json'
  in_root systemctl start fsshared || :
  becomes ended_with "failed 78"
  # Longer than RestartSec.
  sleep 2
  equal "$(in_root systemctl show -P NRestarts fsshared)" 0
  ended_with "failed 78"
}

starts_when_that_is_mended() {
  in_root rm /etc/fsshare/config.d/20-wrong.json
  in_root systemctl start fsshared
  becomes in_root fssharectl version
}

restarts_as_documented() {
  local commands
  commands=$(scripts/doc_commands restart docs/install.md)
  [[ -n $commands ]]
  in_root sh -euxc "$commands"
  becomes in_root fssharectl version
}

answers_what_pages_of_runtimes_look_at() {
  local commands
  commands=$(scripts/doc_commands runtimes docs/runtimes/*.md)
  [[ -n $commands ]]
  in_root sh -euxc "$commands"
}

check_failures() {
  local names=("it is started again after a crash"
    "it stops within its limit, mounts stay"
    "with a wrong configuration it is not started again"
    "it starts when that is mended"
    "it cannot mount without CAP_SYS_ADMIN"
    "it cannot copy from or to what others own without CAP_DAC_OVERRIDE"
    "it can with the unit's capabilities"
    "it restarts as docs/install.md says"
    "what docs/runtimes looks at is answered"
    "it takes calls once systemd says that it runs"
    "it is started again when it stands still"
    "who calls while it is stopped starts it, and waits for it"
    "it is not started with a socket that is not the configured one")
  if ! has_systemd; then
    skip "no systemd can be booted here" "${names[@]}"
    return
  fi
  check "${names[0]}" is_started_again
  check "${names[1]}" stops_within_its_limit
  check "${names[2]}" is_not_started_again_with_wrong_configuration
  check "${names[3]}" starts_when_that_is_mended
  make_what_others_own
  check "${names[4]}" needs_sys_admin
  check "${names[5]}" needs_dac_override
  check "${names[6]}" works_with_all_of_them
  check "${names[7]}" restarts_as_documented
  check "${names[8]}" answers_what_pages_of_runtimes_look_at
  check "${names[9]}" serves_when_it_is_up
  check "${names[10]}" is_started_again_when_it_stands_still
  check "${names[11]}" is_waited_for
  check "${names[12]}" is_not_started_with_another_socket
}
