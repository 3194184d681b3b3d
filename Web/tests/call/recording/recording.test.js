import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { formatOf, recordingName } from '../../../call/recording/format.js';
import { MemorySink } from '../../../call/recording/memory-sink.js';
import { Recording } from '../../../call/recording/recording.js';
import { until } from '../../clock.js';

globalThis.MediaStream = class {};

/** A recorder that gives what the test says. */
class Recorder {
  state = 'inactive';

  start() {
    this.state = 'recording';
    Recorder.last = this;
  }

  give(...bytes) {
    this.ondataavailable({ data: new Blob([Uint8Array.from(bytes)]) });
  }

  stop() {
    this.state = 'inactive';
    this.give(9);
    this.onstop();
  }
}

beforeEach(() => {
  globalThis.MediaRecorder = Recorder;
});

/** Somewhere to write that fails when the test says so. */
class Sink extends MemorySink {
  isRemoved = false;
  writes = 0;
  failure;

  async write(bytes, position) {
    if (this.failure) throw this.failure;
    await super.write(bytes, position);
    this.writes += 1;
  }

  remove() {
    this.isRemoved = true;
    super.remove();
  }
}

function make(limit) {
  const sink = new Sink('video/mp4', limit);
  const recording = new Recording({ format: { type: 'video/mp4', ending: 'mp4' }, sink });
  const all = [];
  recording.on('ended', (ended) => all.push(ended));
  recording.start();
  const ended = async () => {
    await until(() => all.length > 0);
    assert.equal(all.length, 1);
    return { ...all[0], bytes: all[0].file && [...new Uint8Array(await all[0].file.arrayBuffer())] };
  };
  return { sink, recording, recorder: Recorder.last, ended };
}

test('what is recorded is written in its order, the last piece too', async () => {
  const { recording, recorder, ended } = make();
  recorder.give(1, 2);
  recorder.give();
  recorder.give(3);
  recording.stop();
  const { bytes, problem, file } = await ended();
  assert.deepEqual([bytes, problem, file.type], [[1, 2, 3, 9], undefined, 'video/mp4']);
  recording.stop();
});

test('a limit ends it in words, and what there is stays', async () => {
  const { recorder, ended, sink } = make(3);
  recorder.give(1, 2);
  recorder.give(3);
  recorder.give(4);
  recorder.give(5);
  const { bytes, problem } = await ended();
  assert.deepEqual([bytes, problem.key, problem.values.size], [[1, 2, 3], 'record.ended-memory', '3 bytes']);
  assert.equal(recorder.state, 'inactive');
  assert.equal(sink.isRemoved, false);
});

for (const [what, fail] of [
  ['what writes it fails', ({ sink, recorder }) => {
    sink.failure = new Error('away');
    recorder.give(2);
  }],
  ['the recorder fails', ({ recorder }) => recorder.onerror({})],
]) {
  test(`${what}: it ends in words, and what there is stays`, async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const made = make();
    made.recorder.give(1);
    await until(() => made.sink.writes === 1);
    fail(made);
    const { bytes, problem } = await made.ended();
    assert.deepEqual([bytes[0], problem.key], [1, 'record.ended-failed']);
  });
}

test('of nothing there is no file', async () => {
  const { recorder, sink, ended } = make(0);
  recorder.give(1);
  const { file } = await ended();
  assert.deepEqual([file, sink.isRemoved], [undefined, true]);
});

test('in memory what was written first can be changed, and nothing else', async () => {
  const sink = new MemorySink('video/webm', 6);
  await sink.write(Uint8Array.of(1, 2, 3), 0);
  await sink.write(Uint8Array.of(4, 5, 6), 3);
  await sink.write(Uint8Array.of(7), 2);
  await sink.write(Uint8Array.of(8, 8), 2);
  await assert.rejects(sink.write(Uint8Array.of(0), 6));
  assert.deepEqual([...new Uint8Array(await (await sink.close()).arrayBuffer())], [1, 2, 7, 4, 5, 6]);
});

for (const [what, types, processors, expected] of [
  ['many processors', ['video/webm;codecs=vp9,opus', 'video/webm;codecs=vp8,opus'], 8, 'video/webm;codecs=vp9,opus'],
  ['few, which the call needs', ['video/webm;codecs=vp9,opus', 'video/webm;codecs=vp8,opus'], 7, 'video/webm;codecs=vp8,opus'],
  ['a browser that says little', ['video/webm'], 8, 'video/webm'],
  ['Safari', ['video/mp4;codecs=avc1.640028,mp4a.40.2', 'video/mp4'], 8, 'video/mp4;codecs=avc1.640028,mp4a.40.2'],
  ['a browser that records nothing', [], 8, undefined],
]) {
  test(`as what it is recorded: ${what}`, () => assert.equal(formatOf((type) => types.includes(type), processors)?.type, expected));
}

test('a name says what, when and as what', () => {
  assert.equal(recordingName('tea.room', new Date(2026, 0, 2, 3, 4, 5), 'webm'), 'tea.room 2026-01-02 03.04.05.webm');
});
