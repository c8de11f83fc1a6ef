// imapflow against a node: imap_flow.cjs PORT NAME SECRET AUTHORITY; NODE_PATH is where it is installed.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { ImapFlow } = require('imapflow');

const [port, user, pass, authority] = process.argv.slice(2);
const message = (n) =>
  Buffer.from(
    `From: Mira <mira@hill.internal>\r\nTo: tom@hill.internal\r\nSubject: number ${n}\r\nMessage-ID: <f${n}@x>\r\n` +
      `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\ntext ${n}\r\n--q\r\n` +
      `Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--q--\r\n`
  );

async function open(more) {
  const client = new ImapFlow({
    host: 'localhost',
    port: Number(port),
    secure: true,
    tls: { ca: fs.readFileSync(authority) },
    auth: { user, pass },
    logger: false,
    ...more,
  });
  await client.connect();
  return client;
}

async function all(iterator) {
  const found = [];
  for await (const one of iterator) found.push(one);
  return found;
}

const event = (client, name, test) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${name} was not heard`)), 60000);
    client.on(name, (data) => {
      if (!test || test(data)) {
        clearTimeout(late);
        resolve(data);
      }
    });
  });

async function main() {
  await assert.rejects(open({ auth: { user, pass: 'wrong' } }), (error) => error.authenticationFailed === true);
  const one = await open({ qresync: true });
  assert.ok(one.enabled.has('CONDSTORE') && one.enabled.has('QRESYNC'));
  const names = (await one.list()).map((box) => [box.path, box.specialUse]);
  assert.deepEqual(new Map(names).get('Sent'), '\\Sent');
  const { uidValidity, highestModseq } = await one.mailboxOpen('INBOX');
  for (let n = 1; n <= 4; n++) {
    const done = await one.append('INBOX', message(n), n % 2 ? ['\\Seen', 'work'] : [], new Date(1700000000000 + n * 1000));
    assert.equal(done.uid, n);
  }
  assert.deepEqual(await one.search({ seen: false }, { uid: true }), [2, 4]);
  assert.deepEqual(await one.search({ keyword: 'work', header: { 'Message-ID': '<f3@x>' } }, { uid: true }), [3]);
  const got = await one.fetchOne('2', { envelope: true, bodyStructure: true, flags: true, source: true, size: true, internalDate: true, threadId: true }, { uid: true });
  assert.equal(got.envelope.subject, 'number 2');
  assert.deepEqual(got.source, message(2));
  assert.equal(got.bodyStructure.childNodes.length, 2);
  assert.equal(got.internalDate.getTime(), 1700000002000);
  assert.ok(got.threadId && got.emailId);
  const { content, meta } = await one.download('2', '2', { uid: true });
  const bytes = Buffer.concat(await content.toArray());
  assert.deepEqual([bytes, meta.contentType], [Buffer.from([0, 1, 2, 3]), 'application/octet-stream']);

  // IDLE: another connection's changes are heard, with their numbers of changes.
  const other = await open();
  await other.mailboxOpen('INBOX');
  const idles = one.idle();
  const heard = event(one, 'exists', (data) => data.count === 5);
  await other.append('INBOX', message(5));
  await heard;
  const flagged = event(one, 'flags', (data) => data.uid === 5 && data.flags.has('\\Flagged'));
  await other.messageFlagsAdd('5', ['\\Flagged'], { uid: true });
  assert.ok((await flagged).modseq > highestModseq);
  await one.noop();
  await idles;

  // What changed since: by CHANGEDSINCE and VANISHED.
  const before = (await one.status('INBOX', { highestModseq: true })).highestModseq;
  await other.messageFlagsAdd('1', ['\\Answered'], { uid: true });
  const gone = event(one, 'expunge', (data) => data.uid === 3 && data.vanished);
  await other.messageDelete('3', { uid: true });
  await one.noop();
  await gone;
  const changed = await all(one.fetch('1:*', { uid: true, flags: true }, { uid: true, changedSince: before }));
  assert.deepEqual(changed.map((item) => [item.uid, item.flags.has('\\Answered')]), [[1, true]]);
  assert.equal(await one.messageFlagsAdd('1', ['late'], { uid: true, unchangedSince: before }), true);
  assert.ok(!(await one.fetchOne('1', { flags: true }, { uid: true })).flags.has('late'));

  await one.mailboxCreate('Ящик');
  const moved = await one.messageMove('1:2', 'Ящик', { uid: true });
  assert.deepEqual([...moved.uidMap], [[1, 1], [2, 2]]);
  assert.equal((await one.status('Ящик', { messages: true })).messages, 2);
  assert.deepEqual(await one.search({ all: true }, { uid: true }), [4, 5]);
  assert.ok((await one.getQuota('INBOX')).storage.usage > 0);
  await one.logout();

  // A later visit with what it knew: only the difference comes.
  const again = await open({ qresync: true });
  const opened = await again.mailboxOpen('INBOX', { changedSince: String(before), uidValidity });
  assert.deepEqual([opened.exists, opened.uidNext], [2, 6]);
  await again.logout();
  await other.logout();
  console.log('fine');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
