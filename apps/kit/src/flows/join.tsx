// SPDX-License-Identifier: Apache-2.0
// This browser becomes a further device of an account: it shows a code, which is entered on a device that
// has the account, and waits for it.

import { useEffect, useState } from 'preact/hooks';
import { becomeDevice } from '../devices.ts';
import { asShown } from '../links.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { CopyButton } from '../ui/copy.tsx';
import { TextArea } from '../ui/field.tsx';
import { QrCode } from '../ui/qr.tsx';
import { Fault, Warning } from '../ui/said.tsx';

export function Join({ onBack }: { onBack(): void }) {
	const model = useModel();
	const [code, setCode] = useState<string | null>(null);
	const joining = useAction();
	const leaving = useAction();
	function begin() {
		setCode(null);
		// Once it is in, the app stands in the place of this.
		void joining.run('join', () => model.perform((c) => becomeDevice(c, setCode)));
	}
	useEffect(begin, []);
	/** The code leads nowhere any more: nothing else is stored here yet. */
	async function back() {
		if (!joining.busy) return onBack();
		await leaving.run('other', () => model.erase());
	}
	const text = code && asShown(code, model.domain.value, location.origin);
	return (
		<div class="k-carry">
			{joining.error ? (
				<>
					<Fault of={joining.error} />
					<div class="k-buttons">
						<Button kind="main" onClick={begin}>
							Show a new code
						</Button>
						<Button kind="quiet" onClick={onBack}>
							Back
						</Button>
					</div>
				</>
			) : (
				<>
					<p role="status">
						{text &&
							'On a device that has your account, within ten minutes: Settings, My devices, Add a device. Scan this there, or bring the code. It goes on here by itself.'}
					</p>
					{text && (
						<>
							<QrCode text={text} label="QR code of this browser" />
							<TextArea
								label="Code of this browser"
								value={text}
								onValue={() => undefined}
								readOnly
								rows={4}
								spellcheck={false}
							/>
							<Warning>
								Show this to nobody else. Whoever enters it has this browser in their account, and
								reads what you write in it.
							</Warning>
						</>
					)}
					<Fault of={leaving.error} />
					<div class="k-buttons">
						{text && <CopyButton text={text} main />}
						<Button kind="quiet" busy={leaving.busy} onClick={() => void back()}>
							Back
						</Button>
					</div>
				</>
			)}
		</div>
	);
}
