// SPDX-License-Identifier: Apache-2.0
// The content security policy is in force: what somebody who got something into the page would do
// next is refused, and nothing reaches another origin.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from './lib/suite.mjs';
import { within } from './lib/wait.mjs';

/** Another origin that would welcome everybody, and counts who comes. */
async function elsewhere() {
	let came = 0;
	// A bare connection does not count: Chromium makes one before it looks at what a form may do.
	const server = createServer((_, answer) => {
		came++;
		answer.setHeader('access-control-allow-origin', '*');
		answer.setHeader('content-type', 'text/javascript');
		answer.end('window.ran = 1');
	});
	server.on('upgrade', (_, socket) => {
		came++;
		socket.destroy();
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		host: `elsewhere.localhost:${server.address().port}`,
		came: () => came,
		close: () => server.closeAllConnections() ?? server.close(),
	};
}

// What is tried, each in a turn of the page's own: what a debugger evaluates may do more.  Each
// gives true when it succeeded.
const tries = (host) => ({
	'an inline script': `const s = document.createElement('script'); s.textContent = 'window.inline = 1';
		document.body.append(s); resolve('inline' in window)`,
	'a script of another origin': `const s = document.createElement('script');
		s.src = 'http://${host}/x.js'; s.onload = () => resolve(true);
		s.onerror = () => resolve(false); document.body.append(s)`,
	'a handler in an attribute': `const b = document.createElement('button');
		b.setAttribute('onclick', 'window.clicked = 1'); document.body.append(b); b.click();
		resolve('clicked' in window)`,
	eval: `resolve((0, eval)('1') === 1)`,
	'new Function': `resolve(new Function('return 1')() === 1)`,
	'a javascript: link': `const a = document.createElement('a'); a.href = 'javascript:void(window.linked = 1)';
		document.body.append(a); a.click(); setTimeout(() => resolve('linked' in window), 50)`,
	fetch: `fetch('http://${host}/').then(() => resolve(true), () => resolve(false))`,
	'a beacon': `navigator.sendBeacon('http://${host}/', 'x'); resolve(false)`,
	'a WebSocket': `const s = new WebSocket('ws://${host}/v1');
		s.onclose = s.onerror = () => resolve(false)`,
	'an image': `const i = new Image(); i.onload = i.onerror = () => resolve(i.width > 0);
		i.src = 'http://${host}/i.png'`,
	markup: `document.createElement('p').innerHTML = '<b>x</b>'; resolve(true)`,
	'a style attribute': `const d = document.createElement('div');
		d.setAttribute('style', 'width: 7px; position: absolute'); document.body.append(d);
		resolve(getComputedStyle(d).width === '7px')`,
	'a style element': `const e = document.createElement('style');
		e.textContent = ':root { --undercroft-test: 7 }'; document.head.append(e);
		resolve(getComputedStyle(document.documentElement).getPropertyValue('--undercroft-test') !== '')`,
	'a form': `const f = document.createElement('form'); f.action = 'http://${host}/'; f.method = 'post';
		document.body.append(f); f.submit(); setTimeout(() => resolve(false), 50)`,
	'a worker from a blob': `const w = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
		w.onmessage = () => resolve(true); w.onerror = () => resolve(false)`,
	'a base': `const b = document.createElement('base'); b.href = 'http://${host}/'; document.head.append(b);
		resolve(document.baseURI.includes('elsewhere'))`,
});

for (const app of ['dial', 'lens', 'plaza']) {
	test(`${app} refuses scripts, styles and connections that are not its own`, async (stage) => {
		const other = await elsewhere();
		try {
			const p = await stage.person(app, 'Rosa');
			await p.isWelcomed();
			assert.deepEqual(p.faults.found, [], 'the page itself keeps to its policy');
			p.faults.allow(/./);
			for (const [what, body] of Object.entries(tries(other.host))) {
				const code = `new Promise((resolve) => setTimeout(() => {
					try { ${body} } catch { resolve(false) } }, 0))`;
				const got = await within(5000, what, p.page.evaluate(code));
				assert.equal(got, false, `${what} is refused`);
				assert.equal(other.came(), 0, `${what} reaches no other origin`);
			}
			const [worker] = p.page.workers();
			assert.ok(worker, 'the core has a worker');
			await worker.evaluate(`fetch('http://${other.host}/').catch(() => {})`);
			assert.equal(other.came(), 0, 'nor does the worker');

			const headers = (await p.page.reload()).headers();
			const policy = headers['content-security-policy'];
			assert.match(policy, /default-src 'none'/);
			assert.match(policy, /frame-ancestors 'none'/);
			assert.doesNotMatch(policy, /'unsafe-inline'|'unsafe-eval'|\*/);
			assert.equal(headers['x-content-type-options'], 'nosniff');
			assert.match(headers['referrer-policy'], /no-referrer/);
		} finally {
			other.close();
		}
	});
}
