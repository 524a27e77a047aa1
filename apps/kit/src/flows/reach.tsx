// SPDX-License-Identifier: Apache-2.0
// Who can reach the account: how old its person is, who may ask, add and find.

import { useEffect, useState } from 'preact/hooks';
import type { Age, AgeKnown, Settings, SettingsChange } from '@undercroft/sdk';
import { AGE_LABEL, AGES, isAgeClosed, isClosed, isMinor, isYoung } from '../reach.ts';
import { goBack } from '../route.ts';
import { Sure, useSure } from '../ui/confirm.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Form, Options } from '../ui/field.tsx';
import { AgeThatCounts, useAgeKnown, Vouching } from './ages.tsx';
import { ContactCode } from './contact-code.tsx';
import { Good, Warning } from '../ui/said.tsx';

const MEANS: Record<Age, string> = {
	child: 'Nobody can ask you, whoever they are.',
	'13-15':
		'Nobody of 18 or older can ask you, in no way. Others of your age can, with a link that you gave them.',
	'16-17':
		'Who is 18 or older can ask you only with a link that you gave them, and not by looking you up.',
	adult: 'Everybody can ask you in the ways that stand below.',
	unknown: 'You are reached as somebody of 16 or 17 is, and ask as somebody of 18 or older does.',
};

const NAMES = {
	number: 'phone number',
	handle: 'handle',
	address: 'e-mail address',
} as const;

const CLOSED = 'Closed below 16, whatever is chosen here.';

/** The settings of all ages, before anything is changed. */
function useBeginnings(): Record<Age, Settings> | null {
	const model = useModel();
	const [all, setAll] = useState<Record<Age, Settings> | null>(null);
	useEffect(() => {
		let isThere = true;
		void model
			.attempt('other', (c) => Promise.all(AGES.map((age) => c.defaultSettings(age))))
			.then((list) => {
				if (isThere && list)
					setAll(Object.fromEntries(list.map((s) => [s.age, s])) as Record<Age, Settings>);
			});
		return () => void (isThere = false);
	}, []);
	return all;
}

/** The app has shown others than this device knows: it cannot do so unseen. */
export function ReachAlarm() {
	const model = useModel();
	const settings = model.settings.value;
	if (!settings?.appShowedOthers) return null;
	const { title } = model.self;
	return (
		<Warning alert>
			{settings.said
				? `${title} has shown other settings than those you made here. It may have lost them, or changed them. Yours were put there again; save them once more if they are right.`
				: `${title} has settings of yours that this device does not know, as after an account was taken up again. Choose here, and save.`}
		</Warning>
	);
}

export function WhoCanReachMe() {
	const counts = useAgeKnown();
	return (
		<div class="k-requests">
			<Choices counts={counts} />
			<ContactCode />
			<Vouching />
		</div>
	);
}

function Choices({ counts }: { counts: AgeKnown | null }) {
	const model = useModel();
	const known = model.settings.value;
	const begins = useBeginnings();
	const [draft, setDraft] = useState<SettingsChange | null>(null);
	const sure = useSure();
	const [isSaved, setSaved] = useState(false);
	const action = useAction();
	if (!known || !begins) return null;
	const now = draft ?? known;
	const begin = begins[now.age];
	const binds = isMinor(now.age) && !(known.said && known.age === now.age);
	const hasGuardian = model.guardian.value?.state === 'named';
	const name = NAMES[model.account.value?.names ?? model.self.names];

	function change(c: Partial<SettingsChange>) {
		setDraft({ ...now, ...c });
		setSaved(false);
	}

	async function submit() {
		if (binds && !sure.ask()) return;
		const { age, ask, add, findByName, findByNumber } = now;
		const next = { age, ask, add, findByName, findByNumber };
		if (!(await action.run('reach', () => model.setSettings(next)))) return;
		setDraft(null);
		sure.set(false);
		setSaved(true);
	}

	return (
		<Form
			label="Who can reach you"
			action={action}
			onSubmit={submit}
			send="Save"
			onBack={goBack}
			back={isSaved ? 'Done' : 'Cancel'}
		>
			<ReachAlarm />
			<p class="k-hint">
				People you are in contact with can always write to you. Here you choose who else can, and
				how. This device signs it, so that {model.self.title} cannot change it without your seeing
				it.
			</p>
			{!known.said && (
				<p>Nothing was chosen yet: what {model.self.title} begins with holds until you save.</p>
			)}
			<AgeThatCounts known={counts} />
			<Options<Age>
				label="How old are you?"
				hint={
					known.said && isMinor(known.age)
						? 'Once you have said to be younger than 18, you do not become older here.'
						: 'As you say it. When you ask somebody, their app is told whether you are below 18, and not who you are.'
				}
				value={now.age}
				onValue={(age) => {
					// Another age begins with its own.
					const { ask, add, findByName, findByNumber } = begins[age];
					setDraft({ age, ask, add, findByName, findByNumber });
					setSaved(false);
					sure.set(sure.is);
				}}
				options={AGES.map((age) => ({
					value: age,
					label: AGE_LABEL[age],
					hint: age === now.age ? MEANS[age] : null,
					closed: isAgeClosed(known, age, counts) ? 'Closed: you have said to be younger.' : null,
				}))}
			/>
			<Options<Settings['ask']>
				label="Who may ask to write to you?"
				value={now.ask}
				onValue={(ask) => change({ ask })}
				options={[
					{
						value: 'anybody',
						label: now.age === 'adult' ? 'Everybody' : 'Everybody whom your age lets',
						closed: isClosed(begin, 'ask', 'anybody') ? CLOSED : null,
					},
					{
						value: 'handed',
						label: 'Only who has a link from me',
						closed: isClosed(begin, 'ask', 'handed') ? CLOSED : null,
					},
					{ value: 'nobody', label: 'Nobody' },
				]}
			/>
			<Options<Settings['add']>
				label="Who may add you to groups?"
				value={now.add}
				onValue={(add) => change({ add })}
				options={[
					{
						value: 'contacts',
						label: 'People I am in contact with',
						closed:
							isClosed(begin, 'add', 'contacts') && !hasGuardian
								? 'Closed below 16 for who has no guardian.'
								: null,
						hint: isYoung(begin.age) ? 'Your guardian agrees to each group.' : null,
					},
					{
						value: 'nobody',
						label: 'Nobody',
						hint: 'You are in groups only that you make yourself.',
					},
				]}
			/>
			<Options<'yes' | 'no'>
				label={`Can you be found by your exact ${name}?`}
				value={now.findByName ? 'yes' : 'no'}
				onValue={(is) => change({ findByName: is === 'yes' })}
				options={[
					{
						value: 'yes',
						label: 'Yes',
						hint: isMinor(now.age) ? 'By others below 18.' : null,
						closed: isYoung(begin.age) && !begin.findByName ? CLOSED : null,
					},
					{
						value: 'no',
						label: 'No',
						hint: 'Whoever looks for you is told the same as where nobody is.',
					},
				]}
			/>
			{binds && (
				<Sure of={sure} error="Tick this if the age is right.">
					I understand that I cannot become older here by saying so
				</Sure>
			)}
			{isSaved && <Good>Saved. {model.self.title} acts by it from now on.</Good>}
		</Form>
	);
}
