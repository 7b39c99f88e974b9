# SPDX-License-Identifier: Apache-2.0
# A minimal Debian to install into; sourced by tests/package/run.
#
# root_kind is `systemd` where that can be booted here; otherwise `plain`: then
# the service is started as its unit says, without systemd.
root_kind='' root_init='' root_unshare='' root_group=''

# Makes the base, unless there is one; kept, because it takes a minute.
make_base() {
  local sources=/etc/apt/sources.list.d/debian.sources
  [[ -e $sources ]] || sources=/etc/apt/sources.list
  [[ ! -e $base ]] || return 0
  mmdebstrap --variant=minbase --mode=root --quiet \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Retries "3"' \
    --aptopt='APT::Install-Recommends "false"' \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --include=usr-is-merged,systemd-sysv,procps \
    bookworm "$base.part.tar" "$sources"
  mv -- "$base.part.tar" "$base"
}

# A control group for everything in the root, whose namespace hides the rest.
make_group() {
  local hierarchy
  for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup; do
    if [[ -e $hierarchy/cgroup.procs ]] \
      && mkdir "$hierarchy/fsshare-package-$$" 2>/dev/null; then
      root_group=$hierarchy/fsshare-package-$$
      return 0
    fi
  done
  return 1
}

# start_root KIND
start_root() {
  root_kind=$1
  mkdir -p "$scratch/root" "$work/archives/partial"
  (
    [[ -z $root_group ]] || echo "$BASHPID" >"$root_group/cgroup.procs"
    # It ends with this test, however that ends.
    exec setsid setpriv --pdeathsig KILL unshare --mount --pid --fork --uts --ipc --cgroup --kill-child \
      tests/package/boot_root "$1" "$base" "$scratch/root" "$out" \
      "$work/archives"
  ) >"$scratch/root.log" 2>&1 </dev/null &
  root_unshare=$!
  if becomes root_is_decided >"$scratch/up" 2>&1 \
    && [[ -d /proc/$root_unshare ]]; then
    read -r root_init <"/proc/$root_unshare/task/$root_unshare/children"
    return 0
  fi
  cat "$scratch/root.log" "$scratch/up"
  end_root
  return 1
}

# Whether it is up, or was ended by a failure.
root_is_decided() {
  [[ -d /proc/$root_unshare ]] || return 0
  read -r root_init <"/proc/$root_unshare/task/$root_unshare/children" || :
  [[ -n $root_init ]] || return 1
  if [[ $root_kind == systemd ]]; then
    in_root systemctl is-system-running | grep -qE '^(running|degraded)$'
  else
    in_root test -e /run/ready
  fi
}

# Runs a command in the root, with nothing of our environment but the proxy.
in_root() {
  nsenter --target "$root_init" --mount --pid --uts --ipc --cgroup -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
    HOME=/root LC_ALL=C.UTF-8 ${http_proxy:+"http_proxy=$http_proxy"} "$@"
}

# Everything in the root dies with its first process.
end_root() {
  [[ -n $root_unshare ]] || return 0
  kill -KILL "$root_unshare" 2>/dev/null || :
  wait "$root_unshare" 2>/dev/null || :
  root_unshare=''
  [[ -z $root_group ]] || {
    becomes remove_group >/dev/null || echo "package: $root_group stays"
  }
}

remove_group() {
  find "$root_group" -depth -type d -exec rmdir {} + 2>/dev/null
  [[ ! -d $root_group ]]
}

boot_root() {
  if make_group && start_root systemd; then
    return 0
  fi
  root_group=''
  start_root plain
}
