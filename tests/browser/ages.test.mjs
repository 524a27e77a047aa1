// SPDX-License-Identifier: Apache-2.0
// A service vouches for an age, the app checks one: what counts is shown, and what is wrong is said.
import assert from 'node:assert/strict';
import { WIDTHS } from './lib/chromium.mjs';
import { Keyboard } from './lib/keyboard.mjs';
import { test } from './lib/suite.mjs';

const SERVICE = 'school.example';
const GIVEN = 'What the service gave you';

const vouching = (person) =>
	person.dialog().getByRole('region', { name: 'Age that a service vouches for' });
const counts = (person, pattern) => person.dialog().locator('p').filter({ hasText: pattern });
const radio = (person, name) =>
	person.question(/How old/).getByRole('radio', { name, exact: true });

/** The text for the service, as it stands on the page. */
async function makeText(person, service = SERVICE) {
	const { go, fill } = person.hands;
	const section = vouching(person);
	await fill(person.field('Name of the service', section), service);
	await go(person.button('Make the text', section));
	const text = person.field('Text for the service', section);
	await text.waitFor();
	return text.inputValue();
}

async function handIn(person, statement) {
	const section = vouching(person);
	await person.field(GIVEN, section).fill(statement);
	await person.button('Hand it in', section).click();
}

async function handInVain(person, statement, pattern) {
	await handIn(person, statement);
	await vouching(person).getByRole('alert').getByText(pattern).waitFor();
	// It can be looked at, and mended.
	assert.equal(await person.field(GIVEN, vouching(person)).inputValue(), statement);
}

test('a service vouches for an age, without a mouse', async (stage) => {
	const { signs, end } = stage.backbone.ageService(SERVICE);
	try {
		const kim = await stage.person('lens', 'Kim', { reducedMotion: 'reduce' });
		kim.hands = new Keyboard(kim.page);
		await kim.signUp();
		await kim.setReach({ age: '13 to 15', sure: true });
		await kim.openReach();
		const text = await makeText(kim);
		// By now it is known that nothing else counts yet.
		assert.equal(await counts(kim, /how old you are: /).count(), 0);
		assert.ok(await radio(kim, '16 or 17').isDisabled());
		assert.match(text, /^age-request\.[\w-]+$/);
		const section = vouching(kim);
		// What has come has the keyboard: it is read out.
		const field = kim.field('Text for the service', section);
		assert.ok(await field.evaluate((el) => el === document.activeElement));
		await section.getByRole('img', { name: 'QR code of the text' }).waitFor();
		await kim.button('Copy', section).waitFor();
		// As a mail would have it.
		const statement = signs('16-17', text).replace(/(.{40})/g, '$1\n');
		const given = kim.field(GIVEN, section);
		await kim.hands.tabTo(given);
		await kim.page.keyboard.insertText(statement);
		await kim.hands.go(kim.button('Hand it in', section));
		await section
			.getByRole('status')
			.getByText(/^Taken\./)
			.waitFor();
		assert.equal(await given.inputValue(), '');
		await counts(
			kim,
			/^A service that Lens believes has said how old you are: 16 or 17\./,
		).waitFor();
		// Up to that one may become older now, and no further.
		assert.ok(await radio(kim, '16 or 17').isEnabled());
		assert.ok(await radio(kim, '18 or older').isDisabled());
		await kim.closeDialogs();
		await kim.setReach({ age: '16 or 17', sure: true });
		await kim.page.reload();
		await kim.openReach();
		await counts(kim, /has said how old you are: 16 or 17\./).waitFor();
		assert.ok(await radio(kim, '16 or 17').isChecked());
		await kim.page.keyboard.press('Tab');
		assert.equal(await makeText(kim), text, 'it is the same each time');
	} finally {
		end();
	}
});

test('what is no word of a service is said to be none, and counts for nothing', async (stage) => {
	const { signs, end } = stage.backbone.ageService(SERVICE);
	try {
		const [kim, tom] = await Promise.all([
			stage.member('plaza', 'Kim', { viewport: WIDTHS.phone, hasTouch: true }),
			stage.member('plaza', 'Tom', { viewport: WIDTHS.narrow }),
		]);
		await Promise.all([kim.openReach(), tom.openReach()]);
		const wrongName = kim.field('Name of the service', vouching(kim));
		await wrongName.fill('My school');
		await kim.button('Make the text', vouching(kim)).click();
		await vouching(kim)
			.getByRole('alert')
			.getByText(/no name of a service/)
			.waitFor();
		const [text, other] = [await makeText(kim), await makeText(tom)];
		assert.notEqual(text, other);
		const statement = signs('16-17', text);
		await handInVain(kim, text, /not what a service gives/);
		await handInVain(kim, 'I am 17', /not what a service gives/);
		await handInVain(kim, statement.slice(0, -8), /not what a service gives/);
		const last = statement.at(-4) === 'A' ? 'B' : 'A';
		const forged = statement.slice(0, -4) + last + statement.slice(-3);
		await handInVain(kim, forged, /has not signed this/);
		await handInVain(tom, statement, /made for another account/);
		assert.equal(await counts(kim, /how old you are: /).count(), 0);
		await handIn(kim, statement);
		await counts(kim, /^A service that Plaza believes has said/).waitFor();
		// Of two on one day it is not the person who chooses.
		await handInVain(kim, signs('adult', text), /makes you older/);
		// A younger one counts at any time.
		await handIn(kim, signs('13-15', text));
		await counts(kim, /has said how old you are: 13 to 15\./).waitFor();
		// Nobody believes it any more: from the next question on.
		end();
		await kim.page.reload();
		await vouching(kim).waitFor();
		await handInVain(kim, signs('13-15', text), /does not believe that service/);
		assert.equal(await counts(kim, /how old you are: /).count(), 0);
	} finally {
		end();
	}
});

test('an age that the app has checked is shown while one looks, and taken back', async (stage) => {
	const { backbone } = stage;
	const kim = await stage.member('dial', 'Kim', { viewport: WIDTHS.phone, hasTouch: true });
	kim.losesConnection();
	await kim.openReach();
	backbone.operator('age', 'dial', kim.identifier, '13-15');
	await counts(kim, /^Dial has checked how old you are: 13 to 15\./).waitFor();
	backbone.operator('age', 'dial', kim.identifier, 'none');
	await counts(kim, /how old you are: /).waitFor({ state: 'detached' });
});
