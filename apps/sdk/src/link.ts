// SPDX-License-Identifier: Apache-2.0
// The WebSocket: opened, opened again after a while, given up when it leads nowhere.

export interface LinkOwner {
	opened(): void;
	received(message: Uint8Array): void;
	/** Also when it was never opened. */
	closed(): void;
	/** The network is back, or may be another one. */
	networkChanged(): void;
	/** What the core says to wait before the next attempt, ms; asked once for each. */
	patience(): number;
}

const SUBPROTOCOL = 'undercroft.v1';
const OPENS_WITHIN_MS = 15_000;
const LOOK_MS = 20_000;

export class Link {
	#socket: WebSocket | null = null;
	#open = false;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#look: ReturnType<typeof setInterval>;
	#lookedMs = Date.now();

	constructor(
		readonly url: string,
		readonly owner: LinkOwner,
		readonly Socket: typeof WebSocket = WebSocket,
	) {
		// A machine that slept finds its connection dead, and would hear of it late.
		this.#look = setInterval(() => {
			const slept = Date.now() - this.#lookedMs > 3 * LOOK_MS;
			this.#lookedMs = Date.now();
			if (slept) this.renew();
		}, LOOK_MS);
	}

	/** The socket that is open, to be compared when something is sent later. */
	get socket(): WebSocket | null {
		return this.#open ? this.#socket : null;
	}

	connect(): void {
		clearTimeout(this.#timer);
		if (this.#socket) return;
		const socket = new this.Socket(this.url, SUBPROTOCOL);
		const isIt = () => this.#socket === socket;
		this.#socket = socket;
		socket.binaryType = 'arraybuffer';
		this.#timer = setTimeout(() => this.drop(), OPENS_WITHIN_MS);
		socket.onopen = () => {
			if (!isIt()) return;
			clearTimeout(this.#timer);
			this.#open = true;
			this.owner.opened();
		};
		socket.onmessage = ({ data }) => {
			if (!isIt()) return;
			// A text is nothing that we speak.
			if (data instanceof ArrayBuffer) this.owner.received(new Uint8Array(data));
			else this.drop();
		};
		socket.onclose = () => isIt() && this.drop();
	}

	/** Gives the connection up; the next attempt comes after a while. */
	drop(): void {
		const socket = this.#socket;
		if (!socket) return;
		this.#forget();
		this.owner.closed();
		// The owner may have ended by that.
		if (this.#look !== undefined) this.#later();
	}
	/** Another connection, at once, over what may be another network. */
	renew(): void {
		this.drop();
		this.owner.networkChanged();
		this.connect();
	}
	end(): void {
		clearInterval(this.#look);
		clearTimeout(this.#timer);
		this.#look = undefined as never;
		this.#forget();
	}

	#forget(): void {
		const socket = this.#socket;
		clearTimeout(this.#timer);
		this.#socket = null;
		this.#open = false;
		socket?.close();
	}
	#later(): void {
		this.#timer = setTimeout(() => this.connect(), this.owner.patience());
	}
}
