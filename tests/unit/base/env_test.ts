import { assertEquals } from "@std/assert";
import { plainEnvironment } from "../../../src/base/env.ts";

Deno.test("plainEnvironment() spells Windows' Path as PATH, and leaves other systems' names alone", () => {
  const env = { Path: "C:\\bin", SystemRoot: "C:\\windows" };
  assertEquals(plainEnvironment(env, "win32"), { PATH: "C:\\bin", SystemRoot: "C:\\windows" });
  assertEquals(plainEnvironment(env, "linux"), env);
});
