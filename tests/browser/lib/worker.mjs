// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { WEB } from './backbone.mjs';

/** From its next load on, the person's page runs that script in its worker, before the worker's own. */
export async function addToWorker(person, app, script) {
	// A script that has come from no network may not go to this machine's, where Chromium looks at that.
	await person.context.grantPermissions(['local-network-access']).catch(() => {});
	await person.context.route('**/assets/worker-*.js', (route) => {
		const file = path.join(WEB, app, new URL(route.request().url()).pathname);
		return route.fulfill({
			headers: {
				'content-type': 'text/javascript',
				'cross-origin-embedder-policy': 'require-corp',
				'cross-origin-resource-policy': 'same-origin',
			},
			body: script + readFileSync(file, 'utf8'),
		});
	});
}
