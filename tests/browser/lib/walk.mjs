// SPDX-License-Identifier: Apache-2.0
// A walk through every screen of an app, with people of all three apps on it, for whoever wants to
// look at them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { befriend } from './people.mjs';

/**
 * Leads Rosa, on that app, to each screen in turn; `see` is told its name and whose it is.
 * Her friends: Tom on Lens, Ada on Plaza, Uwe on Dial, each at a terminal.
 */
export async function walk(stage, app, see, o = {}) {
	const rosa = await stage.person(app, 'Rosa', o);
	const [tom, ada, uwe, max] = await Promise.all([
		stage.terminal('lens', 'Tom'),
		stage.terminal('plaza', 'Ada'),
		stage.terminal('dial', 'Uwe'),
		stage.terminal('lens', 'Max'),
	]);
	const { page } = rosa;
	const panel = async (name, open) => {
		await open();
		await rosa.dialog().waitFor();
		await see(name, rosa);
		await rosa.closeDialogs();
	};

	await rosa.isWelcomed();
	await see('welcome', rosa);
	await rosa.button('I have an account and its 24 words').click();
	await rosa.field('Recovery words').waitFor();
	await see('recover', rosa);
	await rosa.button('Back').click();
	await rosa.showCode();
	await see('join', rosa);
	await rosa.button('Back').click();
	await rosa.isWelcomed();
	await rosa.signUp({
		atForm: () => see('sign-up', rosa),
		atWords: () => see('words', rosa),
	});
	await see('list-empty', rosa);

	const asked = new Map();
	for (const [who, note] of [
		[tom, 'Tom here, from the allotments'],
		[ada, 'Ada, we met at the market'],
		[max, 'Hello, do you still have seeds?'],
	]) {
		asked.set(who, who.ask(rosa, note).answered);
		await rosa
			.button(new RegExp(`^Requests,? ${asked.size} waiting`))
			.first()
			.waitFor();
	}
	for (const who of [tom, ada]) {
		await rosa.accept(who.name);
		await asked.get(who);
	}
	await rosa.seesRequest('Max', 'Lens', 'seeds');
	await see('requests', rosa);
	await panel('report-request', async () => {
		await rosa.reportRequestForm('Max', {});
		await rosa.button('Send report', rosa.dialog()).click();
		await rosa.dialog().getByRole('alert').waitFor();
	});
	await panel('reported-request', async () => {
		await rosa.reportRequestForm('Max', { why: 'Something else' });
		await rosa.button('Send report', rosa.dialog()).click();
		await rosa.button('Decline the request', rosa.dialog()).waitFor();
	});
	await befriend(rosa, uwe);

	await rosa.openRoom('Tom');
	await see('room-empty', rosa);
	await tom.run('send', 'Rosa', 'Are the beans up?');
	await rosa.reads('Are the beans up?');
	await rosa.send('Since Tuesday. The first ones are as high as a hand.');
	await tom.reads('Since Tuesday. The first ones are as high as a hand.');
	await tom.run('react', 'Rosa', 'last', '❤️');
	await tom.run('send', 'Rosa', 'Then I will bring the poles on Saturday, and the twine.');
	await rosa.reads('Then I will bring the poles on Saturday, and the twine.');
	await rosa.reply('Then I will bring the poles on Saturday, and the twine.', 'Saturday is fine!');
	await rosa.isAccepted('Saturday is fine!');
	await rosa.seesReaction('Since Tuesday. The first ones are as high as a hand.', '❤️');
	const file = (name, bytes) => {
		const at = path.join(stage.backbone.dir, name);
		writeFileSync(at, Buffer.alloc(bytes, name));
		return at;
	};
	await tom.run('send', 'Rosa', '--file', file('Where the poles go.pdf', 83_000));
	await rosa.reads('Where the poles go.pdf');
	await see('room', rosa);
	await rosa.save('Where the poles go.pdf');
	await rosa.attach(file('Beans in May, seen from the shed.jpg', 912_000));
	await see('files', rosa);
	await rosa.button('Do not send: Beans in May, seen from the shed.jpg').click();
	await panel('contact', () => rosa.button('About this conversation').click());
	await rosa.button('About this conversation').click();
	await panel('safety-number', () => rosa.button('Safety number', rosa.dialog()).click());

	await panel('new-group', () => rosa.openNewGroup());
	await rosa.createGroup('Allotment', ['Tom', 'Ada', 'Uwe']);
	await rosa.send('Who waters in July?');
	await tom.reads('Who waters in July?');
	await tom.run('send', 'Allotment', 'The first week is mine.');
	await rosa.reads('The first week is mine.');
	await ada.reads('The first week is mine.');
	await ada.run('send', 'Allotment', 'Then I take the second, my sister the third.');
	await rosa.reads('Then I take the second, my sister the third.');
	await uwe.reads('Then I take the second, my sister the third.');
	await uwe.run('send', 'Allotment', 'And I the rest. The tank is full.');
	await rosa.reads('And I the rest. The tank is full.');
	await rosa.react('And I the rest. The tank is full.', '👍');
	await see('group', rosa);
	await rosa.toList();
	await see('list', rosa);
	await rosa.openRoom('Allotment');
	await panel('group-info', () => rosa.button('About this conversation').click());
	await panel('owner-and-leave', async () => {
		await rosa.button('About this conversation').click();
		await rosa.button('More about Tom', rosa.dialog()).click();
		await page.getByRole('menuitem', { name: 'Make an owner' }).click();
		await rosa.button('Leave this conversation', rosa.dialog()).click();
		await rosa.button('Leave', rosa.dialog()).click();
		await rosa.dialog().getByText('Choose somebody, or nobody.').waitFor();
	});

	await rosa.button('About this conversation').click();
	await panel('add-members', () => rosa.button('Add people', rosa.dialog()).click());

	await panel('find', async () => {
		await rosa.button('Find someone').first().click();
		await rosa.button('Send request', rosa.dialog()).click();
		await rosa.dialog().getByRole('alert').first().waitFor();
	});
	const ida = await stage.terminal('lens', 'Ida');
	await panel('asked', async () => {
		await rosa.askForm(ida.app, ida.identifier, 'Hello Ida');
		await rosa
			.dialog()
			.getByText(/Your request to .* was sent/)
			.waitFor();
	});
	await panel('by-link', async () => {
		await rosa.button('Find someone').first().click();
		await rosa.button('With a contact code', rosa.dialog()).click();
		await rosa.button('By a link', rosa.dialog()).click();
	});
	await panel('invite', async () => {
		await rosa.openSettings();
		await rosa.button('Invite people', rosa.dialog()).click();
		await rosa.button('Make a link', rosa.dialog()).click();
		await rosa.field('Link', rosa.dialog()).waitFor();
	});
	await panel('invitations', async () => {
		await rosa.openSettings();
		await rosa.button('Invite people', rosa.dialog()).click();
		await rosa.button('End', rosa.dialog()).waitFor();
	});
	await ida.accept('Rosa');
	await ida.run('settings', '--age', '13-15');
	await ida.run('guardian', 'offer', 'Rosa');
	await panel('guardians', async () => {
		await rosa.openSettings();
		await rosa.button('Guardians', rosa.dialog()).click();
		await rosa.button('Accept', rosa.dialog()).waitFor();
	});
	await panel('settings', () => rosa.button('Settings').click());
	await walkDevices(stage, rosa, see);
	await rosa.openSettings();
	await panel('change-name', () => rosa.button(/^Change my /).click());
	await rosa.openSettings();
	await panel('same-person', async () => {
		await rosa.button('My other accounts').click();
		await rosa.button('Begin with another account').click();
		await rosa.field('Text for your other account').waitFor();
	});
	await panel('reach', () => rosa.openReach());
	await panel('reach-young', async () => {
		await rosa.openReach();
		await rosa.hands.pick(rosa.question(/How old/), '13 to 15');
		await rosa.button('Save', rosa.dialog()).click();
		await rosa.dialog().getByRole('alert').waitFor();
	});
	await rosa.openSettings();
	await panel('erase', () => rosa.button('Sign out and erase this browser').click());
	await rosa.openSettings();
	await panel('export', () => rosa.button('Take my data along').click());
	await rosa.openSettings();
	await panel('delete-account', () => rosa.button('Delete my account').click());

	await panel('report', async () => {
		await rosa.reportForm('The first week is mine.', {});
		await rosa.button('Send report', rosa.dialog()).click();
		await rosa.dialog().getByRole('alert').waitFor();
	});
	await panel('reported', () => rosa.report('The first week is mine.', { why: 'Something else' }));

	// Menus and what stands over the page.
	const last = rosa.message('And I the rest. The tank is full.');
	await last.hover();
	await rosa.button('React', last).click();
	await page.getByRole('menu').waitFor();
	await see('react-menu', rosa);
	await page.keyboard.press('Escape');

	rosa.losesConnection();
	await rosa.context.setOffline(true);
	await rosa.isConnected(false);
	await rosa.send('Written without a connection');
	await rosa.isQueued('Written without a connection');
	await see('offline', rosa);
	await rosa.openRoom('Tom');
	await rosa.attach(file('Kept until then.txt', 9000));
	await rosa.button('Send').click();
	await rosa.isQueued('Kept until then.txt');
	const plan = rosa.message('Where the poles go.pdf');
	await rosa.button('Save: Where the poles go.pdf', plan).click();
	await plan.getByRole('progressbar').waitFor();
	await see('files-moving', rosa);
	await plan.getByRole('alert').waitFor();
	await see('files-offline', rosa);
	await rosa.context.setOffline(false);
	await rosa.isAccepted('Kept until then.txt');
	await rosa.openRoom('Allotment');
	await rosa.isAccepted('Written without a connection');

	const second = await stage.person(app, 'Rosa', { at: rosa });
	await second.isElsewhere();
	await see('elsewhere', second);
	await second.page.close();
	return rosa;
}

/** Those of Rosa's own devices: one is let in, which lets in another. */
async function walkDevices(stage, rosa, see) {
	const [laptop, third] = ['Laptop', 'Third'].map((name) => stage.device(rosa.app, name));
	const dialog = rosa.dialog();
	const { code, joined } = await laptop.become();
	await rosa.openDevices();
	await rosa.button('Add a device', dialog).click();
	await rosa.button('Look for it', dialog).click();
	await dialog.getByRole('alert').waitFor();
	await see('add-device', rosa);
	await rosa.field('Code of the new device', dialog).fill(code);
	await rosa.button('Look for it', dialog).click();
	await rosa.isItMine().waitFor();
	await see('is-it-mine', rosa);
	await rosa.button('It is my device', dialog).click();
	await rosa.field('What do you call it?', dialog).waitFor();
	await see('device-added', rosa);
	await rosa.field('What do you call it?', dialog).fill('Old laptop');
	await rosa.button('Done', dialog).click();
	await rosa.deviceRow('Old laptop').waitFor();
	await rosa.closeDialogs();
	await joined;
	const other = await third.become();
	await laptop.letIn(other.code);
	await rosa.deviceAlarm().waitFor();
	await see('device-alarm', rosa);
	await rosa.openSettings();
	await dialog.getByRole('alert').waitFor();
	await see('settings-alarm', rosa);
	await rosa.closeDialogs();
	await rosa.openDevices();
	const alarm = dialog.getByRole('alert');
	await alarm.waitFor();
	await rosa.button('Name: This browser', dialog).click();
	await rosa.button('End: Old laptop', dialog).click();
	await rosa.button('End it', dialog).waitFor();
	await see('devices', rosa);
	await rosa.button('I have seen this', dialog).click();
	await alarm.waitFor({ state: 'hidden' });
	await rosa.button('End it', dialog).click();
	await rosa.deviceRow('Old laptop').waitFor({ state: 'hidden' });
	await rosa.closeDialogs();
}
