import type { Message } from "../protocol/envelope.ts";

/** First in, first out, with a size for each; taking from the front moves nothing. */
export class MessageQueue {
  #messages: (Message | undefined)[] = [];
  #sizes: number[] = [];
  #head = 0;
  #size = 0;

  get length(): number {
    return this.#messages.length - this.#head;
  }

  get size(): number {
    return this.#size;
  }

  push(message: Message, size: number): void {
    this.#messages.push(message);
    this.#sizes.push(size);
    this.#size += size;
  }

  shift(): Message | undefined {
    const message = this.#messages[this.#head];
    if (message === undefined) return undefined;
    this.#size -= this.#sizes[this.#head] ?? 0;
    this.#messages[this.#head++] = undefined;
    if (this.#head === this.#messages.length) {
      this.#messages.length = this.#sizes.length = this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }
}
