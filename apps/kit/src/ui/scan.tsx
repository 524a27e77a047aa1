// SPDX-License-Identifier: Apache-2.0
// Reading a code with the camera, where the browser can.

import { useEffect, useRef, useState } from 'preact/hooks';
import { codeReader } from '../links.ts';
import { Button } from './button.tsx';
import { Fault } from './said.tsx';

/** Pictures are looked at so often. */
const LOOK_MS = 250;

/** With the camera, where the browser can read such codes; elsewhere nothing. */
export function Scan({
	place,
	onFound,
}: {
	/** what is looked for holds it: see links.ts */
	place: string;
	onFound(text: string): void;
}) {
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
			const found = seen.find((s) => s.rawValue.includes(place));
			if (!found) return void (timer = setTimeout(() => void look(), LOOK_MS));
			setOn(false);
			onFound(found.rawValue);
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
				setError('The camera cannot be used. Allow it in the browser, or paste the text.');
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
			<Fault of={error} />
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
