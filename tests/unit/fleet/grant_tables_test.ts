import { assertEquals } from "@std/assert";
import * as toml from "@decimalturn/toml-patch";
import { withGrant, withoutGrants } from "../../../src/cli/fleet/grant_tables.ts";

const GRANT = { methods: ["app.*"], projects: ["/srv"], commands: false };
const TABLE = 'methods = ["app.*"]\nprojects = ["/srv"]\ncommands = false\n';
const FLEET = '# mine\n[fleet]\nname = "f" # ours\n\n[other]\nx = 1\n';
const add = (text: string, key: string, grant = GRANT) => withGrant(text, { key, grant }, toml);

Deno.test("withGrant() writes a table for each key, below what is there", () => {
  const one = add(FLEET, "UA");
  assertEquals(one, `${FLEET}\n[fleet.allow.UA]\n${TABLE}`);
  const two = add(one, "UB");
  assertEquals(two, `${one}\n[fleet.allow.UB]\n${TABLE}`);
  assertEquals(
    add(two, "UA", { ...GRANT, methods: ["task.start"] }),
    two.replace('["app.*"]', '["task.start"]'),
  );
});

Deno.test("withGrant() turns grants in one line into tables, so that a person can add one by hand", () => {
  const inline = '[fleet]\nname = "f"\nallow = { UA = { methods = ["app.*"], name = "al" } }\n';
  const text = `${add(inline, "UB")}\n[fleet.allow.UC]\nmethods = []\n`;
  assertEquals(toml.parse(text), {
    fleet: {
      name: "f",
      allow: { UA: { methods: ["app.*"], name: "al" }, UB: GRANT, UC: { methods: [] } },
    },
  });
  // A fleet in one line can only be changed where it is.
  const whole = add('fleet = { name = "f" }\n', "UA");
  assertEquals(toml.parse(whole), { fleet: { name: "f", allow: { UA: GRANT } } });
});

Deno.test("withoutGrants() takes a key's table out and leaves the others", () => {
  const two = add(add(FLEET, "UA"), "UB");
  const left = withoutGrants(two, ["UA"], toml);
  assertEquals(toml.parse(left), toml.parse(add(FLEET, "UB")));
  assertEquals(toml.parse(add(withoutGrants(left, ["UB"], toml), "UC")), toml.parse(add(FLEET, "UC")));
});
