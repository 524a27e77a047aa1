// SPDX-License-Identifier: Apache-2.0
// Hands that have a keyboard only: what has the focus must be seen, and Tab must lead everywhere.
import assert from 'node:assert/strict';

/** In the page: what has the focus; and of what had it before, whether that was to be seen: it looks
 * different now. */
async function look() {
	const looks = (el) => {
		// A field that is covered shows its focus by what stands for it: its label, or what is around.
		const stands = [el, el.parentElement, el.nextElementSibling, ...(el.labels ?? [])];
		return stands
			.filter(Boolean)
			.map((e) => {
				const s = getComputedStyle(e);
				const isOutlined = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
				return [isOutlined && s.outline, s.boxShadow, s.borderColor];
			})
			.join();
	};
	const name = (el) =>
		`<${el.localName}> ${el.getAttribute('aria-label') ?? el.labels?.[0]?.innerText ?? el.innerText}`;
	await Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})));
	const before = window.undercroftFocus;
	const el = document.activeElement;
	const at = el && el !== document.body ? el : null;
	// A heading that was given the focus to be read out is no place where keys do anything.
	window.undercroftFocus = at && at.tabIndex >= 0 ? { el: at, looks: looks(at) } : null;
	const unseen =
		before && before.el !== at && before.el.isConnected && looks(before.el) === before.looks;
	const box = at?.getBoundingClientRect();
	return {
		at: at && name(at),
		isInView:
			!at || (box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth),
		unseen: unseen ? name(before.el) : null,
	};
}

export const isFocused = (locator) => locator.evaluate((el) => el === document.activeElement);

export class Keyboard {
	constructor(page) {
		this.page = page;
		for (const f of ['go', 'fill', 'tick', 'pick', 'choose']) this[f] = this[f].bind(this);
	}

	/** Tab, until `arrived` holds; all that has the focus on the way must be seen. */
	async tabUntil(what, arrived, most = 80) {
		for (let i = 0; i < most; i++) {
			if (await arrived()) return;
			// What it looks like now: what Enter did may have changed it.
			await this.page.evaluate(look);
			await this.page.keyboard.press('Tab');
			const { at, isInView, unseen } = await this.page.evaluate(look);
			assert.equal(unseen, null, 'the focus could not be seen there');
			assert.ok(isInView, `the focus is out of sight on ${at}`);
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

	/** One of an open menu. */
	async choose(item) {
		await item.waitFor();
		for (let i = 0; i < 12 && !(await isFocused(item)); i++)
			await this.page.keyboard.press('ArrowDown');
		assert.ok(await isFocused(item), 'arrows lead to it');
		await this.page.keyboard.press('Enter');
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
