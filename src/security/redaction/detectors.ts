import type { Detector } from './detector.js';
import { bearerDetector } from './detectors/bearer.detector.js';
import { cardNumberDetector } from './detectors/card-number.detector.js';
import { connectionStringDetector } from './detectors/connection-string.detector.js';
import { emailDetector } from './detectors/email.detector.js';
import { ibanDetector } from './detectors/iban.detector.js';
import { jwtDetector } from './detectors/jwt.detector.js';
import { phoneDetector } from './detectors/phone.detector.js';
import { privateKeyDetector } from './detectors/private-key.detector.js';
import { providerKeyDetector } from './detectors/provider-key.detector.js';
import { secretDetector } from './detectors/secret.detector.js';
import { ssnDetector } from './detectors/ssn.detector.js';

/** Every detector, the most telling first: of equally long findings its name is shown. */
export const DETECTORS: readonly Detector[] = [
  privateKeyDetector,
  providerKeyDetector,
  jwtDetector,
  connectionStringDetector,
  bearerDetector,
  cardNumberDetector,
  ibanDetector,
  ssnDetector,
  emailDetector,
  phoneDetector,
  secretDetector,
];
