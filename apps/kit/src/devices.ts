// SPDX-License-Identifier: Apache-2.0
// The devices of the account: as the model reads them, and what a browser does to become one.

import type { Device, DeviceChange, Undercroft } from '@undercroft/sdk';
import { isUndercroftError } from './errors.ts';
import { clean } from './text.ts';

/** Without an account there are none. */
export async function readDevices(core: Undercroft): Promise<[Device[], DeviceChange[]]> {
	try {
		return await Promise.all([core.devices(), core.deviceChanges()]);
	} catch {
		return [[], []];
	}
}

/** The start of its key, as all of the person's devices show it: "1a2b 3c4d 5e6f 7a8b". */
export function fingerprint(key: string): string {
	return key.slice(0, 16).replace(/(.{4})(?=.)/g, '$1 ');
}

/** What it is called here; of those that are gone only the key is left. */
export function deviceName(devices: Device[], key: string): string {
	const device = devices.find((d) => d.deviceKey === key);
	return (
		clean(device?.name ?? '') || (device?.isThis ? 'This browser' : `Device ${fingerprint(key)}`)
	);
}

/** Fulfilled when this browser is a device of an account; `show` is given the code, perhaps again: the core
 * may have had to begin anew meanwhile, and goes on with the same. */
export async function becomeDevice(core: Undercroft, show: (code: string) => void): Promise<void> {
	for (;;) {
		try {
			show(await core.deviceCode());
			return await core.becomeDevice();
		} catch (e) {
			const code = isUndercroftError(e) ? e.code : '';
			// It has come to be one in between.
			if (code === 'UC_E_EXISTS' && (await core.account()).state === 'account') return;
			if (code !== 'UC_E_PENDING') throw e;
		}
	}
}
