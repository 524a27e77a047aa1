// SPDX-License-Identifier: Apache-2.0
// Lens: people have a handle.  Pictures first.

import '@undercroft/kit/tokens.css';
import '@undercroft/kit/kit.css';
import './lens.css';
import './gallery.css';
import './room.css';
import { startApp } from '@undercroft/kit';
import { open } from '@undercroft/sdk';
import { wasm, worker } from 'undercroft:assets';
import { Shell } from './shell.tsx';
import { Wall } from './wall.tsx';

startApp({
	self: {
		title: 'Lens',
		names: 'handle',
		sentence: 'Give people a handle, not your number. What you write stays between you.',
	},
	open: (app) => open({ app, worker, wasm, software: 'Lens/0.1' }),
	shell: Shell,
	art: <Wall />,
});
