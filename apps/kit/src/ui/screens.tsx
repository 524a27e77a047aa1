// SPDX-License-Identifier: Apache-2.0
// What stands in the place of the app when it cannot be used here.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { explainBroken } from '../errors.ts';
import { openPanel } from '../route.ts';
import { Button } from './button.tsx';
import { useModel } from './context.ts';
import { Icon, type IconName } from './icons.tsx';
import { Unsent } from './unsent.tsx';

function Screen({
	icon,
	title,
	children,
}: {
	icon: IconName;
	title: string;
	children: ComponentChildren;
}) {
	return (
		<main class="k-screen">
			<div class="k-screen-box">
				<span class="k-screen-icon">
					<Icon name={icon} />
				</span>
				<h1>{title}</h1>
				{children}
				<Unsent />
			</div>
		</main>
	);
}

/** Another tab has the account; this one goes on by itself when that one is closed. */
export function ElsewhereScreen() {
	const { self } = useModel();
	return (
		<Screen icon="copy" title={`${self.title} is open in another tab`}>
			<p>Go on there. When that tab is closed, this one continues by itself.</p>
		</Screen>
	);
}

export function BrokenScreen() {
	const model = useModel();
	const { what, todo } = explainBroken(model.reason.value);
	return (
		<Screen icon="alert" title={what}>
			<p>{todo}</p>
			<div class="k-buttons">
				<Button kind="main" onClick={() => location.reload()}>
					Try again
				</Button>
				<Button kind="danger" onClick={() => openPanel('erase')}>
					Sign out and erase this browser
				</Button>
			</div>
			{model.reason.value && <p class="k-hint">{model.reason.value.code}</p>}
		</Screen>
	);
}

/** This device is not listed any more, or the account was deleted. */
export function GoneScreen({ deleted }: { deleted: boolean }) {
	const { self } = useModel();
	const title = deleted ? 'This account was deleted' : `You are signed out of ${self.title}`;
	return (
		<Screen icon="device" title={title}>
			{deleted ? (
				<p>
					You have deleted it, here or on another device of yours. What this browser had received is
					still here until you erase it.
				</p>
			) : (
				<p>
					The account was taken up again on another device, or another device of yours has ended
					this one. To use it here, erase this browser, then add it on another device of yours, or
					take your account up again with your recovery words.
				</p>
			)}
			<div class="k-buttons">
				<Button kind="danger" onClick={() => openPanel('erase')}>
					Sign out and erase this browser
				</Button>
			</div>
		</Screen>
	);
}

export function ClosedScreen() {
	const { self } = useModel();
	return (
		<Screen icon="exit" title={`${self.title} is closed in this tab`}>
			<div class="k-buttons">
				<Button kind="main" onClick={() => location.reload()}>
					Open it again
				</Button>
			</div>
		</Screen>
	);
}

/** Something could not be drawn. */
export function FaultScreen() {
	return (
		<Screen icon="alert" title="Something here could not be shown.">
			<p>Load the page again. Nothing that was confirmed is lost.</p>
			<div class="k-buttons">
				<Button
					kind="main"
					onClick={() => {
						// Perhaps it is of one conversation alone.
						location.hash = '#/';
						location.reload();
					}}
				>
					Load the page again
				</Button>
			</div>
		</Screen>
	);
}

/** Nothing for a moment, then a word: most openings are over before that. */
export function OpeningScreen() {
	const { self } = useModel();
	const [isLong, setLong] = useState(false);
	useEffect(() => {
		const timer = setTimeout(() => setLong(true), 600);
		return () => clearTimeout(timer);
	}, []);
	return (
		<main class="k-screen" aria-busy="true">
			<div class="k-screen-box">
				<h1 class="k-opening">{self.title}</h1>
				<p role="status">{isLong ? 'Opening\u2026' : ''}</p>
			</div>
		</main>
	);
}
