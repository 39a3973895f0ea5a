#!/bin/sh
# The devcontainer feature "haft": runs as root while an image is built, with the feature's options as variables.
set -eu

version=${VERSION:-@VERSION@}
mirror=${MIRROR:-@RELEASES@}
directory=${HAFT_INSTALL_DIR:-/usr/local/bin}

if ! command -v curl >/dev/null 2>&1 && ! command -v wget >/dev/null 2>&1; then
  if command -v apt-get >/dev/null 2>&1; then
    apt-get update
    apt-get install -y --no-install-recommends ca-certificates curl
    rm -rf /var/lib/apt/lists/*
  elif command -v apk >/dev/null 2>&1; then
    apk add --no-cache ca-certificates curl
  else
    echo "haft: neither curl nor wget is installed" >&2
    exit 1
  fi
fi

script=$(mktemp)
trap 'rm -f "$script"' EXIT
url=${mirror%/}/v${version#v}/install.sh
if command -v curl >/dev/null 2>&1; then curl -fsSL -o "$script" "$url"; else wget -q -O "$script" "$url"; fi
HAFT_MIRROR=$mirror sh "$script" --quiet --dir "$directory"
