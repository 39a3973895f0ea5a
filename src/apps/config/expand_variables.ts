/**
 * Fills in `$NAME`, `${NAME}`, `${NAME:-usual}` and `${NAME-usual}` as a shell does; a name that is not set
 * is nothing, and `$$` is a dollar. What is no variable stays as it is.
 */
export function expandVariables(text: string, lookUp: (name: string) => string | undefined): string {
  const variable = /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?)-([^{}]*))?\})/g;
  return text.replace(
    variable,
    (_, dollar?: string, bare?: string, braced?: string, colon?: string, usual?: string) => {
      if (dollar !== undefined) return "$";
      const value = lookUp(bare ?? braced ?? "");
      const isMissing = value === undefined || (colon === ":" && value === "");
      return isMissing ? usual ?? "" : value;
    },
  );
}
