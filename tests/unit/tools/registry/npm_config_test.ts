import { assert, assertEquals, assertNotMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { HaftError } from "../../../../src/base/errors.ts";
import type { Env } from "../../../../src/base/env.ts";
import { loadNpmConfig, type NpmConfig } from "../../../../src/tools/registry/npm_config.ts";

interface Place {
  directory: string;
  /** Writes a file below the directory. */
  write(path: string, text: string): Promise<string>;
  /** The project is trusted unless told otherwise. */
  load(env?: Env, options?: { trusted?: boolean }): NpmConfig;
}

/** A home and a project of their own; no variable and no PATH of the real user's. */
async function place(fn: (place: Place) => Promise<void> | void): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "haft-npmrc-" }));
  try {
    await fn({
      directory,
      async write(path, text) {
        const file = join(directory, path);
        await Deno.mkdir(dirname(file), { recursive: true });
        await Deno.writeTextFile(file, text);
        return file;
      },
      load: (env = {}, { trusted = true } = {}) =>
        loadNpmConfig({
          env,
          projectDir: join(directory, "project"),
          projectTrusted: trusted,
          home: join(directory, "home"),
          platform: "linux",
        }),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("registryFor() is npm's own default where nothing is configured", () =>
  place(({ load }) => {
    const registry = new URL(load().registryFor("tool"));
    assertEquals([registry.protocol, registry.pathname], ["https:", "/"]);
  }));

Deno.test("registryFor() takes variables over the project's file over the user's over the global one", () =>
  place(async ({ directory, write, load }) => {
    const prefix = join(directory, "prefix");
    await write("prefix/etc/npmrc", "registry=https://global.example/\n");
    const user = await write("home/.npmrc", `prefix=${prefix}\n`);
    assertEquals(load().registryFor("tool"), "https://global.example/");
    await Deno.writeTextFile(user, `prefix=${prefix}\nregistry=https://user.example/npm\n`);
    assertEquals(load().registryFor("tool"), "https://user.example/npm/");
    await write("project/.npmrc", "registry=https://project.example/\n");
    assertEquals(load().registryFor("tool"), "https://project.example/");
    const env = { NPM_CONFIG_REGISTRY: "https://variable.example" };
    assertEquals(load(env).registryFor("tool"), "https://variable.example/");
  }));

Deno.test("registryFor() finds the global file beside the node on PATH, and the one that came with npm", () =>
  place(async ({ directory, write, load }) => {
    await write("node/bin/node", "");
    await write("node/lib/node_modules/npm/bin/npm-cli.js", "");
    await write("node/lib/node_modules/npm/npmrc", "@builtin:registry=https://builtin.example/\n");
    await Deno.symlink("../lib/node_modules/npm/bin/npm-cli.js", join(directory, "node/bin/npm"));
    await write("node/etc/npmrc", "registry=https://global.example/\n");
    const config = load({ PATH: `/nowhere:${join(directory, "node/bin")}` });
    assertEquals(config.registryFor("tool"), "https://global.example/");
    assertEquals(config.registryFor("@builtin/tool"), "https://builtin.example/");
  }));

Deno.test("NPM_CONFIG_USERCONFIG and NPM_CONFIG_GLOBALCONFIG name other files", () =>
  place(async ({ write, load }) => {
    await write("home/.npmrc", "registry=https://home.example/\n");
    const user = await write("elsewhere/user", "@a:registry=https://user.example/\n");
    const global = await write("elsewhere/global", "registry=https://global.example/\n");
    const config = load({ NPM_CONFIG_USERCONFIG: user, npm_config_globalconfig: global });
    assertEquals(config.registryFor("tool"), "https://global.example/");
    assertEquals(config.registryFor("@a/tool"), "https://user.example/");
  }));

Deno.test("a project's file counts for nothing before trust, and with its variables after it", () =>
  place(async ({ write, load }) => {
    const file = await write(
      "project/.npmrc",
      "registry=https://p.example/\n//p.example/:_authToken=${TOKEN}\n//p.example/x/:_authToken=$TOKEN\n",
    );
    const before = load({ TOKEN: "secret" }, { trusted: false });
    assertNotMatch(before.registryFor("tool"), /p\.example/);
    assertEquals(before.authorization("https://p.example/"), undefined);
    assertNotMatch(before.npmrc(), /p\.example|secret|TOKEN/);
    assertEquals(before.ignored.map(({ source }) => source), [file, file, file]);
    const after = load({ TOKEN: "secret" });
    assertEquals(after.registryFor("tool"), "https://p.example/");
    assertEquals(after.authorization("https://p.example/"), "Bearer secret");
  }));

Deno.test("a project's file cannot choose the user's file", () =>
  place(async ({ write, load }) => {
    await write("project/evil", "registry=https://evil.example/\n");
    const file = await write("project/.npmrc", "userconfig=evil\n//a.example/:_authToken=${TOKEN}\n");
    assertNotMatch(load({ TOKEN: "secret" }).registryFor("tool"), /evil/);
    const declared = load({ TOKEN: "secret", NPM_CONFIG_USERCONFIG: file }, { trusted: false });
    assertEquals(declared.authorization("https://a.example/"), "Bearer secret");
  }));

Deno.test("npmrc() leaves an installer nothing to expand", () =>
  place(async ({ write, load }) => {
    await write(
      "home/.npmrc",
      "@a:registry=https://a.example/$HOME\n@b:registry=https://b.example/\n//b.example/:_authToken=a$HOME\n",
    );
    const text = load().npmrc();
    assert(text.includes("b.example") && !text.includes("$"), text);
  }));

Deno.test("registryFor() uses a scope's registry for that scope alone", () =>
  place(async ({ write, load }) => {
    await write("project/.npmrc", "@scope:registry=https://scope.example\nregistry=https://main.example\n");
    const config = load({ "npm_config_@other:registry": "https://other.example/x/" });
    const names = ["@scope/tool", "@other/tool", "@third/tool", "scope"];
    assertEquals(names.map((name) => config.registryFor(name)), [
      "https://scope.example/",
      "https://other.example/x/",
      "https://main.example/",
      "https://main.example/",
    ]);
  }));

Deno.test("registryFor() refuses an address that is none, and says where it stands", () =>
  place(async ({ write, load }) => {
    const file = await write("project/.npmrc", "registry=npm.example\n");
    const error = assertThrows(() => load().registryFor("tool"), HaftError);
    assertStringIncludes(error.message, file);
  }));

Deno.test("authorization() finds tokens, users and passwords by host and path", () =>
  place(async ({ write, load }) => {
    const password = btoa("pass");
    await write(
      "home/.npmrc",
      [
        "//a.example/:_authToken=${TOKEN}",
        "//b.example/npm/:_authToken=deep",
        "//c.example/:username=user",
        `//c.example/:_password=${password}`,
        `//d.example:8443/:_auth=${btoa("user:pass")}`,
      ].join("\n"),
    );
    const config = load({ TOKEN: "secret", "npm_config_//e.example/:_authToken": "from variable" });
    const rows: [string, string | undefined][] = [
      ["https://a.example/@scope%2fname", "Bearer secret"],
      ["https://a.example/x/-/x-1.0.0.tgz", "Bearer secret"],
      ["https://b.example/npm/x", "Bearer deep"],
      ["https://b.example/x", undefined],
      ["https://c.example/x", `Basic ${btoa("user:pass")}`],
      ["https://d.example:8443/x", `Basic ${btoa("user:pass")}`],
      ["https://d.example/x", undefined],
      ["https://e.example/x", "Bearer from variable"],
      ["https://a.example.evil/x", undefined],
    ];
    for (const [url, expected] of rows) assertEquals(config.authorization(url), expected, url);
  }));

Deno.test("authorization() never uses credentials that name no host", () =>
  place(async ({ write, load }) => {
    await write("home/.npmrc", "_auth=c2VjcmV0\n_authToken=secret\nusername=u\n_password=cA==\n");
    await write("project/.npmrc", "registry=https://evil.example/\n");
    const config = load();
    assertEquals(config.authorization("https://evil.example/x"), undefined);
    assertEquals(config.authorization(config.registryFor("x")), undefined);
  }));

Deno.test("authorization() takes no value for a variable of the process", () =>
  place(async ({ write, load }) => {
    await write("project/.npmrc", "//a.example/:_authToken=$HOME\n//b.example/:_password=$UNSET\n");
    await write("home/.npmrc", "//b.example/:username=user\n//c.example/:_authToken=$HOME\n");
    const config = load();
    for (const host of ["a", "b", "c"]) {
      assertEquals(config.authorization(`https://${host}.example/x`), undefined);
    }
    assertEquals(config.ignored.length, 3);
  }));

Deno.test("tarballUrl() moves files of the public registry, and by replace-registry-host others, to this one", () =>
  place(async ({ write, load }) => {
    const registry = "https://mirror.example/npm/";
    const publicFile = new URL("tool/-/tool-1.0.0.tgz", load().registryFor("tool")).href;
    const otherFile = "https://files.example/tool/-/tool-1.0.0.tgz";
    const moved = `${registry}tool/-/tool-1.0.0.tgz`;
    const rows: [rule: string, url: string, expected: string][] = [
      ["", publicFile, moved],
      ["", otherFile, otherFile],
      ["always", otherFile, moved],
      ["never", publicFile, publicFile],
      ["files.example", otherFile, moved],
      ["files.example", publicFile, publicFile],
      ["", "http://mirror.example/npm/tool/-/tool-1.0.0.tgz", moved],
      ["", "/npm/tool/-/tool-1.0.0.tgz", moved],
    ];
    for (const [rule, url, expected] of rows) {
      await write("home/.npmrc", `registry=${registry}\nreplace-registry-host=${rule}\n`);
      assertEquals(load().tarballUrl(url, { registry }), expected, `${rule}: ${url}`);
    }
  }));

Deno.test("npmrc() writes the registries and credentials down for another installer", () =>
  place(async ({ write, load }) => {
    await write(
      "home/.npmrc",
      "@s:registry=https://s.example/\n//s.example/:_authToken=${TOKEN}\ncolor=true\n",
    );
    const text = load({ TOKEN: "se=c;ret" }).npmrc();
    await write("home/.npmrc", text);
    const again = load();
    assertEquals(again.registryFor("@s/x"), "https://s.example/");
    assertEquals(again.authorization("https://s.example/"), "Bearer se=c;ret");
    assert(text.includes("registry=") && !text.includes("color"));
  }));
