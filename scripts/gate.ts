import process from "node:process";
import { deno, runCommand } from "./support/command.ts";

/**
 * The gate: `deno task ok`, and what CI runs. The quick checks all run, so that one look shows all that is
 * wrong; the tests run when those pass. `--quick` leaves the tests out.
 */
const quick: [name: string, argv: string[]][] = [
  ["fmt", [deno, "fmt", "--check", "--quiet"]],
  ["lint", [deno, "lint", "--quiet"]],
  ["check", [deno, "check", "--quiet", "main.ts", "src", "tests", "scripts", "site/tests"]],
  ["layers", [deno, "run", "-A", "--quiet", "scripts/check_layers.ts"]],
  ["python", [deno, "run", "-A", "--quiet", "scripts/python_events.ts", "--check"]],
  ["documents", [deno, "run", "-A", "--quiet", "scripts/conformance.ts", "--check"]],
  ["hygiene", [deno, "run", "-A", "--quiet", "scripts/check_hygiene.ts"]],
];

let failed = 0;
for (const [name, argv] of quick) {
  const started = performance.now();
  const { code, stdout, stderr } = await runCommand(argv, { output: "capture" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${name.padEnd(8)} ${code === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  if (code === 0) continue;
  failed++;
  console.log(`${stdout}${stderr}`.trimEnd());
}

if (failed > 0) {
  console.error(`${failed} of ${quick.length} checks failed`);
  process.exitCode = 1;
} else if (!process.argv.includes("--quick")) {
  const started = performance.now();
  const { code } = await runCommand([deno, "run", "-A", "--quiet", "scripts/test.ts"]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`tests    ${code === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  process.exitCode = code;
}
