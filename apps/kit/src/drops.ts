// SPDX-License-Identifier: Apache-2.0
// Files and links that are dropped on the page.  A browser shows them in the place of the page unless it is told
// not to, and with the page goes what was not sent.

/** A file or a link, which a browser opens; one that falls into a field is written there. */
function opens(e: DragEvent): boolean {
	const types = e.dataTransfer?.types ?? [];
	const field = (e.target as Element | null)?.closest?.('input, textarea');
	return types.includes('Files') || (types.includes('text/uri-list') && !field);
}

/** Nothing that is dropped takes the place of the page, wherever it falls. */
export function keepPage(page: Pick<Window, 'addEventListener'> = window): void {
	page.addEventListener('dragover', (e) => {
		if (e.defaultPrevented || !opens(e)) return;
		e.preventDefault();
		// Not here: a place that takes them has said so before.
		e.dataTransfer!.dropEffect = 'none';
	});
	page.addEventListener('drop', (e) => {
		if (opens(e)) e.preventDefault();
	});
}

/** What a place does that takes files while `mayTake` says so. */
export function takesDrops(mayTake: () => boolean, take: (files: FileList) => void) {
	return {
		onDragOver(e: DragEvent) {
			if (e.dataTransfer?.types.includes('Files') && mayTake()) e.preventDefault();
		},
		onDrop(e: DragEvent) {
			const files = e.dataTransfer?.files;
			if (!files?.length) return;
			e.preventDefault();
			if (mayTake()) take(files);
		},
	};
}
