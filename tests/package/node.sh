# SPDX-License-Identifier: Apache-2.0
# Installs, starts, uses, upgrades, removes and purges the package in a minimal
# Debian; sourced by tests/package/run.

volumes=/var/lib/kubelet/pods/6fa1/volumes
volume=$volumes/kubernetes.io~configmap/settings
shares=/run/kata-containers/shared/sandboxes

# rotate TEXT: puts the next generation in place as the kubelet does.
rotate() {
  # shellcheck disable=SC2016 # for the inner shell
  in_root sh -euc '
    mkdir -p "$1"
    cd "$1"
    mkdir "..2026_01_02_00_00_00.$2"
    echo "$3" >"..2026_01_02_00_00_00.$2/color"
    ln -s "..2026_01_02_00_00_00.$2" ..data_tmp
    mv -T ..data_tmp ..data
    [ -L color ] || ln -s ..data/color color' - "$volume" "$1" "$1"
}

guest_has() {
  in_root sh -c 'cat /srv/guest/*/color' | grep -qx "$1"
}

# Waits for the guest; the arguments of rotate.
guest_follows() {
  rotate "$1"
  becomes guest_has "$1"
}

# The kernel has a mount of the sandbox's where its file server looks.
host_has_share() {
  in_root sh -c "cat $shares/box2/mounts/*data*/file" | grep -qx shared
  in_root findmnt -rn -o TARGET | grep -q "^$shares/box2/mounts/.*data"
}


# The blocks of a document are one after the other; the first line that starts
# something ends the part that only installs.
install_commands() {
  scripts/doc_commands deb docs/install.md | sed '/systemctl/,$d'
}

start_commands() {
  scripts/doc_commands deb docs/install.md | sed -n '/systemctl/,$p'
}

run_in_root() {
  local commands
  commands=$("$1")
  [[ -n $commands ]]
  in_root sh -euxc "cd /srv/fsshare; $commands"
}

installs() {
  in_root apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 update
  run_in_root install_commands
  equal "$(in_root dpkg-query -W -f='${Status} ${Version}' fsshare)" \
    "install ok installed $version-1"
}

is_neither_enabled_nor_started() {
  service_is_inactive
  ! has_systemd || {
    equal "$(in_root systemctl is-enabled fsshared.{service,socket} || :)" \
      "$(printf '%s\n' disabled disabled)"
    equal "$(service_state)" inactive
  }
  equal "$(in_root find /etc/systemd -name 'fsshared*')" ""
}

starts_as_documented() {
  if has_systemd; then
    run_in_root start_commands
    equal "$(in_root systemctl is-enabled fsshared.{service,socket})" \
      "$(printf '%s\n' enabled enabled)"
    becomes in_root fssharectl version
  else
    start_service
  fi
}

says_the_same_version() {
  contains "$(in_root fssharectl version)" "$version"
  contains "$(in_root fssharectl version)" "commit "
}

# As bash-completion does, which is not in a minimal Debian.
completes_in_bash() {
  # shellcheck disable=SC2016 # for the inner shell
  equal "$(in_root bash -c '
    source /usr/share/bash-completion/completions/fssharectl
    COMP_WORDS=(fssharectl sandbox pre)
    COMP_CWORD=2
    _fssharectl
    echo "${COMPREPLY[@]}"')" prepare
}

shares_in_both_modes() {
  in_root mkdir -p /srv/guest /srv/data
  in_root sh -c 'echo shared >/srv/data/file'
  in_root setsid fsshare-guest --listen unix:///run/guest.sock \
    --root /srv/guest >/dev/null 2>&1 </dev/null &
  becomes in_root test -S /run/guest.sock
  rotate 1
  in_root fssharectl sandbox prepare box1 --mode copy --guest \
    unix:///run/guest.sock
  in_root fssharectl share add box1 web "$volume" /etc/settings
  becomes guest_has 1
  in_root fssharectl sandbox prepare box2 --mode shared-filesystem
  in_root fssharectl share add box2 db /srv/data /data --read-only
  host_has_share
}

# The configuration that the operator wrote.
configure_node() {
  in_root sh -c 'echo "{\"log\": {\"format\": \"json\"}}" \
    >/etc/fsshare/config.json'
  in_root sh -c 'echo "{\"volumes\": {\"grace\": \"3s\"}}" \
    >/etc/fsshare/config.d/10-mine.json'
  contains "$(in_root fsshared --print-config)" '"json"'
}

upgrades() {
  local said
  said=$(in_root apt-get -q -y -o Dpkg::Use-Pty=0 install \
    "/srv/fsshare/build/package/upgrade/fsshare_$version-2_amd64.deb" 2>&1)
  echo "$said"
  contains "$said" "an fsshared that runs goes on as version $version-1 until it\
 is restarted; the next one goes on with its sandboxes"
  equal "$(in_root dpkg-query -W -f='${Version}' fsshare)" "$version-2"
}

goes_on_as() {
  equal "$(service_pid)" "$1"
  guest_has "$2"
  host_has_share
  contains "$(in_root fssharectl sandbox ls)" "box1"
  contains "$(in_root fssharectl sandbox ls)" "box2"
}

keeps_the_configuration() {
  equal "$(in_root cat /etc/fsshare/config.json)" '{"log": {"format": "json"}}'
  in_root test -e /etc/fsshare/config.d/10-mine.json
}

removes() {
  in_root apt-get -q -y -o Dpkg::Use-Pty=0 remove fsshare
  in_root test ! -e /usr/sbin/fsshared
  in_root test ! -e "$unit_path"
  # Without systemd nobody is there to stop it.
  has_systemd || in_root sh -c 'kill "$(pgrep -o -x fsshared)"'
  becomes fails in_root pgrep -x fsshared
}

purges() {
  in_root apt-get -q -y -o Dpkg::Use-Pty=0 purge fsshare
  in_root test ! -e /etc/fsshare/config.json
  in_root test ! -e /etc/needrestart/conf.d/fsshare.conf
  # It is not of the package.
  in_root test -e /etc/fsshare/config.d/10-mine.json
  equal "$(in_root find /etc/systemd /var/lib/systemd -name '*fsshare*')" ""
}

installs_again() {
  in_root apt-get -q -y -o Dpkg::Use-Pty=0 install \
    "/srv/fsshare/build/package/${deb##*/}"
  is_neither_enabled_nor_started
}

# What docs/first-steps.md has somebody do who has nothing yet, and what it
# says of what is seen.
takes_the_first_steps() {
  local commands said
  local row='^/var/lib/kubelet/pods/first-steps/.* first +web +current'
  commands=$(scripts/doc_commands tour docs/first-steps.md)
  [[ -n $commands ]]
  said=$(in_root sh -euxc "cd /srv/fsshare; $commands" 2>&1) || {
    printf '%s\n' "$said"
    return 1
  }
  printf '%s\n' "$said"
  contains "$commands" "$(scripts/doc_commands tour docs/metrics.md)"
  contains "$said" "readyz check passed"
  contains "$said" $'\nblue\n'
  contains "$said" $'\ngreen\n'
  # The table's row, before and after the restart, and top's.
  equal "$(grep -cE "$row" <<<"$said")" 3
  grep -qE "$row +[0-9.]+[um]?s " <<<"$said"
  grep -qE '^sandboxes: [1-9][0-9]*, copies of volumes: [1-9]' <<<"$said"
  grep -qE '"generation": ?"\.\.2026_01_02_03_05_06\.2"' <<<"$said"
  contains "$said" "$version-2"
  in_root test ! -e /usr/sbin/fsshared
  in_root test ! -e /srv/first-steps
}

check_first_steps() {
  local name="docs/first-steps.md does what it says"
  if has_systemd; then
    check "$name" takes_the_first_steps
  else
    skip "no systemd can be booted here" "$name"
  fi
}

check_node() {
  local pid before=$failed
  check "the package installs from nothing but Debian" installs
  if ((failed != before)); then
    echo "package: the rest needs it installed"
    return
  fi
  check "nothing is enabled or started by that" is_neither_enabled_nor_started
  check "the operator configures it" configure_node
  check "it starts as docs/install.md says" starts_as_documented
  check "it says its version and commit" says_the_same_version
  check "bash completes its commands" completes_in_bash
  check "it shares in both modes" shares_in_both_modes
  check "the guest follows a rotation" guest_follows 2
  check_confinement
  pid=$(service_pid)
  check "the package is upgraded" upgrades
  check "the process and its sandboxes go on" goes_on_as "$pid" 2
  check "the guest follows a rotation after the upgrade" guest_follows 3
  check "the operator's configuration is kept" keeps_the_configuration
  check_failures
  check "the package is removed" removes
  check "what sandboxes use stays after the removal" host_has_share
  check "the configuration stays after the removal" keeps_the_configuration
  check "the package is purged" purges
  check "what sandboxes use stays after the purge" host_has_share
  check "it installs again, and starts nothing" installs_again
  check_first_steps
}
