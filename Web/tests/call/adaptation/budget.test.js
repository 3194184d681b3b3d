import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstBudget, least, nextBudget } from '../../../call/adaptation/budget.js';

const well = { available: 2_000_000, roundTrip: 20, loss: 0, soundLoss: 0, sent: 300_000, given: 300_000 };
const ids = ['a', 'b', 'c', 'd', 'e'];

/** Lets seconds pass; `readingOf` says how each connection does, every two seconds as in a call. */
function pass(budget, seconds, readingOf, { people = ids, wanted = 5_000_000 } = {}) {
  const from = budget.time === -Infinity ? 0 : budget.time / 1000;
  let now = budget;
  const totals = [];
  for (let second = from + 1; second <= from + seconds; second += 1) {
    const readings = new Map(second % 2 ? [] : people.map((id) => [id, { ...well, ...readingOf(id, now) }]));
    now = nextBudget(now, readings, { time: 1000 * second, present: new Set(people), wanted });
    totals.push(now.total);
  }
  return { ...now, totals };
}

const calm = () => pass(firstBudget, 20, () => ({}));

test('what is used and suffers from nothing grows slowly, up to what is wanted', () => {
  const { totals } = pass(firstBudget, 60, (_, { total }) => ({ sent: total / 5 }), { wanted: 3_000_000 });
  assert.equal(totals[0], 1_500_000);
  assert.ok(totals.every((total, index) => index === 0 || total <= 1.07 * totals[index - 1]));
  assert.equal(totals.at(-1), 3_000_000);
});

test('what is not used does not grow far', () => {
  assert.equal(pass(firstBudget, 60, () => ({ sent: 50_000 })).total, 1_500_000);
});

for (const [what, changes, part] of [
  ['loss', { loss: 0.1 }, 0.8],
  ['much loss', { loss: 0.3 }, 0.65],
  ['loss of sound', { soundLoss: 0.07 }, 0.8],
  ['much loss of sound', { soundLoss: 0.2 }, 0.65],
  ['a longer round trip', { roundTrip: 200 }, 0.8],
  ['a much longer round trip', { roundTrip: 700 }, 0.65],
  ['less room than wanted', { available: 150_000, sent: 140_000 }, 0.8],
]) {
  test(`all of them suffering from ${what} is the line of this side, which gets less at once`, () => {
    const before = calm();
    const after = pass(before, 4, () => changes);
    assert.ok(after.total <= part * before.total, `${before.total} → ${after.total}`);
    assert.ok(ids.every((id) => after.lines.get(id).limit === Infinity));
  });

  test(`one of them suffering from ${what} is the way there, and only that gets less`, () => {
    const before = calm();
    const after = pass(before, 4, (id) => (id === 'c' ? changes : {}));
    assert.ok(after.total >= before.total);
    assert.ok(after.lines.get('c').limit < 0.9 * 300_000);
    assert.ok(ids.every((id) => id === 'c' || after.lines.get(id).limit === Infinity));
  });
}

for (const [what, changes] of [
  ['some loss, which is heard by nobody', { loss: 0.05, soundLoss: 0.04 }],
  ['a round trip that is somewhat longer', { roundTrip: 100 }],
  ['less room, of which little is used', { available: 150_000, sent: 50_000 }],
  ['nothing told', { available: undefined, roundTrip: undefined, loss: undefined, soundLoss: undefined }],
]) {
  test(`${what} changes nothing`, () => {
    const before = calm();
    const after = pass(before, 10, () => changes);
    assert.ok(after.total >= before.total);
  });
}

test('a way that is long from the start is no trouble, and one that becomes so for good is none for ever', () => {
  assert.ok(pass(firstBudget, 20, () => ({ roundTrip: 600 })).total >= 1_500_000);
  const longer = pass(pass(calm(), 120, () => ({ roundTrip: 320 })), 20, () => ({ roundTrip: 320 }));
  assert.ok(longer.total >= 1_500_000);
});

test('what is late and loses nothing leaves small pictures to each; what loses as well leaves the sound', () => {
  let delay = 20;
  const late = (loss) => pass(calm(), 60, (_, { total }) => ({ roundTrip: (delay *= 1.2), loss, sent: total / 5 })).total;
  assert.equal(late(0), 1_500_000);
  delay = 20;
  assert.ok(late(0.1) < 2 * least);
});

test('down fast, up slowly', () => {
  const low = pass(calm(), 30, (_, { total }) => ({ loss: total > 800_000 ? 0.25 : 0, sent: total / 5 }));
  assert.ok(low.totals.slice(8).every((total) => total < 1_100_000), String(low.totals));
  const soon = pass(low, 3, (_, { total }) => ({ sent: total / 5 }));
  assert.ok(soon.total <= 1.2 * low.total);
  const later = pass(low, 40, (_, { total }) => ({ sent: total / 5 }));
  assert.ok(later.total > 2 * low.total);
});

test('it never gets less than the least, however long all is lost', () => {
  const { total } = pass(firstBudget, 120, (_, { total }) => ({ loss: 0.9, sent: total / 5 }));
  assert.ok(total >= least && total < 2 * least);
});

test('a way that was limited gets more again, and whoever has left is forgotten', () => {
  const limited = pass(calm(), 10, (id) => (id === 'c' ? { loss: 0.3 } : {}));
  const after = pass(limited, 60, () => ({}));
  assert.ok(after.lines.get('c').limit > 3 * limited.lines.get('c').limit);
  assert.deepEqual([...pass(after, 2, () => ({}), { people: ['a'] }).lines.keys()], ['a']);
});

test('a clock that was stopped for an hour makes no leap', () => {
  const before = calm();
  const readings = new Map(ids.map((id) => [id, well]));
  const { total } = nextBudget(before, readings, { time: before.time + 3_600_000, present: new Set(ids), wanted: 50_000_000 });
  assert.ok(total < 1.4 * before.total);
});
