import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attach, canLimit, fred, infoOf, limit, provisioned, update, wilma } from './people.ts';

const refused = { code: 'client.refused', replyCode: 451 };

describe('a disk that is full', () => {
  it('[P10] refuses changes with 451, goes on reading, says so once, and takes changes again when there is room', async (test) => {
    if (!canLimit) return test.skip('prlimit is missing');
    const home = await provisioned();
    const server = await home.serve();
    const publisher = await attach(server, fred);
    const subscriber = await attach(server, wilma);
    await publisher.presence.publish(update(1));
    const subscription = await subscriber.presence.subscribe(fred);

    limit(server.pid, '--fsize=4096:unlimited');
    for (const number of [2, 3]) {
      await expect(publisher.presence.publish(update(number, 4000))).rejects.toMatchObject(refused);
    }
    await expect(subscriber.presence.subscribe(wilma)).rejects.toMatchObject(refused);
    expect(await home.run(`presence show ${fred}`)).toMatchObject({ code: 0 });
    expect(await home.run(`access remove --owner ${fred} --actor *@example.com`)).toMatchObject({
      code: 1,
      stderr: 'apexd: 451 the change could not be stored; look into the log of the server, and try again\n',
    });
    // Who comes now is let in, and reads what was there.
    const late = await attach(server, 'wilma/late@example.com');
    expect((await late.presence.fetch(fred)).publisherInfo).toBe(infoOf(1));
    expect(subscription.current.publisherInfo).toBe(infoOf(1));

    limit(server.pid, '--fsize=unlimited:unlimited');
    await publisher.presence.publish(update(4, 4000));
    await subscription.changedFrom(subscription.current.lastUpdate);
    expect(subscription.current.publisherInfo).toBe(infoOf(4));
    expect(server.log()).toEqual([
      expect.objectContaining({
        level: 50,
        event: 'store.failed',
        operation: 'commit',
        code: 'store.failed',
        text: expect.stringContaining(join(home.dataDir, 'apex.db')),
      }),
      expect.objectContaining({ level: 40, event: 'store.recovered', failures: expect.any(Number) }),
    ]);
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  it('[P10] keeps all that was acknowledged before, also over a stop; what starts then says what it needs', async (test) => {
    const home = await provisioned();
    mkdirSync(join(home.folder, 'small'));
    const small = join(home.folder, 'small');
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', small]).status !== 0) {
      return test.skip('no small file system can be mounted here');
    }
    onTestFinished(() => void spawnSync('umount', ['-l', small]));
    home.configure({ dataDir: 'small', log: { level: 'warn' } });
    await home.run('endpoint import', `${fred},yabba\n`);
    const server = await home.serve();
    const publisher = await attach(server, fred);
    let acknowledged = 0;
    const fill = async (): Promise<never> => {
      for (;;) {
        await publisher.presence.publish(update(acknowledged + 1, 7000));
        acknowledged += 1;
      }
    };
    await expect(fill()).rejects.toMatchObject(refused);
    expect((await publisher.presence.fetch(fred)).publisherInfo).toBe(infoOf(acknowledged));
    expect(await server.logged('store.failed')).toMatchObject({
      text: expect.stringMatching(/apex\.db .*database or disk is full; make room on its disk$/),
    });
    expect(await server.stop()).toMatchObject({ code: 0 });

    // To the last octet.
    const filler = join(small, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1']);
    const { outcome } = home.spawn(['serve', '--config', home.config], '');
    expect(await outcome).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^apexd: \S+apex\.lock could not .*; make room on its disk\n$/),
    });
    rmSync(filler);
    const next = await home.serve();
    expect((await (await attach(next, fred)).presence.fetch(fred)).publisherInfo).toBe(infoOf(acknowledged));
  });
});

describe('a data folder that may not be written to', () => {
  it('lets no server start, which says in one line what it needs; nothing is changed', async () => {
    const home = await provisioned();
    // Root may write anywhere.
    const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    chmodSync(home.folder, 0o755);
    chmodSync(home.config, 0o644);
    for (const name of readdirSync(home.dataDir)) chmodSync(join(home.dataDir, name), 0o444);
    chmodSync(home.dataDir, 0o555);
    onTestFinished(() => chmodSync(home.dataDir, 0o755));
    const before = home.octets();
    const { outcome } = home.spawn(['serve', '--config', home.config], '', [], other);
    expect(await outcome).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^apexd: ${home.dataDir}/[^\\n]*; the server needs the right to write there\\n$`),
      ),
    });
    expect(home.octets()).toEqual(before);
  });

  it('is told as well when there is no folder yet', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'apexd-file-'));
    onTestFinished(() => rmSync(parent, { recursive: true }));
    writeFileSync(join(parent, 'file'), '');
    const home = await provisioned();
    home.configure({ dataDir: join(parent, 'file', 'data') });
    const { outcome } = home.spawn(['serve', '--config', home.config], '');
    expect(await outcome).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: [^\n]*ENOTDIR[^\n]*\n$/),
    });
  });
});
