import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createServer, request } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { binary, Sandbox } from "./support.ts";

/** A proxy for http addresses that keeps what it was asked for. */
async function loggingProxy() {
  const asked: { url: string; authorization: string | undefined }[] = [];
  const server = createServer((incoming, answer) => {
    asked.push({ url: incoming.url ?? "", authorization: incoming.headers["proxy-authorization"] });
    const { "proxy-authorization": _mine, "proxy-connection": _old, ...headers } = incoming.headers;
    const forwarded = request(incoming.url ?? "", { method: incoming.method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    forwarded.on("error", () => answer.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port ?? 0 : 0;
  return {
    asked,
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function registryWithTool(): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  const executable = { content: "#!/usr/bin/env node\nconsole.log(1);\n", mode: 0o755 };
  await registry.addPackage({ name: "helper", version: "1.0.0" }, { "index.js": executable });
  await registry.addPackage({
    name: "prettier",
    version: "3.0.0",
    bin: { prettier: "cli.js" },
    dependencies: { helper: "1.0.0" },
  }, { "cli.js": executable });
  return registry;
}

/** No exception of the sandbox's own for loopback addresses. */
const NO_EXCEPTIONS = { NO_PROXY: "", no_proxy: "" };
const UNREACHABLE = "http://127.0.0.1:9";

function userSettings(sandbox: Sandbox, text: string): void {
  writeFileSync(join(sandbox.root, "home", ".npmrc"), text);
}

/** Each form of a proxy's setting: in the user's .npmrc, or as a variable. */
const FORMS: [npmrc: string, name?: string][] = [
  ["https-proxy=PROXY\n"],
  ["proxy = PROXY\n"],
  ["", "npm_config_https_proxy"],
  ["", "npm_config_proxy"],
  ["", "npm_config_https-proxy"],
  ["", "NPM_CONFIG_PROXY"],
  ["", "HTTP_PROXY"],
  ["", "http_proxy"],
  ["", "ALL_PROXY"],
  ["", "all_proxy"],
];

for (const [npmrc, name] of FORMS) {
  Deno.test(`requests go through the proxy of ${name ?? `~/.npmrc: ${npmrc.trim()}`}`, async () => {
    await using registry = await registryWithTool();
    await using proxy = await loggingProxy();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    const address = `http://me:secret@${proxy.host}`;
    userSettings(sandbox, npmrc.replace("PROXY", address));
    const { code, stdout, stderr } = await sandbox.run(binary, {
      args: ["ls-remote", "npm:prettier"],
      env: { ...NO_EXCEPTIONS, ...(name === undefined ? {} : { [name]: address }) },
    });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "3.0.0");
    assert(proxy.asked.length > 0, "nothing went through the proxy");
    assertEquals(proxy.asked[0]?.authorization, `Basic ${btoa("me:secret")}`);
    assertEquals(proxy.asked.length, registry.requests.length);
  });
}

Deno.test("what noproxy names is asked directly, whatever the environment's proxy is", async () => {
  await using registry = await registryWithTool();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  for (const key of ["noproxy", "no-proxy"]) {
    userSettings(sandbox, `${key}=other.example,127.0.0.0/8\nhttps-proxy=${UNREACHABLE}\n`);
    const { code, stderr } = await sandbox.run(binary, {
      args: ["ls-remote", "npm:prettier"],
      env: { ...NO_EXCEPTIONS, HTTP_PROXY: UNREACHABLE, HAFT_HOME: join(sandbox.root, key) },
    });
    assertEquals(code, 0, stderr);
  }
});

Deno.test("a package and its dependencies are installed through npm's proxy", async () => {
  await using registry = await registryWithTool();
  await using proxy = await loggingProxy();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  userSettings(sandbox, `https-proxy=http://${proxy.host}\n`);
  sandbox.manifest('[tools]\nprettier = "3.0.0"\n');
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"], env: NO_EXCEPTIONS });
  assertEquals(code, 0, stderr);
  assertEquals(proxy.asked.length, registry.requests.length);
  const paths = proxy.asked.map(({ url }) => new URL(url).pathname);
  assert(paths.some((path) => path.includes("helper") && path.endsWith(".tgz")), paths.join("\n"));
});

Deno.test("a project's proxy counts only once the project is trusted, and trust says so", async () => {
  await using registry = await registryWithTool();
  await using proxy = await loggingProxy();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nprettier = "3.0.0"\n');
  writeFileSync(join(sandbox.project, ".npmrc"), `proxy=http://${proxy.host}\n`);
  const before = await sandbox.run(binary, { args: ["sync"], env: NO_EXCEPTIONS });
  assertEquals([before.code, proxy.asked], [0, []], before.stderr);
  assertStringIncludes(before.stderr, "not trusted");
  const shown = await sandbox.run(binary, { args: ["trust", "--show"] });
  assertStringIncludes(shown.stdout + shown.stderr, `downloads go through the proxy ${proxy.host}`);
  assertEquals((await sandbox.run(binary, { args: ["trust"] })).code, 0);
  const after = await sandbox.run(binary, {
    args: ["sync"],
    env: { ...NO_EXCEPTIONS, HAFT_HOME: sandbox.haftHome },
  });
  assertEquals(after.code, 0, after.stderr);
  const listed = await sandbox.run(binary, { args: ["ls-remote", "npm:helper"], env: NO_EXCEPTIONS });
  assertEquals(listed.code, 0, listed.stderr);
  assert(proxy.asked.length > 0);
});

Deno.test("an error names the proxy that was used, with its setting and without its password", async () => {
  await using sandbox = await Sandbox.create({ registry: "http://registry.example/" });
  userSettings(sandbox, "proxy=http://me:secret@127.0.0.1:9\n");
  const { code, stderr } = await sandbox.run(binary, {
    args: ["ls-remote", "npm:prettier"],
    env: NO_EXCEPTIONS,
  });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "through the proxy http://127.0.0.1:9 (proxy in ");
  assertStringIncludes(stderr, ".npmrc)");
  assert(!stderr.includes("secret"));
});

Deno.test("a SOCKS proxy is refused by name; nothing goes past it", async () => {
  await using registry = await registryWithTool();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  for (const scheme of ["socks5", "socks5h", "socks4"]) {
    const { code, stderr } = await sandbox.run(binary, {
      args: ["ls-remote", "npm:prettier"],
      env: { ...NO_EXCEPTIONS, ALL_PROXY: `${scheme}://127.0.0.1:9` },
    });
    assertEquals([code, registry.requests.length], [1, 0]);
    assertStringIncludes(
      stderr,
      `its proxy ${scheme}://127.0.0.1:9 (ALL_PROXY) cannot be used: haft does not support SOCKS proxies`,
    );
    assertStringIncludes(stderr, "Set HTTPS_PROXY to an http proxy, or add 127.0.0.1 to NO_PROXY");
  }
});
