import { assertEquals } from "@std/assert";
import { pythonSatisfies } from "../../../../src/tools/versions/python_requirement.ts";

Deno.test("pythonSatisfies() reads requires-python as PEP 440 has it", () => {
  const rows: [requirement: string, fits: string[], not: string[]][] = [
    [">=3.12", ["3.12.0", "3.12.1", "4.0"], ["3.11.9", "2.7.18"]],
    [">=3.8,<4.0", ["3.8.0", "3.14.0rc1"], ["3.7.16", "4.0.0"]],
    ["!=3.0.*, !=3.1.*, >=2.7", ["2.7.18", "3.2.1"], ["3.0.1", "3.1.0"]],
    ["~=3.9", ["3.9.0", "3.14.2"], ["3.8.1", "4.0.0"]],
    ["~=3.9.1", ["3.9.18"], ["3.9.0", "3.10.0"]],
    ["==3.11.*", ["3.11.7"], ["3.12.0"]],
    ["==3.11", ["3.11", "3.11.0"], ["3.11.7"]],
    [">3.10 , <=3.12", ["3.10.1", "3.12"], ["3.10.0", "3.12.1"]],
    ["", ["2.7", "3.14.0"], []],
    [">=3.7, what it likes", ["3.8.0"], ["3.6.0"]],
  ];
  for (const [requirement, fits, not] of rows) {
    const found = [...fits, ...not].map((
      python,
    ) => [requirement, python, pythonSatisfies(requirement, python)]);
    assertEquals(found, [
      ...fits.map((one) => [requirement, one, true]),
      ...not.map((one) => [requirement, one, false]),
    ]);
  }
});
