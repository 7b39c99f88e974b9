# SPDX-License-Identifier: Apache-2.0
# What systemd says of the unit; sourced by tests/package/run.

# unit_setting FILE KEY: prints the values of a key, one per line.
unit_setting() {
  sed -n "s/^$2=//p" "$1"
}

# systemd-analyze exits with 0 for keys that it does not know, but names them.
verifies() {
  local tree=$scratch/verified said
  rm -rf -- "$scratch/verified"
  cp -a -- "$1" "$tree"
  # What every system has, and the unit refers to.
  local name
  for name in sysinit basic shutdown local-fs multi-user sockets; do
    echo '[Unit]' >"$tree/usr/lib/systemd/system/$name.target"
  done
  mkdir -p "$tree/bin"
  install -m 755 /bin/sh "$tree/bin/sh"
  said=$(systemd-analyze --root="$tree" --man=no verify \
    /usr/lib/systemd/system/fsshared.{service,socket} 2>&1) || {
    echo "$said"
    return 1
  }
  equal "$said" ""
}

# with_unit NAME SED-EXPRESSION: a tree whose unit was changed.
with_unit() {
  rm -rf -- "${work:?}/$1"
  cp -a -- "$work/fedora" "$work/$1"
  sed -i "$2" "$work/$1/usr/lib/systemd/system/fsshared.service"
}

verifies_not_with() {
  with_unit broken "$1"
  fails verifies "$work/broken"
}

# Prints the settings that give a unit a mount namespace of its own
# (systemd.exec(5)).
private_mounts() {
  grep -E '^(Protect(System|Home|Proc|Kernel(Tunables|Modules|Logs)|ControlGroups)|ProcSubset|Private(Tmp|Devices|Mounts|IPC|Users)|MountFlags|MountAPIVFS|DynamicUser|LogNamespace|Root(Directory|Image)|(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec)Paths|Bind(ReadOnly)?Paths|TemporaryFileSystem|MountImages|Extension(Images|Directories)|LoadCredential.*|SetCredential.*)=' "$1"
}

keeps_mounts_visible() {
  fails private_mounts "$1"
}

gets_mounts_of_its_own_with() {
  with_unit hidden "/^NoNewPrivileges=/i $1"
  private_mounts "$work/hidden/usr/lib/systemd/system/fsshared.service"
}

security_score() {
  systemd-analyze security --offline=true --no-pager \
    --root="$1" fsshared.service 2>/dev/null \
    | sed -nE 's/.*Overall exposure level for fsshared.service: ([0-9.]+).*/\1/p'
}

has_documented_score() {
  local score
  score=$(security_score "$1")
  [[ -n $score ]]
  contains "$(cat docs/install.md)" "exposure of $score"
}

makes_its_directory() {
  rm -rf -- "$work/tmpfiles"
  cp -a -- "$work/fedora" "$work/tmpfiles"
  mkdir -p "$work/tmpfiles/etc"
  printf 'root:x:0:0::/:/bin/sh\n' >"$work/tmpfiles/etc/passwd"
  printf 'root:x:0:\n' >"$work/tmpfiles/etc/group"
  systemd-tmpfiles --root="$work/tmpfiles" --create fsshare.conf
  equal "$(stat -c '%F %a %u' "$work/tmpfiles/run/fsshare")" "directory 755 0"
}

check_unit_file() {
  local unit=$work/fedora/usr/lib/systemd/system/fsshared.service
  check "systemd-analyze verify has nothing to say" verifies "$work/fedora"
  check "it has of an unknown key" verifies_not_with 's/^KillMode=/KilMode=/'
  check "it has of a wrong value" verifies_not_with 's/^Type=.*/Type=exce/'
  check "it has of a program that is not there" \
    verifies_not_with 's/^ExecStart=.*/ExecStart=\/usr\/bin\/none/'
  check "the unit has no mount namespace of its own" keeps_mounts_visible "$unit"
  check "one would be found" gets_mounts_of_its_own_with ProtectSystem=yes
  if [[ $(systemd-analyze --version) == "systemd 252 "* ]]; then
    check "docs/install.md has the unit's security score" \
      has_documented_score "$work/fedora"
  else
    skip "of another systemd" "docs/install.md has the unit's security score"
  fi
  check "tmpfiles.d makes the directory of the socket" makes_its_directory
}
