import { assertEquals } from "@std/assert";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, everyHaft } from "./support.ts";

/** Commands that leave a daemon behind, and apps and tasks. `before` runs first. */
const STARTERS: readonly { words: string; before?: string }[] = [
  { words: "daemon start" },
  { words: "app up -d" },
  { words: "daemon restart", before: "daemon start" },
  { words: "ipc-send daemon.ping" },
  { words: "app start web" },
  { words: "task start job" },
];

const MANIFEST = `
[apps.web]
command = ["sleep", "600"]

[tasks.job]
run = ["sleep", "600"]
`;

for (const haft of everyHaft) {
  for (const { words, before } of haft === binary ? STARTERS : STARTERS.slice(0, 1)) {
    Deno.test(`${haft.name}: haft ${words} hands its pipes to no process that outlives it`, async () => {
      await using daemon = await DaemonSandbox.create(haft);
      daemon.sandbox.manifest(MANIFEST);
      await daemon.run("trust");
      if (before !== undefined) await daemon.run(...before.split(" "));
      // cat ends when nothing holds the other end of its pipe any more: as stdout, as stderr, or as one of
      // two descriptors that no program expects.
      const { code, stdout } = await daemon.sandbox.shell(
        haft,
        `{ haft ${words} 2>&1 7>&1 200>&1; echo "ended with $?"; } | cat`,
      );
      assertEquals({ code, last: stdout.trimEnd().split("\n").at(-1) }, { code: 0, last: "ended with 0" });
    });
  }
}
