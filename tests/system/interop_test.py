# SPDX-License-Identifier: Apache-2.0
"""undercroft-mls-driver against itself: scripts in the form of the MLS working group's test runner,
with actors in two processes, on every cipher suite, handshakes public and private.

usage: interop_test.py [FILE...]    plays those script files instead (interop/configs/*.json)
"""
import json
import re
import sys

from interop import ROOT, Driver, Player, Refused

NAMES = ['rosa', 'tom', 'uma', 'vic']
CROWD = {'action': 'createGroup', 'actor': 'rosa', 'members': ['tom', 'uma']}
REST = ['tom', 'uma']


def step(actor, action, **more):
    return dict(more, actor=actor, action=action)


def full(actor='rosa', members=REST, **more):
    return step(actor, 'fullCommit', members=members, **more)


def value(kind, **more):
    return dict(more, proposalType=kind)


REQUIRED = [{'extension_type': 3, 'extension_data': 'AAAA'}]  # three empty lists
SCRIPTS = {
    'welcome': [step('rosa', 'createGroup'), step('tom', 'createKeyPackage'),
                step('rosa', 'addProposal', keyPackage=1),
                step('rosa', 'commit', byReference=[2]), step('rosa', 'handlePendingCommit'),
                step('tom', 'joinGroup', welcome=3)],
    'welcome, tree beside it': [CROWD, step('vic', 'createKeyPackage'),
                                full(byValue=[value('add', keyPackage=1)], joiners=['vic'],
                                     externalTree=True, forcePath=True)],
    'external join': [CROWD, step('rosa', 'externalJoin', joiner='vic', members=REST)],
    'external join, tree beside it': [CROWD, step('tom', 'externalJoin', joiner='vic',
                                                  members=['rosa', 'uma'], externalTree=True)],
    'external join, once more': [CROWD, step('rosa', 'externalJoin', joiner='tom', members=['uma'],
                                             removePrior=True)],
    'external join, with keys': [CROWD, step('', 'installExternalPSK', clients=NAMES[:3]),
                                 step('', 'installExternalPSK', clients=NAMES[:3]),
                                 step('rosa', 'externalJoin', joiner='vic', members=REST,
                                      psks=[1, 2])],
    'nothing but a path': [CROWD, full(), full('tom', ['rosa', 'uma'])],
    'add': [CROWD, step('vic', 'createKeyPackage'), step('wim', 'createKeyPackage'),
            step('tom', 'addProposal', keyPackage=1),
            full(byReference=[3], byValue=[value('add', keyPackage=2)], joiners=['vic', 'wim'])],
    'update': [CROWD, step('tom', 'updateProposal'), step('uma', 'updateProposal'),
               full(byReference=[1, 2]), full('tom', ['rosa', 'uma'])],
    'remove': [{**CROWD, 'members': ['tom', 'uma', 'vic']},
               step('rosa', 'removeProposal', removed='tom'),
               full(members=['uma'], byReference=[1], byValue=[value('remove', removed='vic')])],
    'external keys': [CROWD, step('', 'installExternalPSK', clients=NAMES[:3]),
                      step('', 'installExternalPSK', clients=NAMES[:3]),
                      step('tom', 'externalPSKProposal', pskID=1),
                      full(byReference=[3], byValue=[value('externalPSK', pskID=2)])],
    'resumption keys': [CROWD, full(), step('tom', 'resumptionPSKProposal', epochID=1),
                        full(byReference=[2], byValue=[value('resumptionPSK', epochID=2)],
                             forcePath=True)],
    'a joiner with keys': [CROWD, step('vic', 'createKeyPackage'),
                           step('', 'installExternalPSK', clients=NAMES),
                           full(byValue=[value('add', keyPackage=1), value('externalPSK', pskID=2)],
                                joiners=['vic'])],
    'extensions': [CROWD, step('tom', 'groupContextExtensionsProposal', extensions=REQUIRED),
                   full(byReference=[1]),
                   full(byValue=[value('groupContextExtensions', extensions=[])])],
    'all at once': [{**CROWD, 'members': ['tom', 'uma', 'vic']}, step('wim', 'createKeyPackage'),
                    step('', 'installExternalPSK', clients=[*NAMES, 'wim']),
                    step('tom', 'addProposal', keyPackage=1),
                    step('uma', 'removeProposal', removed='vic'), step('tom', 'updateProposal'),
                    step('tom', 'externalPSKProposal', pskID=2),
                    step('uma', 'groupContextExtensionsProposal', extensions=REQUIRED),
                    full(byReference=[3, 4, 5, 6, 7], joiners=['wim'], forcePath=True)],
    'words': [CROWD, step('rosa', 'protect', plaintext='one', authenticatedData='a'),
              step('rosa', 'protect', plaintext=''), step('uma', 'protect', plaintext='three'),
              step('tom', 'unprotect', ciphertext=3), step('tom', 'unprotect', ciphertext=2),
              full(), step('tom', 'unprotect', ciphertext=1), step('uma', 'unprotect', ciphertext=1)],
    're-initialised': [CROWD, step('', 'reinit', proposer='rosa', committer='tom', welcomer='uma',
                                   changeCipherSuite=True, changeGroupID=True)],
    're-initialised, the same id': [CROWD, step('', 'reinit', proposer='tom', committer='tom',
                                                welcomer='tom', members=['rosa', 'uma'],
                                                extensions=REQUIRED, externalTree=True,
                                                forcePath=True)],
    'a branch': [CROWD, step('tom', 'branch', members=['rosa', 'uma'])],
    'a branch of some': [{**CROWD, 'members': ['tom', 'uma', 'vic']},
                         step('uma', 'branch', members=['tom'], extensions=REQUIRED,
                              externalTree=True, forcePath=True)],
    'who asks to be added': [CROWD, step('tom', 'newMemberAddProposal', joiner='vic'),
                             full(byReference=[1], joiners=['vic'])],
    'external senders': [CROWD, step('rosa', 'addExternalSigner', signer='dora'),
                         full(byReference=[1]), step('tom', 'addExternalSigner', signer='sue'),
                         full('tom', ['rosa', 'uma'], byReference=[3]),
                         step('vic', 'createKeyPackage'),
                         step('', 'installExternalPSK', clients=[*NAMES]),
                         step('sue', 'externalSignerProposal', member='uma',
                              description=value('add', keyPackage=5)),
                         step('dora', 'externalSignerProposal', member='uma',
                              description=value('externalPSK', pskID=6)),
                         full(byReference=[7, 8], joiners=['vic']),
                         step('dora', 'externalSignerProposal', member='rosa',
                              description=value('remove', removed='tom')),
                         step('sue', 'externalSignerProposal', member='vic',
                              description=value('resumptionPSK', epochID=4)),
                         full(members=['uma', 'vic'], byReference=[10, 11])],
    'extensions from outside': [CROWD, step('rosa', 'addExternalSigner', signer='dora'),
                                full(byReference=[1]),
                                step('dora', 'externalSignerProposal', member='uma', description=value(
                                    'groupContextExtensions', extensions=REQUIRED)),
                                full(byReference=[3])],
    're-initialised from outside': [CROWD, step('rosa', 'addExternalSigner', signer='dora'),
                                    full(byReference=[1]),
                                    step('dora', 'externalSignerProposal', member='rosa',
                                         description=value('reinit', changeGroupID=True,
                                                           changeCipherSuite=True)),
                                    step('', 'reinit', externalReinitProposal=3, committer='tom',
                                         welcomer='rosa', members=['uma'])],
}


def scripts_of(files):
    for name in files:
        with open(name, encoding='utf-8') as f:
            for script, steps in json.load(f)['scripts'].items():
                yield f'{name}: {script}', steps


def play(drivers, scripts):
    played = 0
    for name, script in scripts:
        for suite in drivers[0].suites:
            for private in (False, True):
                try:
                    Player(drivers, suite, private).play(script)
                except Exception:
                    print(f'FAIL {name}, suite {suite}, private {private}', flush=True)
                    raise
                played += 1
    print(f'{played} scripts played')


# --- what is refused ---

def refused(driver, code, op, **fields):
    try:
        driver.call(op, **fields)
    except Refused as r:
        assert r.code == code, f'{op}: {r.code} instead of {code}'
    else:
        raise AssertionError(f'{op} was not refused ({code})')


def bad_lines(driver):
    for line, code in ((b'{', 'UC_E_MALFORMED'), (b'\xff\xfe', 'UC_E_MALFORMED'),
                       (b'{"op":"Name","op":"Name"}', 'UC_E_MALFORMED'), (b'{"op":"\\u0000"}',
                       'UC_E_MALFORMED'), (b'[]', 'UC_E_ARGUMENT'), (b'{}', 'UC_E_UNSUPPORTED'),
                       (b'{"op":7}', 'UC_E_ARGUMENT'), (b'{"op":"Fly"}', 'UC_E_UNSUPPORTED'),
                       (b'{"op":"Name","nick":1}', 'UC_E_ARGUMENT'), (b'[' * 100000,
                       'UC_E_MALFORMED'), (b'"' + b'x' * (17 << 20) + b'"', 'UC_E_TOO_LARGE')):
        answer = driver.raw(line)
        assert answer['error']['code'] == code, (line[:40], answer)
        assert answer['error']['message']
    assert driver.raw(b'{"id":[1,"x"],"op":"name"}') == {'name': 'Undercroft', 'id': [1, 'x']}
    assert driver.raw(b'{"id":5,"op":"Fly"}')['id'] == 5


def bad_fields(driver):
    for fields, code in (({'state_id': 0}, 'UC_E_NOT_FOUND'), ({'state_id': -1}, 'UC_E_ARGUMENT'),
                         ({'state_id': 1 << 32}, 'UC_E_ARGUMENT'), ({}, 'UC_E_NOT_FOUND'),
                         ({'state_id': 1.5}, 'UC_E_ARGUMENT')):
        refused(driver, code, 'StateAuth', **fields)
    refused(driver, 'UC_E_SUITE', 'CreateGroup', cipher_suite=8)
    refused(driver, 'UC_E_SUITE', 'CreateGroup', cipher_suite=65537)
    refused(driver, 'UC_E_ARGUMENT', 'CreateGroup', cipher_suite=1, group_id='abc')
    refused(driver, 'UC_E_ARGUMENT', 'CreateGroup', cipher_suite=1, encrypt_handshake=1)
    refused(driver, 'UC_E_MALFORMED', 'JoinGroup', transaction_id=driver.call(
        'CreateKeyPackage', cipher_suite=1, identity=b'tom')['transaction_id'])


class Trio:
    """Three members, two of them in one process, and what each refuses leaves no trace."""

    def __init__(self, drivers, private):
        self.p = Player(drivers, 1, private)
        self.p.do_creategroup(plain_crowd(), {})

    def refused(self, code, actor, op, **fields):
        before = self.p.do(actor, 'StateAuth', **self.p.of(actor))
        refused(self.p.at(actor), code, op, **self.p.of(actor), **fields)
        assert self.p.do(actor, 'StateAuth', **self.p.of(actor)) == before

    def do(self, actor, op, **fields):
        return self.p.do(actor, op, **self.p.of(actor), **fields)


def plain_crowd():
    return {'actor': 'rosa', 'members': REST}


def unchanged_by_what_fails(drivers, private):
    t = Trio(drivers, private)
    proposal = t.do('tom', 'UpdateProposal')['proposal']
    t.refused('UC_E_NOT_FOUND', 'rosa', 'HandlePendingCommit')
    t.refused('UC_E_UNEXPECTED', 'rosa', 'Unprotect', ciphertext=proposal)
    t.refused('UC_E_NOT_FOUND', 'rosa', 'RemoveProposal', removed_id=b'nobody')
    t.refused('UC_E_ARGUMENT', 'rosa', 'Commit', by_value=[value('jump')])
    t.refused('UC_E_ARGUMENT', 'rosa', 'Commit', by_value=[
        {'proposal_type': 'reinit', 'cipher_suite': 1, 'group_id': '00'}])
    # The proposal is taken in, then the rest fails: it can be taken in again.
    t.refused('UC_E_PSK', 'rosa', 'Commit', by_reference=[proposal],
              by_value=[{'proposal_type': 'externalPSK', 'psk_id': '00'}])
    t.refused('UC_E_UNEXPECTED', 'rosa', 'ReInitCommit', by_reference=[proposal, t.do(
        'rosa', 'ReInitProposal', cipher_suite=1, group_id='00')['proposal']])
    # One's own Update is not one's own to commit.
    t.refused('UC_E_UNEXPECTED', 'tom', 'Commit', by_reference=[proposal])
    made = t.do('rosa', 'Commit', by_reference=[proposal])
    t.refused('UC_E_PENDING', 'rosa', 'Commit')
    t.refused('UC_E_OWN', 'rosa', 'HandleCommit', commit=made['commit'])
    t.refused('UC_E_NOT_FOUND', 'uma', 'HandleCommit', commit=made['commit'])
    t.refused('UC_E_UNEXPECTED', 'uma', 'HandleReInitCommit', commit=made['commit'],
              proposal=[proposal])
    bent = made['commit'][:-2] + f'{int(made["commit"][-2:], 16) ^ 1:02x}'
    t.refused('UC_E_DECRYPT' if private else 'UC_E_MAC', 'uma', 'HandleCommit', commit=bent,
              proposal=[proposal])
    auth = t.p.applied('rosa')
    t.p.take(REST, made['commit'], [proposal], auth)
    t.p.talk()
    # Words come once.
    sent = t.do('uma', 'Protect', plaintext=b'once')['ciphertext']
    t.do('rosa', 'Unprotect', ciphertext=sent)
    t.refused('UC_E_DECRYPT', 'rosa', 'Unprotect', ciphertext=sent)
    t.refused('UC_E_OWN', 'uma', 'Unprotect', ciphertext=sent)
    # Who is removed hears of it, and no more.
    made = t.do('rosa', 'Commit', by_value=[{'proposal_type': 'remove', 'removed_id': b'uma'.hex()}])
    t.p.applied('rosa')
    t.p.take(['tom'], made['commit'], [])
    assert t.do('uma', 'HandleCommit', commit=made['commit'])['epoch_authenticator'] == ''
    for op in ('StateAuth', 'UpdateProposal', 'GroupInfo', 'Commit', 'Protect'):
        refused(t.p.at('uma'), 'UC_E_REMOVED', op, **t.p.of('uma'))


def a_lost_race(drivers, private):
    """Two commit at once: who loses takes the other's."""
    t = Trio(drivers, private)
    t.do('tom', 'Commit')
    made = t.do('rosa', 'Commit')
    t.p.take(REST, made['commit'], [], t.p.applied('rosa'))
    t.refused('UC_E_NOT_FOUND', 'tom', 'HandlePendingCommit')
    t.p.talk()


def a_closed_group(drivers, private):
    t = Trio(drivers, private)
    proposal = t.do('tom', 'ReInitProposal', cipher_suite=3, group_id=b'next')['proposal']
    t.refused('UC_E_UNEXPECTED', 'rosa', 'Commit', by_reference=[proposal])
    commit = t.do('rosa', 'ReInitCommit', by_reference=[proposal])['commit']
    t.refused('UC_E_UNEXPECTED', 'rosa', 'HandlePendingCommit')
    t.refused('UC_E_UNEXPECTED', 'tom', 'HandleCommit', commit=commit, proposal=[proposal])
    rosa = t.do('rosa', 'HandlePendingReInitCommit')
    tom = t.do('tom', 'HandleReInitCommit', commit=commit, proposal=[proposal])
    t.refused('UC_E_CLOSED', 'rosa', 'Protect', plaintext=b'x')
    # Not all of the old group's members are there.
    refused(t.p.at('rosa'), 'UC_E_NOT_ALLOWED', 'ReInitWelcome', reinit_id=rosa['reinit_id'],
            key_package=[tom['key_package']])
    t.do('rosa', 'Free')
    refused(t.p.at('rosa'), 'UC_E_NOT_FOUND', 'ReInitWelcome', reinit_id=rosa['reinit_id'])


def documented(driver):
    """docs/interop.md has a row for each operation, and each is answered."""
    text = (ROOT / 'docs/interop.md').read_text(encoding='utf-8')
    rows = re.findall(r'^\| `([A-Z]\w+)` \|', text, re.M)
    assert len(rows) == len(set(rows)) == 34, len(rows)
    for op in rows:
        if 'error' in (answer := driver.raw(json.dumps({'op': op}).encode())):
            assert answer['error']['code'] != 'UC_E_UNSUPPORTED', op


def main():
    drivers = [Driver(), Driver()]
    if sys.argv[1:]:
        play(drivers, scripts_of(sys.argv[1:]))
    else:
        bad_lines(drivers[0])
        bad_fields(drivers[0])
        documented(drivers[1])
        for private in (False, True):
            unchanged_by_what_fails(drivers, private)
            a_lost_race(drivers, private)
            a_closed_group(drivers, private)
        play(drivers, SCRIPTS.items())
    assert [d.end() for d in drivers] == [0, 0]


main()
