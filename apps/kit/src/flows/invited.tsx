// SPDX-License-Identifier: Apache-2.0
// Asking by a link of somebody's: opened in this browser, pasted, or scanned.

import { useEffect, useRef, useState } from 'preact/hooks';
import { appOf, asBrought, asShown, codeReader } from '../links.ts';
import { LIMITS } from '../model.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Form, TextArea } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { AppBadge } from '../ui/list.tsx';

const NO_LINK = 'This is no link of an invitation, or not the whole of it. Copy it once more.';

export function AskByLink({
	opened,
	onDone,
}: {
	/** what stood in the address */
	opened?: string | undefined;
	onDone(): void;
}) {
	const model = useModel();
	const [typed, setTyped] = useState('');
	const [note, setNote] = useState('');
	const [wrong, setWrong] = useState<string | null>(null);
	const [sentTo, setSentTo] = useState<string | null>(null);
	const action = useAction();
	const done = useRef<HTMLButtonElement>(null);
	useEffect(() => {
		if (sentTo !== null) done.current?.focus();
	}, [sentTo]);
	const link = opened ? `https://${model.domain.value}/#/link/${opened}` : asBrought(typed);
	const left = LIMITS.note - [...note].length;

	async function submit() {
		setWrong(null);
		if (left < 0) return;
		let app: string | null = null;
		const asked = await action.run('invited', async () => {
			app = (await model.look((c) => appOf(c, link))) ?? null;
			if (app === null) setWrong(NO_LINK);
			else await model.askByLink(link, note.trim());
		});
		if (asked && app !== null) setSentTo(app);
	}

	if (sentTo !== null) {
		return (
			<div class="k-outcome">
				<p class="k-good" role="status">
					<Icon name="check" />
					<span>Your request to somebody on {model.appTitle(sentTo)} was sent.</span>
				</p>
				<p>
					When it is accepted, your conversation opens. You are not told when it is declined, or
					when the link does not hold any more.
				</p>
				<div class="k-buttons">
					<Button kind="main" buttonRef={done} onClick={onDone}>
						Done
					</Button>
				</div>
			</div>
		);
	}

	return (
		<Form label="Ask by a link" error={action.error} onSubmit={() => void submit()}>
			{opened ? (
				<>
					<p>
						Somebody <AppBadge app={model.domain.value} always /> invites you to write to them. You
						see who it is when they have accepted.
					</p>
					{wrong && (
						<p class="k-error" role="alert">
							{wrong}
						</p>
					)}
				</>
			) : (
				<>
					<TextArea
						label="Link"
						rows={3}
						value={typed}
						onValue={(t) => {
							setTyped(t);
							setWrong(null);
						}}
						error={wrong}
						hint="As you were given it, from whatever app it is."
						autocomplete="off"
						autocapitalize="none"
						spellcheck={false}
						focus
					/>
					<Scan onFound={setTyped} />
				</>
			)}
			<TextArea
				label="Note"
				rows={2}
				value={note}
				onValue={setNote}
				error={left < 0 ? `${-left} characters too many.` : null}
				hint={`They see it with your name before they answer. ${Math.max(left, 0)} characters left.`}
			/>
			<div class="k-buttons">
				<Button kind="main" type="submit" busy={action.busy}>
					Send request
				</Button>
			</div>
			{opened && (
				<>
					<p class="k-hint">
						You use another app? Copy the link, and bring it there: Find someone, then By a link.
					</p>
					<div class="k-buttons">
						<CopyButton text={asShown(link, model.domain.value, location.origin)} />
					</div>
				</>
			)}
		</Form>
	);
}

/** Pictures are looked at so often. */
const LOOK_MS = 250;

/** With the camera, where the browser can read such codes; elsewhere nothing. */
function Scan({ onFound }: { onFound(text: string): void }) {
	const [reader, setReader] = useState<Awaited<ReturnType<typeof codeReader>>>(null);
	const [isOn, setOn] = useState(false);
	const [error, setError] = useState<string | null>(null);
	const video = useRef<HTMLVideoElement>(null);
	useEffect(() => void codeReader().then(setReader), []);
	useEffect(() => {
		if (!isOn || !reader) return;
		let stream: MediaStream | null = null;
		let timer: ReturnType<typeof setTimeout> | undefined;
		let isOver = false;
		async function look(): Promise<void> {
			const seen = await reader!.detect(video.current!).catch(() => []);
			if (isOver) return;
			const link = seen.find((s) => s.rawValue.includes('/#/link/'));
			if (!link) return void (timer = setTimeout(() => void look(), LOOK_MS));
			setOn(false);
			onFound(link.rawValue);
		}
		navigator.mediaDevices
			.getUserMedia({ video: { facingMode: 'environment' } })
			.then(async (s) => {
				stream = s;
				if (isOver || !video.current) return stop();
				video.current.srcObject = s;
				await video.current.play();
				await look();
			})
			.catch(() => {
				if (isOver) return;
				setError('The camera cannot be used. Allow it in the browser, or paste the link.');
				setOn(false);
			});
		function stop() {
			isOver = true;
			clearTimeout(timer);
			for (const track of stream?.getTracks() ?? []) track.stop();
		}
		return stop;
	}, [isOn, reader]);
	if (!reader) return null;
	return (
		<div class="k-scan">
			{isOn && (
				<video
					ref={video}
					class="k-scan-picture"
					muted
					playsInline
					aria-label="What the camera sees"
				/>
			)}
			{error && (
				<p class="k-error" role="alert">
					{error}
				</p>
			)}
			<Button
				icon="qr"
				onClick={() => {
					setError(null);
					setOn(!isOn);
				}}
			>
				{isOn ? 'Stop the camera' : 'Scan a QR code'}
			</Button>
		</div>
	);
}
