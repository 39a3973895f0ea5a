import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describeProtocol } from "../src/daemon/describe_protocol.ts";
import { projectRoot } from "./support/project.ts";
import { type JsonSchema, pascalCase, PythonTypes } from "./support/python_types.ts";

/**
 * Writes the Python package's types of the daemon's events from the table in src/protocol/events.ts. `deno
 * task docs` runs it; the gate runs it with `--check`, which only compares.
 */
export const PYTHON_EVENTS: string = join(projectRoot, "clients/python/src/haft_ipc/events.py");

const HEAD = `"""The data of the daemon's events, for type checkers: one TypedDict an event.

    for item in haft.subscribe("task.*"):
        done = data_of(item, "task.completed")
        if done is not None:
            print(done["exit_code"])

\`\`deno task docs\`\` generates this file from src/protocol/events.ts. Change the table there.
"""

from typing import Dict, List, Optional, Union, cast, overload

from ._typing import Literal, TypedDict
from .json_types import Json
from .stream import Event, StreamItem`;

const TAIL = `def data_of(item: StreamItem, event: str) -> object:
    """The item's data, with its type, when the item is that event; else None."""
    return cast(object, item.data) if isinstance(item, Event) and item.event == event else None
`;

export function pythonEvents(): string {
  const types = new PythonTypes();
  const events = Object.entries(describeProtocol().events).map(([event, { summary, data }]) => {
    const name = `${pascalCase(event)}Data`;
    return { event, type: types.typeOf(data as JsonSchema, name, `\`\`${event}\`\`: ${summary}`) };
  });
  const names = events.map(({ event }) => `    "${event}",`);
  const overloads = events.map(({ event, type }) =>
    `@overload\ndef data_of(item: StreamItem, event: Literal["${event}"]) -> Optional[${type}]: ...`
  );
  const text = [
    `${HEAD}\n\n#: The names of the daemon's own events.\nEventName = Literal[\n${names.join("\n")}\n]`,
    ...types.classes,
    ...overloads,
    TAIL,
  ].join("\n\n\n");
  // Only what the types use.
  return text.replace(/^from typing import .*$/m, (line) => {
    const body = text.slice(text.indexOf(line) + line.length);
    const used = ["Dict", "List", "Optional", "Union", "cast", "overload"].filter((name) =>
      new RegExp(`\\b${name}\\b`).test(body)
    );
    return `from typing import ${used.join(", ")}`;
  });
}

if (import.meta.main) {
  const before = readFileSync(PYTHON_EVENTS, "utf8");
  const after = pythonEvents();
  const same = before === after;
  if (process.argv.includes("--check")) {
    if (!same) console.error('clients/python/src/haft_ipc/events.py is out of date: run "deno task docs"');
    process.exitCode = same ? 0 : 1;
  } else {
    if (!same) writeFileSync(PYTHON_EVENTS, after);
    console.log(same ? "clients/python: events.py is up to date" : "clients/python: events.py written");
  }
}
