import assert from 'node:assert/strict';
import { test } from 'node:test';
import english from '../../i18n/en.js';
import { createPageStore } from '../../state/state.js';
import { makeCommands } from '../../ui/commands/commands.js';
import { commandFor, isEscape, keyName } from '../../ui/commands/shortcuts.js';

const ids = ['join', 'permit', 'mute', 'camera', 'screen', 'unshare', 'motion', 'screen-sound', 'hand', 'reactions', 'record', 'chat', 'people', 'invite', 'leave', 'check', 'stats', 'devices', 'noise', 'blur', 'flip', 'help', 'more', 'layout', 'pin', 'own', 'fullscreen', 'pip', 'zoom-in', 'zoom-out', 'zoom-reset'];

function make({ screen = 'call', canShareScreen = true, canRecord = true, canFill = true, canPip = true } = {}) {
  const store = createPageStore();
  if (screen !== 'home') store.apply({ type: 'lobby', room: 'tea' });
  if (screen === 'call' || screen === 'left') store.apply({ type: 'entering', name: 'A' });
  if (screen === 'left') store.apply({ type: 'left' });
  const done = [];
  const act = (name) => () => done.push(name);
  const commands = makeCommands(store, {
    join: act('join'),
    leave: act('leave'),
    toggleMicrophone: act('microphone'),
    toggleCamera: act('camera'),
    toggleScreen: act('screen'),
    toggleMotion: act('motion'),
    toggleScreenSound: act('screen sound'),
    toggleHand: act('hand'),
    toggleNoiseSuppression: act('noise'),
    toggleBlur: act('blur'),
    flipCamera: act('flip'),
    canShareScreen,
    toggleRecording: act('record'),
    canRecord,
    toggleFullscreen: act('fullscreen'),
    canFill,
    togglePip: act('pip'),
    canPip,
  });
  return { store, commands, list: Object.values(commands), done };
}

const target = (writes) => ({ matches: () => writes });
const press = (more) => ({ key: '', code: '', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, repeat: false, isComposing: false, keyCode: 0, target: target(false), ...more });

test('the list is whole, under one name each, and its words are there', () => {
  const { store, commands, list } = make();
  assert.deepEqual(Object.keys(commands), ids);
  for (const [id, command] of Object.entries(commands)) {
    assert.equal(command.id, id);
    assert.ok(command.label in english && (command.toggle?.label ?? 'app.name') in english);
    assert.ok((command.state?.(store.get()) ?? 'app.name') in english);
  }
  const keys = list.map(({ key }) => keyName(key)).filter((name) => name !== '');
  assert.equal(new Set(keys).size, keys.length, 'no key is taken twice');
});

for (const [screen, expected] of [
  ['home', []],
  ['lobby', ['join', 'mute', 'camera', 'devices', 'help']],
  ['call', ['mute', 'camera', 'screen', 'hand', 'reactions', 'record', 'chat', 'people', 'invite', 'leave', 'check', 'stats', 'devices', 'help', 'more', 'layout', 'fullscreen', 'pip']],
  ['left', []],
]) {
  test(`what can be done: ${screen}`, () => {
    const { store, list } = make({ screen });
    assert.deepEqual(list.filter(({ when }) => when(store.get())).map(({ id }) => id), expected);
  });
}

for (const [what, more, expected] of [
  ['nothing', {}, []],
  ['a microphone', { audioTrack: {} }, ['noise']],
  ['a camera that is on, of two', { status: { audio: false, video: true, screen: false }, devices: [{ kind: 'videoinput', id: 'a' }, { kind: 'videoinput', id: 'b' }] }, ['flip']],
  ['a camera that is on, the only one', { status: { audio: false, video: true, screen: false }, devices: [{ kind: 'videoinput', id: 'a' }, { kind: 'audioinput', id: 'b' }] }, []],
  ['two cameras, both off', { devices: [{ kind: 'videoinput', id: 'a' }, { kind: 'videoinput', id: 'b' }] }, []],
  ['a camera that can blur', { blur: { isPossible: true, isOn: false } }, ['blur']],
]) {
  test(`what can be done with ${what}`, () => {
    const { store, commands } = make();
    const { problems, ...media } = store.get().media;
    store.apply({ ...media, type: 'media', ...more });
    assert.deepEqual(['noise', 'blur', 'flip'].filter((id) => commands[id].when(store.get())), expected);
  });
}

test('whoever shares can end it, and choose between motion and text, with a word on what that does', () => {
  const { store, commands, done } = make();
  const possible = () => [commands.unshare, commands.motion].map(({ when }) => when(store.get()));
  const shares = (screen, isMotion) => store.apply({ type: 'media', ...store.get().media, status: { audio: true, video: true, screen }, sharing: { isMotion, sound: 'none' } });
  assert.deepEqual(possible(), [false, false]);
  const seen = [false, true].map((isMotion) => {
    shares(true, isMotion);
    commands.motion.run();
    return [possible(), commands.motion.toggle.isOn(store.get()), store.get().notices.list.at(-1).sentence.key];
  });
  assert.deepEqual(seen, [[[true, true], false, 'command.motion-on'], [[true, true], true, 'command.motion-off']]);
  commands.unshare.run();
  assert.deepEqual(done, ['motion', 'motion', 'screen']);
  shares(false, false);
  assert.deepEqual(possible(), [false, false]);
});

test('the sound of a screen is switched where there is one', () => {
  const { store, commands, done } = make();
  const seen = [[true, 'none'], [true, 'sent'], [true, 'off'], [false, 'sent']].map(([screen, sound]) => {
    store.apply({ type: 'media', ...store.get().media, status: { audio: true, video: true, screen }, sharing: { isMotion: false, sound } });
    return [commands['screen-sound'].when(store.get()), commands['screen-sound'].toggle.isOn(store.get())];
  });
  assert.deepEqual(seen.slice(0, 3), [[false, false], [true, true], [true, false]]);
  assert.equal(seen[3][0], false);
  commands['screen-sound'].run();
  assert.deepEqual(done, ['screen sound']);
});

test('where a call cannot be recorded, or goes on elsewhere, nobody is offered to', () => {
  const { commands: { record }, store } = make();
  store.apply({ type: 'elsewhere', isElsewhere: true });
  const { commands, store: other } = make({ canRecord: false });
  assert.deepEqual([record.when(store.get()), commands.record.when(other.get())], [false, false]);
});

test('where a screen cannot be shared, nobody is offered to', () => {
  const { store, commands } = make({ canShareScreen: false });
  assert.equal(commands.screen.when(store.get()), false);
});

for (const [what, event, screen, expected] of [
  ['M', { code: 'KeyM', key: 'm' }, 'call', 'mute'],
  ['M in the lobby', { code: 'KeyM', key: 'm' }, 'lobby', 'mute'],
  ['the place of M on another layout', { code: 'KeyM', key: 'ь' }, 'call', 'mute'],
  ['an M in another place', { code: 'Semicolon', key: 'm' }, 'call', undefined],
  ['M after leaving', { code: 'KeyM', key: 'm' }, 'left', undefined],
  ['Shift and M', { code: 'KeyM', key: 'M', shiftKey: true }, 'call', undefined],
  ['Ctrl and M', { code: 'KeyM', key: 'm', ctrlKey: true }, 'call', undefined],
  ['M that is held', { code: 'KeyM', key: 'm', repeat: true }, 'call', undefined],
  ['M while writing', { code: 'KeyM', key: 'm', target: target(true) }, 'call', undefined],
  ['M while composing', { code: 'KeyM', key: 'Process', isComposing: true }, 'call', undefined],
  ['M while composing, in an older way', { code: 'KeyM', key: 'Process', keyCode: 229 }, 'call', undefined],
  ['H', { code: 'KeyH', key: 'h' }, 'call', 'hand'],
  ['H in the lobby', { code: 'KeyH', key: 'h' }, 'lobby', undefined],
  ['L', { code: 'KeyL', key: 'l' }, 'call', undefined],
  ['Shift and L', { code: 'KeyL', key: 'L', shiftKey: true }, 'call', 'leave'],
  ['?', { code: 'Slash', key: '?', shiftKey: true }, 'call', 'help'],
  ['? on a German keyboard', { code: 'Minus', key: '?', shiftKey: true }, 'call', 'help'],
  ['C in the lobby', { code: 'KeyC', key: 'c' }, 'lobby', undefined],
]) {
  test(`a key: ${what}`, () => {
    const { store, list } = make({ screen });
    assert.equal(commandFor(press(event), store.get(), list)?.id, expected);
    store.apply({ type: 'shortcuts', isOn: false });
    assert.equal(commandFor(press(event), store.get(), list), undefined, 'switched off');
  });
}

for (const [event, expected] of [[{ key: 'Escape' }, true], [{ key: 'Escape', isComposing: true }, false], [{ key: 'Escape', keyCode: 229 }, false], [{ key: 'x' }, false]]) {
  test(`Escape: ${JSON.stringify(event)}`, () => assert.equal(isEscape(press(event)), expected));
}

test('where nothing can fill the screen, nobody is offered to', () => {
  const { store, commands } = make({ canFill: false });
  assert.equal(commands.fullscreen.when(store.get()), false);
});

test('where there is no small window, nobody is offered one', () => {
  const { store, commands } = make({ canPip: false });
  assert.equal(commands.pip.when(store.get()), false);
});

test('a small window opens, and is closed by whatever', () => {
  const { store, commands, done } = make();
  commands.pip.run();
  const isOn = [true, false].map((isOpen) => (store.apply({ type: 'pip', isOpen }), commands.pip.toggle.isOn(store.get())));
  assert.deepEqual([done, isOn], [['pip'], [true, false]]);
});

test('what fills the screen, and then does no more', () => {
  const { store, commands, done } = make();
  commands.fullscreen.run();
  const isOn = ['call', 'id-1', undefined].map((id) => (store.apply({ type: 'full', id }), commands.fullscreen.toggle.isOn(store.get())));
  assert.deepEqual([done, isOn], [['fullscreen'], [true, true, false]]);
});

test('one\'s own picture is hidden, with a word on how it comes back', () => {
  const { store, commands } = make();
  assert.equal(commands.own.when(store.get()), false, 'alone');
  store.apply({ type: 'peers', peers: [{ id: 'a', name: 'a', connection: 'connected' }] });
  assert.equal(commands.own.when(store.get()), true);
  commands.own.run();
  assert.deepEqual([commands.own.toggle.isOn(store.get()), store.get().notices.list.map(({ sentence }) => sentence.key)], [true, ['command.own-hidden']]);
  commands.own.run();
  assert.deepEqual([commands.own.toggle.isOn(store.get()), store.get().notices.list.length], [false, 1]);
});

test('what the commands do', () => {
  const { store, commands, done } = make();
  for (const id of ['join', 'mute', 'camera', 'screen', 'hand', 'leave']) commands[id].run();
  assert.deepEqual(done, ['join', 'microphone', 'camera', 'screen', 'hand', 'leave']);
  const panel = () => (store.get().panel.isOpen ? store.get().panel.tab : 'closed');
  const shown = ['chat', 'people', 'people', 'people', 'chat', 'chat'].map((id) => (commands[id].run(), panel()));
  assert.deepEqual(shown, ['chat', 'people', 'closed', 'people', 'chat', 'closed']);
  commands.help.run();
  assert.equal(store.get().panel.isHelpOpen, true);
});

test('the layout changes, is told, and its name with it', () => {
  const { store, commands } = make();
  const seen = ['', '', ''].map(() => {
    commands.layout.run();
    const said = store.get().notices.list.at(-1).sentence.key;
    return [commands.layout.state(store.get()), said, said in english];
  });
  assert.deepEqual(seen, ['speaker', 'spotlight', 'grid'].map((name) => [`layout.${name}`, `layout.${name}-long`, true]));
});

test('whoever is large is kept, and let go', () => {
  const { store, commands } = make();
  const peer = (id) => ({ id, name: id, connection: 'connected' });
  store.apply({ type: 'peers', peers: [peer('a'), peer('b')] });
  assert.equal(commands.pin.when(store.get()), false, 'all are alike');
  store.apply({ type: 'layout', layout: 'speaker' });
  store.apply({ type: 'speaker', id: 'b' });
  commands.pin.run();
  store.apply({ type: 'speaker', id: 'a' });
  assert.deepEqual([store.get().stage.pinned, commands.pin.toggle.isOn(store.get())], ['b', true]);
  commands.pin.run();
  assert.deepEqual([store.get().stage.pinned, commands.pin.toggle.isOn(store.get())], [undefined, false]);
});

test('a shared screen is looked into, and seen as a whole again', () => {
  const { store, commands } = make();
  const [closer, farther, all] = ['zoom-in', 'zoom-out', 'zoom-reset'].map((id) => commands[id]);
  const possible = () => [closer, farther, all].map(({ when }) => when(store.get()));
  assert.deepEqual(possible(), [false, false, false]);
  closer.run();
  assert.equal(store.get().zoom.id, undefined, 'there is none');
  store.apply({ type: 'peers', peers: [{ id: 'b', name: 'b', connection: 'connected', screen: {} }] });
  store.apply({ type: 'member', member: { id: 'b', name: 'b', call: { screen: true } } });
  assert.deepEqual(possible(), [true, false, false]);
  closer.run();
  closer.run();
  assert.deepEqual([store.get().zoom, possible()], [{ id: 'b/screen', view: { scale: 2.25, x: 0.5, y: 0.5 } }, [true, true, true]]);
  for (let turn = 0; turn < 9; turn += 1) closer.run();
  assert.equal(store.get().zoom.view.scale, 8);
  farther.run();
  assert.equal(Math.round(store.get().zoom.view.scale * 1000), 5333);
  all.run();
  assert.deepEqual([store.get().zoom.id, possible()], [undefined, [true, false, false]]);
  closer.run();
  farther.run();
  assert.equal(store.get().zoom.id, undefined);
});

test('what a toggle shows', () => {
  const { store, commands } = make();
  assert.equal(commands.mute.toggle.isOn(store.get()), true);
  store.apply({ type: 'media', ...store.get().media, status: { audio: true, video: false, screen: true } });
  assert.deepEqual(['mute', 'camera', 'screen'].map((id) => commands[id].toggle.isOn(store.get())), [false, true, true]);
  const hand = (self) => ({ type: 'members', members: [{ id: 'me', name: 'A', hand: self }, { id: 'x', name: 'B', hand: 1 }] });
  const shown = [{ type: 'joined', self: 'me' }, hand(0), hand(2), hand(0)].map((event) => (store.apply(event), commands.hand.toggle.isOn(store.get())));
  assert.deepEqual(shown, [false, false, true, false], 'one\'s own hand, as the server says');
});
