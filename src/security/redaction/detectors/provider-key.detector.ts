import { spansOf, type Detector } from '../detector.js';

/** Beginnings that providers gave their keys so that they are recognised, and what follows them. */
const SHAPES = [
  'sk-(?:ant|proj|svcacct|admin|or|lf)-[A-Za-z0-9_-]{16,}',
  'sk-[A-Za-z0-9]{20,}',
  '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}',
  'whsec_[A-Za-z0-9+/=]{16,}',
  'gh[pousr]_[A-Za-z0-9]{30,}',
  'github_pat_[A-Za-z0-9_]{22,}',
  'glpat-[A-Za-z0-9_-]{16,}',
  '(?:AKIA|ASIA)[A-Z0-9]{16}',
  'AIza[A-Za-z0-9_-]{30,}',
  'ya29\\.[A-Za-z0-9_-]{16,}',
  'xox[abeoprs]-[A-Za-z0-9-]{10,}',
  'xapp-[A-Za-z0-9-]{10,}',
  'hf_[A-Za-z0-9]{30,}',
  'npm_[A-Za-z0-9]{30,}',
  'pypi-[A-Za-z0-9_-]{32,}',
  'SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}',
  'dop_v1_[a-f0-9]{32,}',
  'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32,}',
  'gsk_[A-Za-z0-9]{20,}',
  'xai-[A-Za-z0-9]{20,}',
  'pplx-[A-Za-z0-9]{20,}',
  'r8_[A-Za-z0-9]{30,}',
  'lin_api_[A-Za-z0-9]{30,}',
  '(?:ck|rt)_[A-Za-z0-9_-]{43}',
];

const KEY = new RegExp(`(?<![A-Za-z0-9_-])(?:${SHAPES.join('|')})`, 'g');
/** Addresses that let whoever knows them write. */
const HOOK =
  /(?<before>\/\/(?:hooks\.slack\.com\/(?:services|workflows)|(?:discord|discordapp)\.com\/api\/webhooks)\/)[A-Za-z0-9/_-]{16,}/g;

/** Keys of providers by their shape, and webhook addresses that are keys. */
export const providerKeyDetector: Detector = {
  kind: 'provider-key',
  find: (group) => [...spansOf(KEY, group), ...(group.includes('//') ? spansOf(HOOK, group) : [])],
};
