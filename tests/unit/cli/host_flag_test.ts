import { assertEquals, assertThrows } from "@std/assert";
import type { CommandEntry } from "../../../src/cli/command.ts";
import { isGroup } from "../../../src/cli/command_entry.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { parseHostSelector, withHostBehind } from "../../../src/cli/fleet/host_flag.ts";
import { UsageError } from "../../../src/base/errors.ts";

/** The commands that take `--host`, by their names. */
async function remoteCommands(commands: readonly CommandEntry[], group = ""): Promise<string[]> {
  const found: string[] = [];
  for (const entry of commands) {
    const path = group === "" ? entry.name : `${group} ${entry.name}`;
    const loaded = await entry.load();
    if (isGroup(loaded)) found.push(...await remoteCommands(loaded.commands, path));
    else if (loaded.flags.some(({ name }) => name === "host")) found.push(path);
  }
  return found;
}

// A command that does more than ask a daemon would do the rest on this machine, in the other's directory.
Deno.test("only commands that ask a daemon and do nothing else take --host", async () => {
  assertEquals((await remoteCommands(COMMANDS)).sort(), [
    "app delete",
    "app down",
    "app list",
    "app logs",
    "app reload",
    "app restart",
    "app restore",
    "app scale",
    "app start",
    "app status",
    "app stop",
    "daemon status",
    "ipc-send",
    "task cancel",
    "task close",
    "task list",
    "task logs",
    "task resume",
    "task send",
    "task start",
    "task status",
    "task wait",
  ]);
});

Deno.test("--host before the command is the same as behind it, and refused where the command works here", async () => {
  for (const first of [["--host", "web1"], ["--host=web1"]]) {
    assertEquals(
      await withHostBehind([...first, "app", "status", "web"], COMMANDS),
      ["app", "status", "--host", "web1", "web"],
    );
  }
  for (const local of [["run", "build"], ["exec", "node"], ["app", "up"], ["watch"]]) {
    let message = "";
    await withHostBehind(["--host", "web1", ...local], COMMANDS).catch((error) => message = error.message);
    assertEquals(message.endsWith("works on this machine alone, without --host"), true, local.join(" "));
  }
});

Deno.test("parseHostSelector() reads names, labels, all and a directory, and refuses the rest", () => {
  const { names, directory } = parseHostSelector("web1,web2:/srv/web");
  assertEquals({ names, directory }, { names: ["web1", "web2"], directory: "/srv/web" });
  assertEquals(parseHostSelector("role=web,zone=a").labels, { role: "web", zone: "a" });
  assertEquals(parseHostSelector("*").kind, "all");
  for (const text of ["", "web1:srv", "WEB.1", "a.b", ">", "web1,role=web", "a=b=c", "haft.*", "web 1"]) {
    assertThrows(() => parseHostSelector(text), UsageError);
  }
});
