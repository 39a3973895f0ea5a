/** What haft's client takes for granted and VS Code's Node 20 does not have yet. Imported first. */
function withResolvers<T>(this: PromiseConstructor): PromiseWithResolvers<T> {
  let resolve: PromiseWithResolvers<T>["resolve"] = () => {};
  let reject: PromiseWithResolvers<T>["reject"] = () => {};
  const promise = new this<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

// Deno and newer hosts have it.
Promise.withResolvers ??= withResolvers;
