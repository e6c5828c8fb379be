/** What makes an e-mail address the same as another: one account each. */
export const emailKey = (email: string): string => email.normalize('NFKC').toLowerCase();
