/** clients/nvim/haft.lua in Neovim without a screen: statusline, picker, events, and the daemon's end. */
import { assertEquals, assertMatch } from "@std/assert";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/support/project.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools, publishTool } from "./fake_tools.ts";
import { binary, hasProgram } from "./support.ts";

const CLIENT = join(projectRoot, "clients", "nvim", "haft.lua");

/** What scripts begin with: haft, what it says and what it offers to pick from. */
const BEGIN = `
local offered, told, picks = {}, {}, {}
vim.ui.select = function(items, options, done)
  table.insert(offered, options.prompt .. ": " .. table.concat(items, " "))
  done(items[table.remove(picks, 1)])
end
vim.notify = function(text) table.insert(told, text) end
local haft = require("haft")
local function until_true(what, holds) if not vim.wait(60000, holds, 20) then error("never came true: " .. what) end end
local function run(...) return vim.fn.system({ vim.env.HAFT, ... }) end
local function write(...) vim.fn.writefile(vim.tbl_map(tostring, { ... }), "seen") end
`;

/** Waits for what the daemon tells, picks the second newest version, and writes down what it saw. */
const SCRIPT = `
local seen = {}
picks = { 2 }
haft.setup({ path = vim.env.HAFT, on_event = function(event) table.insert(seen, event) end })
until_true("the tools are known", function() return haft.status() ~= "" end)
local before = haft.status()
vim.cmd("HaftUse esbuild")
until_true("the picked version is there", function() return #told > 0 end)
until_true("the event has come", function() return haft.status() ~= before end)
local tasks
haft.request("project.tasks", { cwd = vim.fn.getcwd() }, function(_, data) tasks = #data.tasks end)
until_true("the tasks are listed", function() return tasks ~= nil end)
write(before, offered[1], told[1], haft.status(), table.concat(seen, " "), tasks .. " tasks")
`;

/** Ends the daemon in both ways, while another program changes the project. */
const ENDINGS = `
haft.setup({ path = vim.env.HAFT })
until_true("the tools are known", function() return haft.status() == "esbuild missing" end)
vim.loop.kill(vim.json.decode(run("daemon", "status", "--json")).pid, "sigkill")
run("use", "esbuild@1.0.0")
until_true("it follows the next daemon", function() return haft.status() == "esbuild 1.0.0" end)
run("daemon", "restart")
run("use", "esbuild@1.2.0")
until_true("it follows the one after that", function() return haft.status() == "esbuild 1.2.0" end)
run("daemon", "stop")
local pid
local function ask() haft.request("daemon.status", nil, function(error, data) if error then ask() else pid = data.pid end end) end
ask()
until_true("a request starts one that was stopped", function() return pid ~= nil end)
write(pid == vim.json.decode(run("daemon", "status", "--json")).pid, #told)
`;

/** What can go wrong, and the picker of a tool with many versions. */
const MISTAKES = `
haft.setup({ path = "no-such-haft" })
vim.cmd("HaftUse esbuild")
haft.setup({ path = vim.env.HAFT })
vim.cmd("HaftUse esbuld")
until_true("it says why not", function() return #told == 3 end)
picks = { 11, 12 }
vim.cmd("HaftUse esbuild")
until_true("an older version is there", function() return #told == 4 end)
write(table.concat(told, "|"):gsub("\\n", " "), unpack(offered))
`;

Deno.test("the client for Neovim has 120 lines of code at most", () => {
  const lines = readFileSync(CLIENT, "utf8").split("\n").filter((line) => !/^\s*(--|$)/.test(line));
  assertEquals(lines.length <= 120, true, `${lines.length} lines`);
});

/** Runs a script in Neovim, in the project. @returns the lines that it wrote down */
async function inNeovim({ sandbox }: DaemonSandbox, script: string): Promise<string[]> {
  const lua = join(sandbox.root, "nvim", "lua");
  mkdirSync(lua, { recursive: true });
  copyFileSync(CLIENT, join(lua, "haft.lua"));
  writeFileSync(join(sandbox.root, "test.lua"), BEGIN + script);
  const commands = `set rtp+=${join(sandbox.root, "nvim")} | luafile ${join(sandbox.root, "test.lua")}`;
  const { code, stdout, stderr } = await sandbox.shell(
    binary,
    `HAFT='${binary.argv[0]}' nvim --headless -u NONE -i NONE -n -c '${commands}' -c 'qa!'`,
  );
  assertEquals([code, stdout, stderr], [0, "", ""]);
  return readFileSync(join(sandbox.project, "seen"), "utf8").split("\n");
}

Deno.test({
  name:
    "Neovim goes on with the next daemon, starts one that crashed, and one that was stopped when it needs it",
  ignore: !hasProgram("nvim"),
  async fn() {
    await using registry = await fakeTools();
    await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
    daemon.sandbox.manifest(`[tools]\nesbuild = "1.2.0"\n`);
    assertEquals(await inNeovim(daemon, ENDINGS), ["true", "0", ""]);
  },
});

Deno.test({
  name: "Neovim: :HaftUse says why not and what was meant, and offers the newest ten versions before all",
  ignore: !hasProgram("nvim"),
  async fn() {
    const versions = Array.from({ length: 12 }, (_, at) => `1.${12 - at}.0`);
    await using registry = await fakeTools([]);
    for (const version of versions) {
      await publishTool(registry, { tool: "esbuild", version, script: "#!/bin/sh\n", padding: 10 });
    }
    await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
    daemon.sandbox.manifest("[tools]\n");
    const [told, first, second] = await inNeovim(daemon, MISTAKES);
    assertEquals(told?.split("|"), [
      'haft: "no-such-haft" is not on PATH; setup { path = "…" } names it',
      'haft: "no-such-haft" is not on PATH',
      'haft: Unknown tool "esbuld" Did you mean "esbuild"?',
      "esbuild 1.1.0 is there",
    ]);
    assertEquals(first, `esbuild: ${versions.slice(0, 10).join(" ")} 2 older ones`);
    assertEquals(second, `esbuild: ${versions.join(" ")}`);
  },
});

Deno.test({
  name: "Neovim: the statusline has the tools, a version is picked, and events keep it right",
  ignore: !hasProgram("nvim"),
  async fn() {
    await using registry = await fakeTools();
    await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
    const { sandbox } = daemon;
    // So many tasks that their list is larger than a frame.
    const tasks = Array.from({ length: 1_500 }, (_, n) => `t${n} = "true"\n`).join("");
    sandbox.manifest(`[tools]\nesbuild = "1.2.0" # kept\n[tasks]\n${tasks}`);
    await daemon.start();
    const [before, offered, told, after, events = "", listed] = await inNeovim(daemon, SCRIPT);
    assertEquals([before, offered, told, after, listed], [
      "esbuild missing",
      "esbuild: 1.2.0 1.0.0",
      "esbuild 1.0.0 is there",
      "esbuild 1.0.0",
      "1500 tasks",
    ]);
    assertMatch(events, /config\.changed/);
    assertEquals(
      readFileSync(join(sandbox.project, "haft.toml"), "utf8"),
      `[tools]\nesbuild = "1.0.0" # kept\n[tasks]\n${tasks}`,
    );
  },
});
