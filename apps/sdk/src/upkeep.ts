// SPDX-License-Identifier: Apache-2.0
// When a journal becomes part of a new snapshot: when it has outgrown the old one, and when it is
// quiet or time, so that used keys and what was deleted leave the database.  0081 has the bounds.

/** Quiet: nothing was written for so long. */
export const QUIET_MS = 30_000;
/** Where it is never quiet, a record stays so long. */
const LONGEST_MS = 5 * 60_000;
/** But each megabyte of the snapshot is written no more often than once in so long. */
const MEGABYTE_MS = 60_000;
const LEAST_MS = 60_000;

export class Upkeep {
	snapshot = 0;
	bytes = 0;
	records = 0;
	/** when it was last written or tried */
	#writtenMs = -Infinity;
	/** when the oldest record came */
	#firstMs = Infinity;
	/** grows with failures */
	#slack = 1;

	constructor(readonly now: () => number = () => performance.now()) {}

	/** The next write is to be a snapshot. */
	get due(): boolean {
		const { snapshot, bytes, records } = this;
		return (
			bytes > Math.max(256 * 1024, snapshot) * this.#slack ||
			records > (1000 + snapshot / 10_000) * this.#slack ||
			this.now() >= Math.max(this.#firstMs + LONGEST_MS, this.quietFrom)
		);
	}
	/** From then on a snapshot may be written when it is quiet; Infinity: nothing is there to go. */
	get quietFrom(): number {
		if (!this.records) return Infinity;
		const rest = Math.max(LEAST_MS, (this.snapshot / 1e6) * MEGABYTE_MS);
		return this.#writtenMs + rest * this.#slack;
	}

	/** ageMs: of the snapshot.  Its records are added next, with their age unknown. */
	loaded(snapshot: number, ageMs: number): void {
		this.snapshot = snapshot;
		// A clock that was put back tells nothing.
		this.#writtenMs = this.now() - Math.max(ageMs, 0);
	}
	added(n: number, ageMs = 0): void {
		this.bytes += n;
		this.records++;
		this.#firstMs = Math.min(this.#firstMs, this.now() - ageMs);
	}
	replaced(n: number): void {
		this.snapshot = n;
		this.bytes = this.records = 0;
		this.#writtenMs = this.now();
		this.#firstMs = Infinity;
		this.#slack = 1;
	}
	failed(): void {
		this.#writtenMs = this.now();
		this.#slack = Math.min(this.#slack * 2, 1024);
	}
}
