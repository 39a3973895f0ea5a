import { assertEquals, assertRejects } from "@std/assert";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AccessFacts, atHome, authorize, requireNoCopy } from "../../../src/fleet/access.ts";
import { METHODS } from "../../../src/protocol/methods/mod.ts";
import { RequestError } from "../../../src/protocol/wire_error.ts";
import type { FleetGrant } from "../../../src/tools/manifest/fleet_settings.ts";

const root = Deno.makeTempDirSync({ prefix: "haft-access-" });
const [mine, other] = ["mine", "other"].map((name) => join(root, name)) as [string, string];
for (const path of [mine, other, join(mine, "sub"), join(root, "minefield")]) mkdirSync(path);
writeFileSync(join(mine, "haft.toml"), "");
symlinkSync(other, join(mine, "link"));

const facts: AccessFacts = {
  host: "web1",
  home: "/home/web",
  copiesOf: (directory) => Promise.resolve(directory === mine ? ["web"] : []),
  projectRoot: (directory) => directory.startsWith(join(mine, "sub")) ? mine : directory,
  taskRoot: (id) => Promise.resolve({ "00000000000a": mine, "00000000000b": other }[id]),
};
const everything: FleetGrant = { methods: ["*"], projects: ["*"], commands: true };
const ofMine: FleetGrant = { methods: ["*"], projects: [mine], commands: false };

async function verdict(method: string, data: Record<string, unknown>, grant: FleetGrant): Promise<boolean> {
  try {
    await authorize({ method, data }, grant, facts);
    return true;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return false;
  }
}

const rows: [
  what: string,
  method: string,
  data: Record<string, unknown>,
  grant: FleetGrant,
  allowed: boolean,
][] = [
  ["a method that is granted, for a project that is", "app.status", { root: mine }, ofMine, true],
  ["a directory below the project", "app.status", { cwd: join(mine, "sub") }, ofMine, true],
  ["another project", "app.status", { root: other }, ofMine, false],
  [
    "a project whose name only begins like it",
    "app.status",
    { root: join(root, "minefield") },
    ofMine,
    false,
  ],
  ["a way out by dots", "app.status", { root: `${mine}/../other` }, ofMine, false],
  ["a way out by a link", "app.status", { root: join(mine, "link") }, ofMine, false],
  [
    "a project that is granted beside one that is not",
    "app.status",
    { root: mine, cwd: other },
    ofMine,
    false,
  ],
  ["a relative path", "app.status", { root: "mine" }, ofMine, false],
  ["no project, which is every project", "app.status", {}, ofMine, false],
  ["every project, where they are granted", "app.status", {}, everything, true],
  ["a directory whose project is above what is granted", "app.start", { cwd: join(mine, "sub") }, {
    ...ofMine,
    projects: [join(mine, "sub")],
  }, false],
  [
    "a method that is not granted",
    "app.start",
    { root: mine },
    { ...ofMine, methods: ["app.status"] },
    false,
  ],
  ["a family of methods", "app.start", { root: mine }, { ...ofMine, methods: ["app.*"] }, true],
  ["a family that only begins like it", "app.start", { root: mine }, { ...ofMine, methods: ["ap.*"] }, false],
  ["a declared task", "task.start", { cwd: mine, name: "test" }, ofMine, true],
  ["a command", "task.start", { cwd: mine, command: ["id"] }, ofMine, false],
  ["arguments", "task.start", { cwd: mine, name: "test", args: ["--eval"] }, ofMine, false],
  ["variables", "app.start", { root: mine, env: { LD_PRELOAD: "/x" } }, ofMine, false],
  ["an app of the sender's", "app.start", { root: mine, config: { command: ["id"] } }, ofMine, false],
  ["a command, where they are granted", "task.start", { cwd: mine, command: ["id"] }, {
    ...ofMine,
    commands: true,
  }, true],
  ["a tool of the sender's choice", "tool.install", { tool: "npm:x", cwd: mine }, ofMine, false],
  ["a task of the project", "task.cancel", { id: "00000000000a" }, ofMine, true],
  ["a task of another project", "task.cancel", { id: "00000000000b" }, ofMine, false],
  ["a task that does not exist", "task.status", { id: "00000000000c" }, ofMine, false],
  ["tasks of both projects", "task.wait", { ids: ["00000000000a", "00000000000b"] }, ofMine, false],
  ["the host as a whole", "daemon.status", {}, ofMine, false],
  ["the ends of everybody's tasks", "task.finals", { durable: "x" }, ofMine, false],
  ["trust", "project.grant", { cwd: mine, digest: "x" }, everything, false],
  ["the daemon's end", "daemon.shutdown", {}, everything, false],
  ["the fleet's settings", "fleet.reload", {}, everything, false],
  ["a method that does not exist", "constructor", {}, everything, false],
];

for (const [what, method, data, grant, allowed] of rows) {
  Deno.test(`authorize(): ${what}: ${method} is ${allowed ? "allowed" : "refused"}`, async () => {
    assertEquals(await verdict(method, data, grant), allowed);
  });
}

Deno.test("authorize(): a grant of nothing allows no method but those of the conversation itself", async () => {
  const allowed: string[] = [];
  for (const method of Object.keys(METHODS)) {
    if (await verdict(method, { root: mine, cwd: mine }, { methods: [], projects: [], commands: false })) {
      allowed.push(method);
    }
  }
  assertEquals(allowed.sort(), ["cancel", "daemon.describe", "daemon.ping", "events.unsubscribe", "hello"]);
});

Deno.test("authorize() says what the host's user would have to grant", async () => {
  const error = await assertRejects(
    () => authorize({ method: "app.stop", data: { root: mine } }, { ...ofMine, methods: [] }, facts),
    RequestError,
    'Host "web1" does not let this key call "app.stop"',
  );
  assertEquals((error.data as { reason: string }).reason, "not_allowed");
});

Deno.test("requireNoCopy() refuses to stop what the fleet would start again, and nothing else", async () => {
  const refuses = (method: string, data: Record<string, unknown>) =>
    requireNoCopy({ method, data }, facts).then(() => false, () => true);
  assertEquals(await refuses("app.stop", { root: mine, names: ["web"] }), true);
  assertEquals(await refuses("app.delete", { cwd: mine, names: ["api", "web"] }), true);
  assertEquals(await refuses("app.stop", { root: mine, names: ["api"] }), false);
  assertEquals(await refuses("app.stop", { root: other, names: ["web"] }), false);
  assertEquals(await refuses("app.restart", { root: mine, names: ["web"] }), false);
});

Deno.test("atHome() says where a place below ~/ is on this host", () => {
  assertEquals(atHome({ cwd: "~/p", name: "~/x" }, "/home/web"), { cwd: "/home/web/p", name: "~/x" });
  assertEquals(atHome({ root: "/srv/~/p" }, "/home/web"), { root: "/srv/~/p" });
  assertEquals(atHome(undefined, "/home/web"), undefined);
});
