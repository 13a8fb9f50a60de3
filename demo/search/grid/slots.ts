/**
 * @file Which row of the page shows which row of the grid. Rows that stay in view keep theirs, and new ones take over
 * those that have become free: a picture that comes into view reuses an existing cell.
 */
export class Slots {
  #taken: ReadonlyMap<number, number> = new Map();

  /** @param rows each once. @returns a number for each, the same as before for rows that were there before */
  assign(rows: readonly number[]): number[] {
    const wanted = new Set(rows);
    // In their order in the page: if all rows are new, none is moved.
    const free = [...this.#taken].filter(([row]) => !wanted.has(row)).map(([, slot]) => slot);
    const used = new Set(this.#taken.values());
    const make = () => {
      let slot = 0;
      while (used.has(slot)) slot++;
      used.add(slot);
      return slot;
    };
    const slots = rows.map((row) => this.#taken.get(row) ?? free.shift() ?? make());
    this.#taken = new Map(rows.map((row, i) => [row, slots[i]!]));
    return slots;
  }
}
