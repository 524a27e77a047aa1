// SPDX-License-Identifier: Apache-2.0
// @undercroft/sdk: see docs/sdk.md.
export { open } from './client.ts';
export { CodedError } from './failure.ts';
export { pictureType } from './picture.ts';
export type * from './types.ts';
