// SPDX-License-Identifier: Apache-2.0
// What runs in a page to see whether its layout holds.  Each is given to page.evaluate.

/** What is wider than the window, or stands outside it, though nothing scrolls there; in that part. */
export function overflowing(part = 'body') {
	const root = document.querySelector(part);
	const wide = document.documentElement.clientWidth;
	const found = [];
	if (document.documentElement.scrollWidth > wide) {
		found.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${wide}`);
	}
	const isClipped = (el) => {
		for (let e = el.parentElement; e; e = e.parentElement) {
			if (getComputedStyle(e).overflowX !== 'visible') return true;
		}
		return false;
	};
	for (const el of root.querySelectorAll('*')) {
		const box = el.getBoundingClientRect();
		if (box.width === 0 || box.height === 0 || isClipped(el)) continue;
		if (box.right > wide + 1 || box.left < -1) {
			found.push(
				`<${el.localName} class="${el.className}"> ${box.left} to ${box.right} of ${wide}`,
			);
		}
	}
	// Inside what scrolls up and down, nothing is to be scrolled sideways either.
	for (const el of root.querySelectorAll('*')) {
		// A row that is there to be moved sideways, and can be moved in no other way, may be.
		const { overflowX, overflowY } = getComputedStyle(el);
		if (!/auto|scroll/.test(overflowX) || overflowY === 'hidden') continue;
		if (el.scrollWidth <= el.clientWidth + 1) continue;
		const end = el.getBoundingClientRect().left + el.clientLeft + el.clientWidth + 1;
		const widest = [...el.querySelectorAll('*')].filter(
			(e) => e.getBoundingClientRect().right > end,
		);
		found.push(
			`<${el.localName} class="${el.className}"> scrolls sideways because of ` +
				widest.map((e) => `<${e.localName} class="${e.className}">`).join(', '),
		);
	}
	// What is clipped for the sake of marks that pile up must not cut words off.
	for (const el of root.querySelectorAll('.k-bubble')) {
		if (el.scrollWidth > el.clientWidth + 1) found.push(`cut off: ${el.innerText.slice(0, 40)}`);
	}
	return found;
}

/** Words of plain Latin letters or digits that read from right to left, or in another order than
 * they are written in: text of others that reaches beyond its place does that. */
export function reordered() {
	const found = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const range = document.createRange();
	const left = (node, i) => {
		range.setStart(node, i);
		range.setEnd(node, i + 1);
		return range.getClientRects()[0];
	};
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		if (!node.parentElement.checkVisibility()) continue;
		for (const word of node.data.matchAll(/[A-Za-z]{2,}|\d{2,}/g)) {
			const first = left(node, word.index);
			const last = left(node, word.index + word[0].length - 1);
			if (first && last && Math.abs(first.top - last.top) < 1 && first.left > last.left) {
				found.push(`"${word[0]}" in "${node.data.slice(0, 60)}"`);
			}
		}
	}
	return found;
}

/** Text that runs from right to left, and is not kept from turning what stands beside it around. */
export function unisolated() {
	const found = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		if (!/[\u0590-\u08FF]/.test(node.data)) continue;
		let el = node.parentElement;
		while (getComputedStyle(el).unicodeBidi === 'normal') el = el.parentElement;
		// Blocks isolate, too, but with all that is in them.
		if (el.localName !== 'bdi' && el.dir !== 'auto') found.push(node.data.slice(0, 60));
	}
	return found;
}

/** Characters that turn or hide text, as they stand in the page. */
export function dangerous() {
	const bad = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/u;
	const found = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		if (bad.test(node.data)) found.push(JSON.stringify(node.data.slice(0, 80)));
	}
	for (const el of document.body.querySelectorAll('*')) {
		for (const a of el.attributes) {
			if (bad.test(a.value)) found.push(`${a.name}=${JSON.stringify(a.value.slice(0, 80))}`);
		}
	}
	return found;
}

/** Elements that text of others must never become. */
export function foreignElements() {
	return [...document.body.querySelectorAll('script, iframe, object, embed, [onerror], [onload]')]
		.map((el) => el.outerHTML.slice(0, 120))
		.concat(
			[...document.querySelectorAll('a[href], form[action], img[src]')]
				.map((el) => el.getAttribute('href') ?? el.getAttribute('action') ?? el.getAttribute('src'))
				.filter((url) => /^\s*(javascript|data:text)/i.test(url)),
		);
}

/** What moves about though less motion is asked for; fading is none. */
export function moving() {
	const moves = ['transform', 'translate', 'scale', 'rotate', 'top', 'left', 'insetInlineStart'];
	return document
		.getAnimations()
		.filter((a) => a.playState === 'running' && a.effect.getComputedTiming().duration > 100)
		.filter((a) => a.effect.getKeyframes().some((k) => moves.some((m) => m in k)))
		.map((a) => `${a.animationName ?? a.transitionProperty} of ${a.effect.target?.className}`);
}

/** All that the browser keeps for this origin: each record of IndexedDB as text, and the rest. */
export async function stored() {
	const asText = (v) => {
		if (v instanceof ArrayBuffer || ArrayBuffer.isView(v)) {
			const bytes = new Uint8Array(v.buffer ?? v, v.byteOffset ?? 0, v.byteLength);
			return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
		}
		if (v && typeof v === 'object' && Object.getPrototypeOf(v) === Object.prototype) {
			return Object.entries(v)
				.map(([k, e]) => `${k}: ${asText(e)}`)
				.join(', ');
		}
		return Array.isArray(v) ? v.map(asText).join(', ') : String(v);
	};
	const wait = (request) =>
		new Promise((resolve, reject) => {
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error);
		});
	const records = [];
	const stores = [];
	for (const { name } of await indexedDB.databases()) {
		const db = await wait(indexedDB.open(name));
		for (const store of db.objectStoreNames) {
			const all = await wait(db.transaction(store).objectStore(store).getAll());
			stores.push(`${name}/${store}: ${all.length}`);
			// Short ones are alike in all browsers: versions, counts.
			records.push(...all.map(asText).filter((t) => t.length >= 32));
		}
		db.close();
	}
	return {
		records,
		stores,
		others: [
			Object.keys(localStorage),
			Object.keys(sessionStorage),
			await caches.keys().catch(() => []),
			(await navigator.serviceWorker?.getRegistrations().catch(() => [])) ?? [],
		],
		cookies: document.cookie,
	};
}
