/** Something that is loaded by the first who needs it. A load that failed is tried again by the next. */
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

  /** Arrow function: it is handed to whoever needs it. */
  readonly get = (): Promise<T> =>
    this.#loading ??= this.#load().then(
      (loaded) => this.#loaded = loaded,
      (error) => {
        this.#loading = undefined;
        throw error;
      },
    );
}
