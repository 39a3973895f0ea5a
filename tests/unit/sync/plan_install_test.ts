import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import { type InstallPlanDeps, planInstall } from "../../../src/sync/plan_install.ts";
import { locked, request } from "./support.ts";

/** A store of receipts that are only true or false: whether they satisfy. */
function deps(receipts: Record<string, boolean>, more: Partial<InstallPlanDeps> = {}) {
  return {
    platform: "linux-x64-glibc" as const,
    projectDir: "/project",
    force: false,
    offline: false,
    origin: "locked" as const,
    whyNot: (id: string, version: string) =>
      Object.hasOwn(receipts, `${id}@${version}`) ? "differs from the lock file" : undefined,
    installedAt: ({ store_id: id, version }: InstallConfig) =>
      receipts[`${id}@${version}`] === true ? `/store/${id}/${version}` : undefined,
    dependenciesLock: () => null,
    ...more,
  };
}

const esbuild = request("esbuild", "0.25.9");
const entry = locked("esbuild", "0.25.9", "0.25.9");

Deno.test("planInstall() tells present, missing, different and forced", () => {
  const rows: [ReturnType<typeof deps>, string][] = [
    [deps({ "esbuild@0.25.9": true }), "present"],
    [deps({}), "missing"],
    [deps({ "esbuild@0.25.8": true }), "missing"],
    [deps({ "esbuild@0.25.9": false }), "different"],
    [deps({ "esbuild@0.25.9": true }, { force: true }), "forced"],
  ];
  for (const [world, expected] of rows) {
    const plan = planInstall(esbuild, entry, world);
    assertEquals(plan.state === "needed" ? plan.need : plan.state, expected);
  }
});

Deno.test("planInstall() hands over the whole job", () => {
  const plan = planInstall(esbuild, entry, deps({}));
  assert(plan.state === "needed");
  assertEquals([plan.config.tool_name, plan.config.version, plan.config.project_dir], [
    "esbuild",
    "0.25.9",
    "/project",
  ]);
});

Deno.test("planInstall() skips what is meant for another system, and says for which", () => {
  const plan = planInstall(request("esbuild", "0.25.9", { os: ["darwin", "win32"] }), entry, deps({}));
  assertEquals(plan.state === "skipped" ? plan.reason : plan.state, "only for darwin, win32");
});

Deno.test("planInstall() says where a version is published when it is not for this platform", () => {
  const plan = planInstall(esbuild, entry, deps({}, { platform: "linux-arm64-musl" }));
  assert(plan.state === "impossible");
  assertStringIncludes(plan.error.message, "linux-x64-glibc");
});
