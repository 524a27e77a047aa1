// SPDX-License-Identifier: Apache-2.0
// Browsers keep what was deleted from a database in logs of their own, for days.  So all of it is
// sealed under a key that is replaced with each snapshot, and that key is the hash of so many bytes
// that they do not lie in such a log but in a file by themselves, which goes when they are replaced.
// With it goes what the old key had sealed.
import { failure } from './failure.ts';

type Bytes = Uint8Array<ArrayBuffer>;
const [NAME, IV] = ['AES-GCM', 12];
/** Twice what Chromium, the most generous, keeps in its log. */
const STORED = 128 * 1024;
/** More are not given out at once. */
const RANDOM = 64 * 1024;

export class Seal {
	private constructor(readonly key: CryptoKey) {}

	/** One that was never there before, and what is to be stored of it. */
	static async make(): Promise<[Seal, Bytes]> {
		const stored = new Uint8Array(STORED);
		for (let at = 0; at < STORED; at += RANDOM)
			crypto.getRandomValues(stored.subarray(at, at + RANDOM));
		return [await Seal.read(stored), stored];
	}
	static async read(stored: Bytes): Promise<Seal> {
		if (stored.length !== STORED) throw failure('UC_E_CORRUPT', 'its seal');
		const hash = await crypto.subtle.digest('SHA-256', stored);
		const uses: KeyUsage[] = ['encrypt', 'decrypt'];
		const key = await crypto.subtle.importKey('raw', hash, NAME, false, uses);
		new Uint8Array(hash).fill(0);
		return new Seal(key);
	}

	async close(bytes: Uint8Array): Promise<Uint8Array> {
		const iv = crypto.getRandomValues(new Uint8Array(IV));
		const box = await crypto.subtle.encrypt({ name: NAME, iv }, this.key, bytes as Bytes);
		const out = new Uint8Array(IV + box.byteLength);
		out.set(iv);
		out.set(new Uint8Array(box), IV);
		return out;
	}
	async open(sealed: Uint8Array): Promise<Uint8Array> {
		const iv = sealed.slice(0, IV);
		try {
			const box = sealed.subarray(IV) as Bytes;
			return new Uint8Array(await crypto.subtle.decrypt({ name: NAME, iv }, this.key, box));
		} catch {
			throw failure('UC_E_CORRUPT', 'a record');
		}
	}
}
