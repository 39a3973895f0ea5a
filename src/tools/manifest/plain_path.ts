import * as v from "valibot";

const OWN_PATH = /\$PATH\b|\$\{PATH\}|%PATH%/i;

/**
 * For tables of variables whose values are taken as they are. A `PATH` that stands for the one before it
 * would be the text `$PATH`, and no program would be found any more.
 */
export function plainPath<Variables extends Record<string, unknown>>(): v.RawCheckAction<Variables> {
  return v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const name = Object.keys(dataset.value).find((key) => /^path$/i.test(key));
    const value = name === undefined ? undefined : dataset.value[name];
    if (name === undefined || typeof value !== "string" || !OWN_PATH.test(value)) return;
    addIssue({
      input: value,
      expected: "a list of directories without $PATH, which is filled in for apps alone",
      path: [{ type: "object", origin: "value", input: dataset.value, key: name, value }],
    });
  });
}
