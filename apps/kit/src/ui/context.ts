// SPDX-License-Identifier: Apache-2.0
// How components reach the state.

import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { troubleOf, type Doing, type Trouble } from '../errors.ts';
import type { Model } from '../model.ts';

export const ModelContext = createContext<Model | null>(null);

export function useModel(): Model {
	const model = useContext(ModelContext);
	if (!model) throw new Error('a component of the kit stands outside <Root>');
	return model;
}

/** Names joined, without what is not there. */
export function classes(...names: (string | false | null | undefined)[]): string {
	return names.filter(Boolean).join(' ');
}

export interface Action {
	busy: boolean;
	/** what went wrong, for people */
	error: Trouble | null;
	setError(trouble: Trouble | null): void;
	/** Runs one at a time; true when it went well. */
	run(doing: Doing, action: () => Promise<unknown>): Promise<boolean>;
}

/** Something a form does: whether it is under way, and what went wrong. */
export function useAction(): Action {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<Trouble | null>(null);
	const running = useRef(false);
	const isThere = useRef(true);
	useEffect(() => {
		isThere.current = true;
		return () => void (isThere.current = false);
	}, []);
	return {
		busy,
		error,
		setError,
		async run(doing, action) {
			if (running.current) return false;
			running.current = true;
			setBusy(true);
			setError(null);
			try {
				await action();
				return true;
			} catch (e) {
				if (isThere.current) setError(troubleOf(e, doing));
				return false;
			} finally {
				running.current = false;
				if (isThere.current) setBusy(false);
			}
		},
	};
}
