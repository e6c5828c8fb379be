import { graph, node, single, testValidator } from '../../../../test/support/validation.js';

describe('the address of a request', () => {
  it.each([
    'https://api.example.com/v1?x=1',
    'https://unknown.example/',
    '{{input.url}}',
    'https://{{input.host}}/x',
    'https://api{{input.n}}.example/',
    'http://127.0.0.{{input.rest}}/',
    'https://api.example.com/{{input.path}}',
    'http://10.1.2.3:8080/',
  ])('may be %s', async (url) => {
    const { check } = await testValidator({ environment: {}, addresses: { 'api.example.com': ['93.184.216.34'] } });
    const expected = url.startsWith('http://10.') ? ['egress-refused error /nodes/0/config/url'] : [];
    expect(await check(single('http', { url }), 'egress-refused')).toEqual(expected);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://169.254.169.254/{{input.path}}',
    'http://127.0.0.1:3000',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://user:secret@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'nonsense',
    'http://inside.example/',
    'http://inside.example?{{input.query}}',
    'https://inside.example:8443/',
  ])('is refused as %s', async (url) => {
    const { check, only } = await testValidator({ addresses: { 'inside.example': ['10.0.0.7'] } });
    expect(await check(single('http', { url }), 'egress-refused')).toEqual([
      'egress-refused error /nodes/0/config/url',
    ]);
    expect((await only(single('http', { url }), 'egress-refused')).message).toMatch(
      /^Node "only" cannot send its request[.] /,
    );
  });

  it('is checked in every node that sends there', async () => {
    const { check } = await testValidator({ addresses: { 'inside.example': ['10.0.0.7'] } });
    const nodes = ['a', 'b', 'c'].map((path) => node(path, 'http', { url: `http://inside.example/${path}` }));
    expect(await check(graph(nodes), 'egress-refused')).toHaveLength(3);
  });
});
