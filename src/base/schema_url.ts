/** Where the documentation publishes the JSON Schema of haft.toml (docs/haft.schema.json), for editors. */
export const SCHEMA_URL = "https://haft.dev/haft.schema.json";
