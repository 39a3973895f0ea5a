/** Runs the cases in either runtime; prints {name, ok, error?} a line each. Bundled to one file for Bun. */
import { appCases } from "./app_cases.ts";

for (const { name, run } of appCases) {
  try {
    await run();
    console.log(JSON.stringify({ name, ok: true }));
  } catch (error) {
    console.log(
      JSON.stringify({ name, ok: false, error: error instanceof Error ? error.stack : String(error) }),
    );
  }
}
