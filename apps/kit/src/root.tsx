// SPDX-License-Identifier: Apache-2.0
// What all apps are wrapped in: the screens instead of the app, the panels over it, the notices.

import { Component, render, type ComponentChildren, type FunctionComponent } from 'preact';
import type { Undercroft } from '@undercroft/sdk';
import type { Self } from './apps.ts';
import { keepPage } from './drops.ts';
import { followFaces } from './faces.ts';
import { AddMembers, NewGroup } from './flows/group.tsx';
import { ContactInfo, People, RoomInfo } from './flows/info.tsx';
import { AddDevice } from './flows/add-device.tsx';
import { Devices } from './flows/devices.tsx';
import { DeleteAccount, Erase, Settings, Words } from './flows/settings.tsx';
import { ChangeName } from './flows/change.tsx';
import { Numbers } from './flows/numbers.tsx';
import { Profile } from './flows/profile.tsx';
import { WhoCanReachMe } from './flows/reach.tsx';
import { SamePerson } from './flows/same-person.tsx';
import { Report } from './flows/report.tsx';
import { ReportRequest } from './flows/report-request.tsx';
import { ExportData } from './flows/export.tsx';
import { Guardians } from './flows/guardians.tsx';
import { Find } from './flows/find.tsx';
import { Invite } from './flows/invite.tsx';
import { AskByLink } from './flows/invited.tsx';
import { Requests } from './flows/requests.tsx';
import { Welcome } from './flows/welcome.tsx';
import { Model } from './model.ts';
import { closePanels, goBack, hasPanelBelow, PANELS, route, type Panel } from './route.ts';
import { startTheme } from './theme.ts';
import { ModelContext, useModel } from './ui/context.ts';
import { Dialog } from './ui/dialog.tsx';
import { Announcer, Problem } from './ui/notices.tsx';
import { SafetyNumber } from './ui/safety.tsx';
import {
	BrokenScreen,
	ClosedScreen,
	ElsewhereScreen,
	FaultScreen,
	GoneScreen,
	OpeningScreen,
} from './ui/screens.tsx';

export interface StartOptions {
	self: Self;
	/** opens the account; given the app's domain */
	open(app: string): Promise<Undercroft> | Undercroft;
	/** the app itself: shown when there is an account, and before that is known */
	shell: FunctionComponent;
	/** beside the forms of the first screen */
	art?: ComponentChildren;
	/** the app's own content of some panels, instead of the kit's */
	panels?: Partial<Record<Panel, FunctionComponent>>;
}

/** Starts the app in the element #app.  The shell is drawn before the core is there. */
export function startApp({ self, open, shell, art, panels = {} }: StartOptions): Model {
	startTheme();
	keepPage();
	const model = new Model(self);
	model.start(async (domain) => {
		const core = await open(domain);
		followFaces(model, core);
		return core;
	});
	render(
		<ModelContext.Provider value={model}>
			<Root shell={shell} art={art} panels={panels} />
		</ModelContext.Provider>,
		document.getElementById('app')!,
	);
	return model;
}

function Root({
	shell: Shell,
	art,
	panels,
}: {
	shell: FunctionComponent;
	art: ComponentChildren;
	panels: Partial<Record<Panel, FunctionComponent>>;
}) {
	return (
		<Guard>
			<Screens shell={Shell} art={art} />
			<Panels own={panels} />
			<Problem />
			<Announcer />
		</Guard>
	);
}

/** What cannot be drawn, by a fault of ours, leaves no empty page. */
class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
	override state = { failed: false };
	override componentDidCatch(e: unknown): void {
		this.setState({ failed: true });
		reportError(e);
	}
	override render() {
		return this.state.failed ? <FaultScreen /> : this.props.children;
	}
}

function Screens({ shell: Shell, art }: { shell: FunctionComponent; art: ComponentChildren }) {
	const model = useModel();
	const account = model.account.value;
	switch (model.tab.value) {
		case 'elsewhere':
			return <ElsewhereScreen />;
		case 'broken':
			return <BrokenScreen />;
		case 'closed':
			return <ClosedScreen />;
		case 'opening':
		case 'here':
			break;
	}
	if (!account) return <OpeningScreen />;
	if (account.state === 'none' || account.state === 'joining' || model.isWelcoming.value)
		return <Welcome art={art} />;
	if (account.state === 'gone' || account.state === 'deleted')
		return <GoneScreen deleted={account.state === 'deleted'} />;
	return <Shell />;
}

function Panels({ own }: { own: Partial<Record<Panel, FunctionComponent>> }) {
	const model = useModel();
	const { panel } = route.value;
	if (!panel || model.tab.value === 'opening') return null;
	// Whoever opens a link without an account makes one first; the address keeps it.
	const hasAccount = model.account.value?.state === 'account' && !model.isWelcoming.value;
	if ((panel === 'invited' || panel === 'add-device') && !hasAccount) return null;
	const Own = own[panel];
	const content = Own ? <Own /> : <PanelContent panel={panel} />;
	return (
		<Dialog
			key={panel}
			title={PANELS[panel]}
			onClose={goBack}
			wide={panel === 'words'}
			back={hasPanelBelow()}
		>
			{content}
		</Dialog>
	);
}

function PanelContent({ panel }: { panel: Panel }) {
	const model = useModel();
	const room = model.room.value;
	const contact = model.contact(route.value.arg);
	switch (panel) {
		case 'find':
			return <Find onDone={closePanels} />;
		case 'by-link':
			return <AskByLink onDone={closePanels} />;
		case 'invited':
			return <AskByLink opened={route.value.arg ?? ''} onDone={closePanels} />;
		case 'invite':
			return <Invite />;
		case 'new-group':
			return <NewGroup start={contact ? [contact.id] : []} />;
		case 'requests':
			return <Requests />;
		case 'settings':
			return <Settings />;
		case 'people':
			return <People />;
		case 'devices':
			return <Devices />;
		case 'add-device':
			return (
				<AddDevice
					key={route.value.arg}
					opened={route.value.arg}
					onDone={route.value.arg ? closePanels : goBack}
				/>
			);
		case 'words':
			return <Words onDone={goBack} />;
		case 'profile':
			return <Profile />;
		case 'change-name':
			return <ChangeName />;
		case 'reach':
			return <WhoCanReachMe />;
		case 'same-person':
			return <SamePerson />;
		case 'guardians':
			return <Guardians />;
		case 'numbers':
			return <Numbers />;
		case 'export':
			return <ExportData />;
		case 'erase':
			return <Erase />;
		case 'delete-account':
			return <DeleteAccount />;
		case 'room-info':
			return room && <RoomInfo room={room} />;
		case 'add-members':
			return <AddMembers onDone={goBack} />;
		case 'report':
			return room && route.value.arg && <Report room={room} message={route.value.arg} />;
		case 'report-request':
			return route.value.arg && <ReportRequest id={route.value.arg} />;
		case 'contact':
			return contact && <ContactInfo contact={contact} />;
		case 'safety':
			return contact && <SafetyNumber contact={contact} />;
	}
}
