import { assertEquals } from "@std/assert";
import { environmentChanges, pathWith } from "../../../clients/vscode/src/model/environment_changes.ts";

const context = { delimiter: ":", inherited: { EDITOR: "vi" } };

Deno.test("environmentChanges() only ever prepends to PATH, each directory once", () => {
  const changes = environmentChanges({
    path: ["/store/node/bin", "/store/go/bin", "/store/node/bin"],
    defaults: {},
    env: { PATH: "/evil" },
  }, context);
  assertEquals(changes, [{ variable: "PATH", kind: "prepend", value: "/store/node/bin:/store/go/bin:" }]);
});

Deno.test("environmentChanges() on Windows ends each directory with its own delimiter", () => {
  const changes = environmentChanges({ path: ["C:\\store\\node"], defaults: {}, env: { Path: "C:\\evil" } }, {
    ...context,
    delimiter: ";",
  });
  assertEquals(changes, [{ variable: "PATH", kind: "prepend", value: "C:\\store\\node;" }]);
});

Deno.test("environmentChanges() sets defaults where a terminal has none, and variables in any case", () => {
  const changes = environmentChanges({
    path: [],
    defaults: { EDITOR: "nano", JAVA_HOME: "/store/java" },
    env: { A: "1", GONE: null },
  }, context);
  assertEquals(changes, [{ variable: "JAVA_HOME", kind: "replace", value: "/store/java" }, {
    variable: "A",
    kind: "replace",
    value: "1",
  }, { variable: "GONE", kind: "replace", value: "" }]);
});

Deno.test("pathWith() set fifty times leaves PATH as long as once", () => {
  let path = "/usr/bin:/bin";
  for (let time = 0; time < 50; time++) {
    path = pathWith(["/store/node/bin"], path, ":");
  }
  assertEquals(path, "/store/node/bin:/usr/bin:/bin");
});
