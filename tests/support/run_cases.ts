/** Runs the cases in either runtime; prints {name, ok, error?} a line each. Bundled to one file for Bun. */
import { httpCases } from "./http_cases.ts";
import { registryCases } from "./registry_cases.ts";

for (const { name, run } of [...httpCases, ...registryCases]) {
  try {
    await run();
    console.log(JSON.stringify({ name, ok: true }));
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    console.log(JSON.stringify({ name, ok: false, error: text }));
  }
}
