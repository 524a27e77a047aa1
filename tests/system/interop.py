# SPDX-License-Identifier: Apache-2.0
"""Driver processes, and a player of scripts in the form of the MLS working group's test runner:
actors in several processes do what the steps say, and agree after every one."""
import base64
import json
import os
import pathlib
import subprocess
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('UNDERCROFT_BUILD_DIR', ROOT / 'build')).resolve()


class Refused(Exception):
    """The driver answered with an error."""

    def __init__(self, op, error):
        super().__init__(f'{op}: {error["code"]}: {error["message"]}')
        self.code = error['code']


class Driver:
    """One process."""

    def __init__(self):
        self.process = subprocess.Popen([BUILD / 'src/driver/undercroft-mls-driver'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.suites = self.call('SupportedCiphersuites')['ciphersuites']

    def raw(self, line):
        """The answer to any bytes."""
        self.process.stdin.write(line + b'\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def call(self, op, **fields):
        for name, value in fields.items():
            if isinstance(value, bytes):
                fields[name] = value.hex()
        answer = self.raw(json.dumps(dict(fields, op=op)).encode())
        if 'error' in answer:
            raise Refused(op, answer['error'])
        return answer

    def end(self):
        """Closes its input; the exit status."""
        self.process.stdin.close()
        return self.process.wait(60)


def plain(step):
    """The runner reads the names of fields without regard to their case, and its scripts write some
    with underscores."""
    return {name.replace('_', '').lower(): value for name, value in step.items()}


class Player:
    """One script on one cipher suite, its actors spread over the processes."""

    def __init__(self, drivers, suite, private):
        self.drivers, self.suite, self.private = drivers, suite, private
        self.actors = {}  # name: driver
        self.state, self.transaction, self.signer = {}, {}, {}
        self.said = []  # what each step gave

    def at(self, actor):
        if actor not in self.actors:
            self.actors[actor] = self.drivers[len(self.actors) % len(self.drivers)]
        return self.actors[actor]

    def do(self, actor, op, **fields):
        return self.at(actor).call(op, **fields)

    def of(self, actor):
        return {'state_id': self.state[actor]}

    def play(self, script):
        for step in script:
            self.said.append({})
            s = plain(step)
            getattr(self, 'do_' + s['action'].lower())(s, self.said[-1])
        self.talk()
        for actor, state in self.state.items():
            self.do(actor, 'Free', state_id=state)

    def talk(self):
        """Everybody to everybody: the same secrets, and words that arrive once."""
        members = list(self.state)
        auths = {self.do(m, 'StateAuth', **self.of(m))['state_auth_secret'] for m in members}
        exports = {self.do(m, 'Export', **self.of(m), label='table', context=b'four',
                           key_length=40)['exported_secret'] for m in members}
        assert len(auths) == len(exports) == 1, (auths, exports)
        for m in members:
            sent = self.do(m, 'Protect', **self.of(m), authenticated_data=b'aad',
                           plaintext=m.encode())['ciphertext']
            for other in members:
                if other == m:
                    continue
                got = self.do(other, 'Unprotect', **self.of(other), ciphertext=sent)
                assert got == {'authenticated_data': b'aad'.hex(), 'plaintext': m.encode().hex()}

    # --- becoming a member ---

    def do_creategroup(self, s, out):
        actor, out['group_id'] = s['actor'], str(uuid.uuid4()).encode().hex()
        self.state[actor] = self.do(actor, 'CreateGroup', group_id=out['group_id'],
                                    cipher_suite=self.suite, encrypt_handshake=self.private,
                                    identity=actor.encode())['state_id']
        members = s.get('members', [])
        if members:
            packages = [self.key_package(m) for m in members]
            made = self.do(actor, 'Commit', **self.of(actor), by_value=[
                {'proposal_type': b'add'.hex(), 'key_package': p} for p in packages])
            auth = self.applied(actor)
            for m in members:
                self.join(m, made, auth)

    def key_package(self, actor):
        made = self.do(actor, 'CreateKeyPackage', cipher_suite=self.suite, identity=actor.encode())
        self.transaction[actor] = made['transaction_id']
        return made['key_package']

    def join(self, actor, made, auth=None):
        got = self.do(actor, 'JoinGroup', transaction_id=self.transaction.pop(actor),
                      welcome=made['welcome'], ratchet_tree=made['ratchet_tree'],
                      encrypt_handshake=self.private, identity=actor.encode())
        self.state[actor] = got['state_id']
        assert auth is None or got['epoch_authenticator'] == auth

    def do_createkeypackage(self, s, out):
        out['key_package'] = self.key_package(s['actor'])

    def do_joingroup(self, s, out):
        self.join(s['actor'], self.said[s['welcome']])

    def do_externaljoin(self, s, out):
        joiner, actor = s['joiner'], s['actor']
        info = self.do(actor, 'GroupInfo', **self.of(actor),
                       external_tree=s.get('externaltree', False))
        psks = [{k: self.said[i][k] for k in ('psk_id', 'psk_secret')} for i in s.get('psks', [])]
        made = self.do(joiner, 'ExternalJoin', **info, encrypt_handshake=self.private,
                       identity=joiner.encode(), remove_prior=s.get('removeprior', False),
                       psks=psks)
        if joiner in self.state:  # the one it was before is of no use any more
            self.do(joiner, 'Free', **self.of(joiner))
        self.state[joiner] = made['state_id']
        self.take(s.get('members', []) + [actor], made['commit'], [], made['epoch_authenticator'])

    def do_installexternalpsk(self, s, out):
        out['psk_id'], out['psk_secret'] = os.urandom(32).hex(), os.urandom(32).hex()
        for client in s['clients']:
            self.do(client, 'StorePSK', **out, state_or_transaction_id=self.state.get(
                client, self.transaction.get(client)))

    def do_groupinfo(self, s, out):
        out.update(self.do(s['actor'], 'GroupInfo', **self.of(s['actor']),
                           external_tree=s.get('externaltree', False)))

    # --- proposals ---

    def do_addproposal(self, s, out):
        out.update(self.do(s['actor'], 'AddProposal', **self.of(s['actor']),
                           key_package=self.said[s['keypackage']]['key_package']))

    def do_updateproposal(self, s, out):
        out.update(self.do(s['actor'], 'UpdateProposal', **self.of(s['actor'])))

    def do_removeproposal(self, s, out):
        out.update(self.do(s['actor'], 'RemoveProposal', **self.of(s['actor']),
                           removed_id=s['removed'].encode()))

    def do_externalpskproposal(self, s, out):
        out.update(self.do(s['actor'], 'ExternalPSKProposal', **self.of(s['actor']),
                           psk_id=self.said[s['pskid']]['psk_id']))

    def do_resumptionpskproposal(self, s, out):
        out.update(self.do(s['actor'], 'ResumptionPSKProposal', **self.of(s['actor']),
                           epoch_id=s['epochid']))

    @staticmethod
    def extensions(s):
        return [{'extension_type': e['extension_type'],
                 'extension_data': base64.b64decode(e['extension_data']).hex()}
                for e in s.get('extensions', [])]

    def do_groupcontextextensionsproposal(self, s, out):
        out.update(self.do(s['actor'], 'GroupContextExtensionsProposal', **self.of(s['actor']),
                           extensions=self.extensions(s)))

    def reinit(self, s):
        if s.get('changeciphersuite'):
            others = [n for n in self.drivers[0].suites if n != self.suite]
            self.suite = others[self.suite % len(others)]
        return {'group_id': self.said[0]['group_id'] + ('2b2b' if s.get('changegroupid') else ''),
                'cipher_suite': self.suite, 'extensions': self.extensions(s)}

    def described(self, description):
        s = plain(description)
        kind = s['proposaltype']
        out = {'proposal_type': kind.encode().hex()}
        if kind == 'add':
            out['key_package'] = self.said[s['keypackage']]['key_package']
        elif kind == 'remove':
            out['removed_id'] = s['removed'].encode().hex()
        elif kind == 'externalPSK':
            out['psk_id'] = self.said[s['pskid']]['psk_id']
        elif kind == 'resumptionPSK':
            out['epoch_id'] = s['epochid']
        elif kind == 'groupContextExtensions':
            out['extensions'] = self.extensions(s)
        else:
            out.update(self.reinit(s))
        return out

    # --- commits ---

    def commit(self, s, out):
        out.update(self.do(s['actor'], 'Commit', **self.of(s['actor']),
                           by_reference=[self.said[i]['proposal'] for i in s.get('byreference', [])],
                           by_value=[self.described(d) for d in s.get('byvalue', [])],
                           force_path=s.get('forcepath', False),
                           external_tree=s.get('externaltree', False)))
        assert bool(out['ratchet_tree']) == s.get('externaltree', False)

    def applied(self, actor):
        got = self.do(actor, 'HandlePendingCommit', **self.of(actor))
        self.state[actor] = got['state_id']
        return got['epoch_authenticator']

    def take(self, members, commit, proposals, auth=None):
        for m in members:
            got = self.do(m, 'HandleCommit', **self.of(m), commit=commit, proposal=proposals)
            assert auth is None or got['epoch_authenticator'] == auth
            self.state[m] = got['state_id']

    def do_commit(self, s, out):
        self.commit(s, out)

    def do_handlependingcommit(self, s, out):
        self.applied(s['actor'])

    def do_handlecommit(self, s, out):
        self.take([s['actor']], self.said[s['commit']]['commit'],
                  [self.said[i]['proposal'] for i in s.get('byreference', [])])

    def do_fullcommit(self, s, out):
        members = s.get('members', [])
        self.commit(s, out)
        auth = self.applied(s['actor'])
        self.take(members, out['commit'],
                  [self.said[i]['proposal'] for i in s.get('byreference', [])], auth)
        for joiner in s.get('joiners', []):
            self.join(joiner, out, auth)
        # Who is not named any more was removed.
        for gone in set(self.state) - {s['actor'], *members, *s.get('joiners', [])}:
            self.do(gone, 'Free', state_id=self.state.pop(gone))

    # --- messages ---

    def do_protect(self, s, out):
        out['data'] = s.get('authenticateddata', '').encode().hex()
        out['plaintext'] = s['plaintext'].encode().hex()
        out.update(self.do(s['actor'], 'Protect', **self.of(s['actor']), plaintext=out['plaintext'],
                           authenticated_data=out['data']))

    def do_unprotect(self, s, out):
        sent = self.said[s['ciphertext']]
        got = self.do(s['actor'], 'Unprotect', **self.of(s['actor']), ciphertext=sent['ciphertext'])
        assert got == {'authenticated_data': sent['data'], 'plaintext': sent['plaintext']}

    # --- groups that go on from another ---

    def do_reinit(self, s, out):
        committer, welcomer = s['committer'], s['welcomer']
        members = [m for m in {s.get('proposer'), committer, welcomer, *s.get('members', [])} if m]
        if s.get('proposer'):
            proposal = self.do(s['proposer'], 'ReInitProposal', **self.of(s['proposer']),
                               **self.reinit(s))['proposal']
        else:
            proposal = self.said[s['externalreinitproposal']]['proposal']
        commit = self.do(committer, 'ReInitCommit', **self.of(committer),
                         by_reference=[proposal])['commit']
        ready = {committer: self.do(committer, 'HandlePendingReInitCommit', **self.of(committer))}
        for m in members:
            if m != committer:
                ready[m] = self.do(m, 'HandleReInitCommit', **self.of(m), proposal=[proposal],
                                   commit=commit)
        assert len({r['epoch_authenticator'] for r in ready.values()}) == 1
        made = self.do(welcomer, 'ReInitWelcome', reinit_id=ready[welcomer]['reinit_id'],
                       key_package=[ready[m]['key_package'] for m in members if m != welcomer],
                       force_path=s.get('forcepath', False),
                       external_tree=s.get('externaltree', False))
        self.follow(welcomer, made, {m: self.do(
            m, 'HandleReInitWelcome', reinit_id=ready[m]['reinit_id'], welcome=made['welcome'],
            ratchet_tree=made['ratchet_tree']) for m in members if m != welcomer})

    def follow(self, maker, made, others):
        """From here on all are in the new group."""
        for m, got in {maker: made, **others}.items():
            assert got['epoch_authenticator'] == made['epoch_authenticator']
            self.do(m, 'Free', **self.of(m))
            self.state[m] = got['state_id']

    def do_branch(self, s, out):
        members, actor = s['members'], s['actor']
        packages = [self.key_package(m) for m in members]
        made = self.do(actor, 'CreateBranch', **self.of(actor), group_id=uuid.uuid4().bytes,
                       extensions=self.extensions(s), key_packages=packages,
                       force_path=s.get('forcepath', False),
                       external_tree=s.get('externaltree', False))
        others = {m: self.do(m, 'HandleBranch', **self.of(m), welcome=made['welcome'],
                             ratchet_tree=made['ratchet_tree'],
                             transaction_id=self.transaction.pop(m)) for m in members}
        self.talk()  # the old one goes on
        self.follow(actor, made, others)
        for left in set(self.state) - {actor, *members}:
            self.do(left, 'Free', state_id=self.state.pop(left))

    # --- from outside ---

    def do_newmemberaddproposal(self, s, out):
        info = self.do(s['actor'], 'GroupInfo', **self.of(s['actor']))['group_info']
        made = self.do(s['joiner'], 'NewMemberAddProposal', group_info=info,
                       identity=s['joiner'].encode())
        self.transaction[s['joiner']] = made['transaction_id']
        out['proposal'] = made['proposal']

    def do_addexternalsigner(self, s, out):
        made = self.do(s['signer'], 'CreateExternalSigner', cipher_suite=self.suite,
                       identity=s['signer'].encode())
        self.signer[s['signer']] = made['signer_id']
        out.update(self.do(s['actor'], 'AddExternalSigner', **self.of(s['actor']),
                           external_sender=made['external_sender']))

    def do_externalsignerproposal(self, s, out):
        info = self.do(s['member'], 'GroupInfo', **self.of(s['member']), external_tree=True)
        out.update(self.do(s['actor'], 'ExternalSignerProposal', **info,
                           signer_id=self.signer[s['actor']],
                           description=self.described(s['description'])))
