# Installs haft @VERSION@ for this user, on Windows. No administrator is needed.
#
#   $env:HAFT_INSTALL_DIR   where the executable goes (default: %LOCALAPPDATA%\haft\bin)
#   $env:HAFT_MIRROR        where releases are, in place of @RELEASES@
[CmdletBinding()]
param([string]$Dir = $env:HAFT_INSTALL_DIR)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$release = '@VERSION@'
$checksums = @'
@CHECKSUMS@
'@

function Install-Haft {
  $cpu = switch ($env:PROCESSOR_ARCHITECTURE) {
    'AMD64' { 'x64' }
    'ARM64' { 'arm64' }
    default { throw "There is no build for the processor $env:PROCESSOR_ARCHITECTURE" }
  }
  if (-not $Dir) { $script:Dir = Join-Path $env:LOCALAPPDATA 'haft\bin' }
  $base = if ($env:HAFT_MIRROR) { $env:HAFT_MIRROR.TrimEnd('/') } else { '@RELEASES@' }
  $name = "haft-$release-windows-$cpu"
  $line = $checksums -split "`r?`n" | Where-Object { $_.EndsWith("  $name.zip") } | Select-Object -First 1
  if (-not $line) { throw "Release $release has no build for windows-$cpu" }
  $want = $line.Substring(0, 64)

  $work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
  New-Item -ItemType Directory -Path $work | Out-Null
  try {
    $archive = Join-Path $work "$name.zip"
    Write-Host "Downloading $base/v$release/$name.zip"
    Invoke-WebRequest -UseBasicParsing -Uri "$base/v$release/$name.zip" -OutFile $archive
    $got = (Get-FileHash -Algorithm SHA256 -Path $archive).Hash.ToLowerInvariant()
    if ($got -ne $want) { throw "The checksum of $name.zip is wrong, so nothing was installed: $got instead of $want" }
    Expand-Archive -Path $archive -DestinationPath $work
    New-Item -ItemType Directory -Force -Path $Dir | Out-Null
    $target = Join-Path $Dir 'haft.exe'
    # A running executable cannot be overwritten, but it can be moved aside.
    if (Test-Path $target) { Move-Item -Force -Path $target -Destination "$target.old" }
    Move-Item -Path (Join-Path $work "$name\haft.exe") -Destination $target
  } finally {
    Remove-Item -Recurse -Force -Path $work
  }
  Write-Host "Installed haft ${release}: $target"
  $path = [Environment]::GetEnvironmentVariable('Path', 'User')
  if (($path -split ';') -notcontains $Dir) {
    Write-Host "$Dir is not on PATH. Add it:"
    Write-Host "  [Environment]::SetEnvironmentVariable('Path', '$Dir;' + [Environment]::GetEnvironmentVariable('Path', 'User'), 'User')"
  }
}

Install-Haft
