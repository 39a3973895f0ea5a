/** Something that its first user loads. After a load that failed, the next user tries again. */
export class Lazy<T> {
  readonly #load: () => Promise<T>;
  #loading: Promise<T> | undefined;
  #loaded: T | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** Undefined until it is loaded. */
  get now(): T | undefined {
    return this.#loaded;
  }

  /** An arrow function, because it is passed on without its object. */
  readonly get = (): Promise<T> =>
    this.#loading ??= this.#load().then(
      (loaded) => this.#loaded = loaded,
      (error) => {
        this.#loading = undefined;
        throw error;
      },
    );
}
