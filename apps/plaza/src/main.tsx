// SPDX-License-Identifier: Apache-2.0
// Plaza: people have a name and an e-mail address, and meet in groups.

import '@undercroft/kit/tokens.css';
import '@undercroft/kit/kit.css';
import './plaza.css';
import './list.css';
import './room.css';
import './welcome.css';
import { startApp } from '@undercroft/kit';
import { open } from '@undercroft/sdk';
import { wasm, worker } from 'undercroft:assets';
import { About } from './room.tsx';
import { Shell } from './shell.tsx';
import { Square } from './square.tsx';

startApp({
	self: {
		title: 'Plaza',
		names: 'address',
		sentence: 'Bring your people together, whichever app each of them is on.',
	},
	open: (app) => open({ app, worker, wasm, software: 'Plaza/0.1' }),
	shell: Shell,
	art: <Square />,
	panels: { 'room-info': About },
});
