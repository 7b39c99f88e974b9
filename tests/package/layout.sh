# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` installs where; sourced by tests/package/run.

# Prints the files of a tree, one per line.
files_of() {
  (cd "$1" && find . -type f -printf '/%P\n' | sort)
}

# installed DIRECTORY ARGUMENT...: `cmake --install` of the build into DIRECTORY.
installed() {
  local into=$1
  shift
  rm -rf -- "$into"
  DESTDIR=$into cmake --install "$@" >/dev/null
}

# has_complete_tree DIRECTORY PREFIX: and nothing else.
has_complete_tree() {
  local expected doc=$2/share/doc/fsshare
  expected=$(printf '%s\n' "$2/bin/fssharectl" "$2/bin/fsshare-guest" \
    "$2/sbin/fsshared" "$2/share/man/man1/fssharectl.1" \
    "$2/share/man/man1/fsshare-guest.1" "$2/share/man/man5/fsshare.json.5" \
    "$2/share/man/man8/fsshared.8" \
    "$2/lib/systemd/system"/fsshared.{service,socket} \
    "$2/lib/tmpfiles.d/fsshare.conf" \
    "$2/share/bash-completion/completions/fssharectl" \
    "$2/share/fish/vendor_completions.d/fssharectl.fish" \
    "$2/share/zsh/site-functions/_fssharectl" \
    "$doc/examples/config.json" "$doc/README.md" "$doc/CHANGELOG.md" \
    "$doc"/{api,configuration,first-steps,install,limits}.md \
    "$doc"/{metrics,operating,sharing,troubleshooting}.md \
    "$doc/LICENSE" | sort)
  equal "$(files_of "$1")" "$expected"
}

starts_what_is_installed() {
  local program
  program=$(unit_setting "$1$2/lib/systemd/system/fsshared.service" ExecStart)
  equal "$program" "$2/sbin/fsshared"
  "$1$program" --version
  "$1$program" --check-config --config "$1$2/share/doc/fsshare/examples/config.json"
}

# As Fedora's macros configure; with the programs that are there already.
install_as_fedora() {
  local fedora=$work/fedora-build
  cmake -S "$root" -B "$fedora" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DFSSHARE_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
    -DCMAKE_INSTALL_LIBDIR=lib64 -DCMAKE_INSTALL_LIBEXECDIR=libexec \
    -DCMAKE_INSTALL_SYSCONFDIR=/etc -DCMAKE_INSTALL_LOCALSTATEDIR=/var >/dev/null
  cp -- "$build"/main/{fsshared,fssharectl,fsshare-guest} "$fedora/main/"
  installed "$1" "$fedora"
}

# Runs the commands of the documents as they stand, in a mount namespace whose
# /usr/local is a scratch one.
run_source_commands() {
  scripts/doc_commands source docs/install.md >"$scratch/source.sh"
  [[ -s $scratch/source.sh ]]
  # shellcheck disable=SC2016 # for the inner shell
  unshare --mount -- bash -euc '
    mount -t tmpfs tmpfs /usr/local
    if [[ $1 != "$2/build/release" ]]; then
      mkdir -p "$2/build/release"
      mount --bind "$1" "$2/build/release"
    fi
    cd "$2"
    bash -eux "$3"
    /usr/local/sbin/fsshared --version
    /usr/local/bin/fssharectl --version
    test -e /usr/local/lib/systemd/system/fsshared.service' \
    - "$build" "$root" "$scratch/source.sh"
}

says_version_and_commit() {
  local name
  for name in fsshared fssharectl fsshare-guest; do
    [[ $("$build/main/$name" --version) =~ \
      ^$name\ [0-9]+\.[0-9]+\.[0-9]+\ \(commit\ ([0-9a-f]{12}(-dirty)?|unknown)\)$ ]]
  done
}

# revision_of DIRECTORY [ARGUMENT...]: what a configuration there would say.
revision_of() {
  local script=$scratch/revision.cmake
  printf '%s\n' 'set(CMAKE_SOURCE_DIR "${SOURCE}")' \
    "include($root/cmake/fsshare_revision.cmake)" \
    'fsshare_revision(commit)' 'message("${commit}")' >"$script"
  cmake "-DSOURCE=$1" "${@:2}" -P "$script" 2>&1
}

knows_its_revision() {
  local repository=$scratch/repository commit
  mkdir -p "$repository/below"
  git -C "$repository" init -q
  git -C "$repository" -c user.name=a -c user.email=a@b.invalid \
    commit -q --allow-empty -m one
  git -C "$repository" tag v9
  commit=$(git -C "$repository" rev-parse --short=12 HEAD)
  equal "$(revision_of "$repository")" "$commit"
  touch "$repository/a"
  git -C "$repository" add a
  equal "$(revision_of "$repository")" "$commit-dirty"
  # Sources that lie in somebody else's repository are not of its commit.
  equal "$(revision_of "$repository/below")" unknown
  equal "$(revision_of "$repository" -DFSSHARE_REVISION=1a2b3c)" 1a2b3c
  fails revision_of "$repository" '-DFSSHARE_REVISION=";'
}

check_layout() {
  check "the programs say version and commit" says_version_and_commit
  check "the commit is git's, or as given, or unknown" knows_its_revision
  check "cmake --install installs" installed "$work/local" "$build"
  check "the default prefix has a complete tree" \
    has_complete_tree "$work/local" /usr/local
  check "its unit starts its program" starts_what_is_installed "$work/local" \
    /usr/local
  check "cmake --install --prefix installs" installed "$work/opt" "$build" \
    --prefix /opt/fsshare
  check "the given prefix has a complete tree" \
    has_complete_tree "$work/opt" /opt/fsshare
  check "its unit starts its program" starts_what_is_installed "$work/opt" \
    /opt/fsshare
  check "cmake --install installs in Fedora's layout" \
    install_as_fedora "$work/fedora"
  check "Fedora's layout has a complete tree" \
    has_complete_tree "$work/fedora" /usr
  check "its unit starts its program" starts_what_is_installed "$work/fedora" /usr
  check "the commands of installing from source install" run_source_commands
}
