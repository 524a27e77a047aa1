// SPDX-License-Identifier: Apache-2.0
// What people may do in a group, by the roles that docs/rooms.md has.

import type { Member } from '@undercroft/sdk';

export const MEMBER = 2;
export const MODERATOR = 3;
export const OWNER = 4;
export type Role = typeof MEMBER | typeof MODERATOR | typeof OWNER;

/** Moderators remove members, owners anyone. */
export function mayRemove(own: Member | undefined, other: Member): boolean {
	if (!own || other.isSelf) return false;
	return own.role === OWNER || (own.role === MODERATOR && other.role === MEMBER);
}

/** The only owner, of a group in which there are others. */
export function isLastOwner(members: readonly Member[]): boolean {
	const owners = members.filter((m) => m.role === OWNER);
	return owners.length === 1 && owners[0]!.isSelf && members.length > 1;
}

/** The roles that we can give them: who is known, by an owner, and never the last owner's own. */
export function rolesFor(members: readonly Member[], other: Member): Role[] {
	const own = members.find((m) => m.isSelf);
	if (own?.role !== OWNER || !(other.isSelf || other.introduced)) return [];
	if (other.isSelf && !members.some((m) => !m.isSelf && m.role === OWNER)) return [];
	return ([MODERATOR, OWNER, MEMBER] as const).filter((r) => r !== other.role);
}
