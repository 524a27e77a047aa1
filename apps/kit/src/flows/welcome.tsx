// SPDX-License-Identifier: Apache-2.0
// The first screen: sign up, or take an account up again.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { LIMITS } from '../model.ts';
import { mistake, NAME_FIELD, normalise } from '../names.ts';
import { route } from '../route.ts';
import { Button, LinkButton } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Field, Form, TextArea } from '../ui/field.tsx';
import { CodeField, NameField } from '../ui/name-field.tsx';
import { ConnectionNotice } from '../ui/notices.tsx';
import { Fault } from '../ui/said.tsx';
import { WordsCard } from '../ui/words.tsx';
import { Join } from './join.tsx';

type Step = 'start' | 'name' | 'code' | 'words' | 'recover' | 'join';

const TITLES: Record<Step, string> = {
	start: '',
	name: 'Sign up',
	code: 'Enter the code',
	words: 'Your recovery words',
	recover: 'Take up your account again',
	join: 'Use your account here, too',
};

export function Welcome({
	art,
}: {
	/** the app's own picture or words beside the form */
	art?: ComponentChildren;
}) {
	const model = useModel();
	const kind = model.account.value?.names ?? model.namesOf(model.domain.value) ?? model.self.names;
	const [step, setStep] = useState<Step>(
		// The code that was shown before goes on to hold.
		model.account.value?.state === 'joining' ? 'join' : 'start',
	);
	const [identifier, setIdentifier] = useState('');
	const [words, setWords] = useState<string | null>(null);

	const title = useRef<HTMLHeadingElement>(null);
	// The other steps have a field that takes the focus.
	useEffect(() => {
		if (step === 'words' || step === 'join') title.current?.focus();
	}, [step]);

	function done() {
		setWords(null);
		model.isWelcoming.value = false;
	}

	return (
		<main class="k-welcome">
			<div class="k-welcome-side">
				<h1 class="k-brand">{model.self.title}</h1>
				<p class="k-welcome-sentence">{model.self.sentence}</p>
				{art}
			</div>
			<div class="k-welcome-form">
				<ConnectionNotice />
				{step !== 'start' && (
					<h2 ref={title} tabIndex={-1}>
						{TITLES[step]}
					</h2>
				)}
				{step === 'start' && route.value.panel === 'invited' && (
					<p>
						Somebody on {model.self.title} invites you to write to them. Sign up, and you can ask.
						Or copy this page's address, and bring it to the app that you use: Find someone, then By
						a link.
					</p>
				)}
				{step === 'start' && route.value.panel === 'add-device' && (
					<p>
						This is the code of a device that is to come into an account. Open it where you have
						yours: in Settings, My devices, Add a device.
					</p>
				)}
				{step === 'start' && (
					<div class="k-welcome-start">
						<Button kind="main" wide onClick={() => setStep('name')}>
							Sign up
						</Button>
						<Button kind="quiet" wide onClick={() => setStep('join')}>
							I have it on another device
						</Button>
						<Button kind="quiet" wide onClick={() => setStep('recover')}>
							I have an account and its 24 words
						</Button>
					</div>
				)}
				{step === 'name' &&
					(NAME_FIELD[kind].code ? (
						<GiveName
							start={identifier}
							onBack={() => setStep('start')}
							onSent={(to) => {
								setIdentifier(to);
								setStep('code');
							}}
						/>
					) : (
						<Finish
							identifier={null}
							onBack={() => setStep('start')}
							onWords={(w) => {
								setWords(w);
								setStep('words');
							}}
						/>
					))}
				{step === 'code' && (
					<Finish
						identifier={identifier}
						onBack={() => setStep('name')}
						onWords={(w) => {
							setWords(w);
							setStep('words');
						}}
					/>
				)}
				{step === 'words' && words && (
					<WordsCard
						words={words}
						onConfirm={() => model.recoveryConfirmed()}
						onDone={done}
						onLater={done}
					/>
				)}
				{step === 'join' && <Join onBack={() => setStep('start')} />}
				{step === 'recover' && <Recover onBack={() => setStep('start')} />}
			</div>
		</main>
	);
}

/** A number or address, to which a code is sent. */
function GiveName({
	start,
	onBack,
	onSent,
}: {
	start: string;
	onBack(): void;
	onSent(identifier: string): void;
}) {
	const model = useModel();
	const kind = model.account.value?.names ?? model.namesOf(model.domain.value) ?? model.self.names;
	const [typed, setTyped] = useState(start);
	const [wrong, setWrong] = useState<string | null>(null);
	const action = useAction();
	const identifier = normalise(kind, typed);

	async function submit() {
		const error = mistake(kind, identifier);
		setWrong(error);
		if (error) return;
		if (await action.run('code', () => model.requestCode(identifier))) onSent(identifier);
	}

	return (
		<Form
			label="Sign up"
			action={action}
			onSubmit={submit}
			send="Send code"
			onBack={onBack}
			back="Back"
		>
			<NameField
				kind={kind}
				error={wrong}
				value={typed}
				onValue={(t) => {
					setTyped(t);
					setWrong(null);
				}}
			/>
		</Form>
	);
}

/** Seconds before a code may be asked for again. */
const AGAIN_S = 30;

/** The code, or a handle; and the name that others see. */
function Finish({
	identifier,
	onBack,
	onWords,
}: {
	/** null: a handle that is chosen here */
	identifier: string | null;
	onBack(): void;
	onWords(words: string): void;
}) {
	const model = useModel();
	const kind = model.account.value?.names ?? model.namesOf(model.domain.value) ?? model.self.names;
	const [handle, setHandle] = useState('');
	const [code, setCode] = useState('');
	const [name, setName] = useState('');
	const [wrong, setWrong] = useState<{ handle?: string; code?: string; name?: string }>({});
	const [left, setLeft] = useState(AGAIN_S);
	const action = useAction();
	const again = useAction();

	useEffect(() => {
		if (left <= 0 || identifier === null) return;
		const timer = setTimeout(() => setLeft(left - 1), 1000);
		return () => clearTimeout(timer);
	}, [left]);

	async function submit() {
		const chosen = identifier ?? normalise('handle', handle);
		const found: typeof wrong = {};
		if (identifier === null) {
			const error = mistake('handle', chosen);
			if (error) found.handle = error;
		} else if (code.trim() === '') {
			found.code = 'Enter the code that you were sent.';
		}
		if (name.trim() === '') found.name = 'Give the name that others see.';
		setWrong(found);
		if (found.handle || found.code || found.name) return;
		let words = '';
		const isDone = await action.run('signUp', async () => {
			words = await model.signUp({
				identifier: chosen,
				profileName: name.trim(),
				...(identifier === null ? {} : { code: code.trim() }),
			});
		});
		if (isDone) onWords(words);
	}

	return (
		<Form
			label="Sign up"
			action={action}
			onSubmit={submit}
			send="Continue"
			onBack={onBack}
			back="Back"
		>
			{identifier === null ? (
				<NameField kind="handle" error={wrong.handle} value={handle} onValue={setHandle} />
			) : (
				<>
					<CodeField
						kind={kind}
						sentTo={identifier}
						onOther={onBack}
						error={wrong.code}
						value={code}
						onValue={setCode}
						hint={
							left > 0 ? (
								`Nothing yet? A new one can be sent in ${left} seconds.`
							) : (
								<LinkButton
									onClick={() =>
										void again
											.run('code', () => model.requestCode(identifier))
											.then((ok) => ok && setLeft(AGAIN_S))
									}
								>
									Send a new code
								</LinkButton>
							)
						}
					/>
					<Fault of={again.error} />
				</>
			)}
			<Field
				label="Your name"
				autocomplete="name"
				autocapitalize="words"
				enterKeyHint="done"
				maxLength={LIMITS.name}
				hint="As the people you write with see it."
				error={wrong.name}
				value={name}
				onValue={setName}
			/>
		</Form>
	);
}

function Recover({ onBack }: { onBack(): void }) {
	const model = useModel();
	const [words, setWords] = useState('');
	const [name, setName] = useState('');
	const [wrong, setWrong] = useState<{ words?: string; name?: string }>({});
	const action = useAction();

	async function submit() {
		const typed = words
			.trim()
			.toLowerCase()
			.split(/[\s,.\d]+/u)
			.filter(Boolean);
		const found: typeof wrong = {};
		if (typed.length !== 24) found.words = `There are 24 words; these are ${typed.length}.`;
		if (name.trim() === '') found.name = 'Give the name that others see.';
		setWrong(found);
		if (found.words || found.name) return;
		const ok = await action.run('recover', () =>
			model.recover({ words: typed.join(' '), profileName: name.trim() }),
		);
		// Browsers keep the text that a pattern has matched last.
		/-/.test('-');
		if (ok) setWords('');
	}

	return (
		<Form
			label="Take up your account again"
			action={action}
			onSubmit={submit}
			send="Take up my account"
			onBack={onBack}
			back="Back"
		>
			<p>
				Your account goes on in this browser, and ends on all devices that had it before. The people
				you know and your conversations come back; what was written in them stays on those devices.
			</p>
			<TextArea
				label="Recovery words"
				rows={4}
				autocomplete="off"
				autocapitalize="none"
				spellcheck={false}
				hint="All 24, in their order, with blanks between them."
				error={wrong.words}
				focus
				value={words}
				onValue={setWords}
			/>
			<Field
				label="Your name"
				autocomplete="name"
				autocapitalize="words"
				maxLength={LIMITS.name}
				hint="As the people you write with see it."
				error={wrong.name}
				value={name}
				onValue={setName}
			/>
		</Form>
	);
}
