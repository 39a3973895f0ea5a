import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import stringWidth from "string-width";
import { BoardModel } from "../../../../../src/cli/app/board/board_model.ts";
import { boardScreen } from "../../../../../src/cli/app/board/board_screen.ts";
import { app, line } from "./support.ts";

function board({ color = false, owns = true } = {}): BoardModel {
  const model = new BoardModel({ color, owns });
  model.update([
    app("web", { state: "healthy", health_check: true, depends_on: { db: "healthy" }, env_names: ["PORT"] }),
    app("worker", { instances: 2 }),
    app("数据库-with-a-long-name", { state: "crashed" }),
    app("db", { depends_on: { disk: "started" } }),
    app("disk"),
  ]);
  for (let n = 0; n < 50; n++) {
    model.log.buffer.push(line(`\x1b[31mline\x1b[0m ${n} 你好 ${"x".repeat(n * 3)}`));
  }
  return model;
}

function press(model: BoardModel, ...keys: string[]) {
  return keys.map((key) => model.input({ type: "key", key })).at(-1);
}

Deno.test("the board has a line for each app and instance, the log, and the keys", () => {
  const lines = boardScreen(board(), { columns: 100, rows: 16 });
  assertEquals(lines.length, 16);
  assertStringIncludes(lines[0] ?? "", "5 apps  1 failed");
  assertMatch(lines[1] ?? "", /app +state +health +restarts +cpu +memory +ports/);
  assertMatch(lines[2] ?? "", /^› +web +healthy +ok +2 +1.3% +5.0 MB +8080/);
  assertMatch(lines.join("\n"), /worker:0 +running/);
  assertMatch(lines.join("\n"), /line 49/);
  assertStringIncludes(lines[15] ?? "", "q:stop all");
});

Deno.test("every screen of the board has its size exactly, from 20 columns to 200 and from 1 row to 60", () => {
  for (const color of [false, true]) {
    for (const keys of [[], ["z"], ["?"], ["i"], ["w", "right"], ["a", "T"], ["/", "l", "i"], ["+"]]) {
      const model = board({ color });
      press(model, ...keys);
      for (const columns of [20, 21, 50, 80, 200]) {
        for (const rows of [1, 2, 3, 8, 24, 60]) {
          const lines = boardScreen(model, { columns, rows });
          assertEquals(lines.length, rows, `${keys} ${columns}x${rows}`);
          for (const one of lines) {
            assert(stringWidth(one) <= columns, `${keys} ${columns}: ${one}`);
            assert(!one.includes("\\u001b"), one);
          }
        }
      }
    }
  }
});

Deno.test("keys lead to what the daemon is asked for", () => {
  const model = board();
  boardScreen(model, { columns: 80, rows: 24 });
  assertEquals(press(model, "j"), { type: "log", all: false });
  assertEquals(model.selected?.name, "worker:0");
  for (const [key, type] of [["s", "start"], ["x", "stop"], ["r", "restart"]] as const) {
    const action = press(model, key);
    assertEquals(action?.type, type);
    assert(action !== undefined && "row" in action && action.row.name === "worker:0");
  }
  assertEquals(press(model, "+")?.type, "scale");
  assertEquals(press(model, "ctrl+c"), { type: "interrupt" });
  assertEquals(press(model, "q"), { type: "quit" });
  assertEquals(press(model, "d"), { type: "detach" });
  assertEquals(press(board({ owns: false }), "d"), undefined);
  // A click selects; the wheel over the list moves.
  assertEquals(model.input({ type: "click", column: 3, row: 2 }), { type: "log", all: false });
  assertEquals(model.selected?.name, "web");
  model.input({ type: "wheel", by: 1, column: 3, row: 3 });
  assertEquals(model.selected?.name, "worker:0");
});

Deno.test("the list is sorted and filtered, and what is selected stays so when apps come and go", () => {
  const model = board();
  press(model, "j", "o", "O");
  assertEquals(model.rows.map(({ name }) => name).at(0), "数据库-with-a-long-name");
  assertEquals(model.selected?.name, "worker:0");
  press(model, "F", "d", "enter");
  assertEquals(model.rows.map(({ name }) => name), ["disk", "db"]);
  press(model, "escape");
  assertEquals(model.rows.length, 6);
  press(model, "k");
  model.update([app("only")]);
  assertEquals(model.selected?.name, "only");
  model.update([]);
  assertEquals(model.selected, undefined);
  assertEquals(boardScreen(model, { columns: 40, rows: 8 }).length, 8);
});

Deno.test("the info has the command, the names of variables and the dependencies as a tree", () => {
  const model = board();
  press(model, "i");
  const text = boardScreen(model, { columns: 80, rows: 30 }).join("\n");
  assertMatch(text, /command +serve web/);
  assertMatch(text, /env +PORT/);
  assertStringIncludes(text, "depends on\n└─ db (healthy): running\n   └─ disk (started): running");
});

Deno.test("a name or reason of a stranger's manifest cannot act on the terminal", () => {
  const model = new BoardModel({ color: true, owns: false });
  const evil = "a\x1b[2J\x1b]0;t\x07b\u202e";
  model.update([app(evil, { depends_on: { [evil]: "started" }, env_names: [evil], command: [evil] })]);
  for (const keys of [[], ["i"], ["escape", "a"], ["F", "\u202e"]]) {
    press(model, ...keys);
    for (const one of boardScreen(model, { columns: 80, rows: 24 })) {
      // deno-lint-ignore no-control-regex -- colours alone pass
      assertEquals(/[\x00-\x1f\u202e]/.test(one.replace(/\x1b\[[0-9;]*m/g, "")), false, one);
    }
  }
});
