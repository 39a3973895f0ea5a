import { assertEquals, assertRejects } from "@std/assert";
import { HaftError } from "../../../src/base/errors.ts";
import type { Message } from "../../../src/protocol/envelope.ts";
import type { InstallConfig, InstallProgress } from "../../../src/protocol/install.ts";
import { converse, NonsenseError, SilenceError } from "../../../src/sync/install_conversation.ts";
import { planInstall } from "../../../src/sync/plan_install.ts";
import { locked, request } from "./support.ts";

const config: InstallConfig = (() => {
  const plan = planInstall(request("esbuild", "0.25.9"), locked("esbuild", "0.25.9", "0.25.9"), {
    platform: "linux-x64-glibc",
    projectDir: "/",
    force: false,
    offline: false,
    origin: "locked",
    whyNot: () => undefined,
    installedAt: () => undefined,
    dependenciesLock: () => null,
  });
  if (plan.state !== "needed") throw new TypeError("nothing to install");
  return plan.config;
})();

const completed: InstallProgress = {
  state: "completed",
  tool: "esbuild",
  version: "0.25.9",
  install_path: "/store/esbuild/0.25.9",
  already_installed: false,
  dependencies_lock: null,
};
const downloading: InstallProgress = {
  state: "downloading",
  tool: "esbuild",
  percent: 1,
  bytes_downloaded: 1,
  total_bytes: 100,
};

/** A child that says these things, one every second of a clock that only it moves. */
async function talk(messages: unknown[]) {
  let now = 0;
  const sent: Message[] = [];
  const heard: InstallProgress[] = [];
  const outcome = await converse(
    {
      send: (message) => {
        sent.push(message);
        return Promise.resolve();
      },
      recv: () => {
        now += 1_000;
        const message = messages.length > 1 ? messages.shift() : messages[0];
        return Promise.resolve(message as Message);
      },
    },
    config,
    {
      silenceMs: 60_000,
      signal: new AbortController().signal,
      onProgress: (progress) => heard.push(progress),
      now: () => now,
    },
  );
  return { sent, heard, outcome };
}

const event = (data: unknown) => ({ type: "event", event: "install.progress", data });

Deno.test("converse() sends the job first and ends with the outcome", async () => {
  const { sent, heard, outcome } = await talk([event(downloading), event(completed)]);
  assertEquals(sent, [{ type: "data", data: config }]);
  assertEquals(heard, [downloading, completed]);
  assertEquals(outcome.install_path, "/store/esbuild/0.25.9");
});

Deno.test("converse() gives up on a child that repeats itself without end", async () => {
  await assertRejects(() => talk([event(downloading)]), SilenceError);
});

Deno.test("converse() takes the repeats of a step without figures as signs of life", async () => {
  const step = event({ state: "post_install", tool: "esbuild", message: "installing dependencies" });
  const { heard } = await talk([...Array.from({ length: 200 }, () => step), event(completed)]);
  assertEquals(heard.length, 2);
});

Deno.test("converse() throws the child's own reason", async () => {
  const failed = { state: "failed", tool: "esbuild", error: "no space left", next: "Free some" };
  const error = await assertRejects(() => talk([event(failed)]), HaftError, "no space left");
  assertEquals(error.next, "Free some");
});

Deno.test("converse() refuses whatever is not progress of this tool", async () => {
  const rows: unknown[] = [
    { type: "data", data: downloading },
    { type: "event", event: "install.gossip", data: downloading },
    event(null),
    event({ state: "dancing", tool: "esbuild" }),
    event({ ...downloading, percent: "1" }),
    event({ ...downloading, extra: true }),
    event({ ...downloading, tool: "biome" }),
    event({ ...completed, version: "0.25.8" }),
  ];
  for (const row of rows) await assertRejects(() => talk([row]), NonsenseError);
});
