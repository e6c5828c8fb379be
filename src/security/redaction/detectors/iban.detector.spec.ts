import { detected } from '../../../../test/support/detected.js';
import { ibanDetector } from './iban.detector.js';

describe('the detector of an IBAN', () => {
  it.each([
    ['DE89370400440532013000', 'DE89370400440532013000'],
    ['GB29 NWBK 6016 1331 9268 19.', 'GB29 NWBK 6016 1331 9268 19'],
    ['(NL91ABNA0417164300)', 'NL91ABNA0417164300'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(ibanDetector, text)).toEqual([secret]);
  });

  it.each([
    'DE88370400440532013000',
    'DE8937040044053201300',
    'DE893704004405320130001',
    'XX89370400440532013000',
    'AB12',
    'GB29  NWBK 6016 1331 9268 19',
  ])('finds nothing in %j', (text) => {
    expect(detected(ibanDetector, text)).toEqual([]);
  });
});
