// SPDX-License-Identifier: Apache-2.0
// The safety number of two people: equal on both sides when nobody stands between them.

import { useEffect, useState } from 'preact/hooks';
import type { Contact } from '@undercroft/sdk';
import { troubleOf, type Trouble } from '../errors.ts';
import { Button } from './button.tsx';
import { useModel } from './context.ts';
import { Icon } from './icons.tsx';
import { Fault, Warning } from './said.tsx';
import { Name } from './text.tsx';

export function SafetyNumber({ contact }: { contact: Contact }) {
	const model = useModel();
	const [number, setNumber] = useState<string[] | null>(null);
	const [error, setError] = useState<Trouble | null>(null);
	useEffect(() => {
		let isThere = true;
		model.safetyNumber(contact.id).then(
			(n) => isThere && setNumber(n.trim().split(/\s+/)),
			(e: unknown) => isThere && setError(troubleOf(e)),
		);
		return () => void (isThere = false);
	}, [contact.id, contact.accountKey]);
	const alarm = model.alarms.value.has(contact.id);
	return (
		<div class="k-safety">
			{alarm && (
				<Warning alert>
					Somebody else answers where <Name of={contact.name} /> did. Compare the number again
					before you write anything private.
				</Warning>
			)}
			<p>
				Compare this number with <Name of={contact.name} />, face to face or in a call. When it is
				the same on both devices, it is them that you write with, and nobody in between.
			</p>
			<Fault of={error} />
			<ol class="k-safety-number" aria-label="Safety number" translate={false}>
				{(number ?? Array<string>(12).fill('\u00A0')).map((group, i) => (
					<li key={i} aria-label={[...group].join(' ')}>
						{group}
					</li>
				))}
			</ol>
			{contact.verified && !alarm ? (
				<>
					<p class="k-good">
						<Icon name="shield" />
						<span>You have compared it and marked it as verified.</span>
					</p>
					<Button onClick={() => void model.setVerified(contact.id, false)}>
						Not verified any more
					</Button>
				</>
			) : (
				<Button kind="main" icon="shield" onClick={() => void model.setVerified(contact.id, true)}>
					Mark as verified
				</Button>
			)}
		</div>
	);
}
