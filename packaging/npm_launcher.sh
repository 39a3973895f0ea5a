#!/bin/sh
# Becomes the native haft of this platform. npm's postinstall puts that executable in this file's place; where install
# scripts are switched off, this file stays and costs a few milliseconds.
if [ -n "${HAFT_BINARY:-}" ]; then exec "$HAFT_BINARY" "$@"; fi
self=$(readlink -f -- "$0" 2>/dev/null) || self=$0
package=${self%/bin/*}
count=0
chosen=
for candidate in "$package"/node_modules/@haft/*/haft "${package%/*}"/@haft/*/haft; do
  if [ -f "$candidate" ]; then
    count=$((count + 1))
    chosen=$candidate
  fi
done
# A package manager that honours "os", "cpu" and "libc" installed one; others install several.
if [ "$count" -gt 1 ]; then
  libc=
  for loader in /lib/ld-musl-*; do if [ -e "$loader" ]; then libc=-musl; fi; done
  case $(uname -sm) in
    'Linux x86_64') name=linux-x64$libc ;;
    'Linux aarch64') name=linux-arm64$libc ;;
    'Darwin arm64') name=darwin-arm64 ;;
    *) name=darwin-x64 ;;
  esac
  chosen=
  for modules in "$package/node_modules" "${package%/*}"; do
    if [ -f "$modules/@haft/$name/haft" ]; then chosen=$modules/@haft/$name/haft; fi
  done
fi
if [ -z "$chosen" ]; then
  echo "haft: there is no executable for $(uname -sm): its package is an optional dependency of \"haft\"" >&2
  echo "Install again with optional dependencies (npm install --include=optional), or set HAFT_BINARY" >&2
  exit 1
fi
exec "$chosen" "$@"
