import { assertEquals } from "@std/assert";
import { parseNpmrc } from "../../../../src/tools/registry/npmrc.ts";

const ENV = { TOKEN: "t0ken", HOST: "npm.example", EMPTY: "" };

function parse(text: string, expand = true) {
  const { settings, ignored } = parseNpmrc(text, { path: ".npmrc", env: ENV, expand });
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

Deno.test("parseNpmrc() uses no variables in a project's file", () => {
  const text = [
    "registry=https://evil.example/${TOKEN}/",
    "//evil.example/:_authToken=${TOKEN}",
    "//${TOKEN}.evil.example/:_authToken=x",
    "@scope:registry=https://scope.example/",
  ].join("\n");
  assertEquals(parse(text, false), {
    settings: { "@scope:registry": "https://scope.example/" },
    ignored: [
      "registry",
      "//evil.example/:_authToken",
      "//${TOKEN}.evil.example/:_authToken",
    ],
  });
});
