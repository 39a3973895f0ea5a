/**
 * Every fault of an install, for every source: killed at each step, a download that is cut short, holds other
 * bytes, stalls, never ends or is answered by an error, and a disk that is full. Whatever happens, the store
 * has the old state or the new one, an error is a clear line, and the next run is whole.
 */
import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FAILPOINTS } from "../../../src/tools/install/failpoint.ts";
import type { Fault } from "../../support/loopback_faults.ts";
import {
  enterWorld,
  SOURCE_KINDS,
  type SourceKind,
  type SourceWorld,
  sourceWorld,
} from "../../support/source_worlds.ts";
import { binary, crashingBinary, type RunResult, Sandbox } from "../../e2e/support.ts";

interface FaultCase {
  name: string;
  fault: Fault;
  /** So many requests go wrong; always when absent. */
  times?: number;
  /** Whether the install has to succeed all the same. */
  survives: boolean;
}

const CASES: readonly FaultCase[] = [
  { name: "cut short once", fault: { kind: "truncate", at: 150_000 }, times: 1, survives: true },
  { name: "cut short at once", fault: { kind: "truncate", at: 0 }, times: 1, survives: true },
  { name: "cut short always", fault: { kind: "truncate", at: 150_000 }, survives: false },
  { name: "other bytes once", fault: { kind: "wrong-bytes" }, times: 1, survives: true },
  { name: "other bytes always", fault: { kind: "wrong-bytes" }, survives: false },
  { name: "503 twice", fault: { kind: "status", status: 503 }, times: 2, survives: true },
  { name: "500 always", fault: { kind: "status", status: 500 }, survives: false },
  {
    name: "429 once, with a time to wait",
    fault: { kind: "status", status: 429, headers: { "retry-after": "1" } },
    times: 1,
    survives: true,
  },
  { name: "404", fault: { kind: "status", status: 404 }, survives: false },
  { name: "a web page", fault: { kind: "html" }, survives: false },
  { name: "hang-up once", fault: { kind: "hang-up" }, times: 1, survives: true },
  { name: "hang-up always", fault: { kind: "hang-up" }, survives: false },
  { name: "redirects in a circle", fault: { kind: "redirect-loop" }, survives: false },
  { name: "a server that never answers", fault: { kind: "silence" }, survives: false },
];

/** What haft must never answer. */
const FAULT =
  /fault in haft itself|\bat \S+:\d+:\d+|TypeError|SyntaxError|RangeError|is not a function|\$bunfs/;

const counts = { tried: 0, failed: 0 };

for (const kind of SOURCE_KINDS) {
  Deno.test(`${kind}: every fault of an install, and the run after it`, async () => {
    const failures: string[] = [];
    const attempt = async (name: string, body: (place: Place) => Promise<string[]>) => {
      const found = await inPlace(kind, body);
      counts.tried++;
      if (found.length > 0) counts.failed++;
      for (const line of found) {
        console.log(`${kind}, ${name}: ${line}`);
        failures.push(`${name}: ${line}`);
      }
    };
    for (const point of FAILPOINTS) {
      await attempt(`killed ${point}`, async ({ sync, whole }) => {
        const killed = await sync({ HAFT_FAILPOINT: point }, crashingBinary);
        return [...spoken(killed), ...await whole()];
      });
    }
    for (const { name, fault, times = Infinity, survives } of CASES) {
      await attempt(name, async ({ world, sandbox, sync, whole }) => {
        world.server.fault(world.artifact, fault, { times });
        const result = await sync({});
        const problems = spoken(result);
        if ((result.code === 0) !== survives) problems.push(`exit ${result.code}: ${lastLine(result)}`);
        if (!survives && existsSync(join(sandbox.haftHome, "store", world.executable))) {
          problems.push("installed");
        }
        if (sandbox.leftovers().length > 0) problems.push(`left ${sandbox.leftovers().join(", ")}`);
        world.server.clearFaults();
        return [...problems, ...await whole()];
      });
    }
    for (const size of [64, 192, 320, 512]) {
      await attempt(`a disk of ${size} KiB`, async ({ sandbox, sync, whole }) => {
        const mount = await run("mount", [
          "-t",
          "tmpfs",
          "-o",
          `size=${size}k`,
          "haft-test",
          sandbox.haftHome,
        ]);
        if (!mount) return ["no tmpfs can be mounted here"];
        const problems: string[] = [];
        try {
          // The disk hides what was trusted.
          const full = await sync({ HAFT_TRUST: "1" });
          problems.push(...spoken(full));
          if (full.code !== 0 && !/space|full/i.test(full.stderr)) {
            problems.push(`unclear: ${lastLine(full)}`);
          }
        } finally {
          await run("umount", [sandbox.haftHome]);
        }
        return [...problems, ...await whole()];
      });
    }
    console.log(`${counts.tried} faults tried, ${counts.failed} not borne`);
    assertEquals(failures, []);
  });
}

interface Place {
  world: SourceWorld;
  sandbox: Sandbox;
  sync(env: Record<string, string>, haft?: typeof binary): Promise<RunResult>;
  /** What is wrong after one more run. */
  whole(): Promise<string[]>;
}

async function inPlace(kind: SourceKind, body: (place: Place) => Promise<string[]>): Promise<string[]> {
  const world = await sourceWorld(kind);
  await using _server = world.server;
  await using sandbox = await Sandbox.create();
  const env = enterWorld(world, join(sandbox.root, "home"));
  sandbox.manifest(world.manifest);
  await sandbox.run(binary, { args: ["trust"], env });
  const sync: Place["sync"] = (more, haft = binary) =>
    sandbox.run(haft, { args: ["sync"], env: { ...env, ...more } });
  return await body({
    world,
    sandbox,
    sync,
    async whole() {
      const after = await sync({});
      if (after.code !== 0) return [`the next run: exit ${after.code}: ${lastLine(after)}`];
      const left = sandbox.leftovers().map((name) => `the next run left ${name}`);
      const { stdout, stderr } = await sandbox.run(binary, { args: ["exec", world.executable, "x"], env });
      return stdout === world.says ? left : [...left, `it printed ${stdout}${stderr}`];
    },
  });
}

function spoken({ stderr }: RunResult): string[] {
  const found = FAULT.exec(stderr);
  return found === null ? [] : [`said "${found[0]}": ${stderr}`];
}

function lastLine({ stderr }: RunResult): string {
  return stderr.trim().split("\n").slice(-2).join(" / ");
}

async function run(file: string, args: string[]): Promise<boolean> {
  return (await new Deno.Command(file, { args }).output()).success;
}
