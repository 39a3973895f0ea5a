import { assertEquals } from "@std/assert";
import { pythonEvents } from "../../../scripts/python_events.ts";
import { type JsonSchema, PythonTypes } from "../../../scripts/support/python_types.ts";

const ROWS: [schema: JsonSchema, type: string][] = [
  [{ type: "string" }, "str"],
  [{ type: "number" }, "float"],
  [{}, "Json"],
  [{ type: "array", items: { type: "boolean" } }, "List[bool]"],
  [{ type: "object", additionalProperties: { type: "integer" } }, "Dict[str, int]"],
  [{ enum: ["a", "b"], type: "string" }, 'Literal["a", "b"]'],
  [{ anyOf: [{ type: "string" }, { type: "null" }] }, "Optional[str]"],
  [{ anyOf: [{ const: "a" }, { type: "number" }, { const: "b" }] }, 'Union[Literal["a", "b"], float]'],
];

Deno.test("PythonTypes.typeOf() gives the Python type of each kind of schema", () => {
  for (const [schema, type] of ROWS) assertEquals(new PythonTypes().typeOf(schema, "X"), type);
});

Deno.test("PythonTypes.typeOf() makes classes of objects, inner ones first", () => {
  const types = new PythonTypes();
  const inner = { type: "object", properties: { from: { type: "string" } }, required: ["from"] };
  const outer = {
    type: "object",
    properties: { message: inner, note: { type: "string" } },
    required: ["message"],
  };
  assertEquals(types.typeOf(outer, "TaskData", "Says it"), "TaskData");
  assertEquals(types.classes, [
    'TaskMessage = TypedDict(\n    "TaskMessage",\n    {\n        "from": str,\n    },\n)',
    "class _TaskData(TypedDict):\n    message: TaskMessage",
    'class TaskData(_TaskData, total=False):\n    """Says it."""\n\n    note: str',
  ]);
});

Deno.test("every event of the table has a class and an overload in the Python package", () => {
  const text = pythonEvents();
  for (const name of ["task.completed", "app.log_line", "runtime.installed"]) {
    assertEquals(text.split(`event: Literal["${name}"]) -> Optional[`).length, 2, name);
  }
});
