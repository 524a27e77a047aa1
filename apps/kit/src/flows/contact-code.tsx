// SPDX-License-Identifier: Apache-2.0
// The contact code: who has it can find the account by its name, and nobody else.

import { useEffect, useState } from 'preact/hooks';
import { isUndercroftError } from '../errors.ts';
import { whenSeen } from '../reach.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Fault, Good } from '../ui/said.tsx';

export function ContactCode() {
	const model = useModel();
	const action = useAction();
	const settings = model.settings.value;
	const [code, setCode] = useState<string | null>(null);
	const [said, setSaid] = useState<string | null>(null);
	const hasCode = settings?.hasCode ?? false;
	useEffect(() => {
		let isThere = true;
		if (hasCode)
			void model
				.look((c) =>
					c.contactCode().catch((e: unknown) => {
						// Another device has made it.
						if (isUndercroftError(e) && e.code === 'UC_E_NOT_FOUND') return null;
						throw e;
					}),
				)
				.then((found) => isThere && setCode(found ?? null));
		else setCode(null);
		return () => void (isThere = false);
	}, [hasCode]);
	if (!settings) return null;

	async function set(wanted: boolean) {
		setSaid(null);
		const isDone = await action.run('code-set', async () =>
			setCode((await model.perform((c) => whenSeen(c, () => c.setContactCode(wanted)))) || null),
		);
		if (!isDone) return;
		setSaid(
			!wanted
				? 'Removed. Nobody needs a code any more.'
				: hasCode
					? 'Changed. The one before finds nobody from now on.'
					: 'Set. Tell it to whom you want to be found by.',
		);
	}

	return (
		<section aria-labelledby="k-contact-code">
			<h3 id="k-contact-code">Contact code</h3>
			<p class="k-hint">
				With a code, you are found only by who gives it together with how you are found here. To
				everybody else nobody is there. People you are in contact with do not need it.
			</p>
			{hasCode && (
				<p>
					{code ? (
						<>
							Your code: <code class="k-code">{code}</code>
						</>
					) : (
						'There is one, which another device of yours has made. A new one can be made here.'
					)}
				</p>
			)}
			{said && <Good>{said}</Good>}
			<Fault of={action.error} />
			<div class="k-buttons">
				{hasCode && code && <CopyButton text={code} />}
				<Button icon="key" busy={action.busy} onClick={() => void set(true)}>
					{hasCode ? 'New code' : 'Make a code'}
				</Button>
				{hasCode && (
					<Button kind="quiet" busy={action.busy} onClick={() => void set(false)}>
						Remove the code
					</Button>
				)}
			</div>
		</section>
	);
}
