/**
 * A window with two folders, one of them with a project below it: each has its own tools, variables and
 * status.
 */
import { assertEquals } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fakeTools } from "../../../tests/e2e/fake_tools.ts";
import { Editor } from "./editor.ts";

const FOLDERS = { one: "1.0.0", two: "2.0.0" };

/** As Deno's extension declares the setting that names its executable. */
const DENO = {
  "package.json": JSON.stringify({
    name: "vscode-deno",
    publisher: "denoland",
    version: "1.0.0",
    engines: { vscode: "^1.90.0" },
    contributes: {
      configuration: { properties: { "deno.path": { type: "string", scope: "resource" } } },
    },
  }),
};

Deno.test("in a window with two folders each has its own tools, variables and status", async () => {
  const versions = [...Object.values(FOLDERS), "3.0.0"];
  await using registry = await fakeTools(versions.map((version) => ["deno", version] as const));
  await using editor = await Editor.create({
    registry: registry.url,
    extensions: { "denoland.vscode-deno-1.0.0": DENO },
  });
  const { sandbox } = editor;
  const root = join(sandbox.project, "with spaces");
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [name, version] of Object.entries(FOLDERS)) {
    write(
      `${name}/haft.toml`,
      `[tools]\ndeno = "${version}"\n[env]\nFOLDER = "${name}"\nONLY_${name.toUpperCase()} = "1"\n`,
    );
    write(`${name}/${name}.ts`, "");
    await editor.haft("trust", join(root, name));
    await editor.haft("install", `deno@${version}`);
  }
  write("two/below/haft.toml", '[tools]\ndeno = "3.0.0"\n[tasks.where]\nrun = "pwd > where"\n');
  write("two/below/below.ts", "");
  await editor.haft("trust", join(root, "two", "below"));
  const paths = Object.keys(FOLDERS).map((path) => ({ path }));
  write("both.code-workspace", JSON.stringify({ folders: paths, settings: {} }));
  await editor.open(join(root, "both.code-workspace"));
  await editor.showHaft();

  // Each folder is offered the setting of another extension, in a question that goes by itself.
  const offer = (name: string) => editor.notification(new RegExp(`${name}: .*deno\\.path`)).first();
  await offer("two").waitFor();
  await offer("one").getByRole("button", { name: "Not Now" }).click();

  // The view has the tools below their folders.
  for (const [name, version] of Object.entries(FOLDERS)) {
    await editor.row(new RegExp(`^${name}$`)).waitFor();
    await editor.row(new RegExp(`deno.*${version}`)).waitFor();
  }

  // The status bar follows the active file, into a project below a folder, too.
  await editor.openFile("one.ts");
  await editor.status.filter({ hasText: "deno 1.0.0" }).waitFor();
  await editor.openFile("two.ts");
  await editor.status.filter({ hasText: "deno 2.0.0" }).waitFor();
  await editor.openFile("below.ts");
  const below = editor.status.filter({ hasText: "deno 3.0.0" });
  await below.waitFor();

  // So do the commands: a version is written where the file's project is, a task runs there.
  await below.click();
  await editor.chooseVersion("deno", /^2\.0\.0/);
  await editor.status.filter({ hasText: "deno 2.0.0" }).waitFor();
  const manifest = (path: string) => readFileSync(join(root, path, "haft.toml"), "utf8");
  assertEquals([manifest("two/below").includes('"2.0.0"'), manifest("two").includes('"2.0.0"')], [
    true,
    true,
  ]);
  await editor.command("haft: Open haft.toml");
  await editor.page.locator(".codelens-decoration a", { hasText: "Run" }).click();
  const where = join(root, "two", "below", "where");
  await editor.until(() => existsSync(where) && readFileSync(where, "utf8") !== "");
  assertEquals(readFileSync(where, "utf8"), `${dirname(where)}\n`);

  for (const [name, version] of Object.entries(FOLDERS)) {
    // A remote host, which code-server is, scopes a terminal by the active file and not by its own folder.
    await editor.openFile(`${name}.ts`);
    const seen = join(sandbox.root, name);
    // VS Code's shell integration writes into the first line.
    const line =
      `{ echo; echo $FOLDER$ONLY_ONE$ONLY_TWO; which deno; } > ${seen}.new; mv ${seen}.new ${seen}`;
    await editor.terminal(line, name);
    await editor.until(() => existsSync(seen));
    const [, variables = "", which = ""] = readFileSync(seen, "utf8").split("\n");
    assertEquals([variables, which.includes(`/deno/${version}/`)], [`${name}1`, true], which);
  }
  // A setting of another extension is written for the folder whose person says yes.
  const settings = (name: string) => join(root, name, ".vscode", "settings.json");
  assertEquals(Object.keys(FOLDERS).map((name) => existsSync(settings(name))), [false, false]);
  const written = () => existsSync(settings("one")) ? readFileSync(settings("one"), "utf8") : "";
  const accept = async () => {
    // A list of check boxes, ticked already.
    await editor.page.locator(".quick-input-list .monaco-list-row", { hasText: "deno.path" }).waitFor();
    await editor.page.keyboard.press("Enter");
  };
  const acceptOffer = async () => {
    await offer("one").getByRole("button", { name: "Choose…" }).click();
    await accept();
  };
  await editor.openFile("one.ts");
  await editor.command("haft: Settings of Other Extensions");
  await accept();
  await editor.until(() => written().includes("/deno/1.0.0/deno"));
  // It follows the version, again with a yes, and is taken back with the tool.
  write("one/haft.toml", '[tools]\ndeno = "2.0.0"\n');
  await acceptOffer();
  await editor.until(() => written().includes("/deno/2.0.0/deno"));
  write("one/haft.toml", "[tools]\n");
  await acceptOffer();
  await editor.until(() => !written().includes("deno.path"));
  assertEquals(existsSync(settings("two")), false);
});
