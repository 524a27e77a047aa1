// SPDX-License-Identifier: Apache-2.0
// Dial: people have a number.  Calm and dense.

import '@undercroft/kit/tokens.css';
import '@undercroft/kit/kit.css';
import './dial.css';
import { startApp } from '@undercroft/kit';
import { open } from '@undercroft/sdk';
import { wasm, worker } from 'undercroft:assets';
import { Plate } from './plate.tsx';
import { Shell } from './shell.tsx';

startApp({
	self: {
		title: 'Dial',
		names: 'number',
		sentence: 'Write to anyone whose number you have. Only the two of you can read it.',
	},
	open: (app) => open({ app, worker, wasm, software: 'Dial/0.1' }),
	shell: Shell,
	art: <Plate />,
});
