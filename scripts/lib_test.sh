#!/usr/bin/env bash
# Tests of how lib.sh sets up what is missing. Each runs with a PATH of its own that has little but stand-ins for
# apt-get, sudo, curl, rustup and rustc, which write down how they were called. Nothing is installed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
bash=$(command -v bash)
wanted=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)

# stand_in NAME  makes a command of the script that comes on standard input.
stand_in() {
  { echo "#!$bash"; cat; } >"$bin/$1"
  chmod +x "$bin/$1"
}

# machine UID  a fresh machine: the usual small commands, somebody with that number, and no more.
machine() {
  rm -rf "$work/machine"
  bin="$work/machine/bin" made="$work/machine/made"
  mkdir -p "$bin" "$made" "$work/machine/home"
  local tool
  for tool in bash sh sed sort cut head cat chmod dirname mkdir rm touch env; do
    ln -s "$(command -v "$tool")" "$bin/$tool"
  done
  echo "echo $1" | stand_in id
  : >"$work/machine/log"
}

# Debian: apt-get "installs" what lies ready under the name of the package. Packages are known after an update only.
debian() {
  stand_in apt-get <<'S'
echo "apt-get $*" >>"$LOG"
if [ "$1" = update ]; then touch "$MADE/updated"; exit "${UPDATE_FAILS:-0}"; fi
for word in "$@"; do
  [ -d "$MADE/$word" ] || continue
  for file in "$MADE/$word"/*; do cat "$file" >"$BIN/${file##*/}"; chmod +x "$BIN/${file##*/}"; done
done
S
  stand_in apt-cache <<'S'
[ -e "$MADE/updated" ] && [ -d "$MADE/$2" ] && echo "Package: $2"
exit 0
S
}

sudo() { printf 'echo "sudo $*" >>"$LOG"\nexec "$@"\n' | stand_in sudo; }

# package NAME COMMAND  what a package of Debian's brings; the command's script comes on standard input.
package() {
  mkdir -p "$made/$1"
  { echo "#!$bash"; cat; } >"$made/$1/$2"
}

# What rustup does: toolchains are files beside the log.
rustup_script() {
  cat <<'S'
echo "rustup $*" >>"$LOG"
case "$1 ${2-}" in
  "run "*) [ -e "$MADE/toolchain-$2" ] || exit 1
    case "$3" in cargo-*) [ -e "$MADE/part-${3#cargo-}" ] ;; *) echo "$3 $2" ;; esac ;;
  "toolchain install") [ -n "${NO_TOOLCHAINS:-}" ] && { echo "no network" >&2; exit 1; }; touch "$MADE/toolchain-$3" ;;
  "component add") part="${5/rustfmt/fmt}"; touch "$MADE/part-$part" ;;
esac
S
}
# rustc as rustup stands in for it.
proxy_script() {
  cat <<'S'
[ -e "$MADE/toolchain-${RUSTUP_TOOLCHAIN:-none}" ] || exit 1
case "$RUSTUP_TOOLCHAIN" in stable) echo "rustc ${STABLE:-1.99.0} (x)" ;; *) echo "rustc $RUSTUP_TOOLCHAIN (x)" ;; esac
S
}
rustup_here() { rustup_script | stand_in rustup; proxy_script | stand_in rustc; }
old_cargo() { echo 'echo "rustc 1.48.0 (x)"' | stand_in rustc; echo 'echo "cargo 1.48.0"' | stand_in cargo; }

# run LINE  runs a line with lib.sh as ./run does; what it says comes into $said, how it ends into $status.
run() {
  said=$(env -i PATH="$bin" HOME="$work/machine/home" LOG="$work/machine/log" MADE="$made" BIN="$bin" ${EXTRA:-} \
    "$bash" -c 'set -euo pipefail; . scripts/lib.sh; '"$1"'; echo "toolchain ${RUSTUP_TOOLCHAIN:-of the system}"' 2>&1)
  status=$?
}

# check NAME CONDITION…  counts a test.
check() {
  local name="$1"
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED %s: %s\nstatus %s, said:\n%s\ncalled:\n%s\n' "$name" "$*" "$status" "$said" "$(cat "$work/machine/log")" >&2
  fi
}
says() { [[ "$said" == *"$1"* ]]; }
called() { grep -qF -- "$1" "$work/machine/log"; }
not() { ! "$@"; }
ends() { [ "$status" = "$1" ]; }

# Debian 12 as root: no package rustup, so Rust's installer is asked, with curl fetched first.
machine 0 && debian
package curl curl <<'S'
echo "curl $*" >>"$LOG"
cat <<'I'
echo "installer $*" >>"$LOG"
mkdir -p "$HOME/.cargo/bin"
for one in rustup rustc; do cat "$MADE/$one" >"$HOME/.cargo/bin/$one"; chmod +x "$HOME/.cargo/bin/$one"; done
I
S
{ echo "#!$bash"; rustup_script; } >"$made/rustup"
{ echo "#!$bash"; proxy_script; } >"$made/rustc"
run 'need_rust rustfmt clippy'
check "Debian 12" ends 0
check "Debian 12" says "toolchain $wanted"
check "Debian 12" called "apt-get install -y -qq --no-install-recommends curl"
check "Debian 12" called "https://sh.rustup.rs"
check "Debian 12" called "installer -y -q --no-modify-path --profile minimal --default-toolchain none"
check "Debian 12" called "rustup toolchain install $wanted"
check "Debian 12, parts" called "rustup component add --toolchain $wanted rustfmt"
check "Debian 12, parts" called "rustup component add --toolchain $wanted clippy"
: >"$work/machine/log"
run 'need_rust rustfmt clippy'
check "the second time nothing is installed" ends 0
check "the second time nothing is installed" not called "install"
check "the second time nothing is installed" not called "component add"

# The installer can't be reached.
machine 0 && debian
package curl curl <<'S'
echo "curl: (6) Could not resolve host: sh.rustup.rs" >&2
exit 6
S
run 'need_rust'
check "no installer" ends 1
check "no installer" says "Install rustup by hand"

# Debian 13 has rustup; it is known only after an update, and needs no curl.
machine 0 && debian
rustup_script | package rustup rustup
proxy_script | package rustup rustc
run 'need_rust'
check "Debian 13" ends 0
check "Debian 13" says "toolchain $wanted"
check "Debian 13" called "apt-get update"
check "Debian 13" called "--no-install-recommends rustup"
check "Debian 13" not called "curl"

# The same as an ordinary person, by sudo.
machine 1000 && debian && sudo
rustup_script | package rustup rustup
proxy_script | package rustup rustc
run 'need_rust'
check "sudo" ends 0
check "sudo" called "sudo env DEBIAN_FRONTEND=noninteractive apt-get install"
check "sudo" called "sudo apt-get update"

# Neither root nor sudo: says what root should type.
machine 1000 && debian
run 'need cc:build-essential sed:sed pkg-config:pkg-config'
check "no sudo" ends 1
check "no sudo" says "please install, as root: apt-get install build-essential pkg-config"
check "no sudo" not called "apt-get"

# No apt at all.
machine 0
run 'need cc:build-essential'
check "no apt" ends 1
check "no apt" says "please install: build-essential (names of Debian's packages)"
machine 0
echo 'cat "$MADE/installer"' | stand_in curl
echo 'exit 0' >"$made/installer"
touch "$work/ca.crt"
run 'need_rust'
check "no apt, an installer that does nothing" not ends 0

# Old cargo of the system: a newer one is brought. Without any way to one, it says what is needed and what is here.
machine 0 && debian && old_cargo
rustup_script | package rustup rustup
proxy_script | package rustup rustc
run 'need_rust'
check "old cargo" ends 0
check "old cargo" says "toolchain $wanted"
machine 0 && rustup_here
EXTRA='NO_TOOLCHAINS=1 STABLE=1.60.0'
touch "$made/toolchain-stable"
run 'need_rust'
check "old stable" ends 1
check "old stable" says "Rust $wanted or newer is needed, but rustc 1.60.0 (x) is here."
# New enough, though not the very version, and no network.
EXTRA='NO_TOOLCHAINS=1'
run 'need_rust'
check "new stable" ends 0
check "new stable" says "toolchain stable"
EXTRA=

# A cargo of the system that is new enough does.
machine 1000
echo 'echo "rustc 1.99.0 (x)"' | stand_in rustc
echo 'echo "cargo 1.99.0"' | stand_in cargo
run 'need_rust'
check "new cargo" ends 0
check "new cargo" says "toolchain of the system"
run 'need_rust clippy'
check "a part that is missing" ends 1
check "a part that is missing" says "cargo clippy is missing"

# What is there is not installed; patterns of paths count, too.
machine 0 && debian
run "need sed:sed '/etc/pass*:base-passwd'"
check "nothing is missing" ends 0
check "nothing is missing" not called "apt-get"
# An update that fails does not stop what can be installed all the same.
EXTRA='UPDATE_FAILS=1'
echo 'true' | package build-essential cc
run 'need cc:build-essential'
check "an update that fails" ends 0
check "an update that fails" says "could not be brought up to date"
check "an update that fails" called "--no-install-recommends build-essential"
EXTRA=

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
