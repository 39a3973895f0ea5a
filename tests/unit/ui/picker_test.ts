import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { matching, type Picker, pickerLines, press } from "../../../src/ui/picker.ts";

const picker: Picker = {
  question: "Which task?",
  choices: [
    { name: "build", description: "Bundle the program for every platform there is" },
    { name: "test:web", description: "Try it in a browser" },
    { name: "web", description: undefined },
    { name: "日本語のとても長い名前のタスク", description: "A wide name" },
  ],
  filter: "",
  selected: 0,
};

const names = (filter: string) => matching({ ...picker, filter }).map(({ name }) => name);

Deno.test("matching() prefers the beginning of a name, then its inside, its description, its letters in order", () => {
  assertEquals(names("WEB"), ["web", "test:web"]);
  assertEquals(names("browser"), ["test:web"]);
  assertEquals(names("tw"), ["test:web"]);
  assertEquals(names("nothing"), []);
});

Deno.test("press() stays inside the list, and picks nothing where nothing matches", () => {
  assertEquals(press(picker, undefined, { name: "up" }), { state: "open", picker });
  assertEquals(press({ ...picker, selected: 3 }, undefined, { name: "down" }), {
    state: "open",
    picker: { ...picker, selected: 3 },
  });
  const none = { ...picker, filter: "nothing" };
  assertEquals(press(none, "\r", { name: "return" }), { state: "open", picker: none });
  assertEquals(press(picker, "é", { name: undefined }), {
    state: "open",
    picker: { ...picker, filter: "é" },
  });
});

Deno.test("pickerLines() fits any terminal, and shows the description of the chosen one", () => {
  for (const columns of [4, 8, 20, 40, 80, 200]) {
    for (const rows of [2, 3, 5, 24]) {
      for (const selected of [0, 3]) {
        for (const filter of ["", "web", "nothing", "a filter that is longer than the terminal is wide"]) {
          const lines = pickerLines({ ...picker, selected, filter }, { columns, rows, color: false });
          assert(lines.every((line) => stringWidth(line) < columns), `${columns}: ${lines}`);
        }
      }
    }
  }
  const narrow = pickerLines(picker, { columns: 20, rows: 24, color: false });
  assertEquals(narrow.slice(-2), ["Bundle the program", "for every platform"]);
});
