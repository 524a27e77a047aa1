// SPDX-License-Identifier: Apache-2.0
// What went wrong, in words for people, and what they can do.

import type { UndercroftError } from '@undercroft/sdk';

/** What was being done; some errors mean something else then. */
export type Doing =
	| 'code'
	| 'signUp'
	| 'recover'
	| 'ask'
	| 'invite'
	| 'invited'
	| 'answer'
	| 'send'
	| 'group'
	| 'member'
	| 'role'
	| 'direct'
	| 'delete'
	| 'change'
	| 'profile'
	| 'reach'
	| 'age'
	| 'age-ask'
	| 'code-set'
	| 'report'
	| 'report-request'
	| 'file'
	| 'link'
	| 'device'
	| 'join'
	| 'guardian'
	| 'numbers'
	| 'findable'
	| 'other';

export const APP_DAMAGE =
	'Something that the app has stored is damaged. Nothing is wrong with your browser; only the people who run the app can mend it.';

const COMMON: Record<string, string> = {
	UC_E_ARGUMENT: 'Something is missing here.',
	UC_E_UNSUPPORTED: 'The other app does not support this.',
	UC_E_NOT_FOUND: 'That is not there any more.',
	UC_E_EXISTS: 'That is there already.',
	UC_E_NAME: 'This is not written as it should be. Check it for typing mistakes.',
	UC_E_POLICY: 'You may not do this in this conversation.',
	UC_E_TEXT: 'This text has characters that cannot be sent.',
	UC_E_NOT_ALLOWED: 'You may not do this.',
	UC_E_SIGNED_OUT: 'You are not signed in on this device.',
	UC_E_REVOKED: 'This device has been signed out.',
	UC_E_CODE: 'The code is wrong, or too old. Check it, or have a new one sent.',
	UC_E_NOT_INTRODUCED: 'Nobody in this group has been told who you are yet: say that first.',
	UC_E_SUSPENDED: 'This account has been suspended by its app. Ask the people who run it.',
	UC_E_TAKEN: 'Somebody else has this name. Choose another one.',
	UC_E_EXHAUSTED: 'This person cannot be added just now. Try again when they have been online.',
	UC_E_ADDRESS: 'This person cannot be reached this way any more. Look them up again.',
	UC_E_PENDING: 'This is not finished yet. Look again in a moment before you repeat it.',
	UC_E_STALE: 'This has changed in the meantime. Try again.',
	UC_E_LAST_OWNER: 'The group would have no owner. Make somebody else an owner first.',
	UC_E_REMOVED: 'You are not in this conversation any more.',
	UC_E_CLOSED: 'You are not in this conversation any more.',
	UC_E_LIMIT: 'That is more than is possible here.',
	UC_E_TOO_LARGE: 'This is too long. Make it shorter.',
	UC_E_RATE: 'That was tried too often. Wait a while, then try again.',
	UC_E_BUSY: 'The app is busy. Try again in a moment.',
	UC_E_LOCKED: 'This account is open in another tab.',
	// What is damaged here is told by the screen for that.
	UC_E_CORRUPT: APP_DAMAGE,
	UC_E_FULL: 'This device has no room left. Free some space, then load the page again.',
	UC_E_NET: 'There is no connection. Try again when you are online.',
	UC_E_TLS: 'No secure connection could be made. Try another network.',
	UC_E_VERSION: 'This page and the app do not fit together any more. Load the page again.',
	UC_E_PEER: 'The other app does not answer. Try again later.',
	UC_E_TIMEOUT: 'That took too long. Check your connection, then try again.',
	UC_E_MEMORY: 'This device has not enough memory. Close other tabs, then load the page again.',
};

const BY_CLASS: Record<string, string> = {
	usage: 'That is not possible here.',
	protocol: 'The app gave an answer that makes no sense. Try again later.',
	crypto: 'A security check failed, so nothing was done. Try again; if it stays, tell the app.',
	state: 'That is not possible just now. Try again in a moment.',
	limit: 'That is more than is possible here.',
	store: 'This browser could not store it. Load the page again.',
	net: 'There is no connection. Try again when you are online.',
	memory: 'This device has not enough memory. Close other tabs, then load the page again.',
};

const LIED =
	'The app gave an answer that is not right, so nothing of it was kept. Nothing more is asked until you look again.';

const TAKES_NO_REPORTS_NOW =
	'An app that has to take the report takes no more just now. Try again later.';
const NO_STATEMENT = 'This is not what a service gives. Copy the whole of it, and nothing else.';

/** By code, or by class. */
const DOING: Partial<Record<Doing, Record<string, string>>> = {
	signUp: {
		UC_E_EXISTS: 'There is an account in this browser already. Load the page again.',
		UC_E_NAME:
			'The name has characters that cannot be shown, or is too long. Use up to 64 letters.',
	},
	change: {
		UC_E_RATE:
			'You have changed it several times lately. Wait a while: what you left is kept for you meanwhile.',
	},
	profile: {
		UC_E_NAME:
			'The name has characters that cannot be shown, or is too long. Use up to 64 letters.',
		UC_E_TEXT: 'What you say about yourself has characters that cannot be shown.',
		UC_E_TOO_LARGE: 'That is too much to be shown: up to 140 letters about yourself.',
	},
	recover: {
		UC_E_MALFORMED: 'These are not 24 recovery words. Check their number and how they are written.',
		UC_E_MAC: 'A word is wrong or in another place. Compare them with what you wrote down.',
		UC_E_NOT_FOUND: 'No account of this app belongs to these words.',
		UC_E_EXISTS: 'There is an account in this browser already. Load the page again.',
		UC_E_NAME: 'Give your name, of up to 64 letters.',
	},
	ask: {
		// The same whether nobody has that name or somebody does not want to be found.
		UC_E_NOT_FOUND:
			'Nobody can be found there. Check it for typing mistakes; some people choose not to be found, or only with a contact code.',
		UC_E_CODE: 'A contact code is eight letters and digits, such as 7KQX-M0RA.',
		UC_E_TOO_LARGE: 'The note is too long: up to 140 characters.',
		UC_E_TEXT:
			'Strangers are sent no links and no addresses. Leave it out of the note, or put a space behind the full stop.',
		UC_E_NOT_ALLOWED:
			'Your name looks like a link or an address, and goes with the request. Change it in Settings first.',
		UC_E_RATE: 'You have asked many people. Wait a while before you ask more.',
	},
	invite: { UC_E_LIMIT: 'You have made 100 links that still hold. End some of them first.' },
	invited: {
		UC_E_ARGUMENT: 'This link is your own.',
		UC_E_ADDRESS: 'This link is not whole. Copy it once more.',
		UC_E_TOO_LARGE: 'The note is too long: up to 140 characters.',
		UC_E_TEXT:
			'Strangers are sent no links and no addresses. Leave it out of the note, or put a space behind the full stop.',
		UC_E_NOT_ALLOWED:
			'Your name looks like a link or an address, and goes with the request. Change it in Settings first.',
		UC_E_RATE: 'You have asked many people. Wait a while before you ask more.',
	},
	reach: {
		UC_E_NOT_ALLOWED: 'This cannot be opened at that age.',
		UC_E_STALE: 'Another device of yours has just changed this. Look at it, then save again.',
		UC_E_UNSUPPORTED: 'This app cannot keep these settings yet.',
	},
	'age-ask': {
		UC_E_ARGUMENT: 'This is no name of a service: they look like school.example.',
	},
	age: {
		protocol: NO_STATEMENT,
		UC_E_ARGUMENT: NO_STATEMENT,
		UC_E_TOO_LARGE: NO_STATEMENT,
		UC_E_KEY: 'This was made for another account, or another device of yours.',
		UC_E_NOT_ALLOWED: 'This app does not believe that service, or no more.',
		UC_E_SIGNATURE: 'The service has not signed this, or somebody has changed it.',
		UC_E_STALE:
			'This is too old, or makes you older than a service has said since. Have a new one made.',
		UC_E_UNSUPPORTED: 'This app goes by no service.',
	},
	'code-set': {
		UC_E_NOT_ALLOWED: 'Save first who can reach you.',
		UC_E_STALE: 'Another device of yours has just changed this. Try again.',
		UC_E_UNSUPPORTED: 'This app has no contact codes yet.',
	},
	report: {
		UC_E_ARGUMENT: 'Choose up to 16 messages of one person.',
		UC_E_NOT_FOUND: 'A message was deleted meanwhile, and cannot be reported any more.',
		UC_E_FRANK:
			'The app that hosts this conversation does not stand by this message, so nobody took the report.',
		UC_E_STALE:
			'Nobody can check any more that a message was sent like this: what is needed for it is kept for 90 days. Nobody took the report.',
		UC_E_BUSY: TAKES_NO_REPORTS_NOW,
		UC_E_PEER:
			'The app that hosts this conversation does not answer, so nobody took the report. Try again later.',
		UC_E_TOO_LARGE: 'This is too much for one report. Choose fewer messages, or a shorter note.',
		UC_E_RATE: 'You have reported a lot lately. Wait an hour, then send it again.',
		UC_E_UNSUPPORTED: 'This app takes no reports.',
	},
	file: {
		UC_E_ARGUMENT: 'This file is empty.',
		UC_E_NOT_FOUND:
			'The app that it was sent through has this file no more: it is kept for 30 days. Ask for it once more.',
		UC_E_DECRYPT:
			'What came is not the file that was sent: it was damaged, or changed on the way. Nothing of it was kept.',
		UC_E_PEER: 'The app that it was sent through does not answer. Try again later.',
		UC_E_TOO_LARGE: 'The app does not take files of this size.',
		UC_E_TEXT: 'The name of this file has characters that cannot be sent. Give it another name.',
	},
	'report-request': {
		UC_E_NOT_FOUND: 'This request came before requests could be reported.',
		UC_E_FRANK:
			'The app that this request came from does not stand by it, so nobody took the report.',
		UC_E_STALE:
			'Nobody can check any more that this request was sent like this, so nobody took the report.',
		UC_E_BUSY: TAKES_NO_REPORTS_NOW,
		UC_E_PEER:
			'The app that this request came from does not answer, so nobody took the report. Try again later.',
		UC_E_TOO_LARGE: 'The note is too long. Make it shorter.',
		UC_E_RATE: 'You have reported a lot lately. Wait an hour, then send it again.',
		UC_E_UNSUPPORTED: 'This app takes no reports.',
	},
	link: {
		protocol: 'This is no text of another account. Copy the whole text, and nothing else.',
		UC_E_SIGNATURE: 'This text was changed, or the other account has not signed it.',
		UC_E_STALE: 'This text is too old. Begin again in one of the accounts.',
		UC_E_NOT_FOUND: 'This text is not about this account, or answers nothing that was begun here.',
		UC_E_EXISTS: 'These two accounts are linked. Withdraw that first.',
		UC_E_NOT_ALLOWED: 'Only accounts on two different apps can be linked.',
		UC_E_CLOSED: 'Open a conversation with them first.',
		UC_E_NAME: 'This browser does not know your name on this app, so it cannot be shown.',
	},
	device: {
		UC_E_ARGUMENT: 'This is the device that you use.',
		UC_E_CODE: 'This is no code of a new device, or not the whole of it. Copy it once more.',
		UC_E_TOO_LARGE: 'This is no code of a new device. Copy the code, and nothing else.',
		UC_E_PEER: 'This code is of another app. A device joins an account of its own app.',
		UC_E_NOT_FOUND:
			'No device waits with this code any more: it holds for ten minutes. Look at what the new device shows.',
		UC_E_LIMIT: 'You have 32 devices. End one first.',
		UC_E_REVOKED: 'This device was ended before. Erase it there, and begin anew.',
		UC_E_STALE: 'Your list of devices has just changed. Look at it, then try again.',
		UC_E_UNSUPPORTED:
			'Nothing of this account is kept at the app for other devices, so that none can be added.',
		UC_E_NAME:
			'The name has characters that cannot be shown, or is too long. Use up to 64 letters.',
	},
	join: {
		UC_E_TIMEOUT: 'Nobody has entered the code within ten minutes. Have a new one shown.',
		UC_E_STALE: 'Another code was asked for meanwhile. Have a new one shown.',
		UC_E_CHAIN:
			'What came back is not in order, so nothing was taken. Have a new code shown, to your own device alone.',
	},
	guardian: {
		UC_E_NOT_ALLOWED: 'A guardian is for those below 16, and is not below 16 themselves.',
		UC_E_EXISTS: 'There is one already, who has to end it first.',
		UC_E_CLOSED: 'Open a conversation with them first.',
		UC_E_NOT_FOUND: 'They do not ask this any more.',
	},
	numbers: {
		UC_E_UNSUPPORTED: 'This app does not offer looking for numbers.',
		UC_E_LIMIT: 'These are too many numbers. Forget those that you have looked for, or take fewer.',
		crypto: LIED,
		protocol: LIED,
		UC_E_PEER: LIED,
	},
	findable: {
		UC_E_UNSUPPORTED: 'This app does not offer being found by number.',
		UC_E_NOT_ALLOWED:
			'Say first that you are 18 or older, can be asked by everybody, and found by your exact number.',
		UC_E_NAME: 'This browser does not know your number, as after an account was taken up again.',
	},
	answer: { UC_E_EXISTS: 'You have answered this request already.' },
	send: {
		UC_E_PENDING: 'This may be sent. Look before you send it again.',
		UC_E_TOO_LARGE: 'This message is too long to be sent. Split it into shorter ones.',
		UC_E_NOT_FOUND: 'The message it belongs to is not there any more.',
		UC_E_CLOSED: 'You cannot write here: the conversation is not open.',
	},
	group: {
		UC_E_TOO_LARGE: 'The name is too long. Choose a shorter one.',
		UC_E_NAME:
			'Your name there has characters that cannot be shown, or is too long. Use up to 64 letters.',
	},
	member: {
		UC_E_EXISTS: 'They are in the group already, or on their way.',
		UC_E_POLICY: 'You may not change who is in this group.',
		UC_E_NOT_ALLOWED: 'You have blocked this person.',
	},
	role: { UC_E_POLICY: 'Only an owner of the group gives roles.' },
	direct: { UC_E_NOT_ALLOWED: 'You have blocked this person. Unblock them first.' },
};

/** Why somebody is not in a group that was just made, where people can do something about it. */
export const TOLD = new Set([
	'UC_E_EXHAUSTED',
	'UC_E_NOT_ALLOWED',
	'UC_E_ADDRESS',
	'UC_E_POLICY',
	'UC_E_PEER',
	'UC_E_RATE',
]);

export function isUndercroftError(e: unknown): e is UndercroftError {
	return e instanceof Error && typeof (e as Partial<UndercroftError>).code === 'string';
}

/** What went wrong, for people: our sentence, and the app's own where it has refused. */
export interface Trouble {
	text: string;
	/** as the app wrote it: text of others */
	said: string;
	/** until it is dismissed */
	stays?: boolean;
}

export function troubleOf(e: unknown, doing: Doing = 'other'): Trouble {
	const said = isUndercroftError(e) ? (e.said ?? '') : '';
	// By what it says itself it is more than busy.
	const isBusy = said !== '' && (e as UndercroftError).code === 'UC_E_BUSY';
	return { text: isBusy ? 'The app cannot do this now.' : explain(e, doing), said };
}

/** A sentence for people, with what to do. */
export function explain(e: unknown, doing: Doing = 'other'): string {
	if (!isUndercroftError(e)) return 'Something went wrong. Load the page again.';
	return (
		DOING[doing]?.[e.code] ??
		DOING[doing]?.[e.class] ??
		COMMON[e.code] ??
		BY_CLASS[e.class] ??
		'Something went wrong. Try again.'
	);
}

/** Why the account could not be opened in this tab, and what to do. */
export function explainBroken(e: UndercroftError | null): { what: string; todo: string } {
	switch (e?.code) {
		case 'UC_E_FULL':
			return {
				what: 'This device has no room left to store messages.',
				todo: 'Free some space, then try again. Nothing that was confirmed is lost.',
			};
		case 'UC_E_CORRUPT':
		case 'UC_E_PASSPHRASE':
			return {
				what: 'What this browser has stored of your account cannot be read.',
				todo: 'Try again. If it stays like this, erase this browser and take your account up again with your 24 recovery words.',
			};
		case 'UC_E_RESTORED':
			return {
				what: 'This browser has an older copy of your account.',
				todo: 'It is not safe to go on with it. Erase this browser and take your account up again with your 24 recovery words.',
			};
		case 'UC_E_VERSION':
			return {
				what: 'Your account was opened by a newer version of this app.',
				todo: 'Load the page again to get the newest one.',
			};
		case 'UC_E_MEMORY':
			return {
				what: 'This device has not enough memory.',
				todo: 'Close other tabs, then try again.',
			};
		case 'UC_E_UNSUPPORTED':
			return {
				what: 'This browser lacks something that the app needs.',
				todo: 'Use a current version of Firefox, Chrome, Edge or Safari, outside a private window, and let this site store data.',
			};
		case 'UC_E_NET':
			return {
				what: 'The app could not be loaded as a whole.',
				todo: 'Check your connection, then try again. Nothing that was confirmed is lost.',
			};
		default:
			return {
				what: 'Your account could not be opened or stored.',
				todo: 'Try again. Nothing that was confirmed is lost.',
			};
	}
}
