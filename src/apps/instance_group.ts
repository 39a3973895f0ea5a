import { HaftError } from "../base/errors.ts";
import type { Clock } from "../process/clock.ts";
import type { AppInstance } from "./app_instance.ts";
import { rollingRestart } from "./rolling_restart.ts";
import { unknownInstance } from "./unknown_app.ts";

/** Numbers of instances. */
export type InstanceNumbers = readonly number[];

export interface InstanceGroupOptions {
  /** The app's name. */
  name: string;
  clock: Clock;
  make: (number: number) => AppInstance;
  /** One that is not wanted any more has ended. */
  release: (instance: AppInstance) => Promise<void>;
}

/** The instances of one app: how many there are, and which of them are meant. */
export class InstanceGroup {
  readonly #options: InstanceGroupOptions;
  #instances: AppInstance[] = [];
  #reloading = false;
  /** How many a person wants; undefined: as many as the configuration says. */
  scale: number | undefined;

  constructor(options: InstanceGroupOptions) {
    this.#options = options;
  }

  get all(): readonly AppInstance[] {
    return this.#instances;
  }

  /** Those of an earlier daemon. */
  adopt(numbers: InstanceNumbers): void {
    this.#instances = numbers.map(this.#options.make);
  }

  /** Makes what is missing and stops what is too much, unless a reload does so itself. */
  resize(configured: number): void {
    if (this.#reloading) return;
    const count = this.scale ?? configured;
    while (this.#instances.length < count) this.#add();
    for (const extra of this.#instances.splice(count)) {
      extra.stop();
      void extra.down().then(() => this.#options.release(extra));
    }
  }

  /** @param only all when left out @throws {HaftError} when one of them is not there */
  chosen(only: InstanceNumbers | undefined): AppInstance[] {
    const missing = only?.find((number) => this.#instances[number] === undefined);
    if (missing !== undefined) {
      throw unknownInstance(this.#options.name, missing, this.#instances.map(({ instance }) => instance));
    }
    return this.#instances.filter(({ instance }) => only === undefined || only.includes(instance));
  }

  /** Restarts all of them, with one more meanwhile. @throws {HaftError} when one does not come up */
  async reload(configured: number, signal: AbortSignal | undefined): Promise<void> {
    const { name, clock } = this.#options;
    if (this.#reloading) {
      throw new HaftError(`App "${name}" is being reloaded`, { next: "Wait until that is done" });
    }
    this.resize(configured);
    this.#reloading = true;
    try {
      await rollingRestart(this.#instances, { name, clock, addOne: () => this.#add(), signal });
    } finally {
      this.#reloading = false;
      this.resize(configured);
    }
  }

  #add(): AppInstance {
    const instance = this.#options.make(this.#instances.length);
    this.#instances.push(instance);
    return instance;
  }
}
