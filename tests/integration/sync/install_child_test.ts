import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { HaftError } from "../../../src/base/errors.ts";
import type { InstallChildLimits } from "../../../src/sync/explain_failure.ts";
import { isAlive, runFake, sandbox } from "./support.ts";

/** Nothing is left of an install: neither its process, nor what that started, nor its socket. */
async function assertNothingLeft(box: Awaited<ReturnType<typeof sandbox>>): Promise<void> {
  assertEquals(box.sockets(), []);
  for (const { pid, tool } of box.journal()) {
    // SIGKILL was sent; on a busy machine the kernel takes a moment to see it through.
    for (let look = 0; look < 200 && isAlive(pid); look++) await delay(10);
    assert(!isAlive(pid), `process ${pid} (${tool}) is still there`);
  }
}

Deno.test("installChild() hands over the job, reports all progress and gives the outcome", async () => {
  await using box = await sandbox();
  const { progress, result } = await runFake("good", { box });
  assertEquals(result, { path: "/nowhere" });
  assertEquals(progress.map(({ state }) => state), [
    "started",
    "downloading",
    "downloading",
    "extracting",
    "completed",
  ]);
  await assertNothingLeft(box);
});

Deno.test("installChild() names the channel after the pid and the tool", async () => {
  await using box = await sandbox();
  await runFake("good", { box });
  const [{ channel } = { channel: "" }] = box.journal();
  assert(new RegExp(`^haft-install-${Deno.pid}-widget-[0-9a-f]{12}$`).test(channel), channel);
});

const cases: { mode: string; says: RegExp; next?: string; limits?: Partial<InstallChildLimits> }[] = [
  { mode: "failed", says: /^the archive is broken$/, next: "Try another version" },
  { mode: "silent", says: /ended without a result \(exit code 3\).*flux capacitor/ },
  { mode: "wordless", says: /ended without a result \(exit code 0\)/ },
  { mode: "dies", says: /ended without a result \(exit code 9\)/ },
  { mode: "killed", says: /ended without a result \(killed by SIGKILL\)/ },
  {
    mode: "hangs",
    says: /made no progress for 0\.3 s and was stopped/,
    limits: { silence: 300, grace: 200 },
  },
  { mode: "strays", says: /did not connect within 0\.5 s/, limits: { connect: 500, grace: 200 } },
  { mode: "garbage", says: /broke the install protocol/ },
  { mode: "oversize", says: /broke the install protocol/ },
  { mode: "half", says: /broke the install protocol|closed its channel before it was done/ },
  { mode: "interleaved", says: /broke the install protocol: there was a second connection/ },
  { mode: "otherTool", says: /broke the install protocol: it spoke of another tool, "impostor"/ },
  { mode: "otherVersion", says: /broke the install protocol: it spoke of another version, "0\.0\.0"/ },
  { mode: "otherMessage", says: /broke the install protocol: it sent a message that is not progress/ },
  { mode: "endless", says: /made no progress for 0\.4 s and was stopped/, limits: { silence: 400 } },
  { mode: "liar", says: /ended without a result \(exit code 7\)/ },
  {
    mode: "lingers",
    says: /did not end after it had reported success/,
    limits: { farewell: 200, grace: 200 },
  },
  { mode: "grandchild", says: /made no progress/, limits: { silence: 300 } },
];

for (const { mode, says, next, limits = {} } of cases) {
  Deno.test(`installChild() with a child that ${mode}: a failure with a reason, and nothing left`, async () => {
    await using box = await sandbox();
    const { result } = await runFake(mode, { box, limits });
    assert("error" in result, "it succeeded");
    assertInstanceOf(result.error, HaftError);
    assert(says.test(result.error.message), `"${result.error.message}" does not match ${says}`);
    assertStringIncludes(result.error.next ?? "", next ?? 'Run "haft install widget@1.2.3"');
    await assertNothingLeft(box);
  });
}

Deno.test("installChild() stops the child when it is aborted, and throws the reason", async () => {
  await using box = await sandbox();
  const stop = new AbortController();
  const reason = new Error("Ctrl-C");
  const { result } = await runFake("slow", {
    box,
    signal: stop.signal,
    onProgress: () => stop.abort(reason),
  });
  assertEquals(result, { error: reason });
  await assertNothingLeft(box);
});

Deno.test("installChild() kills a child that ignores SIGTERM when it is aborted", async () => {
  await using box = await sandbox();
  const stop = new AbortController();
  const { result } = await runFake("hangs", {
    box,
    limits: { grace: 200 },
    signal: stop.signal,
    onProgress: () => stop.abort(new Error("Ctrl-C")),
  });
  assert("error" in result);
  await assertNothingLeft(box);
});

Deno.test("installChild() with a command that cannot be started says so", async () => {
  await using box = await sandbox();
  const { installChild } = await import("../../../src/sync/install_child.ts");
  const { listenForChild, nextChannelName } = await import("../../../src/sync/install_channel.ts");
  const { jobFor } = await import("./support.ts");
  const outcome = await installChild(jobFor("widget"), {
    command: ["/nonexistent/haft"],
    channelName: nextChannelName("widget", { env: box.env }),
    listen: (name) => listenForChild(name, { env: box.env }),
    env: box.env,
    signal: new AbortController().signal,
  }).catch((error: unknown) => error);
  assertInstanceOf(outcome, HaftError);
  assertStringIncludes(outcome.message, 'Cannot start "/nonexistent/haft"');
  await assertNothingLeft(box);
});
