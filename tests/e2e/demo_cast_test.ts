import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { DEMO, DEMO_COLUMNS, DEMO_FILES, DEMO_ROWS } from "../../scripts/site/demo.ts";
import { CAST_FILE } from "../../scripts/site/record_cast.ts";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { publishTool } from "./fake_tools.ts";
import { binary, type Haft } from "./support.ts";

const SHELL: Haft = { name: "binary", argv: ["/bin/bash", "-c"] };

const TOOL = `#!/bin/sh
case $1 in
  serve) echo "Listening on http://0.0.0.0:$3/"; exec sleep 600 ;;
  *) echo "$@" ;;
esac
`;

Deno.test("the site's cast shows the demo's commands in its terminal, and nothing of the machine", () => {
  const text = readFileSync(CAST_FILE, "utf8");
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const { version, width, height } = JSON.parse(head);
  assertEquals({ version, width, height }, { version: 2, width: DEMO_COLUMNS, height: DEMO_ROWS });
  const events = lines.map((line): [number, string, string] => JSON.parse(line));
  const shown = events.map(([, , written]) => written).join("");
  for (const { line } of DEMO) assertStringIncludes(shown, `$ ${line}\r\n`);
  const times = events.map(([at]) => at);
  assertEquals(times, times.toSorted((a, b) => a - b));
  for (const secret of [hostname(), `${tmpdir()}/`, `${homedir()}/`]) {
    assertEquals(text.includes(secret), false, secret);
  }
});

Deno.test("the commands that the site's cast shows do what it shows", async () => {
  await using registry = await LoopbackRegistry.start();
  for (const [tool, version] of [["deno", "2.9.6"], ["biome", "2.6.8"]] as const) {
    await publishTool(registry, { tool, version, script: TOOL });
  }
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const { sandbox } = daemon;
  const bin = join(sandbox.root, "bin");
  mkdirSync(bin);
  symlinkSync(binary.argv[0] ?? "", join(bin, "haft"));
  for (const [name, text] of Object.entries(DEMO_FILES)) {
    writeFileSync(join(sandbox.project, name), text);
  }
  const env = { PATH: `${bin}:/usr/bin:/bin` };
  for (const { line, until, keys = "" } of DEMO) {
    const { code, stdout } = until === undefined
      ? await sandbox.run(SHELL, { args: [line], env })
      : await sandbox.terminal(SHELL, {
        args: [line],
        columns: DEMO_COLUMNS,
        env,
        typed: [{ after: until, keys }],
      });
    assertEquals(code, 0, `${line}\n${stdout}`);
  }
  const { stdout } = await daemon.run("app", "status", "--json");
  assertEquals(JSON.parse(stdout).map(({ state }: { state: string }) => state), ["running"]);
  await daemon.run("app", "stop");
});
