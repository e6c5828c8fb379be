import { configuration, setting } from '../../platform/config/configuration.js';
import { list } from '../../platform/config/values.js';
import { allowedOf, portRangeOf } from './egress-rules.js';

/** Each entry read by `read`; those it cannot read are a fault. */
const entries = <Entry>(read: (text: string) => Entry | undefined, what: string) =>
  list().transform((texts, context) =>
    texts.flatMap((text) => {
      const entry = read(text);
      if (entry !== undefined) return [entry];
      context.addIssue({ code: 'custom', message: `"${text}" is not ${what}` });
      return [];
    }),
  );

/** Where requests that users or workflows cause may go. */
export class EgressConfig extends configuration('Outgoing requests', {
  allow: setting(
    'EGRESS_ALLOW',
    entries(allowedOf, 'a host, host:port, address or CIDR range').default([]),
    'Hosts, host:port, addresses or CIDR ranges that workflows may reach although they are not public, comma-separated.',
  ),
  ports: setting(
    'EGRESS_PORTS',
    entries(portRangeOf, 'a port or a range of ports such as 1024-65535').default([
      { first: 80, last: 80 },
      { first: 443, last: 443 },
      { first: 1024, last: 65_535 },
    ]),
    'Ports that workflows may reach at public addresses, comma-separated.',
    { shownDefault: '80,443,1024-65535' },
  ),
}) {}
