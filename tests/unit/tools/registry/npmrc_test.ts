import { readFileSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { npmrcClaims, parseNpmrc, untrustedSettings } from "../../../../src/tools/registry/npmrc.ts";
import { projectSettings } from "../../../../src/tools/registry/npmrc_text.ts";

const ENV = { TOKEN: "t0ken", HOST: "npm.example", EMPTY: "" };

function parse(text: string) {
  const { settings, ignored } = parseNpmrc(text, { path: ".npmrc", env: ENV });
  return {
    settings: Object.fromEntries([...settings].map(([key, { value }]) => [key, value])),
    ignored: ignored.map(({ key }) => key),
  };
}

Deno.test("parseNpmrc() reads settings as npm does, and leaves lists and bare words aside", () => {
  const text = [
    "; a comment",
    "registry = https://npm.example/npm/",
    '@scope:registry="https://scope.example/"',
    "//npm.example/npm/:_authToken=abc==",
    "ca[]=one",
    "ca[]=two",
    "save-exact",
    "empty=",
    "[section]",
    "key=value",
  ].join("\r\n");
  assertEquals(parse(text).settings, {
    "registry": "https://npm.example/npm/",
    "@scope:registry": "https://scope.example/",
    "//npm.example/npm/:_authToken": "abc==",
  });
});

Deno.test("parseNpmrc() fills in variables, in keys, too, and leaves out what needs a missing one", () => {
  const text = [
    "//${HOST}/:_authToken=${TOKEN}",
    "registry=https://${OTHER:-fallback.example}/",
    "//b.example/:_authToken=${MISSING}",
    "literal=\\${TOKEN}",
  ].join("\n");
  assertEquals(parse(text), {
    settings: {
      "//npm.example/:_authToken": "t0ken",
      "registry": "https://fallback.example/",
      "literal": "${TOKEN}",
    },
    ignored: ["//b.example/:_authToken"],
  });
});

/** Runs with a .npmrc of these lines. */
async function withNpmrc(lines: readonly string[], body: (path: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-npmrc-" });
  try {
    const path = join(directory, ".npmrc");
    await Deno.writeTextFile(path, lines.map((line) => `${line}\n`).join(""));
    body(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("untrustedSettings() names every registry and credential of a project's file, and none of its values", () =>
  withNpmrc(["registry=https://evil.example/", "//evil.example/:_authToken=$TOKEN", "color=true"], (path) => {
    const reason = 'the project is not trusted; look at it, then run "haft trust"';
    assertEquals(untrustedSettings(path), [
      { key: "registry", source: path, reason },
      { key: "//evil.example/:_authToken", source: path, reason },
    ]);
  }));

Deno.test("npmrcClaims() says in words where packages come from and what is sent where", () =>
  withNpmrc([
    "registry=https://npm.example/all/",
    "@acme:registry=https://acme.example",
    "//acme.example/:_authToken=${NPM_TOKEN}",
    "//npm.example/all/:username=$USER",
    "//npm.example/all/:_password=c2VjcmV0",
    "@x:registry=https://${HOST}/",
    "save-exact=true",
  ], (path) => {
    assertEquals(npmrcClaims(projectSettings(readFileSync(path, "utf8"))), [
      "packages come from npm.example",
      "packages of @acme come from acme.example",
      "$NPM_TOKEN is sent to acme.example",
      "$USER is sent to npm.example",
      "a credential in the file is sent to npm.example",
      "packages of @x come from https://${HOST}/",
      "$HOST is sent to https://${HOST}/",
    ]);
  }));

Deno.test("projectSettings() are those about registries, without keys that variables would change", () => {
  assertEquals(
    projectSettings("save-exact=true\n${A:-registry}=x\n//h/:_auth${A:-Token}=x\nregistry=https://h/${A}\n"),
    [["registry", "https://h/${A}"]],
  );
  assertEquals(projectSettings(""), []);
});
