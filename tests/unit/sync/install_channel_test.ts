import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { installChannelName } from "../../../src/sync/install_channel.ts";

Deno.test("installChannelName() holds the pid, the tool and a random part", () => {
  assert(/^haft-install-42-biome-[0-9a-f]{12}$/.test(installChannelName("biome", { pid: 42, room: 80 })));
});

Deno.test("installChannelName() is another each time", () => {
  const options = { pid: 42, room: 80 };
  assertNotEquals(installChannelName("biome", options), installChannelName("biome", options));
});

Deno.test("installChannelName() keeps only what a file name and a channel name may hold", () => {
  const rows: [string, string][] = [
    ["npm:@scope/name", "npm-scope-name-"],
    ["../../etc/passwd", "etc-passwd-"],
    ["a..b", "a-b-"],
    ["ünïcode", "n-code-"],
    ["日本語", ""],
  ];
  for (const [tool, label] of rows) {
    const name = installChannelName(tool, { pid: 1, room: 80 });
    assertEquals(name.slice(0, -12), `haft-install-1-${label}`);
  }
});

Deno.test("installChannelName() cuts the tool's part when there is little room, never the random part", () => {
  for (let room = 30; room < 80; room++) {
    const name = installChannelName("a-tool-with-a-very-long-name-indeed", { pid: 4_194_304, room });
    assert(/-[0-9a-f]{12}$/.test(name));
    assert(name.length <= Math.max(room, "haft-install-4194304-".length + 12), `${name} in ${room}`);
  }
  assertEquals(installChannelName("biome", { pid: 1, room: 0 }).length, "haft-install-1-".length + 12);
});
