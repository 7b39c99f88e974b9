# SPDX-License-Identifier: Apache-2.0
# What the Debian package holds; sourced by tests/package/run.

# make_deb REVISION DIRECTORY: makes the package of what is built.
make_deb() {
  cpack --config "$build/CPackConfig.cmake" -B "$2" \
    -D "CPACK_DEBIAN_PACKAGE_RELEASE=$1"
  rm -rf -- "$2/_CPack_Packages"
}

is_the_same_again() {
  make_deb 1 "$work/again"
  equal "$(sha256sum <"$work/again/${deb##*/}")" "$(sha256sum <"$deb")"
}

# What binaries that were not stripped or hardened for a package are told
# belongs to the test build.
has_no_lintian_errors() {
  # It closes no request for a package: it is not made for Debian's archive.
  local ignored=initial-upload-closes-no-bugs
  if ((is_short)); then
    ignored+=",hardening-no-pie,hardening-no-relro"
  fi
  lintian --allow-root --tag-display-limit 0 --fail-on error,warning \
    --suppress-tags "$ignored" "$deb"
}

# A package without a maintainer is one with errors.
lintian_finds_an_error() {
  local tree=$scratch/bad
  dpkg-deb -R "$deb" "$tree"
  rm -- "$tree/usr/share/doc/fsshare/copyright"
  dpkg-deb --root-owner-group -b "$tree" "$scratch/bad.deb" >/dev/null
  fails lintian --allow-root --fail-on error,warning "$scratch/bad.deb"
}

depends_on() {
  contains ", $(dpkg-deb -f "$deb" Depends)" ", $1"
}

deb_has_complete_tree() {
  local expected doc=/usr/share/doc/fsshare
  expected=$(printf '%s\n' /etc/fsshare/config.json \
    /etc/needrestart/conf.d/fsshare.conf \
    /usr/bin/fssharectl /usr/bin/fsshare-guest /usr/sbin/fsshared \
    /usr/lib/systemd/system/fsshared.{service,socket} \
    /usr/lib/tmpfiles.d/fsshare.conf \
    /usr/share/bash-completion/completions/fssharectl \
    /usr/share/fish/vendor_completions.d/fssharectl.fish \
    /usr/share/zsh/vendor-completions/_fssharectl \
    /usr/share/man/man{1/fssharectl.1,1/fsshare-guest.1,5/fsshare.json.5,8/fsshared.8}.gz \
    $doc/{README.md,changelog.gz,changelog.Debian.gz,copyright} \
    $doc/{api,configuration,first-steps,install,limits}.md \
    $doc/{metrics,operating,sharing,troubleshooting}.md \
    $doc/examples/config.json | sort)
  equal "$(files_of "$work/deb")" "$expected"
  [[ -d $work/deb/etc/fsshare/config.d ]]
}

belongs_to_root() {
  local other
  other=$(dpkg-deb -c "$deb" \
    | awk '$2 != "root/root" || $1 !~ /^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--)$/')
  equal "$other" ""
}

has_conffiles() {
  equal "$(dpkg-deb -I "$deb" conffiles)" \
    "$(printf '%s\n' /etc/fsshare/config.json \
      /etc/needrestart/conf.d/fsshare.conf)"
}

# As needrestart reads it (its README).
keeps_needrestart_away() {
  equal "$(perl -e '
    our %nrconf = (override_rc => {});
    do $ARGV[0];
    die $@ if $@;
    for my $unit ("fsshared.service", "xfsshared.service") {
      for (keys %{$nrconf{override_rc}}) {
        print "$unit $nrconf{override_rc}->{$_}\n" if $unit =~ /$_/;
      }
    }' "$work/deb/etc/needrestart/conf.d/fsshare.conf")" "fsshared.service 0"
}

check_deb() {
  rm -rf -- "$work/deb"
  check "the package can be unpacked" dpkg-deb -x "$deb" "$work/deb"
  check "lintian has neither errors nor warnings" has_no_lintian_errors
  check "lintian finds an error" lintian_finds_an_error
  check "the package is the same, made again" is_the_same_again
  local library
  for library in libc6 libcaf-core0.17 libprometheus-cpp-core1.0 \
    libprotobuf32 libspdlog1.10 libstdc++6; do
    check "it depends on $library" depends_on "$library"
  done
  check "the package has a complete tree" deb_has_complete_tree
  check "all of it is root's, and of no odd mode" belongs_to_root
  check "the configuration is a conffile" has_conffiles
  check "needrestart leaves the service alone" keeps_needrestart_away
  if ((is_short)); then
    skip_elf
  else
    check_elf "$work/deb"
  fi
  check_elf_misses
}
