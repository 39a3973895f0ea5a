/** The subset of JSON Schema that valibot's schemas become. */
export interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  items?: JsonSchema;
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  additionalProperties?: JsonSchema | boolean;
}

const SCALARS: Readonly<Record<string, string>> = {
  string: "str",
  number: "float",
  integer: "int",
  boolean: "bool",
  null: "None",
};
/** Names that a field of a Python class cannot have. */
const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from " +
    "global if import in is lambda nonlocal not or pass raise return try while with yield").split(" "),
);

/**
 * Turns JSON Schemas into the text of Python types; the objects in them become TypedDicts, inner ones first.
 */
export class PythonTypes {
  readonly #classes: string[] = [];

  get classes(): readonly string[] {
    return this.#classes;
  }

  /**
   * @param name of the class, when the type is an object
   * @param about the docstring of that class
   */
  typeOf(schema: JsonSchema, name: string, about?: string): string {
    const options = schema.anyOf ?? schema.oneOf;
    if (options !== undefined) {
      return union(options.map((option) => this.typeOf(option, `${name}${pascalCase(tagOf(option))}`)));
    }
    if (schema.const !== undefined) return `Literal[${JSON.stringify(schema.const)}]`;
    if (schema.enum !== undefined) {
      return `Literal[${schema.enum.map((one) => JSON.stringify(one)).join(", ")}]`;
    }
    if (schema.type === "array") return `List[${this.typeOf(schema.items ?? {}, `${name}Item`)}]`;
    if (schema.properties !== undefined) return this.#typedDict(schema, name, about);
    if (schema.type === "object") {
      const { additionalProperties: values } = schema;
      return `Dict[str, ${this.typeOf(typeof values === "object" ? values : {}, `${name}Value`)}]`;
    }
    return SCALARS[schema.type ?? ""] ?? "Json";
  }

  #typedDict({ properties = {}, required = [] }: JsonSchema, name: string, about?: string): string {
    const fields = Object.entries(properties).map(([key, schema]) => ({
      key,
      type: this.typeOf(schema, `${name.replace(/Data$/, "")}${pascalCase(key)}`),
      required: required.includes(key),
    }));
    const [always, sometimes] = [fields.filter((one) => one.required), fields.filter((one) => !one.required)];
    const doc = about === undefined ? [] : [`    """${about}."""`, ""];
    const lines = (some: typeof fields) => some.map(({ key, type }) => `    ${key}: ${type}`);
    if (fields.some(({ key }) => KEYWORDS.has(key))) {
      if (sometimes.length > 0) throw new Error(`${name}: a keyword and an optional field in one object`);
      const entries = always.map(({ key, type }) => `        ${JSON.stringify(key)}: ${type},`);
      this.#classes.push(
        [`${name} = TypedDict(`, `    "${name}",`, "    {", ...entries, "    },", ")"].join("\n"),
      );
    } else if (sometimes.length === 0) {
      this.#classes.push([`class ${name}(TypedDict):`, ...doc, ...lines(always)].join("\n"));
    } else {
      this.#classes.push(
        [`class _${name}(TypedDict):`, ...lines(always)].join("\n"),
        [`class ${name}(_${name}, total=False):`, ...doc, ...lines(sometimes)].join("\n"),
      );
    }
    return name;
  }
}

export function pascalCase(name: string): string {
  return name.split(/[._-]/).map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
}

function union(types: readonly string[]): string {
  const literals = types.flatMap((type) => /^Literal\[(.*)\]$/.exec(type)?.slice(1) ?? []);
  const others = types.filter((type) => type !== "None" && !type.startsWith("Literal["));
  const merged = [
    ...new Set([...(literals.length > 0 ? [`Literal[${literals.join(", ")}]`] : []), ...others]),
  ];
  const one = merged.length === 1 ? merged.join("") : `Union[${merged.join(", ")}]`;
  return types.includes("None") ? `Optional[${one}]` : one;
}

/** What tells an option of a union from the others. */
function tagOf({ properties = {} }: JsonSchema): string {
  const tag = Object.values(properties).find((one) => typeof one.const === "string")?.const;
  return typeof tag === "string" ? tag : "";
}
