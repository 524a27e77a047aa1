// SPDX-License-Identifier: Apache-2.0
// Somebody on Lens, in under 60 lines: signs up, asks another one to talk or answers who asks, and
// prints what is said.  Two pages, each in a browser profile of its own:
//
//   http://lens.localhost:8452/#name=tom
//   http://lens.localhost:8452/#name=rosa&ask=tom
import { open, type UndercroftError } from '@undercroft/sdk';
import { wasm, worker } from 'undercroft:assets';

const { name = 'tom', ask } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

// textContent, always: what others write is text, never markup.
function print(line: string): void {
	const p = document.createElement('p');
	p.textContent = line;
	document.body.append(p);
}

const me = await open({ app: location.hostname, worker, wasm, software: 'hello 1' });

async function signUp(): Promise<void> {
	const words = await me.signUp({ identifier: name, profileName: name });
	print(`${name} is signed up; ${words.split(' ').length} words take the account up again`);
	await me.recoveryConfirmed(); // a real app shows them, and asks
	if (ask) await me.ask(location.hostname, ask, 'Shall we talk?');
}

me.on('tab', ({ tab, reason }) => print(reason ? reason.message : `this tab: ${tab}`));
me.on('connection', ({ connection }) => print(connection));
me.on('request', async ({ request }) => {
	const asker = (await me.requests()).find((r) => r.id === request);
	print(`${asker?.name} asks: ${asker?.text}`);
	await me.accept(request);
});
me.on('requestAccepted', () => print('accepted'));
me.on('memberIntroduced', async ({ room, name: who }) => {
	print(`${who} is here`);
	if (ask) await me.send(room, `Hello ${who}`);
});
me.on('message', async ({ message: { own, kind, room, id, sender, text } }) => {
	if (own || kind !== 'text') return;
	print(`${sender}: ${text}`);
	if (!ask) await me.sendReply(room, id, `Hello ${sender}`);
});

try {
	if (me.tab !== 'here') throw me.reason ?? new Error(`this tab: ${me.tab}`);
	if ((await me.account()).state === 'none') await signUp();
} catch (e) {
	print((e as UndercroftError).message);
}
