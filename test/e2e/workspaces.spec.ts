import { startApp, type SignedIn, type TestApp } from '../support/app.js';

describe('workspaces', () => {
  let chatter: TestApp;

  beforeAll(async () => {
    chatter = await startApp();
  });

  afterAll(() => chatter.close());

  const create = async (as: SignedIn, name = 'Research') =>
    (await chatter.call('POST', '/workspaces', { as, body: { name } })).body.id as string;
  const add = (as: SignedIn, id: string, member: SignedIn, role: string) =>
    chatter.call('POST', `/workspaces/${id}/members`, { as, body: { email: member.user.email, role } });
  const setRole = (as: SignedIn, id: string, member: SignedIn, role: string) =>
    chatter.call('PATCH', `/workspaces/${id}/members/${member.user.id}`, { as, body: { role } });
  const remove = (as: SignedIn, id: string, member: SignedIn) =>
    chatter.call('DELETE', `/workspaces/${id}/members/${member.user.id}`, { as });
  const people = (count: number) => Promise.all(Array.from({ length: count }, () => chatter.register()));
  const inside = (as: SignedIn, id: string) =>
    chatter.call('GET', '/auth/me', { as, headers: { 'X-Workspace-Id': id } });

  it('are made by anybody, who owns them, and are listed with one’s role', async () => {
    const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
    const { status, headers, body } = await chatter.call('POST', '/workspaces', {
      as: ada,
      body: { name: 'Research' },
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/workspaces/${body.id}`);
    expect(body).toMatchObject({ name: 'Research', isPersonal: false, role: 'owner' });
    expect((await chatter.call('GET', `/workspaces/${body.id}`, { as: ada })).body).toEqual(body);
    expect((await add(ada, body.id, bob, 'viewer')).status).toBe(201);

    const listed = async (as: SignedIn) => (await chatter.call('GET', '/workspaces', { as })).body.items;
    expect(await listed(ada)).toMatchObject([{ id: ada.user.personalWorkspaceId, role: 'owner' }, body]);
    expect(await listed(bob)).toMatchObject([{ id: bob.user.personalWorkspaceId }, { id: body.id, role: 'viewer' }]);
  });

  it('are listed page by page', async () => {
    const ada = await chatter.register();
    for (const name of ['1', '2', '3']) await create(ada, name);
    const first = (await chatter.call('GET', '/workspaces?limit=3', { as: ada })).body;
    const second = (await chatter.call('GET', `/workspaces?limit=3&cursor=${first.nextCursor}`, { as: ada })).body;
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['Personal', '1', '2', '3']);
    expect(second.nextCursor).toBeNull();
  });

  it('are renamed by admins', async () => {
    const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
    const id = await create(ada);
    await add(ada, id, bob, 'editor');
    const rename = (as: SignedIn) => chatter.call('PATCH', `/workspaces/${id}`, { as, body: { name: 'New' } });
    expect((await rename(bob)).status).toBe(403);
    await setRole(ada, id, bob, 'admin');
    expect(await rename(bob)).toMatchObject({ status: 200, body: { name: 'New', role: 'admin' } });
  });

  it('do not exist for strangers: every act answers as for an id that was never given', async () => {
    const [ada, eve] = (await people(2)) as [SignedIn, SignedIn];
    const id = await create(ada);
    const acts = (workspace: string) =>
      [
        ['GET', `/workspaces/${workspace}`],
        ['PATCH', `/workspaces/${workspace}`, { name: 'Mine' }],
        ['GET', `/workspaces/${workspace}/members`],
        ['POST', `/workspaces/${workspace}/members`, { email: eve.user.email, role: 'owner' }],
        ['POST', `/workspaces/${workspace}/members`, { email: 'nobody@example.com', role: 'viewer' }],
        ['GET', `/workspaces/${workspace}/members/${ada.user.id}`],
        ['PATCH', `/workspaces/${workspace}/members/${ada.user.id}`, { role: 'viewer' }],
        ['DELETE', `/workspaces/${workspace}/members/${ada.user.id}`],
        ['DELETE', `/workspaces/${workspace}/members/${eve.user.id}`],
      ] as const;
    const answersFor = async (workspace: string) => {
      const answers = [];
      for (const [method, path, body] of acts(workspace)) {
        const { status, body: problem } = await chatter.call(method, path, { as: eve, body });
        answers.push({ status, ...problem, instance: '', traceId: '' });
      }
      return answers;
    };
    const foreign = await answersFor(id);
    expect(foreign.map(({ status }) => status)).toEqual(Array(9).fill(404));
    expect(foreign).toEqual(await answersFor('019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b'));
    expect((await chatter.call('GET', '/workspaces/not-an-id', { as: eve })).status).toBe(404);
  });

  it('are not opened by being system admin', async () => {
    const admins = await startApp({ ADMIN_EMAIL: 'root@example.com' }, chatter.database);
    try {
      const root = await admins.register({ email: 'root@example.com' });
      const ada = await chatter.register();
      expect(root.user.isSystemAdmin).toBe(true);
      expect((await inside(root, ada.user.personalWorkspaceId)).status).toBe(404);
      expect(
        (await chatter.call('GET', `/workspaces/${ada.user.personalWorkspaceId}/members`, { as: root })).status,
      ).toBe(404);
    } finally {
      await admins.close();
    }
  });

  it('are chosen by X-Workspace-Id; foreign, unknown and malformed ids answer alike', async () => {
    const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
    const id = await create(ada);
    await add(ada, id, bob, 'viewer');
    expect((await inside(bob, id)).status).toBe(200);
    expect((await inside(bob, id.toUpperCase())).status).toBe(200);
    const bad = [
      ada.user.personalWorkspaceId,
      '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
      'x',
      `${id}, ${id}`,
      `${id}' OR true`,
    ];
    for (const other of bad) {
      const { status, body } = await inside(bob, other);
      expect([status, body.type]).toEqual([404, '/problems/not-found']);
    }
  });

  describe('members', () => {
    it('are added by e-mail in any case, listed, changed and removed by an admin', async () => {
      const [ada, bob, cyd] = (await people(3)) as [SignedIn, SignedIn, SignedIn];
      const id = await create(ada);
      await add(ada, id, bob, 'admin');
      const added = await chatter.call('POST', `/workspaces/${id}/members`, {
        as: bob,
        body: { email: cyd.user.email.toUpperCase(), role: 'viewer' },
      });
      expect(added.status).toBe(201);
      expect(added.headers.get('location')).toBe(`/api/v1/workspaces/${id}/members/${cyd.user.id}`);
      expect(added.body).toMatchObject({ userId: cyd.user.id, email: cyd.user.email, role: 'viewer' });

      const { body } = await chatter.call('GET', `/workspaces/${id}/members`, { as: cyd });
      expect(body.items.map(({ userId, role }: { userId: string; role: string }) => [userId, role])).toEqual(
        [
          [ada.user.id, 'owner'],
          [bob.user.id, 'admin'],
          [cyd.user.id, 'viewer'],
        ].sort(([one], [two]) => one!.localeCompare(two!)),
      );

      expect(await setRole(bob, id, cyd, 'editor')).toMatchObject({ status: 200, body: { role: 'editor' } });
      expect((await remove(bob, id, cyd)).status).toBe(204);
      expect((await chatter.call('GET', `/workspaces/${id}/members/${cyd.user.id}`, { as: bob })).status).toBe(404);
      expect((await remove(bob, id, cyd)).status).toBe(404);
    });

    it('who are members already are a 409, addresses nobody registered a 422 with the remedy', async () => {
      const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
      const id = await create(ada);
      await add(ada, id, bob, 'viewer');
      expect(await add(ada, id, bob, 'admin')).toMatchObject({
        status: 409,
        body: { type: '/problems/already-member' },
      });
      const unknown = await chatter.call('POST', `/workspaces/${id}/members`, {
        as: ada,
        body: { email: 'new@example.com', role: 'viewer' },
      });
      expect(unknown).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/email', detail: expect.stringContaining('register first') }] },
      });
      const wrong = await chatter.call('POST', `/workspaces/${id}/members`, {
        as: ada,
        body: { email: bob.user.email, role: 'god' },
      });
      expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/role' }] } });
    });

    it('below admin manage nobody, and admins no owner', async () => {
      const [ada, bob, cyd] = (await people(3)) as [SignedIn, SignedIn, SignedIn];
      const id = await create(ada);
      await add(ada, id, bob, 'editor');
      expect((await add(bob, id, cyd, 'viewer')).status).toBe(403);
      expect((await setRole(bob, id, bob, 'admin')).status).toBe(403);
      await setRole(ada, id, bob, 'admin');
      expect((await setRole(bob, id, bob, 'owner')).status).toBe(403);
      expect((await add(bob, id, cyd, 'owner')).status).toBe(403);
      expect((await setRole(bob, id, ada, 'viewer')).status).toBe(403);
      expect((await remove(bob, id, ada)).status).toBe(403);
    });

    it('leave by themselves, except the last owner', async () => {
      const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
      const id = await create(ada);
      await add(ada, id, bob, 'viewer');
      expect(await remove(ada, id, ada)).toMatchObject({ status: 409, body: { type: '/problems/last-owner' } });
      expect(await setRole(ada, id, ada, 'editor')).toMatchObject({
        status: 409,
        body: { type: '/problems/last-owner' },
      });
      await setRole(ada, id, bob, 'owner');
      expect((await remove(ada, id, ada)).status).toBe(204);
      expect((await chatter.call('GET', `/workspaces/${id}`, { as: ada })).status).toBe(404);
      expect((await remove(bob, id, bob)).status).toBe(409);
    });

    it('keep one owner when all of them leave at once', async () => {
      const owners = (await people(4)) as [SignedIn, ...SignedIn[]];
      const id = await create(owners[0]);
      for (const owner of owners.slice(1)) await add(owners[0], id, owner, 'owner');
      const answers = await Promise.all(owners.map((owner) => remove(owner, id, owner)));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 204, 204, 409]);
    });

    it('may join a personal workspace, which its person keeps', async () => {
      const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
      const id = ada.user.personalWorkspaceId;
      expect((await add(ada, id, bob, 'owner')).status).toBe(201);
      expect((await remove(bob, id, ada)).status).toBe(409);
      expect((await setRole(bob, id, ada, 'viewer')).status).toBe(409);
      expect((await remove(ada, id, ada)).status).toBe(409);
      expect((await remove(bob, id, bob)).status).toBe(204);
    });

    it('act in the workspace of the path, whatever the one of the request', async () => {
      const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
      const [own, shared] = [await create(bob), await create(ada)];
      await add(ada, shared, bob, 'viewer');
      const headers = { 'X-Workspace-Id': own };
      const answer = await chatter.call('PATCH', `/workspaces/${shared}`, {
        as: bob,
        headers,
        body: { name: 'Taken' },
      });
      expect(answer.status).toBe(403);
    });

    it('who were removed are out at once in this process', async () => {
      const [ada, bob] = (await people(2)) as [SignedIn, SignedIn];
      const id = await create(ada);
      expect((await inside(bob, id)).status).toBe(404);
      await add(ada, id, bob, 'viewer');
      expect((await inside(bob, id)).status).toBe(200);
      await remove(ada, id, bob);
      expect((await inside(bob, id)).status).toBe(404);
    });
  });
});
