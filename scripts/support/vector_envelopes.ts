/** Values that are messages, and values that are none. */
export const ENVELOPES: unknown[] = [
  ...["request", "response", "part", "event", "ping", "pong", "data", "ready"].map((type) => ({ type })),
  ...["Request", "", "hello", 1, null, true, ["event"], {}].map((type) => ({ type })),
  {},
  [],
  ["event"],
  null,
  1,
  "event",
  true,
  ...["id", "method", "event", "subject"].flatMap((field) =>
    ["", "x", "é", 1, null, true, [], {}].map((value) => ({ type: "request", [field]: value }))
  ),
  ...["seq", "time", "index", "parts"].flatMap((field) =>
    [0, -1.5, 1e300, "1", null, true, [], {}].map((value) => ({ type: "event", [field]: value }))
  ),
  ...[true, false, 0, "true", null].map((oneway) => ({ type: "request", oneway })),
  ...[null, 0, "", "x", true, [], [1], {}, { constructr: 1 }].map((data) => ({ type: "data", data })),
  ...[
    null,
    "failed",
    [],
    {},
    { code: 1 },
    { message: "m" },
    { code: 1, message: "m" },
    { code: 1.5, message: "", name: "failed" },
    { code: "1", message: "m" },
    { code: true, message: "m" },
    { code: 1, message: null },
    { code: 1, message: "m", name: null },
    { code: 1, message: "m", name: 2 },
    { code: 1, message: "m", data: [1], more: 2 },
    [{ code: 1, message: "m" }],
  ].map((error) => ({ type: "response", id: "1", error })),
  { type: "event", event: "e", later: { version: 2 } },
];
