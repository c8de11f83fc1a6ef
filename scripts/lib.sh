# What ./run and ./test share: setting up what is missing. Sourced by bash.

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lampion-target}"
# Tools built for the tests, and Python's packages, beside what is built.
tools="${XDG_CACHE_HOME:-$HOME/.cache}/lampion-tools"
PATH="$tools/bin:$HOME/.cargo/bin:$PATH"

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
may_root() { [ "$(id -u)" = 0 ] || have sudo; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# need THING:PACKAGE…  installs Debian's PACKAGE where THING, a command or an absolute path (which may
# be a pattern), is absent.
need() {
  local pair thing missing=()
  for pair in "$@"; do
    thing="${pair%%:*}"
    case "$thing" in
      /*) compgen -G "$thing" >/dev/null && continue ;;
      *) have "$thing" && continue ;;
    esac
    missing+=("${pair#*:}")
  done
  [ ${#missing[@]} = 0 ] && return
  have apt-get || die "please install: ${missing[*]} (names of Debian's packages)"
  may_root || die "please install, as root: apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  as_root apt-get update -qq </dev/null >&2 ||
    say "the lists of packages could not be brought up to date: trying with those that are here"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
}

# need_rust [COMPONENT…]  a cargo that is new enough, with these parts.
need_rust() {
  local wanted part
  wanted=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
  if ! have rustup && ! { have cargo && new_enough; }; then
    get_rustup "$wanted" && have rustup ||
      die "Rust could not be installed: see above. Install rustup by hand (https://rustup.rs says how), then start this again."
  fi
  if have rustup; then
    # Where the very version can't be had, one that is new enough will do.
    if ! rustup run "$wanted" rustc --version >/dev/null 2>&1; then
      say "installing Rust $wanted"
      rustup toolchain install "$wanted" --profile minimal --no-self-update >&2 </dev/null ||
        say "Rust $wanted could not be installed: trying the one that is here"
    fi
    if rustup run "$wanted" rustc --version >/dev/null 2>&1; then
      export RUSTUP_TOOLCHAIN="$wanted"
    else
      export RUSTUP_TOOLCHAIN=stable
    fi
  fi
  new_enough || die "Rust $wanted or newer is needed, but $(rustc --version 2>/dev/null || echo none) is here."
  for part in "$@"; do
    part="${part/rustfmt/fmt}"
    if have rustup; then
      rustup run "$RUSTUP_TOOLCHAIN" "cargo-$part" --version >/dev/null 2>&1 && continue
    else
      "cargo-$part" --version >/dev/null 2>&1 && continue
    fi
    have rustup || die "cargo $part is missing: install it from where cargo came from, or install rustup."
    rustup component add --toolchain "$RUSTUP_TOOLCHAIN" "${part/fmt/rustfmt}" >&2 </dev/null ||
      die "cargo $part could not be installed for Rust $RUSTUP_TOOLCHAIN: see above."
  done
}

# get_rustup VERSION  Debian 13 has a package; for older ones, Rust's own installer.
get_rustup() {
  if have apt-cache; then
    # A new machine knows no packages yet.
    if [ -z "$(apt-cache show rustup 2>/dev/null)" ] && may_root; then
      as_root apt-get update -qq </dev/null >&2 || true
    fi
    if [ -n "$(apt-cache show rustup 2>/dev/null)" ]; then
      need rustup:rustup
      return
    fi
  fi
  need curl:curl /etc/ssl/certs/ca-certificates.crt:ca-certificates || return
  say "installing Rust $1"
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
    sh -s -- -y -q --no-modify-path --profile minimal --default-toolchain none >&2
}

# Whether the compiler that cargo would take is as new as the workspace asks.
new_enough() {
  local asked got
  asked=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
  got=$(rustc --version 2>/dev/null | cut -d' ' -f2)
  [ -n "$got" ] && [ "$(printf '%s\n%s\n' "$asked" "$got" | sort -V | head -1)" = "$asked" ]
}
