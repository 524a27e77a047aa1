// SPDX-License-Identifier: Apache-2.0
// Hands that have a keyboard only: what has the focus must be seen, and Tab must lead everywhere.
import assert from 'node:assert/strict';

/** In the page: what has the focus, and whether that is to be seen. */
function look() {
	const el = document.activeElement;
	if (!el || el === document.body) return null;
	const isRinged = (e) => {
		const s = getComputedStyle(e);
		return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none';
	};
	// A field that is covered shows its focus by what stands for it: its label, or what is around.
	const stands = [el, el.parentElement, el.nextElementSibling, ...(el.labels ?? [])];
	const box = el.getBoundingClientRect();
	return {
		what: `<${el.localName}> ${el.getAttribute('aria-label') ?? el.labels?.[0]?.innerText ?? el.innerText}`,
		isRinged: stands.some((e) => e && isRinged(e)),
		isInView: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
	};
}

export const isFocused = (locator) => locator.evaluate((el) => el === document.activeElement);

export class Keyboard {
	constructor(page) {
		this.page = page;
		for (const f of ['go', 'fill', 'tick', 'pick']) this[f] = this[f].bind(this);
	}

	/** Tab, until `arrived` holds; all that has the focus on the way must be seen. */
	async tabUntil(what, arrived, most = 80) {
		for (let i = 0; i < most; i++) {
			if (await arrived()) return;
			await this.page.keyboard.press('Tab');
			const at = await this.page.evaluate(look);
			if (!at) continue;
			assert.ok(at.isRinged, `the focus cannot be seen on ${at.what}`);
			assert.ok(at.isInView, `the focus is out of sight on ${at.what}`);
		}
		assert.fail(`Tab does not lead to ${what}`);
	}

	async tabTo(locator) {
		await locator.waitFor();
		await this.tabUntil(locator, () => isFocused(locator));
	}

	async go(locator) {
		await this.tabTo(locator);
		await this.page.keyboard.press('Enter');
	}

	async fill(locator, text) {
		await this.tabTo(locator);
		await this.page.keyboard.type(text);
	}

	async tick(locator) {
		await this.tabTo(locator);
		await this.page.keyboard.press('Space');
		assert.ok(await locator.isChecked(), 'Space ticks');
	}

	/** One of a group of radio buttons: Tab to the group, arrows within. */
	async pick(group, name) {
		const radio = group.getByRole('radio', { name, exact: true });
		await group.waitFor();
		await this.tabUntil(group, () => group.evaluate((g) => g.contains(document.activeElement)));
		for (let i = 0; i < 6 && !(await radio.isChecked()); i++) {
			await this.page.keyboard.press('ArrowRight');
		}
		assert.ok(await radio.isChecked(), `arrows lead to ${name}`);
	}
}
