import { EgressConfig } from './egress.config.js';
import { refusal } from './egress-rules.js';

const judge = (target: string, addresses: readonly string[], environment: Record<string, string> = {}) => {
  const [hostname = '', port] = target.split(' ');
  return refusal({ hostname, port: Number(port) }, addresses, new EgressConfig(environment));
};
const PUBLIC = '198.41.0.4';

describe('the rules of outgoing requests', () => {
  it('lets public addresses be reached at the ports of the web and above 1023', () => {
    for (const port of [80, 443, 1024, 8080, 65_535]) expect(judge(`a.example ${port}`, [PUBLIC])).toBeUndefined();
    for (const port of [0, 22, 25, 53, 445, 1023]) {
      expect(judge(`a.example ${port}`, [PUBLIC])).toBe(`port ${port} is not allowed`);
    }
  });

  it('lets the operator choose the ports', () => {
    const environment = { EGRESS_PORTS: '443, 9000-9001' };
    expect(
      [80, 443, 8999, 9000, 9001, 9002].filter((port) => !judge(`a.example ${port}`, [PUBLIC], environment)),
    ).toEqual([443, 9000, 9001]);
  });

  it('refuses a name when one of its addresses is not public, and does not tell which', () => {
    expect(judge('a.example 443', [PUBLIC, '10.1.2.3'])).toBe('its name resolves to a private address');
    expect(judge('10.1.2.3 443', ['10.1.2.3'])).toBe('it is a private address');
  });

  it.each([
    ['10.0.0.0/8', 'a.example 22', ['10.1.2.3']],
    ['10.1.2.3', '10.1.2.3 80', ['10.1.2.3']],
    ['10.1.2.3:8080', 'a.example 8080', ['10.1.2.3']],
    ['[fd00::5]:8080', 'a.example 8080', ['fd00::5']],
    ['fd00::5', 'fd00::5 80', ['fd00::5']],
    ['fd00::/8', 'fd00::5 80', ['fd00::5']],
    ['127.0.0.1', '::ffff:7f00:1 80', ['::ffff:7f00:1']],
    ['Intern.Example', 'intern.example 9', ['10.1.2.3', '::1']],
    ['intern.example:9000', 'intern.example 9000', ['10.1.2.3']],
    ['bücher.example', 'xn--bcher-kva.example 80', ['10.1.2.3']],
    ['a.example:80', 'a.example 80', ['10.1.2.3']],
    ['169.254.169.254', '169.254.169.254 80', ['169.254.169.254']],
    ['0.0.0.0/0', '10.1.2.3 80', ['10.1.2.3']],
  ])('with EGRESS_ALLOW=%s lets %s pass', (allow, target, addresses) => {
    expect(judge(target, addresses)).toBeDefined();
    expect(judge(target, addresses, { EGRESS_ALLOW: `other.example, ${allow}` })).toBeUndefined();
  });

  it.each([
    ['10.0.0.0/9', '10.200.0.1 80', ['10.200.0.1']],
    ['10.0.0.0/8', 'a.example 80', ['10.1.2.3', '127.0.0.1']],
    ['10.1.2.3:8080', '10.1.2.3 8081', ['10.1.2.3']],
    ['intern.example:9000', 'intern.example 9001', ['10.1.2.3']],
    ['intern.example', 'sub.intern.example 80', ['10.1.2.3']],
    ['intern.example', 'notintern.example 80', ['10.1.2.3']],
    ['169.254.0.0/16', '169.254.169.254 80', ['169.254.169.254']],
    ['0.0.0.0/0', '169.254.169.254 80', ['169.254.169.254']],
    ['fc00::/7', 'fd00:ec2::254 80', ['fd00:ec2::254']],
    ['127.0.0.1', '::1 80', ['::1']],
    ['0.0.0.0/0', '::7f00:1 80', ['::7f00:1']],
  ])('with EGRESS_ALLOW=%s still refuses %s', (allow, target, addresses) => {
    expect(judge(target, addresses, { EGRESS_ALLOW: allow })).toBeDefined();
  });

  it.each([
    'http://a.example',
    'a.example/x',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/8/8',
    'a b',
    'user@a.example',
    'a.example:99999',
    '[::1',
    '*',
    'a?b',
    '*.example',
  ])('takes %s for no entry of EGRESS_ALLOW', (allow) =>
    expect(() => new EgressConfig({ EGRESS_ALLOW: allow })).toThrow(/is not a host/),
  );

  it.each(['0', '65536', '9-8', 'http', '80-', '-80', '1.5'])('takes %s for no entry of EGRESS_PORTS', (ports) => {
    expect(() => new EgressConfig({ EGRESS_PORTS: ports })).toThrow(/is not a port/);
  });
});
