import { assertEquals, assertStringIncludes } from "@std/assert";
import { unmatchedType } from "../../../../src/cli/ipc/unmatched_types.ts";

Deno.test("a pattern that events of haft or of clients can match is not warned of", () => {
  for (
    const glob of [
      "*",
      "*.*",
      "app.*",
      "app.log_*",
      "app.process_crashed",
      "us*.deployed",
      "user.*",
      "user.a.b",
      "config.changed",
    ]
  ) {
    assertEquals(unmatchedType(glob), undefined, glob);
  }
});

Deno.test("a pattern that no event can match is said with what was meant", () => {
  for (
    const [glob, text] of [
      ["app.crashed", 'Did you mean "app.process_crashed"?'],
      ["app.log_lien", 'Did you mean "app.log_line"?'],
      ["app.zzz", 'Events of "app": app.'],
      ["ap.*", 'Did you mean "app.*"?'],
      ["usr.*", 'Did you mean "user.*"?'],
      ["deployed", "Events are called app.*"],
      ["user", "and those of clients user.*"],
      ["app.start", '"app.start" is a method, not an event'],
    ] as const
  ) {
    assertStringIncludes(unmatchedType(glob) ?? "", text);
  }
});
