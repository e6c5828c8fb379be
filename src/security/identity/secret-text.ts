import { createHash, randomBytes } from 'node:crypto';

const API_KEY = /^ck_[A-Za-z0-9_-]{43}$/;
const PREFIX_LENGTH = 11;

export const newApiKeyText = (): string => `ck_${randomText()}`;

export const newRefreshToken = (): string => `rt_${randomText()}`;

export const isApiKeyText = (text: string): boolean => API_KEY.test(text);

/** What is stored and looked up of such a secret. Unsalted and fast, which 256 random bits can afford. */
export const secretHash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What a person recognises a key by: `ck_` and eight characters. */
export const shownPrefix = (key: string): string => key.slice(0, PREFIX_LENGTH);

/** 32 random bytes in base64url. */
const randomText = (): string => randomBytes(32).toString('base64url');
