import { delay } from "@std/async/delay";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { runCommand } from "../support/command.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";
import { digits, machineLine, median, quantile, ratioLine } from "./support.ts";

// The ways to run a tool that does nothing: itself, by its shim, by `haft exec` with the answer remembered,
// and with nothing remembered, asking the daemon or reading the project. The tool is esbuild's place in the
// store with /bin/true in it.

const rounds = Number(process.argv[2] ?? 100);
const { path: binary } = await build();
using scratch = new Scratch();
const cwd = scratch.directory("project");
const home = join(cwd, "home");
const run = scratch.directory("run");
writeFileSync(join(cwd, "haft.toml"), '[tools]\nesbuild = "0.28.2"\n');
const env = { HAFT_HOME: home, XDG_RUNTIME_DIR: run, HAFT_SOCKET: undefined };
const options = { cwd, env };
timeCommand([binary, "sync"], options);
const { stdout } = await runCommand([binary, "which", "esbuild"], { ...options, output: "capture" });
const tool = stdout.trim();
copyFileSync("/bin/true", tool);
// Answers are kept only once the files that they come from have settled, and a shim's when haft has had one.
await delay(2_100);
const shim = join(home, "shims", "esbuild");
for (let i = 0; i < 3; i++) timeCommand([shim], options);

let places = 0;
/** Nothing is remembered for a directory in which nothing was run yet. */
const elsewhere = () => {
  const place = join(cwd, `place-${places++}`);
  mkdirSync(place);
  return { ...options, cwd: place };
};
const without = alternate(rounds, {
  direct: () => timeCommand([tool], options),
  shim: () => timeCommand([shim], options),
  exec: () => timeCommand([binary, "exec", "esbuild"], options),
  reading: () => timeCommand([binary, "exec", "esbuild"], elsewhere()),
});
timeCommand([binary, "daemon", "start"], options);
const asking = alternate(rounds, {
  asking: () => timeCommand([binary, "exec", "esbuild"], elsewhere()),
  exec: () => timeCommand([binary, "exec", "esbuild"], options),
});
timeCommand([binary, "daemon", "stop"], options);

console.log(machineLine());
const base = median(without.direct);
report("a tool that does nothing", without.direct);
report("its shim", without.shim);
report("haft exec, remembered", without.exec);
report("haft exec, reading the project", without.reading);
report("with a daemon, remembered", asking.exec);
report("with a daemon, asking it", asking.asking);
console.log(ratioLine("the shim", median(without.shim), { name: "the tool itself", value: base }, "ms"));

function report(name: string, values: readonly number[]): void {
  const middle = median(values);
  console.log(
    `${name.padEnd(31)} ${digits(middle)} ms (p95 ${digits(quantile(values, 0.95))}), +${
      digits(middle - base)
    } ms`,
  );
}
