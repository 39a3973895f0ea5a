import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { binary, Sandbox } from "./support.ts";

const FILES = 30_000;
/** It was 125 with an object for each file, and is 80 without. */
const MOST_MB = 105;

Deno.test({
  name: "a child that unpacks tens of thousands of tiny files keeps no object for each",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using registry = await LoopbackRegistry.start();
    const names = Array.from({ length: FILES }, (_, n) => `lib/directory-${n % 100}/file-number-${n}.js`);
    await registry.addPackage({ name: "many", version: "1.0.0", bin: { many: "cli.js" } }, {
      "cli.js": "",
      ...Object.fromEntries(names.map((name, n) => [name, String(n)])),
    });
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\n"npm:many" = "1.0.0"\n');
    let pid: string | undefined;
    let peak = 0;
    const look = () => {
      try {
        const [, kilobytes = "0"] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ??
          [];
        peak = Math.max(peak, Number(kilobytes) / 1024);
      } catch {
        // It has not started yet, or has ended.
      }
    };
    const looking = setInterval(look, 20);
    const { code, stderr } = await sandbox.run(binary, {
      args: ["sync", "--json"],
      onOutput({ stdout }) {
        pid ??= /"type":"tool\.started".*?"pid":(\d+)/.exec(stdout)?.[1];
        look();
      },
    });
    clearInterval(looking);
    assertEquals(code, 0, stderr);
    const hashes = join(sandbox.haftHome, "store", "npm+many", "1.0.0", ".haft", "files.sha256");
    assertEquals(readFileSync(hashes, "utf8").split("\n").length, FILES + 5);
    assert(peak > 40 && peak < MOST_MB, `its peak was ${Math.round(peak)} MB`);
  },
});
