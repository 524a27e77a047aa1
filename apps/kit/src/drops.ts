// SPDX-License-Identifier: Apache-2.0
// Files that are dropped on the page.  A browser shows them in the place of the page unless it is told
// not to, and with the page goes what was not sent.

/** Nothing that is dropped takes the place of the page, wherever it falls. */
export function keepPage(page: Pick<Window, 'addEventListener'> = window): void {
	page.addEventListener('dragover', (e) => {
		if (e.defaultPrevented || !e.dataTransfer?.types.includes('Files')) return;
		e.preventDefault();
		// Not here: a place that takes them has said so before.
		e.dataTransfer.dropEffect = 'none';
	});
	page.addEventListener('drop', (e) => {
		if (e.dataTransfer?.types.includes('Files')) e.preventDefault();
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
