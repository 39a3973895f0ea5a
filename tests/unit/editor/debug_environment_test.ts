import { assertEquals } from "@std/assert";
import {
  type DebugConfiguration,
  withEnvironment,
} from "../../../clients/vscode/src/model/debug_environment.ts";

const ENVIRONMENT = {
  path: ["/store/node/bin"],
  defaults: { HOME_OF: "/a" },
  env: { MODE: "dev", GONE: null },
};
const CONTEXT = { delimiter: ":", inherited: { PATH: "/usr/bin", HOME_OF: "/b" } };

function debug(configuration: DebugConfiguration): DebugConfiguration {
  return withEnvironment(configuration, ENVIRONMENT, CONTEXT);
}

Deno.test("withEnvironment() gives a program the project's variables, and its own come first", () => {
  assertEquals(debug({ type: "node", request: "launch", name: "run" })["env"], {
    PATH: "/store/node/bin:/usr/bin",
    MODE: "dev",
    GONE: "",
  });
  const own = { MODE: "test", PATH: "/own", OTHER: "1" };
  assertEquals(debug({ type: "debugpy", request: "launch", env: own })["env"], {
    PATH: "/store/node/bin:/own",
    MODE: "test",
    GONE: "",
    OTHER: "1",
  });
});

Deno.test("withEnvironment() writes a list where the debugger takes one", () => {
  const environment = [{ name: "MODE", value: "test" }];
  assertEquals(debug({ type: "cppdbg", request: "launch", environment })["environment"], [
    { name: "PATH", value: "/store/node/bin:/usr/bin" },
    { name: "MODE", value: "test" },
    { name: "GONE", value: "" },
  ]);
});

Deno.test("withEnvironment() leaves what starts no program, or is not known, as it is", () => {
  for (const configuration of [{ type: "node", request: "attach" }, { type: "chrome", request: "launch" }]) {
    assertEquals(debug(configuration), configuration);
  }
});
