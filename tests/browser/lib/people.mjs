// SPDX-License-Identifier: Apache-2.0
// People who know each other already.

/** Two browsers, Rosa and Tom, with the conversation of the two open in both. */
export async function pair(stage, app, other, o = {}, oOther = {}) {
	const [rosa, tom] = await Promise.all([
		stage.member(app, 'Rosa', o),
		stage.member(other, 'Tom', oOther),
	]);
	await befriend(rosa, tom);
	await Promise.all([rosa.openRoom('Tom'), tom.openRoom('Rosa')]);
	return [rosa, tom];
}

/** The asker, in a browser, and the asked, there or at a terminal, have a conversation. */
export async function befriend(asker, asked) {
	await asker.ask(asked, `${asker.name} here`);
	await asked.accept(asker.name);
	await Promise.all([asker.hasRoom(asked.name), asked.hasRoom?.(asker.name)]);
}
