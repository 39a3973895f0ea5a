#!/bin/sh
# Installs haft @VERSION@ for this user. It needs a POSIX shell, tar, a SHA-256 tool, and curl or wget; no root.
#
#   HAFT_INSTALL_DIR=DIR   where the executable goes (default: ~/.local/bin)
#   HAFT_MIRROR=URL        where releases are, in place of @RELEASES@
#   sh install.sh --version 1.2.3   another version: its checksums are signed, and minisign or OpenSSL 3 checks that
set -eu
if [ -n "${ZSH_VERSION:-}" ]; then emulate sh; fi

release=@VERSION@
releases=@RELEASES@
public_key=@PUBLIC_KEY@

checksums() {
  cat <<'SUMS'
@CHECKSUMS@
SUMS
}

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "haft: $1"
  shift
  for line in "$@"; do say "$line"; done
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

usage() {
  cat <<'HELP'
Usage: install.sh [--version VERSION] [--dir DIRECTORY] [--quiet]

Installs haft into DIRECTORY (default: $HAFT_INSTALL_DIR, else ~/.local/bin).
HAFT_MIRROR names another place that has the release's files.
HELP
}

# Prints linux-x64, linux-arm64-musl, darwin-arm64 …: the name of this platform's archive.
platform() {
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "there is no build for the processor $(uname -m)" "Build from source: see README.md" ;;
  esac
  case $(uname -s) in
    Linux)
      libc=
      for loader in /lib/ld-musl-*; do if [ -e "$loader" ]; then libc=-musl; fi; done
      printf 'linux-%s%s\n' "$cpu" "$libc"
      ;;
    Darwin)
      # Under Rosetta uname says x86_64 on a processor that is arm64.
      if [ "$cpu" = x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then cpu=arm64; fi
      printf 'darwin-%s\n' "$cpu"
      ;;
    *) fail "there is no build for $(uname -s)" "On Windows: irm …/install.ps1 | iex" ;;
  esac
}

# fetch URL FILE. Proxies are taken from the environment by curl and wget themselves. A redirect never leaves https.
fetch() {
  if has curl; then
    case $1 in
      https://*) curl -fsSL --proto '=https' --retry 3 -o "$2" "$1" ;;
      *) curl -fsSL --retry 3 -o "$2" "$1" ;;
    esac
  elif has wget; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is installed" "Install one of them, then run this again"
  fi || {
    rm -f "$2"
    return 1
  }
}

sha256() {
  if has sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 "$1" | sed 's/.* //'
  else
    fail "no tool for SHA-256 is installed" "Install sha256sum (coreutils), shasum or openssl"
  fi
}

# verify_signature FILE SIGNATURE: by minisign, or by OpenSSL 3 from the same two files.
verify_signature() {
  if [ -z "$public_key" ]; then
    fail "this installer knows no release key, so it installs $release alone"
  fi
  if has minisign; then
    minisign -Vq -P "$public_key" -m "$1" -x "$2" >/dev/null || return 1
  elif openssl version 2>/dev/null | grep -q '^OpenSSL [3-9]'; then
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; printf '%s' "$public_key" | openssl base64 -d -A | tail -c 32; } >"$work/key.der"
    sed -n 2p "$2" | openssl base64 -d -A | tail -c 64 >"$work/signature"
    openssl pkeyutl -verify -pubin -inkey "$work/key.der" -keyform DER -rawin -in "$1" -sigfile "$work/signature" >/dev/null 2>&1 || return 1
  else
    fail "neither minisign nor OpenSSL 3 is installed, and version $version must be checked by its signature" \
      "Install one of them, or install $release: this script has its checksums"
  fi
}

main() {
  version=$release
  dir=${HAFT_INSTALL_DIR:-}
  quiet=
  while [ $# -gt 0 ]; do
    case $1 in
      --version) version=${2:?"--version needs a version"}; shift ;;
      --version=*) version=${1#*=} ;;
      --dir) dir=${2:?"--dir needs a directory"}; shift ;;
      --dir=*) dir=${1#*=} ;;
      -q | --quiet) quiet=1 ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; exit 2 ;;
    esac
    shift
  done
  version=${version#v}
  case $version in
    '' | *[!0-9A-Za-z.+-]*) fail "\"$version\" is not a version" ;;
  esac
  if [ -z "$dir" ]; then dir=${HOME:?"HOME is not set; set HAFT_INSTALL_DIR"}/.local/bin; fi
  base=${HAFT_MIRROR:-$releases}
  base=${base%/}/v$version
  name=$(platform)

  if [ -x "$dir/haft" ] && [ "$("$dir/haft" --version 2>/dev/null)" = "haft $version" ]; then
    [ -n "$quiet" ] || say "haft $version is installed already: $dir/haft"
    exit 0
  fi

  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  extension=tar.gz
  if has xz; then extension=tar.xz; fi
  if [ "$version" = "$release" ]; then
    checksums >"$work/SHA256SUMS"
  else
    for file in SHA256SUMS SHA256SUMS.minisig; do
      fetch "$base/$file" "$work/$file" ||
        fail "cannot fetch $base/$file" "Is there a version $version? A proxy is taken from https_proxy, a mirror from HAFT_MIRROR"
    done
    verify_signature "$work/SHA256SUMS" "$work/SHA256SUMS.minisig" ||
      fail "SHA256SUMS of $version is not signed by haft's release key, so nothing was installed"
  fi
  expected() { sed -n "s/^\([0-9a-f]\{64\}\)  haft-$version-$name\.$1\$/\1/p" "$work/SHA256SUMS"; }
  want=$(expected "$extension")
  if [ -z "$want" ]; then
    extension=tar.gz
    want=$(expected "$extension")
  fi
  [ -n "$want" ] || fail "release $version has no build for $name"
  archive=haft-$version-$name.$extension

  [ -n "$quiet" ] || say "Downloading $base/$archive"
  fetch "$base/$archive" "$work/$archive" ||
    fail "cannot fetch $base/$archive" "A proxy is taken from https_proxy, a mirror from HAFT_MIRROR"
  got=$(sha256 "$work/$archive")
  [ "$got" = "$want" ] ||
    fail "the checksum of $archive is wrong, so nothing was installed" "expected $want" "received $got"

  case $extension in
    tar.xz) xz -dc "$work/$archive" ;;
    *) gzip -dc "$work/$archive" ;;
  esac | (cd "$work" && tar -xf -)
  mkdir -p "$dir" || fail "cannot make $dir" "Set HAFT_INSTALL_DIR to a directory of yours"
  staged=$dir/.haft.$$
  cp "$work/haft-$version-$name/haft" "$staged" || {
    rm -f "$staged"
    fail "cannot write to $dir" "Set HAFT_INSTALL_DIR to a directory of yours"
  }
  chmod 755 "$staged"
  if ! "$staged" --version >/dev/null 2>&1; then
    rm -f "$staged"
    fail "the executable for $name does not start on this machine" "Please report it, with the output of: uname -a"
  fi
  mv -f "$staged" "$dir/haft"
  [ -n "$quiet" ] && exit 0
  say "Installed haft $version: $dir/haft"
  case :$PATH: in
    *:"$dir":*) say "Next: haft init" ;;
    *)
      say "$dir is not on PATH. Add it:"
      # Unset where a container or cron runs this.
      shell=${SHELL:-}
      case ${shell##*/} in
        fish) say "  fish_add_path $dir" ;;
        zsh) say "  echo 'export PATH=\"$dir:\$PATH\"' >> ~/.zshrc" ;;
        bash) say "  echo 'export PATH=\"$dir:\$PATH\"' >> ~/.bashrc" ;;
        *) say "  echo 'export PATH=\"$dir:\$PATH\"' >> ~/.profile" ;;
      esac
      ;;
  esac
}

# The whole script is read before anything runs: a download that breaks off does nothing.
main "$@"
