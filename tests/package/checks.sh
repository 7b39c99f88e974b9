# SPDX-License-Identifier: Apache-2.0
# Counts checks; sourced by tests/package/run.
passed=0 failed=0 skipped=0

section() {
  printf '\n== %s\n' "$*"
}

# check NAME COMMAND...: passes if the command does, any step of which that
# fails is the end of it. Its output is shown only if it fails.
check() {
  local name=$1 said=$scratch/said
  shift
  # In the background, because `set -e` is without effect in a condition.
  (set -e; "$@") >"$said" 2>&1 &
  if wait "$!"; then
    ((++passed))
    printf 'ok: %s\n' "$name"
  else
    ((++failed))
    printf 'FAILED: %s\n' "$name"
    sed 's/^/    /' "$said"
  fi
}

# skip REASON NAME...: counts what this machine or this form of the test cannot.
skip() {
  local reason=$1 name
  shift
  for name in "$@"; do
    ((++skipped))
    printf 'skipped: %s (%s)\n' "$name" "$reason"
  done
}

# Passes if the command fails, in any of its steps.
fails() {
  (set -e; "$@") &
  ! wait "$!"
}

# Waits for what takes a moment; long, because the machine may be busy.
becomes() {
  local end=$((SECONDS + 60)) said
  until said=$("$@" 2>&1); do
    ((SECONDS < end)) || {
      printf '%s\n' "$said" "did not become true in 60 s: $*"
      return 1
    }
    sleep 0.1
  done
}

# equal FOUND EXPECTED
equal() {
  [[ $1 == "$2" ]] || {
    printf 'found:    %s\nexpected: %s\n' "$1" "$2"
    return 1
  }
}

# contains TEXT PART
contains() {
  [[ $1 == *"$2"* ]] || {
    printf 'not in it: %s\nin: %s\n' "$2" "$1"
    return 1
  }
}

# A check that could not fail would be worse than none.
fails_in_the_middle() {
  false
  true
}

check_the_checks() {
  local before=$failed
  check "this one fails on purpose" fails_in_the_middle >/dev/null
  ((failed == before + 1)) || {
    echo "package: checks do not notice a step that fails"
    exit 1
  }
  failed=$before
}

totals() {
  printf '\n%d passed, %d failed' "$passed" "$failed"
  ((skipped == 0)) || printf ', %d skipped' "$skipped"
  printf '\n'
  ((failed == 0 && passed > 0))
}
