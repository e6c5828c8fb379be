import { detected } from '../../../../test/support/detected.js';
import { providerKeyDetector } from './provider-key.detector.js';

describe('the detector of a key of a provider', () => {
  it.each([
    [
      'sk-ant-api03-aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3',
      'sk-ant-api03-aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3',
    ],
    ['"ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"', 'ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'],
    ['AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
    ['x=AIzabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'AIzabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'],
    ['xoxb-123456789012-abcdefABCDEF', 'xoxb-123456789012-abcdefABCDEF'],
    ['hf_qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq', 'hf_qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'],
    ['glpat-c1c1c1c1c1c1c1c1c1c1', 'glpat-c1c1c1c1c1c1c1c1c1c1'],
    ['npm_d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2', 'npm_d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2'],
    ['https://hooks.slack.com/services/T000/B000/abcdefghijkl', 'T000/B000/abcdefghijkl'],
    ['ck_e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3x', 'ck_e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3x'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(providerKeyDetector, text)).toEqual([secret]);
  });

  it.each([
    'sk-learn',
    'sk-...',
    'task-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'npm_config_registry',
    'AKIA',
    'hf_hub_download',
    'xoxo-kisses',
  ])('finds nothing in %j', (text) => {
    expect(detected(providerKeyDetector, text)).toEqual([]);
  });
});
