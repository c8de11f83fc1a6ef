# What ./run and ./test share: setting up what is missing. Sourced by bash.

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lampion-target}"
# Tools built for the tests, and Python's packages, beside what is built.
tools="${XDG_CACHE_HOME:-$HOME/.cache}/lampion-tools"
PATH="$tools/bin:$HOME/.cargo/bin:$PATH"

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
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
  [ "$(id -u)" = 0 ] || have sudo || die "please install, as root: apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  as_root apt-get update -qq </dev/null >&2
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
}

# need_rust [COMPONENT…]  a cargo that is new enough, with these parts.
need_rust() {
  local wanted
  wanted=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
  if ! have rustup && ! { have cargo && new_enough; }; then
    # Debian 13 has a package; for older ones, Rust's own installer.
    if have apt-cache && [ -n "$(apt-cache show rustup 2>/dev/null)" ]; then
      need rustup:rustup
    else
      need curl:curl /etc/ssl/certs/ca-certificates.crt:ca-certificates
      say "installing Rust $wanted"
      curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y -q --no-modify-path --profile minimal --default-toolchain none >&2
    fi
  fi
  have rustup || { new_enough || die "Rust $wanted or newer is needed"; return 0; }
  # Where the very version can't be had, one that is new enough will do.
  if ! rustup run "$wanted" rustc --version >/dev/null 2>&1; then
    say "installing Rust $wanted"
    rustup toolchain install "$wanted" --profile minimal --no-self-update >&2 </dev/null ||
      say "Rust $wanted could not be installed: trying the one that is here"
  fi
  if rustup run "$wanted" rustc --version >/dev/null 2>&1; then
    local part
    for part in "$@"; do
      rustup run "$wanted" "cargo-${part/rustfmt/fmt}" --version >/dev/null 2>&1 ||
        rustup component add --toolchain "$wanted" "$part" >&2 </dev/null
    done
    export RUSTUP_TOOLCHAIN="$wanted"
  else
    export RUSTUP_TOOLCHAIN=stable
    new_enough || die "Rust $wanted or newer is needed"
  fi
}

# Whether the compiler that cargo would take is as new as the workspace asks.
new_enough() {
  local asked got
  asked=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
  got=$(rustc --version 2>/dev/null | cut -d' ' -f2)
  [ -n "$got" ] && [ "$(printf '%s\n%s\n' "$asked" "$got" | sort -V | head -1)" = "$asked" ]
}
