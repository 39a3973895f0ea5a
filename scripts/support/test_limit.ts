import process from "node:process";

/**
 * Preloaded into every run of `deno test`: a test that does not end fails after {@link TEST_LIMIT_MS}, and
 * the others go on. Deno itself waits for a test without end.
 */

/** Well over the longest test on two cores with the whole suite beside it. */
const TEST_LIMIT_MS = Number(process.env["HAFT_TEST_LIMIT_MS"] ?? 240_000);

// A test may replace these with a clock of its own.
const { setTimeout, clearTimeout } = globalThis;
const register = Deno.test;

type TestFunction = (context: Deno.TestContext) => void | Promise<void>;

function limited(test: TestFunction, origin: string): TestFunction {
  const run: TestFunction = async (context) => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`The test did not end within ${TEST_LIMIT_MS / 1000} s\n${origin}`)),
      TEST_LIMIT_MS,
    );
    try {
      await Promise.race([test(context), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
  return Object.defineProperty(run, "name", { value: test.name });
}

/** Every form of `Deno.test`: the function is an argument, or the property `fn` of one. */
const limitedRegister = new Proxy(register, {
  apply(_register, self, args: unknown[]) {
    const origin = new Error().stack?.split("\n").slice(2).join("\n") ?? "";
    const withLimit = args.map((arg) => {
      if (typeof arg === "function") return limited(arg as TestFunction, origin);
      if (typeof arg === "object" && arg !== null && "fn" in arg && typeof arg.fn === "function") {
        return { ...arg, fn: limited(arg.fn as TestFunction, origin) };
      }
      return arg;
    });
    return Reflect.apply(register, self, withLimit);
  },
});
Object.defineProperty(Deno, "test", { value: limitedRegister });
