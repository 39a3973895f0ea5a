// Puts the native executable in the place of the launcher, so that nothing starts in front of it. Whatever
// goes wrong, the launcher stays and works: this script never fails an install.
const fs = require("node:fs");
const path = require("node:path");

function main() {
  if (process.platform === "win32") return;
  const musl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  const name = `@haft/${process.platform}-${process.arch}${musl ? "-musl" : ""}`;
  const native = path.join(path.dirname(require.resolve(`${name}/package.json`)), "haft");
  const launcher = path.join(__dirname, "bin", "haft");
  const staged = `${launcher}.${process.pid}`;
  try {
    fs.linkSync(native, staged);
  } catch {
    fs.copyFileSync(native, staged);
  }
  fs.chmodSync(staged, 0o755);
  fs.renameSync(staged, launcher);
}

try {
  main();
} catch {
  // Another package manager's layout, or a read-only directory: the launcher finds the executable by itself.
}
