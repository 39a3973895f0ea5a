import { assertEquals } from "@std/assert";
import { readSummary } from "../../../scripts/support/test_summary.ts";

const rows: [string, string, ReturnType<typeof readSummary>][] = [
  ["all passed", "x ... ok\n\nok | 12 passed | 0 failed (9ms)\n", { passed: 12, failed: 0, ignored: 0 }],
  [
    "steps are not tests",
    "FAILED | 3 passed (7 steps) | 1 failed (2 steps) | 2 ignored (1 step) (4s)\n\nerror: Test failed\n",
    { passed: 3, failed: 1, ignored: 2 },
  ],
  ["colours", "\x1b[0m\x1b[32mok\x1b[0m | 7 passed | 0 failed \x1b[90m(9ms)\x1b[0m\n", {
    passed: 7,
    failed: 0,
    ignored: 0,
  }],
  ["the last one counts", "ok | 1 passed | 0 failed\nok | 2 passed | 0 failed (1s)\n", {
    passed: 2,
    failed: 0,
    ignored: 0,
  }],
  ["none", "error: Type checking failed\n", undefined],
];

for (const [name, output, expected] of rows) {
  Deno.test(`readSummary() reads the closing line of deno test: ${name}`, () => {
    assertEquals(readSummary(output), expected);
  });
}
