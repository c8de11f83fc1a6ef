#!/usr/bin/env bash
# Installs what Lampion is compared with (Debian, as root): bench/peers.sh [folder for the Python environment]
# Mail servers would start as the system's own: what is measured is started by the benchmark, in folders of its own.
# What can't be installed is named; the benchmark then says "not measured" for it.
set -uo pipefail
peers="${1:-${LAMPION_BENCH_PEERS:-$HOME/.cache/lampion-peers}}"
mkdir -p "$peers"
for package in kiwix-tools zim-tools python3-xapian nginx-light python3-venv xz-utils; do
  dpkg -s "$package" >/dev/null 2>&1 && continue
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
    echo "not installed: $package" >&2
done
[ -x "$peers/venv/bin/python" ] || python3 -m venv "$peers/venv" || exit 1
for package in libzim zimi; do
  "$peers/venv/bin/pip" install --quiet "$package" || echo "not installed: $package" >&2
done
# Services of the system are not started (invoke-rc.d asks this file), unless somebody has a policy already.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f "$policy"' EXIT
fi
for package in postfix dovecot-imapd dovecot-lmtpd; do
  dpkg -s "$package" >/dev/null 2>&1 && continue
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
    echo "not installed: $package" >&2
done
for program in kiwix-serve nginx xz postfix dovecot; do
  command -v "$program" || [ -x "/usr/sbin/$program" ] || echo "absent: $program" >&2
done
"$peers/venv/bin/python" -c 'import libzim; print("libzim", libzim.__file__)'
/usr/bin/python3 -c 'import sqlite3, xapian; print("xapian", xapian.version_string(), "sqlite", sqlite3.sqlite_version)'
